"""What the lists share in reading what people type: words of every language, a part of a name, a page. Pure.

The same text is what the buttons of a list hold, so a click is read as something that was typed: nothing in it is
trusted. English words work for everybody, those of the other languages beside them.
"""

import re
from collections.abc import Mapping, Sequence

from bot.typed_text import clean_line, clean_number, first_word, fold, unquoted

# Slack's limit of 150 for the value of an option leaves room for this much of a name beside the words.
LONGEST_TEXT = 40
_PAGE = re.compile(r"[1-9][0-9]{0,5}")
_NO_QUOTES = dict.fromkeys(map(ord, '\u201c\u201d"'))


def english(word: str, aliases: Mapping[str, tuple[str, ...]]) -> str:
    """The English word that this one stands for (command_words.in_all_languages); else the word itself, plain."""
    plain = first_word(word)[0]
    meant = aliases.get(plain, ())
    return meant[0] if len(meant) == 1 else plain


def page_of(word: str) -> int | None:
    """The page that a word asks for, from 1."""
    number = clean_number(word)
    return int(number) if _PAGE.fullmatch(number) else None


def part_of_name(words: Sequence[str]) -> str:
    """What is looked for in names: these words, without the marks of a quotation."""
    inside = [(word, unquoted(clean_line(word))) for word in words]
    return fold(" ".join(word if text is None else text for word, text in inside))[:LONGEST_TEXT].strip()


def quoted(text: str) -> str:
    """A part of a name as it is typed to be nothing else. Marks of its own would end the quotation early."""
    return f"\u201c{text.translate(_NO_QUOTES)}\u201d"
