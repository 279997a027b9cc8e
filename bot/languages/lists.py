"""Things one after the other, by the customs of the language of the moment (Unicode CLDR, through Babel)."""

from collections.abc import Sequence

from babel.core import UnknownLocaleError
from babel.lists import format_list

from bot.languages.catalog import FSI, PDI
from bot.languages.language import Language, current

# How the things of a list end: `a, b and c`, `a, b or c`, `a, b, c`.
AND, OR, PLAIN, LINES = "standard", "or", "plain", "lines"
_ENGLISH = {AND: " and ", OR: " or "}
# What parts names of things that no word joins; CLDR has such a list for English only.
_COMMAS = {"ar": "، ", "fa": "، ", "ur": "، ", "ja": "、", "zh": "、"}

# Languages that put no space between words.
_UNSPACED = {"ja", "zh"}
_MARKS = ("*", "`")


def listed(items: Sequence[str], style: str) -> str:
    """The items in one text, each in its own order where the language is read from right to left.

    A language that CLDR does not know has commas only.
    """
    if style == LINES:
        return "\n".join(f"• {item}" for item in items)
    language = current()
    unspaced = language.tag.split("-")[0] in _UNSPACED
    text = _in_one(_spaced(items, style) if unspaced else items, style, language)
    return text.strip() if unspaced else text


def _spaced(items: Sequence[str], style: str) -> list[str]:
    """With the spaces that such a language has beside bold and code, and between its own word and a Latin one."""
    found = [_apart(item) for item in items]
    if style in {AND, OR} and len(found) > 1:
        last, end = found[-1], found[-2]
        found[-2] = f"{end} " if end[-1:].isascii() and not end.endswith(" ") else end
        found[-1] = f" {last}" if last[:1].isascii() and not last.startswith(" ") else last
    return found


def _apart(item: str) -> str:
    """Slack shows bold and code only where no character of such a language touches the marks."""
    return f"{' ' if item.startswith(_MARKS) else ''}{item}{' ' if item.endswith(_MARKS) else ''}"


def _in_one(items: Sequence[str], style: str, language: Language) -> str:
    named = [f"{FSI}{item}{PDI}" if language.right_to_left else item for item in items]
    if style == PLAIN:
        return _COMMAS.get(language.tag.split("-")[0], ", ").join(named)
    if language.tag == "en":  # without the comma that American style puts before the last one
        return _ENGLISH[style].join([*([", ".join(named[:-1])] if named[1:] else []), *named[-1:]])
    try:
        return format_list(named, style="or" if style == OR else "standard", locale=language.locale)
    except UnknownLocaleError:
        return ", ".join(named)
