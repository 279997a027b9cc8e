"""Is this request from Slack? Signature v0 over the raw bytes (slack.md A2). Knows no payload.

Checked before anything is parsed. Both headers must be there once: of two different ones nobody can say which
a proxy in front of us has looked at.
"""

import hmac
from collections.abc import Iterable

from pydantic import SecretStr

WINDOW_SECONDS = 300
_LONGEST_TIMESTAMP = 12
_SIGNATURE = b"x-slack-signature"
_TIMESTAMP = b"x-slack-request-timestamp"


def sign(secret: SecretStr, timestamp: str, body: bytes) -> str:
    """The value of X-Slack-Signature."""
    message = b"v0:" + timestamp.encode("ascii") + b":" + body
    return "v0=" + hmac.digest(secret.get_secret_value().encode(), message, "sha256").hex()


def read_headers(headers: Iterable[tuple[bytes, bytes]], *, now: float) -> tuple[str, str] | str:
    """(timestamp, signature), or why they cannot be right. `headers`: ASGI's, names in lower case."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in {_SIGNATURE, _TIMESTAMP}:
            if name in found:
                return "duplicate header"
            found[name] = value
    if len(found) != 2:
        return "missing header"
    # isdigit() of bytes is ASCII only; int() alone would take signs, spaces, underscores and other scripts' digits.
    timestamp = found[_TIMESTAMP]
    if not timestamp.isdigit() or len(timestamp) > _LONGEST_TIMESTAMP:
        return "timestamp is no number"
    if abs(now - int(timestamp)) > WINDOW_SECONDS:
        return "timestamp out of the window"
    return timestamp.decode("ascii"), found[_SIGNATURE].decode("latin-1")


def is_valid(secret: SecretStr, timestamp: str, signature: str, body: bytes) -> bool:
    """Constant-time comparison with what Slack would have sent."""
    return hmac.compare_digest(sign(secret, timestamp, body).encode(), signature.encode("latin-1", "replace"))
