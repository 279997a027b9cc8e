"""Is this delivery from who it says? One proof per source, on the raw bytes, before anything is parsed.

generic       X-Keydesk-Timestamp (Unix seconds), X-Keydesk-Signature: v1= + hex HMAC-SHA256 of v1:{timestamp}:{body}
              or Standard Webhooks: webhook-id, webhook-timestamp, webhook-signature: v1, + base64 HMAC-SHA256 of
              {id}.{timestamp}.{body}, several with spaces between (standardwebhooks.com)
github        X-Hub-Signature-256: sha256= + hex HMAC-SHA256 of the body (GitHub signs no time)
gitguardian   Timestamp, Gitguardian-Signature: sha256= + hex HMAC-SHA256 of the body, keyed with timestamp + token
alertmanager  Authorization: Bearer token (Prometheus signs nothing)
gitlab        Authorization: the token, with or without the word Bearer (GitLab signs nothing)

GitGuardian: docs.gitguardian.com, "Custom webhook". Where a time is signed it must be within five minutes of ours.
A function returns "" for a good proof, else why not; the words go to the record, never to the sender.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from pydantic import SecretStr

WINDOW_SECONDS = 300
# Clocks differ a little; a time further ahead than this is from the future.
SKEW_SECONDS = 30
_LONGEST_TIMESTAMP = 20
# The generic scheme's version, in the header and in what is signed.
VERSION = "v1"

Headers = Mapping[bytes, bytes]
Verifier = Callable[[SecretStr, Headers, bytes, float], str]

MISSING, DOUBLE, WRONG, OLD, FUTURE, NO_TIME = (
    "missing proof",
    "a header came twice",
    "wrong proof",
    "too old",
    "from the future",
    "the timestamp is no number",
)


def single_headers(headers: Iterable[tuple[bytes, bytes]]) -> Headers | None:
    """ASGI's headers as a mapping; None when one that proves something came twice: nobody knows which one counts."""
    found: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in found and name in _PROVING:
            return None
        found[name] = value
    return found


_PROVING = {
    b"x-keydesk-timestamp",
    b"x-keydesk-signature",
    b"x-hub-signature-256",
    b"timestamp",
    b"gitguardian-signature",
    b"authorization",
    b"webhook-id",
    b"webhook-timestamp",
    b"webhook-signature",
}


def sign_generic(secret: SecretStr, timestamp: str, body: bytes) -> str:
    """The value of X-Keydesk-Signature."""
    signed = VERSION.encode() + b":" + timestamp.encode() + b":" + body
    return f"{VERSION}=" + _hex(secret.get_secret_value().encode(), signed)


def sign_github(secret: SecretStr, body: bytes) -> str:
    """The value of X-Hub-Signature-256."""
    return "sha256=" + _hex(secret.get_secret_value().encode(), body)


def sign_gitguardian(secret: SecretStr, timestamp: str, body: bytes) -> str:
    """The value of Gitguardian-Signature: the timestamp is part of the key, not of the message."""
    return "sha256=" + _hex((timestamp + secret.get_secret_value()).encode(), body)


def sign_standard(secret: SecretStr, message_id: bytes, timestamp: bytes, body: bytes) -> str:
    """The value of webhook-signature. A secret that begins with whsec_ is base64; another is taken as it is."""
    text = secret.get_secret_value()
    prefix = "whsec_"
    key = base64.b64decode(text.removeprefix(prefix) + "==") if text.startswith(prefix) else text.encode()
    signed = b".".join((message_id, timestamp, body))
    return f"{VERSION}," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode("ascii")


def generic(secret: SecretStr, headers: Headers, body: bytes, now: float) -> str:
    """Check X-Keydesk-Signature, or Standard Webhooks headers when there are any. "" or what is wrong."""
    if _is_standard(headers):
        return _standard(secret, headers, body, now)
    timestamp, given = headers.get(b"x-keydesk-timestamp"), headers.get(b"x-keydesk-signature")
    if timestamp is None or given is None:
        return MISSING
    return _time_problem(timestamp, now) or _compare(given, sign_generic(secret, timestamp.decode("ascii"), body))


def _is_standard(headers: Headers) -> bool:
    return b"webhook-signature" in headers and b"x-keydesk-signature" not in headers


def _standard(secret: SecretStr, headers: Headers, body: bytes, now: float) -> str:
    message_id, timestamp = headers.get(b"webhook-id"), headers.get(b"webhook-timestamp")
    if not message_id or timestamp is None:
        return MISSING
    if problem := _time_problem(timestamp, now):
        return problem
    wanted = sign_standard(secret, message_id, timestamp, body)
    # There are several while a secret is replaced; all are compared, so that the time taken shows nothing.
    given = [_compare(one, wanted) for one in headers[b"webhook-signature"].split(b" ")[:_MOST_SIGNATURES]]
    return "" if "" in given else WRONG


def github(secret: SecretStr, headers: Headers, body: bytes, now: float) -> str:
    """Check X-Hub-Signature-256. "" or what is wrong."""
    del now  # not signed; a repeated delivery is the same alert, so a replay changes nothing
    given = headers.get(b"x-hub-signature-256")
    return MISSING if given is None else _compare(given, sign_github(secret, body))


def gitguardian(secret: SecretStr, headers: Headers, body: bytes, now: float) -> str:
    """Check Gitguardian-Signature and its timestamp. "" or what is wrong."""
    timestamp, given = headers.get(b"timestamp"), headers.get(b"gitguardian-signature")
    if timestamp is None or given is None:
        return MISSING
    return _time_problem(timestamp, now) or _compare(given, sign_gitguardian(secret, timestamp.decode("ascii"), body))


def alertmanager(secret: SecretStr, headers: Headers, body: bytes, now: float) -> str:
    """Check the bearer token. "" or what is wrong."""
    del body, now
    given = headers.get(b"authorization")
    if given is None:
        return MISSING
    scheme, _, token = given.partition(b" ")
    if scheme.lower() != b"bearer":
        return WRONG
    return _compare(token.strip(), secret.get_secret_value())


def gitlab(secret: SecretStr, headers: Headers, body: bytes, now: float) -> str:
    """Check the Authorization header, with or without `Bearer`. "" or what is wrong."""
    del body, now
    given = headers.get(b"authorization")
    if given is None:
        return MISSING
    scheme, _, token = given.strip().partition(b" ")
    return _compare(token.strip() if scheme.lower() == b"bearer" else given.strip(), secret.get_secret_value())


VERIFIERS: Mapping[str, Verifier] = {
    "generic": generic,
    "github": github,
    "gitguardian": gitguardian,
    "alertmanager": alertmanager,
    "gitlab": gitlab,
}


def header_problem(source: str, secret: SecretStr, headers: Headers, now: float) -> str:
    """What the headers alone say against a delivery, "" when the body has to be read to know."""
    form = _FORMS.get(source)
    if form is None:
        return VERIFIERS[source](secret, headers, b"", now)
    if source == "generic" and _is_standard(headers):
        form = _STANDARD
    given = headers.get(form.signature)
    timestamp = headers.get(form.timestamp) if form.timestamp else None
    if given is None or (form.timestamp and timestamp is None):
        return MISSING
    if timestamp is not None and (problem := _time_problem(timestamp, now)):
        return problem
    return "" if form.pattern.search(given) else WRONG


class _Form(NamedTuple):
    """The headers of a source that signs the body."""

    signature: bytes
    timestamp: bytes | None
    pattern: re.Pattern[bytes]


_HEX = re.compile(rb"\A(?:v1|sha256)=[0-9a-f]{64}\Z")
_FORMS = {
    "generic": _Form(b"x-keydesk-signature", b"x-keydesk-timestamp", _HEX),
    "github": _Form(b"x-hub-signature-256", None, _HEX),
    "gitguardian": _Form(b"gitguardian-signature", b"timestamp", _HEX),
}
_STANDARD = _Form(b"webhook-signature", b"webhook-timestamp", re.compile(rb"(?:\A| )v1,[A-Za-z0-9+/]{43}=(?: |\Z)"))
_MOST_SIGNATURES = 10


def _time_problem(timestamp: bytes, now: float) -> str:
    # Digits, and a fraction, which one sender may add. float() alone would take "nan", signs and spaces.
    whole, _, fraction = timestamp.partition(b".")
    if not whole.isdigit() or (fraction and not fraction.isdigit()) or len(timestamp) > _LONGEST_TIMESTAMP:
        return NO_TIME
    age = now - float(timestamp)
    if age > WINDOW_SECONDS:
        return OLD
    return FUTURE if age < -SKEW_SECONDS else ""


def _compare(given: bytes, wanted: str) -> str:
    return "" if hmac.compare_digest(given, wanted.encode()) else WRONG


def _hex(key: bytes, message: bytes) -> str:
    return hmac.digest(key, message, hashlib.sha256).hex()
