"""A key's value → a keyed fingerprint: the same value gives the same one, and nobody without the secret can make it.

HMAC-SHA256, cut to 128 bits, under a key that is itself an HMAC of a configured secret and a fixed label, so that the
configured secret signs nothing else here (docs/alerts.md). Another secret means another `scheme`: old fingerprints
are then dropped and taken anew.
"""

import hashlib
import hmac

from pydantic import SecretStr

_LABEL = b"keydesk key fingerprint v1"
_CHECK = b"which secret is this"
BYTES = 16


class Fingerprints:
    """Makes fingerprints. Holds the derived key; never shows it."""

    def __init__(self, secret: SecretStr) -> None:
        key = hmac.digest(secret.get_secret_value().encode(), _LABEL, hashlib.sha256)
        self._hmac = hmac.new(key, digestmod=hashlib.sha256)
        self.scheme = hmac.digest(key, _CHECK, hashlib.sha256).hex()[:16]

    def of(self, core: str) -> int:
        """The fingerprint of a value without `sk-`, as a number of 128 bits."""
        # Copying a keyed state costs a third of making one.
        state = self._hmac.copy()
        state.update(core.encode("utf-8", "surrogatepass"))
        return int.from_bytes(state.digest()[:BYTES])


def to_text(fingerprint: int) -> str:
    """A fingerprint as it is stored, in hexadecimal."""
    return f"{fingerprint:032x}"


def from_text(text: str) -> int:
    """The fingerprint of such a text."""
    return int(text, 16)
