"""Regular expressions that cannot keep the bot busy: a policy's `reason_matches`.

RE2 takes time that grows with text times pattern, whatever the pattern; Python's `re` can take hours. Pattern and
text are bounded as well, so that one look takes less than 1 ms. Knows nothing of policies.
"""

from typing import Protocol

from bot.languages import tr

MAX_PATTERN = 200
# Only so many characters of a reason are matched.
MAX_TEXT = 256
# Steps of the compiled pattern. 256 characters against this many took 0.5 ms at most (measured, all engines of RE2).
MAX_PROGRAM = 400
_MAX_MEMORY = 1 << 16


class Pattern(Protocol):
    """A compiled pattern."""

    def search(self, text: str) -> object | None:
        """A match anywhere in the text, None without one."""


def compile_pattern(pattern: str) -> Pattern:
    """The compiled pattern; ValueError with a sentence if it is invalid, or too large."""
    if len(pattern) > MAX_PATTERN:
        raise ValueError(tr("the pattern is longer than {number} characters", number=MAX_PATTERN))
    import re2  # noqa: PLC0415  # few policies have a pattern, and it takes as much memory as all of our rules

    options = re2.Options()
    options.max_mem = _MAX_MEMORY
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except re2.error as error:
        told = error.args[0].decode(errors="replace") if isinstance(error.args[0], bytes) else str(error)
        if "too large" in told:
            raise ValueError(tr("the pattern is too large; use smaller numbers in {braces}", braces="{ }")) from None
        raise ValueError(tr("the pattern is not a valid regular expression (RE2): {reason}", reason=told)) from None
    if compiled.programsize > MAX_PROGRAM:
        raise ValueError(tr("the pattern is too large; use smaller numbers in {braces}", braces="{ }"))
    found_pattern: Pattern = compiled
    return found_pattern


def found(pattern: Pattern, text: str) -> bool:
    """Whether the pattern occurs anywhere in the first MAX_TEXT characters."""
    # Half a surrogate pair, which JSON may hold, is no UTF-8 and would raise.
    return pattern.search(text[:MAX_TEXT].encode(errors="replace").decode()) is not None
