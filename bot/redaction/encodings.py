"""Texts inside a text: escapes undone with the place of each character, words of base64, base32 and hexadecimal."""

import base64
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.typed_text import DASHES

# Characters that take no room: controls, strokes through others, joiners, direction marks, variation selectors,
# fillers, tags.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u0332-\u0338\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
# As URLs, source code, JSON, mark-up and mail write a character. What else mail escapes are no signs of a key.
_ESCAPE = re.compile(
    r"%u(?P<hex1>[0-9A-Fa-f]{4})|%(?P<hex2>[0-9A-Fa-f]{2})|\\u(?P<hex3>[0-9A-Fa-f]{4})|\\u\{(?P<hex5>[0-9A-Fa-f]{1,6})\}"
    r"|\\x(?P<hex4>[0-9A-Fa-f]{2})|\\(?P<octal>[0-3][0-7]{2})|\\(?P<plain>-)|=(?P<dash>2D)|&(?P<entity>amp|apos|dash|gt|hyphen|lt|minus|nbsp|quot);"
    r"|&#(?P<decimal>[0-9]{1,7});|&#[xX](?P<hex6>[0-9A-Fa-f]{1,6});"
)
_ENTITIES = {
    "amp": "&",
    "apos": "'",
    "gt": ">",
    "lt": "<",
    "nbsp": " ",
    "quot": '"',
    "dash": "-",
    "hyphen": "-",
    "minus": "-",
}
_SIGNS = "%\\&="
_LAST_CHARACTER = 0x10FFFF
_BASE64 = re.compile(r"(?<![0-9A-Za-z+/_-])[0-9A-Za-z+/_-]{24,8192}+={0,2}")
_HEXADECIMAL = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{2}){16,4096}+(?![0-9A-Fa-f])")
# The same with something between the bytes, as dumps, certificates and source code show them: `73:6b`, `0x73, 0x6b`.
_SPACED_HEXADECIMAL = re.compile(
    r"(?<![0-9A-Za-z])(?:0x)?[0-9A-Fa-f]{2}(?:[ :,.;_-]{1,2}(?:0x)?[0-9A-Fa-f]{2}){15,4096}(?![0-9A-Za-z])"
)
_BETWEEN = re.compile(r"0x|[^0-9A-Fa-f]")
_BASE32 = re.compile(r"(?<![0-9A-Za-z])(?:[A-Z2-7]{32,8192}+|[a-z2-7]{32,8192}+)={0,6}")
_DIGITS = "234567"
# No secret holds a byte that is no ASCII, and a text without such bytes is read faster.
_ASCII = bytes(range(128)) + bytes(128)
# A word that is glued to a text of any length begins at one of these places.
_OFFSETS = range(4)

# Letters and digits of ASCII as one sign, everything else as another; and the same with the signs of base64.
_PLAIN_RUNS, _BASE64_RUNS = (
    bytes(
        ord("a") if (char.isascii() and char.isalnum()) or char in signs else ord(" ") for char in map(chr, range(256))
    )
    for signs in ("", "+/_-")
)

Span = tuple[int, int]


def has_run(text: str, length: int, *, of_base64: bool = False) -> bool:
    """Whether so many letters and digits stand side by side; most texts hold none, and no form of many then."""
    runs = text.encode("ascii", "replace").translate(_BASE64_RUNS if of_base64 else _PLAIN_RUNS)
    return b"a" * length in runs


def visible_form(text: str) -> str:
    """As people see it: without characters that take no room, in its compatibility form, each dash a hyphen."""
    if text.isascii():
        return text if text.isprintable() else _UNSEEN.sub("", text)
    seen = _UNSEEN.sub("", text)
    # What we show has such characters around each name, and mostly no other letters than those of ASCII.
    return seen if seen.isascii() else unicodedata.normalize("NFKC", seen).translate(DASHES)


@dataclass
class Unescaped:
    """A text with its escapes undone. Character `n` of `text` stands from `starts[n]` to `ends[n]` of the original."""

    text: str = ""
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)

    def original(self, span: Span) -> Span:
        """Where a part of `text` stands in the original."""
        return self.starts[span[0]], self.ends[span[1] - 1]


def unescaped(text: str) -> Unescaped | None:
    """The text without escapes, None when there are none."""
    if not any(sign in text for sign in _SIGNS):
        return None
    found, parts, at = Unescaped(), [], 0
    for match in _ESCAPE.finditer(text):
        start, end = match.span()
        char = visible_form(_character(match))
        parts += [text[at:start], char]
        found.starts += [*range(at, start), *[start] * len(char)]
        found.ends += [*range(at + 1, start + 1), *[end] * len(char)]
        at = end
    if not parts:
        return None
    parts.append(text[at:])
    found.starts += range(at, len(text))
    found.ends += range(at + 1, len(text) + 1)
    found.text = "".join(parts)
    return found


def _character(match: re.Match[str]) -> str:
    if match["entity"]:
        return _ENTITIES[match["entity"]]
    if match["plain"] or match["dash"]:
        return "-"
    digits = match[match.lastgroup or 0]
    number = int(digits, 8 if match["octal"] else 10 if match["decimal"] else 16)
    return chr(number) if number <= _LAST_CHARACTER else ""


def encoded_words(text: str) -> Iterator[tuple[Span, str]]:
    """What words of base64, base32 and of hexadecimal digits say, each byte as one character, and where they stand.

    A word of base64 may be glued to another text, so it is read from each of its first four characters on.
    """
    for match in _BASE64.finditer(text) if has_run(text, 24, of_base64=True) else ():
        # A digest: what a text becomes in base64 has capitals.
        for offset in () if _HEXADECIMAL.fullmatch(match[0]) and match[0].islower() else _OFFSETS:
            yield match.span(), _plain(decoded_base64(match[0][offset:]))
    # Each byte of a secret has one of these digits in hexadecimal, and no long word of base32 is without all of them.
    if not any(digit in text for digit in _DIGITS):
        return
    for match in _SPACED_HEXADECIMAL.finditer(text):
        yield match.span(), _plain(bytes.fromhex(_BETWEEN.sub("", match[0])))
    if not has_run(text, 32):
        return
    for match in _HEXADECIMAL.finditer(text):
        yield match.span(), _plain(bytes.fromhex(match[0]))
    for match in _BASE32.finditer(text):
        yield match.span(), _plain(_decoded_base32(match[0].rstrip("=")))


def _decoded_base32(word: str) -> bytes:
    # The letters that are left over after whole bytes encode nothing.
    plain = word[: len(word) - {1: 1, 3: 1, 6: 1}.get(len(word) % 8, 0)]
    return base64.b32decode(plain + "=" * (-len(plain) % 8), casefold=True)


def decoded_base64(word: str) -> bytes:
    """What a word of base64 says, in either alphabet, with its padding or without."""
    plain = word.rstrip("=").replace("-", "+").replace("_", "/")
    # One left-over character encodes nothing; the padding is put back.
    plain = plain[: len(plain) - (len(plain) % 4 == 1)]
    return base64.b64decode(plain + "=" * (-len(plain) % 4))


def _plain(said: bytes) -> str:
    # UTF-16, as Windows and PowerShell encode a text: each character of ASCII has an empty byte beside it.
    for at in (0, 1):
        if said and not said[at::2].strip(b"\0\xff\xfe"):
            said = said[1 - at :: 2]
    return said.translate(_ASCII).decode("ascii")
