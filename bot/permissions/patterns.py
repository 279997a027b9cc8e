"""Regular expressions that cannot keep the bot busy: a policy's `reason_matches`.

Python's `re` tries every way to match, so a careless pattern and a nasty reason could stop the bot for
hours. Patterns are therefore limited so that the number of ways stays small. Knows nothing of policies.
"""

import re
import warnings

MAX_PATTERN = 200
# A reason is looked at up to here; with MAX_WAYS that is some tens of milliseconds at the very worst.
MAX_TEXT = 256
MAX_WAYS = 256 * 256

_TOKEN = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|(?P<open>\((?:\?P<\w+>|\?:|(?P<flags>\?[aimsu]+\))|(?P<special>\?[^)]?))?)"
    r"|(?P<close>\))|(?P<repeat>[*+?]|\{(?P<least>\d*)(?P<comma>,?)(?P<most>\d*)\})[?+]?|(?P<pipe>\|)|.",
    re.DOTALL,
)


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """The compiled pattern; ValueError with a sentence if it is invalid, or could take long."""
    if len(pattern) > MAX_PATTERN:
        raise ValueError(f"the pattern is longer than {MAX_PATTERN} characters")
    try:
        with warnings.catch_warnings():
            # A pattern whose meaning may change in a later Python is refused as well.
            warnings.simplefilter("error")
            compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        raise ValueError(f"the pattern is not a valid regular expression: {error}") from error
    if _ways(pattern) > MAX_WAYS:
        raise ValueError("the pattern could take too long: use at most two * or +, and none around another")
    return compiled


def found(pattern: re.Pattern[str], text: str) -> bool:
    """Whether the pattern occurs anywhere in the first MAX_TEXT characters."""
    return pattern.search(text[:MAX_TEXT]) is not None


def _ways(pattern: str) -> int:
    """An upper bound of the ways to match at one place; the pattern is known to be valid."""
    # Each open group: ways inside it so far, and its number of branches.
    groups = [[1, 1]]
    last = 1  # ways of the piece that a repeat would repeat
    for token in _TOKEN.finditer(pattern):
        if token["special"] or re.fullmatch(r"\\[1-9]", token[0]):
            raise ValueError("the pattern uses a look-around, a back-reference or a comment; write it without")
        if token["flags"]:
            continue
        if token["open"]:
            groups.append([1, 1])
        elif token["close"]:
            ways, branches = groups.pop()
            last = ways * branches
            groups[-1][0] *= last
        elif token["pipe"]:
            groups[-1][1] += 1
        elif token["repeat"]:
            groups[-1][0] *= _repeats(token, last)
        else:
            last = 1
    return groups[0][0] * groups[0][1]


def _repeats(token: re.Match[str], inside: int) -> int:
    """By how much a repeat multiplies the ways of what it repeats."""
    if token["repeat"] == "?":
        return 2
    if token["repeat"] in "*+" or (token["comma"] and not token["most"]):
        least, most = 1, MAX_TEXT
    else:
        least = int(token["least"] or 0)
        most = int(token["most"] or least)
    if inside > 1 and most > 1:
        # (a+)+ and (a|aa)+ have exponentially many ways.
        return MAX_WAYS + 1
    return max(1, most - least + 1)
