"""What no row, message, log line or trace may hold, and how it is taken out of a text. Knows no settings and no table.

Looked for are the values of gateway keys, tokens that are known by their form, and Keydesk's own secrets by value
(`know`). A text is looked at as people see it: without characters that take no room, in its compatibility form, and
across the places where a value was broken or glued to something else.

Three places ask here: the router refuses such a text in a form, with a sentence; the columns of the database
(db/safe_types.py), the record and every call to Slack replace it, wherever it came from; so does the log.
"""

import base64
import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from pydantic import SecretStr

HIDDEN = "[redacted]"
REFUSED_TEXT = (
    "This looks like the value of a key, or another secret. It would be stored and shown to others: take it out."
)
# Nothing shorter is a secret, and most texts of a row are shorter.
_SHORTEST = 8
_KEY_LENGTH = 48

# Characters that take no room: controls, joiners, direction marks, variation selectors, fillers, tags.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
# Each form with a literal that stands in every match, so that a text without it costs one look.
_FORMS = (
    ("sk-", re.compile(r"(?<![0-9A-Za-z])sk-[0-9A-Za-z]{20,}")),
    ("sk-", re.compile(r"sk-[0-9A-Za-z]{32,}")),  # the same, glued to a word
    ("xox", re.compile(r"xox[a-z](?:\.xox[a-z])?-[0-9A-Za-z-]{8,}")),
    ("xapp-", re.compile(r"xapp-[0-9A-Za-z-]{8,}")),
    ("gh", re.compile(r"gh[a-z]_[0-9A-Za-z]{20,}")),
    ("github_pat_", re.compile(r"github_pat_[0-9A-Za-z_]{20,}")),
    # Who has a response URL can post with it.
    ("hooks.slack.com/", re.compile(r"https://hooks\.slack\.com/[^\s\"'<>]+")),
    ("://", re.compile(r"://([^\s/:@\"']{1,256}+:[^\s/@\"']{1,256})@")),  # user:password in a URL
    ("Bearer ", re.compile(r"Bearer ((?=[A-Za-z._~+/=-]{0,64}[0-9])[0-9A-Za-z._~+/=-]{20,})")),
)
# What only begins like a secret: in a log nobody misses a word, elsewhere it may be somebody's name for a key.
_WIDE_FORMS = (
    ("sk-", re.compile(r"(?<![0-9A-Za-z])sk-[0-9A-Za-z][0-9A-Za-z_-]{7,}")),
    ("Bearer ", re.compile(r"Bearer ([0-9A-Za-z._~+/=-]{8,})")),
    ("ticket=", re.compile(r"[?&]ticket=([^\s&\"'<>]+)")),  # who has it can open Socket Mode's link, once
)
# A gateway key as the gateway's own API writes it.
_BARE = re.compile(rf"(?<![0-9A-Za-z])[0-9A-Za-z]{{{_KEY_LENGTH}}}+(?![0-9A-Za-z])")
# A key in pieces: spaces, line ends (as they are, or as code and mark-up write them), quotation marks, plus signs.
_GAP = r"\\[nrt]|<br ?/?>|[^0-9A-Za-z]"
_BROKEN = re.compile(rf"sk-(?:(?:{_GAP}){{0,24}}+[0-9A-Za-z]){{{_KEY_LENGTH}}}")
_GAPS = re.compile(_GAP)
_LONG_WITH_DASHES = re.compile(r"(?<![0-9A-Za-z])sk-[0-9A-Za-z_-]{32,}")
_BASE64 = re.compile(r"(?<![0-9A-Za-z+/_-])[0-9A-Za-z+/_-]{24,8192}+={0,2}")
_BASE64_WORD = re.compile(r"[0-9A-Za-z+/]*")
_LONGEST_BASE64_AROUND_A_KEY = 80
_FEWEST_DIGITS, _FEWEST_LETTERS = 2, 8
_NO_WORD = bytes(set(range(256)) - set(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"))

Span = tuple[int, int]
_own: tuple[bytes, ...] = ()


def know(secrets: Iterable[str]) -> None:
    """From now on look for these values too, in place of those before: the secrets of this process."""
    global _own  # noqa: PLW0603  # like the loggers: rows and messages are the process's, whoever writes them
    found = {_squeezed(form) for secret in secrets if is_telling(secret) for form in (secret, quote(secret, safe=""))}
    _own = tuple(sorted((one for one in found if len(one) >= _SHORTEST), key=len, reverse=True))


def is_telling(secret: str) -> bool:
    """Whether a value can be looked for in people's texts: `postgres`, as a password, would be found everywhere."""
    mixed = any(char.isdigit() for char in secret) and any(char.isalpha() for char in secret)
    return len(secret) >= 2 * _SHORTEST or (len(secret) >= _SHORTEST and mixed)


def holds_secret(text: str) -> bool:
    """Whether a text holds the value of a key, a token, or a secret of ours, however it is disguised."""
    return len(text) >= _SHORTEST and next(_spans(_seen(text), wide=False), None) is not None


def redact(text: str, secrets: Iterable[str] = (), *, wide: bool = True) -> str:
    """`text` with every given secret, and all that looks like one, replaced by `[redacted]`.

    `wide`: also what only begins like one. A text without any comes back as it is.
    """
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    if len(text) < _SHORTEST:
        return text
    seen = _seen(text)
    spans = sorted(_spans(seen, wide=wide))
    if not spans:
        return text
    parts, at = [], 0
    for start, end in spans:
        if start >= at:
            parts += [seen[at:start], HIDDEN]
        at = max(at, end)
    return "".join([*parts, seen[at:]])


def redact_all(value: Any, secrets: Iterable[str] = (), *, wide: bool = True) -> Any:
    """The same for every string in a JSON-like value, names of fields included.

    A SecretStr in it is meant to be seen, and comes out as its value: there is one such view, the reveal of a key.
    """
    if not secrets and holds_no_secret(value, wide=wide):
        return value
    return _redact_each(value, secrets, wide=wide)


def holds_no_secret(value: Any, *, wide: bool = False, most: int | None = None) -> bool:
    """Whether JSON holds no secret in any text or name, found by one look at all of it, written as one text.

    No secret that stands in one of its texts is hidden by the others: signs that no form takes stand in between. False
    also where that cannot be told at once, so the texts must be looked at one by one: what seems to go on from one text
    to the next, a backslash or a control character in one, something that is no JSON, or more than `most` characters.
    """
    try:
        together = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError):
        return False
    if most is not None and len(together) > most:
        return False
    if "\\" in together:
        together = together.replace("\\n", " ").replace('\\"', " ")
        if "\\" in together:
            return False
    return len(together) < _SHORTEST or next(_spans(_seen(together), wide=wide), None) is None


def _redact_each(value: Any, secrets: Iterable[str] = (), *, wide: bool) -> Any:
    if isinstance(value, str):
        return redact(value, secrets, wide=wide)
    if isinstance(value, Mapping):
        return {
            redact(str(name), secrets, wide=wide): _redact_each(item, secrets, wide=wide)
            for name, item in value.items()
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_redact_each(item, secrets, wide=wide) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return redact(str(value), secrets, wide=wide)


def _seen(text: str) -> str:
    if text.isascii():
        return text if text.isprintable() else _UNSEEN.sub("", text)
    return unicodedata.normalize("NFKC", _UNSEEN.sub("", text))


def _spans(seen: str, *, wide: bool) -> Iterator[Span]:
    """Where something secret stands in a text that was made visible."""
    yield from _own_spans(seen)
    for literal, form in (*_FORMS, *_WIDE_FORMS) if wide else _FORMS:
        if literal in seen:
            yield from (match.span(form.groups) for match in form.finditer(seen))
    if "sk-" in seen:
        yield from (match.span() for match in _BROKEN.finditer(seen) if _is_random(_GAPS.sub("", match[0][3:])))
        yield from (match.span() for match in _LONG_WITH_DASHES.finditer(seen) if _is_random(match[0][3:]))
    if len(seen) >= _KEY_LENGTH:
        yield from (match.span() for match in _BARE.finditer(seen) if not _in_base64(seen, match))
    for match in _BASE64.finditer(seen):
        decoded = decoded_base64(match[0])
        if b"sk-" in decoded or any(secret in _squeezed_bytes(decoded) for secret in _own):
            inside = decoded.decode("latin-1")
            if next(_own_spans(inside), None) or any(form.search(inside) for _, form in _FORMS[:2]):
                yield match.span()


def _own_spans(seen: str) -> Iterator[Span]:
    """Our own secrets, whatever stands between their letters and digits."""
    squeezed = _squeezed(seen) if _own else b""
    for secret in _own:
        start = squeezed.find(secret)
        while start >= 0:
            places = [at for at, char in enumerate(seen) if char.isascii() and char.isalnum()]
            yield places[start], places[start + len(secret) - 1] + 1
            start = squeezed.find(secret, start + len(secret))


def _squeezed(text: str) -> bytes:
    """Only the letters and digits of ASCII."""
    return _squeezed_bytes(text.encode("ascii", "ignore"))


def _squeezed_bytes(text: bytes) -> bytes:
    return text.translate(None, _NO_WORD)


def _is_random(joined: str) -> bool:
    """As keys are; words that stand side by side hold hardly a digit, and few capitals."""
    core = joined[:_KEY_LENGTH]
    cases = sum(char.isupper() for char in core), sum(char.islower() for char in core)
    return sum(char.isdigit() for char in core) >= _FEWEST_DIGITS and min(cases) >= _FEWEST_LETTERS


def _in_base64(seen: str, match: re.Match[str]) -> bool:
    """Whether it is a part of a long word of base64, such as a signature."""
    before = seen[max(0, match.start() - _LONGEST_BASE64_AROUND_A_KEY) : match.start()]
    left = len(before) - next((at for at in range(len(before), 0, -1) if not _BASE64_WORD.fullmatch(before[at - 1])), 0)
    right = _BASE64_WORD.match(seen, match.end(), match.end() + _LONGEST_BASE64_AROUND_A_KEY)
    return left + _KEY_LENGTH + (len(right[0]) if right else 0) >= _LONGEST_BASE64_AROUND_A_KEY


def decoded_base64(word: str) -> bytes:
    """What a word of base64, of either alphabet and with or without padding, says."""
    plain = word.rstrip("=").replace("-", "+").replace("_", "/")
    # One left-over character encodes nothing; the padding is put back.
    plain = plain[: len(plain) - (len(plain) % 4 == 1)]
    return base64.b64decode(plain + "=" * (-len(plain) % 4))
