"""Finds what may be a key in a text (gateway-api.md, section 13). Pure, bounded, and quick on texts that hold none.

A candidate is only a string: whether it is a key of the account, and which, is the index's to say.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from bot.redaction import redact
from bot.redaction.encodings import decoded_base64

# So much of one alert is searched. The card says when there was more.
LONGEST_TEXT = 1_000_000
MOST_CANDIDATES = 5_000
# How much is looked through in one call, and what begins at its end may be as long as a word of base64.
SLICE, _LONGEST_MATCH = 20_000, 8_200

# What people and programs put into a long word so that it wraps: soft hyphen, zero-width and direction marks.
_INVISIBLE = dict.fromkeys([0x00AD, 0x034F, 0x061C, 0x180E, *range(0x200B, 0x2010), *range(0x202A, 0x202F), 0xFEFF])
_INVISIBLE |= dict.fromkeys(range(0x2060, 0x206A))
# sk- and up to 128 characters, with or without the channel suffix; or a bare word of exactly 48.
_FULL = re.compile(
    r"sk-(?P<core>[0-9A-Za-z]{16,128})(?![0-9A-Za-z])|(?<![0-9A-Za-z])(?P<bare>[0-9A-Za-z]{48})(?![0-9A-Za-z])"
)
# The gateway's own mask has ten stars; consoles and people use fewer, dots, blocks or an ellipsis, letters x, or a
# word in brackets, then only after sk-.
_MASK = (
    r"(?:[*＊✱]{3,64}|[…⋯]{1,9}|\.{3,64}|[•●∙·‧⋅]{3,64}|[■█▇▪]{3,64}|[xX]{6,64}"
    r"|[\[<(](?:\.{3}|…|\*{3}|(?i:redacted|hidden|masked|removed|snip|censored))[\])>])"
)
_MASKED = re.compile(
    rf"sk-(?P<first>[0-9A-Za-z]{{0,44}}?)[-_]?{_MASK}[-_]?(?P<last>(?![xX])[0-9A-Za-z]{{0,44}})(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z])(?P<begin>[0-9A-Za-z]{4,24})\*{6,64}(?P<end>[0-9A-Za-z]{4,24})(?![0-9A-Za-z])"
)
# What follows a piece of a key that is masked or goes on in the next line: such a piece is no whole value.
_CUT_OFF = re.compile(rf"[-_]?{_MASK}|[\\=]\r?\n")
# No random value holds so many of one letter: they hide what stood there.
_CROSSED_OUT = re.compile(r"[xX]{6}")
# Base64 of a text with a key in it: `sk-` and 48 characters are 68 of these.
_BASE64 = re.compile(r"(?<![0-9A-Za-z+/_-])[0-9A-Za-z+/_-]{68,8192}={0,2}")
# Programs break base64 after 64 or 76 characters. The line end comes first: only there is the line before it looked at.
_LINE = "[0-9A-Za-z+/_-]{60}"
_WRAPPED = re.compile(rf"\r?\n(?:(?<={_LINE}\n)|(?<={_LINE}\r\n))[ \t>]{{0,16}}(?=[0-9A-Za-z+/_-])")
_IN_BASE64 = re.compile(rb"sk-([0-9A-Za-z]{16,128})(?![0-9A-Za-z])")
# A line end inside a word, as it is or as it is written in code and mark-up, with what editors, quotations and source
# code put around it; or the end of one string and the beginning of the next.
_AROUND = r"[\"'`+\\ \t>|#*/]{0,8}"
_BREAK = re.compile(rf"{_AROUND}=?(?:\r\n?|\n|\\r\\n|\\n|<br ?/?>){_AROUND}|[\"'`] ?[+.]? ?[\"'`]")
_SPLIT = re.compile(rf"sk-(?:(?:{_BREAK.pattern})?[0-9A-Za-z]){{48}}")
_NEAR = re.compile(r"comet|token|key|secret|bearer", re.IGNORECASE)
_NEAR_CHARACTERS = 80
_KEY_LENGTH = 48
# Between the ends of a hint that holds less than four characters of each.
SHORT_MASK = "…"
ENDS = 4
# A beginning without an end must look like a key: `sk-learn...` is none.
_LONG_BEGINNING = re.compile(r"(?=[A-Za-z]*[0-9])(?=[0-9]*[A-Za-z])[0-9A-Za-z]{8,}")
_CAMEL_CASE = re.compile(r"(?:[A-Z][a-z]{2,}){2,}")
# A piece of a key that was broken in yet another way: no name or hash looks like it.
_PIECE = re.compile(
    r"(?<![0-9A-Za-z])(?=[A-Za-z]*[0-9])(?=[0-9A-Z]*[a-z])(?=[0-9a-z]*[A-Z])[0-9A-Za-z]{12,}(?![0-9A-Za-z])"
)
_LONG_WORD = re.compile(r"(?<=sk-)[0-9A-Za-z]{8,}|[0-9A-Za-z]{20,}")


@dataclass(frozen=True)
class Candidate:
    """`core`: the value without sk-; "" when only `hint` is known: the first and last four characters, or what a mask
    shows of them, with … between.

    `telling`: it looks so much like a key that it is worth showing even when it is nobody's.
    """

    core: str = field(repr=False)
    hint: str
    telling: bool
    # The value that was broken here, of which this may be the first piece.
    whole: str = field(default="", repr=False)

    @property
    def masked_text(self) -> str:
        """What people may see of it."""
        return masked(self.hint)


@dataclass(frozen=True)
class ScanResult:
    """`cut`: there was more than was looked at."""

    candidates: tuple[Candidate, ...]
    cut: bool = False


def masked(hint: str) -> str:
    """First and last characters of a value with `…` between them."""
    return f"sk-{hint}" if SHORT_MASK in hint else f"sk-{hint[:4]}…{hint[4:]}"


def visible(text: str) -> str:
    """The text without characters that take no room."""
    if text.isascii():
        return text
    return "".join(text[at : at + SLICE].translate(_INVISIBLE) for at in range(0, len(text), SLICE))


def _matches(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """Like finditer, in calls that take milliseconds each: what begins in one slice is read over its end."""
    at = 0
    while at < len(text):
        end = at + SLICE
        for match in pattern.finditer(text, at, end + _LONGEST_MATCH):
            if match.start() >= end:
                break
            yield match
            at = match.end()
        at = max(at, end)


def find(texts: Iterable[str]) -> ScanResult:
    """Every candidate, each once, in order; full ones first. At most MOST_CANDIDATES of LONGEST_TEXT characters."""
    text = "\n".join(texts)
    cut = len(text) > LONGEST_TEXT
    text = visible(text[:LONGEST_TEXT])
    if "sk-" not in text and "*" not in text and next(_matches(_LONG_WORD, text), None) is None:
        return ScanResult((), cut)
    found: dict[str, Candidate] = {}
    for candidate in _candidates(text):
        name = candidate.core or candidate.hint
        if name not in found or (candidate.telling and not found[name].telling):
            found[name] = candidate
        if len(found) >= MOST_CANDIDATES:
            return ScanResult(tuple(found.values()), cut=True)
    return ScanResult(tuple(found.values()), cut)


def _candidates(text: str) -> Iterator[Candidate]:
    """Whole values, then masked ones, then those that must be decoded or put together first."""
    broken = {match.start(): _BREAK.sub("", match[0])[3:] for match in _matches(_SPLIT, text)}
    for match in _matches(_FULL, text):
        if match["core"] and (_CUT_OFF.match(text, match.end()) or _CROSSED_OUT.search(match["core"])):
            continue
        core = match["core"] or match["bare"]
        telling = match["bare"] is None or _is_near_a_word(text, match.start(), match.end())
        yield Candidate(core, core[:4] + core[-4:], telling, whole=broken.get(match.start(), ""))
    for match in _matches(_MASKED, text):
        hint = _hint(match["first"] or match["begin"] or "", match["last"] or match["end"] or "")
        if hint:
            yield Candidate("", hint, telling=True)
    for core in _encoded(text):
        yield Candidate(core, core[:4] + core[-4:], telling=True)
    # Keys broken over lines: worth a look-up, but too uncertain to be shown when they are nobody's.
    for core in broken.values():
        yield Candidate(core, core[:4] + core[-4:], telling=False)


def _hint(first: str, last: str) -> str:
    """What a mask tells of a key, "" when it is too little to tell anything.

    Some tools show more than four characters of each end; four are what is known of every key.
    """
    if len(first) >= ENDS <= len(last):
        return first[:ENDS] + last[-ENDS:]
    if len(last) >= ENDS or (len(first) >= ENDS and last) or _LONG_BEGINNING.fullmatch(first):
        return f"{first[:ENDS]}{SHORT_MASK}{last[-ENDS:]}"
    return ""


def _encoded(text: str) -> Iterator[str]:
    """Values inside base64, as Kubernetes Secrets and HTTP's Basic scheme hold them, on one line or on several."""
    found = tuple(dict.fromkeys(_decoded(text)))
    joined = _unwrapped(text)
    over_lines = [core for core in _decoded(joined) if core not in found] if joined != text else []
    # A line may end within a value, or the next line may not belong to it: the length of a key tells.
    whole = tuple(core for core in over_lines if len(core) == _KEY_LENGTH)
    yield from (core for core in found if not any(one.startswith(core) for one in whole))
    yield from whole
    yield from (core for core in over_lines if core not in whole and not (found and core.startswith(found)))


def _unwrapped(text: str) -> str:
    """The text with lines of base64 put together."""
    parts, at = [], 0
    for match in _matches(_WRAPPED, text):
        parts.append(text[at : match.start()])
        at = match.end()
    return "".join([*parts, text[at:]])


def _decoded(text: str) -> Iterator[str]:
    for match in _matches(_BASE64, text):
        yield from (value.decode("ascii") for value in _IN_BASE64.findall(decoded_base64(match[0])))


def _is_near_a_word(text: str, start: int, end: int) -> bool:
    return bool(_NEAR.search(text, max(0, start - _NEAR_CHARACTERS), end + _NEAR_CHARACTERS))


def _shortened(match: re.Match[str]) -> str:
    """The beginning of a word that may be a key; the CamelCase names of alerts stay as they are."""
    word = match[0]
    return word if len(word) < _KEY_LENGTH and _CAMEL_CASE.fullmatch(word) else f"{word[:4]}…"


def harmless(text: str, limit: int) -> str:
    """The text on one line, cut, and without any word long enough to be a key or a good part of one."""
    # No database takes a NUL or half of a surrogate pair.
    sound = text[: 20 * limit].encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", " ")
    whole = _SPLIT.sub(lambda match: _BREAK.sub("", match[0]), visible(sound))
    plain = " ".join(whole.split())
    plain = _PIECE.sub(_shortened, _LONG_WORD.sub(_shortened, plain))
    if len(plain) > limit:
        # Before the cut: the part of a key that is left is known by nothing any more.
        plain = redact(plain[: 4 * limit], wide=False)
    return plain if len(plain) <= limit else f"{plain[: limit - 1]}…"
