"""The head of the record as a signed note, so that a head kept elsewhere proves later that the record only grew.

Format: C2SP signed note (c2sp.org/signed-note), whose text has three lines: the origin, the number of lines, and the
hash of the last line in base64. Ed25519; the key is derived from a secret that every deployment has and that is not in
the database, so whoever can write the database alone cannot make a new head. Pure.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

ORIGIN = "keydesk/audit"
_PURPOSE = b"keydesk: signature of the record's head, version 1"
_ED25519 = b"\x01"
_DASH = "\u2014"
_KEY_ID_BYTES = 4
_OTHER_KEY = "It was signed with another key: by another Keydesk, or before the signing secret was changed."
_ANCHOR = re.compile(r"has ([0-9,]+) lines now; its last hash is `?([0-9a-f]{64})`?")


class UntrustedHead(ValueError):
    """A text is no head of this record's. The sentence says why, without repeating the text."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """`count` lines, and the `hash` (hex) of the last one. `signed`: a signature of ours was checked."""

    count: int
    hash: str
    signed: bool = False


class HeadSigner:
    """Signs heads and checks signatures. `secret`: the Slack app's signing secret."""

    def __init__(self, secret: str) -> None:
        # Imported where it is used, here and below: `serve` signs nothing, and it costs some MiB.
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

        self._key = Ed25519PrivateKey.from_private_bytes(hmac.digest(secret.encode(), _PURPOSE, "sha256"))
        public = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self._id = hashlib.sha256(ORIGIN.encode() + b"\n" + _ED25519 + public).digest()[:_KEY_ID_BYTES]
        # For `note` tools: NAME+KEY ID+KEY.
        self.verifier_key = f"{ORIGIN}+{self._id.hex()}+{_base64(_ED25519 + public)}"

    def sign(self, count: int, last_hash: str) -> str:
        """The signed note of a head."""
        return self.sign_text(f"{ORIGIN}\n{count}\n{_base64(bytes.fromhex(last_hash))}\n")

    def sign_text(self, text: str) -> str:
        """The signed note of a text whose first line says what it is for: no signature serves two purposes."""
        return f"{text}\n{_DASH} {ORIGIN} {_base64(self._id + self._key.sign(text.encode()))}\n"

    def open(self, note: str) -> Head:
        """The head in a note that we signed. Raises UntrustedHead."""
        return _read_text(self.signed_text(note))

    def signed_text(self, note: str) -> str:
        """The text of a note that we signed. Raises UntrustedHead."""
        from cryptography.exceptions import InvalidSignature  # noqa: PLC0415

        text, _, signatures = note.replace("\r\n", "\n").partition("\n\n")
        text += "\n"
        for line in signatures.splitlines():
            dash, _, rest = line.partition(" ")
            name, _, encoded = rest.partition(" ")
            if dash != _DASH or name != ORIGIN:
                continue
            try:
                signature = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                continue
            if signature[:_KEY_ID_BYTES] != self._id:
                raise UntrustedHead(_OTHER_KEY)
            try:
                self._key.public_key().verify(signature[_KEY_ID_BYTES:], text.encode())
            except InvalidSignature:
                raise UntrustedHead("The signature is wrong: what was signed was changed.") from None
            return text
        raise UntrustedHead("It is not signed by Keydesk.")


def _read_text(text: str) -> Head:
    """What we signed has this form; a signature of ours under anything else was made for another purpose."""
    origin, count, encoded = text.splitlines()[:3]
    if origin != ORIGIN:
        raise UntrustedHead("The head is of something else than a record of Keydesk.")
    return Head(count=int(count), hash=base64.b64decode(encoded).hex(), signed=True)


def read_head(text: str, signer: HeadSigner | None) -> Head:
    """The head in a kept file: a signed note, a head line, or a whole export, whose last line counts.

    Without a `signer`, or in a line without a note, nothing proves who wrote it: `signed` is False.
    Raises UntrustedHead.
    """
    stripped = text.strip()
    if stripped.startswith(ORIGIN):
        if signer is None:
            raise UntrustedHead("SLACK_SIGNING_SECRET is needed to check the signature of the head.")
        return signer.open(text.lstrip())
    try:
        line = json.loads(stripped.rsplit("\n", 1)[-1])
        found: Mapping[str, Any] = line["head"]
        count, last_hash, note = found["count"], found["hash"], found.get("note")
        readable = type(count) is int and isinstance(last_hash, str)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        readable = False
    if not readable:
        raise UntrustedHead("There is no head in it: neither a signed note nor a last line of an export.")
    if isinstance(note, str) and signer is not None:
        signed = signer.open(note)
        if (signed.count, signed.hash) != (count, last_hash):
            raise UntrustedHead("The head line says something else than its signed note: it was changed.")
        return signed
    return Head(count=count, hash=last_hash)


def anchor_words(count: int, last_hash: str) -> tuple[str, str]:
    """What a message in the anchor channel says of the head, around and as the hash."""
    return f"The record has {count:,} lines now; its last hash is ", last_hash


def read_anchor(text: str) -> Head | None:
    """The head in such a message, None in every other."""
    found = _ANCHOR.search(text)
    return None if found is None else Head(count=int(found[1].replace(",", "")), hash=found[2])


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
