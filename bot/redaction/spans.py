"""Where something secret stands in a text that was made visible: by its form, by its value, and once it is decoded."""

import re
from collections.abc import Iterator

from bot.redaction.encodings import Span, encoded_words, has_run, unescaped
from bot.redaction.known import KEY_LENGTH, is_random, key_spans, own_spans, piece_spans

_BOTH_CASES_AND_A_DIGIT = "(?=[0-9A-Z]*+[a-z])(?=[0-9a-z]*+[A-Z])(?=[A-Za-z]*+[0-9])"
# Tokens of Slack go on with a number, or hold a long piece with a digit; `xoxo-kisses-and-hugs` does not.
_SLACK = r"(?:[0-9][0-9A-Za-z-]{7,}|(?:[A-Za-z]{1,24}-){0,4}(?=[A-Za-z%]{0,32}[0-9])[0-9A-Za-z%]{8}[0-9A-Za-z%-]*)"
# Each form with a literal that stands in every match, so that a text without it costs one look.
_FORMS = (
    ("sk-", re.compile(r"(?<![0-9A-Za-z])sk-[0-9A-Za-z]{20,}")),
    ("sk-", re.compile(r"(?<![a-z])sk-[0-9A-Za-z]{32,}")),
    # The same, glued to a word: `task-`, `Flask-` and `Keydesk-` stand before the digests of commits, files and pages.
    ("sk-", re.compile(rf"sk-{_BOTH_CASES_AND_A_DIGIT}[0-9A-Za-z]{{32,}}")),
    ("xox", re.compile(rf"xox[a-z](?:\.xox[a-z])?-{_SLACK}")),
    ("xapp-", re.compile(rf"xapp-{_SLACK}")),
    ("gh", re.compile(r"gh[a-z]_[0-9A-Za-z]{20,}")),
    ("github_pat_", re.compile(r"github_pat_[0-9A-Za-z_]{20,}")),
    # Who has a response URL can post with it.
    ("hooks.slack.com/", re.compile(r"https://hooks\.slack\.com/[^\s\"'<>]+")),
    ("://", re.compile(r"://([^\s/:@\"']{0,256}+:[^\s/@\"']{4,256})@")),  # user:password in a URL
    # PagerDuty's keys: a person's by its beginning, an account's only behind the word before it.
    ("u+", re.compile(rf"(?<![0-9A-Za-z])u\+{_BOTH_CASES_AND_A_DIGIT}[0-9A-Za-z_-]{{18}}(?![0-9A-Za-z_-])")),
    ("oken token=", re.compile(r"oken token=([0-9A-Za-z_+-]{20})(?![0-9A-Za-z_+-])")),
    ("Bearer ", re.compile(r"Bearer ((?=[A-Za-z._~+/=-]{0,64}[0-9])[0-9A-Za-z._~+/=-]{20,})")),
)
# What people write where a secret would stand: one kind of letter only, a mask with little around it, and, as a
# password, a mask, a word in brackets, a variable, or the very words "user" and "password".
_NO_SECRET = re.compile(
    r"sk-(?:[a-z]+|[A-Z]+|[0-9]+|[0-9A-Za-z]{0,8}[xX]{6,}+[0-9A-Za-z]{0,8})"
    r"|[^:]*:(?:[*•●.…xX]{2,}|(?:<|&lt;|\[)[A-Za-z_-]{1,32}(?:>|&gt;|\])"
    r"|\$?\{{1,2}[A-Za-z_.-]{1,32}\}{1,2}|\$[A-Z_]{1,32})"
    r"|(?i:user(?:name)?:pass(?:word|wd)?)"
)
# What only begins like a secret: in a log nobody misses a word, elsewhere it may be somebody's name for a key.
_WIDE_FORMS = (
    ("sk-", re.compile(r"(?<![0-9A-Za-z])sk-[0-9A-Za-z][0-9A-Za-z_-]{7,}")),
    ("Bearer ", re.compile(r"Bearer ([0-9A-Za-z._~+/=-]{8,})")),
    ("://", re.compile(r"://([^\s/:@\"']{0,256}+:[^\s/@\"']{1,3})@")),
    ("ticket=", re.compile(r"[?&]ticket=([^\s&\"'<>]+)")),  # who has it can open Socket Mode's link, once
)
_ALL_FORMS = (*_FORMS, *_WIDE_FORMS)
# A gateway key as the gateway's own API writes it: it has letters of both cases; digests and numbers have not.
_BARE = re.compile(
    rf"(?<![0-9A-Za-z])(?=[0-9A-Z]*+[a-z])(?=[0-9a-z]*+[A-Z])[0-9A-Za-z]{{{KEY_LENGTH}}}+(?![0-9A-Za-z])"
)
# The same in two pieces: on two lines, with what quotations and source code put around a line's end, or beside a space.
_TWO_PIECES = re.compile(
    r"(?<![0-9A-Za-z])(?P<first>[0-9A-Za-z]{4,44}+)(?:\\[nr]|<br ?/?>|[\"'`+\\\s>|#*]){1,20}+"
    r"(?=(?P<second>[0-9A-Za-z]{4,44}+)(?![0-9A-Za-z]))"  # which may be the first of the next two
)
# A key in pieces, not two of them or their hints: spaces, line ends (as they are, or as code and mark-up write them),
# quotation marks, plus signs. Not behind a word: what follows `task-` and `risk-` is a sentence.
_GAP = r"\\[nrt]|<br ?/?>|[^0-9A-Za-z]"
_BROKEN = re.compile(rf"(?<![a-z])sk-(?:(?:{_GAP}){{0,24}}+(?!sk-)[0-9A-Za-z]){{{KEY_LENGTH}}}")
_GAPS = re.compile(_GAP)
_LONG_WITH_DASHES = re.compile(r"(?<![0-9A-Za-z])sk-[0-9A-Za-z_-]{32,}")

_BASE64_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+/_-"
_AROUND = 80
# So many characters of base64 around a word tell by their capitals, half of all letters, that they are no path.
_TELLING_AROUND = 20
_FEWEST_CAPITALS, _MOST_CAPITALS = 0.25, 0.75
# As mail and PEM files break base64 into lines.
_LINES_OF_BASE64 = frozenset({64, 76})
# Without one of these a text holds no secret, however it is written.
_PLAIN = re.compile(r"[0-9A-Za-z]")
# Twice encoded, and escapes around that: what is wrapped more often is not unwrapped.
_DEEPEST = 3


def secret_spans(seen: str, *, wide: bool, depth: int = 0) -> Iterator[Span]:
    """Every span, in no order; they may overlap. `wide`: also of what only begins like a secret."""
    if not _PLAIN.search(seen):
        return
    yield from own_spans(seen)
    yield from key_spans(seen)
    yield from (span for span in piece_spans(seen) if not _is_in_base64(seen, *span))
    yield from _by_form(seen, wide=wide)
    if depth == _DEEPEST:
        return
    for span, word in encoded_words(seen):
        if next(secret_spans(word, wide=False, depth=depth + 1), None):
            yield span
    plain = unescaped(seen)
    if plain is not None:
        yield from map(plain.original, secret_spans(plain.text, wide=wide, depth=depth + 1))


def _by_form(seen: str, *, wide: bool) -> Iterator[Span]:
    for literal, form in _ALL_FORMS if wide else _FORMS:
        if literal in seen:
            for match in form.finditer(seen):
                if not _NO_SECRET.fullmatch(match[form.groups]):
                    yield match.span(form.groups)
    if "sk-" in seen:
        yield from (match.span() for match in _BROKEN.finditer(seen) if is_random(_GAPS.sub("", match[0][3:])))
        yield from (match.span() for match in _LONG_WITH_DASHES.finditer(seen) if is_random(match[0][3:]))
    # One of two pieces is half of a key at least.
    if len(seen) >= KEY_LENGTH and has_run(seen, KEY_LENGTH // 2):
        yield from (match.span() for match in _BARE.finditer(seen) if not _is_in_base64(seen, *match.span()))
        for match in _TWO_PIECES.finditer(seen):
            joined = match["first"] + match["second"]
            in_base64 = (_is_in_base64(seen, *match.span(part)) for part in ("first", "second"))
            if len(joined) == KEY_LENGTH and is_random(joined) and not any(in_base64):
                yield match.start(), match.end("second")


def _is_in_base64(seen: str, start: int, end: int) -> bool:
    """Whether it is a part of a longer word of base64, such as a signature or an image, and not of a path."""
    before, after = seen[max(0, start - _AROUND) : start], seen[end : end + _AROUND]
    left = before[len(before.rstrip(_BASE64_CHARACTERS)) :]
    right = after[: len(after) - len(after.lstrip(_BASE64_CHARACTERS))]
    around = left + right
    first, last = start - len(left), end + len(right)
    if around and (_is_line_of_base64(seen, first, last) or _follows_one(seen, first)):
        return True
    letters = sum(map(str.isalpha, around))
    capitals = sum(map(str.isupper, around))
    return len(around) >= _TELLING_AROUND and _FEWEST_CAPITALS <= capitals / max(1, letters) <= _MOST_CAPITALS


def _is_line_of_base64(seen: str, first: int, last: int) -> bool:
    return last - first in _LINES_OF_BASE64 and "\n" in (seen[max(0, first - 1) : first], seen[last : last + 1])


def _follows_one(seen: str, first: int) -> bool:
    """Whether the line before is a line of base64, so that this one may be its last."""
    if first == 0 or seen[first - 1] != "\n":
        return False
    before = seen[max(0, first - 1 - _AROUND) : first - 1].rpartition("\n")[2]
    return len(before) in _LINES_OF_BASE64 and not before.strip(_BASE64_CHARACTERS)
