"""One cleaner for what people type: invisible characters, look-alike signs, digits of other scripts, quotation marks.

Keyboards, web pages and spreadsheets put characters into a text that nobody sees or that only look like the plain
ones. Every field is read through one of these functions, so that all of them treat such a text alike. Knows no field.
"""

import re
import unicodedata

# Joiners of emoji and of Persian and Indic words, and the two marks that order right-to-left names. A text needs them;
# a number does not.
_NEEDED_IN_TEXT = frozenset("\u200c\u200d\u200e\u200f")
_LINE_BREAKS = frozenset("\n\r\u0085\u2028\u2029")
DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"), "-")
_SIGNS = DASHES | {0x066B: ".", 0x066C: ",", 0xFF0B: "+", 0xFE62: "+"}
# Each opening quotation mark with every mark that closes it somewhere.
QUOTES = {
    '"': '"”“',
    "“": '”"“',
    "”": '”"',
    "„": '“”"',
    "‟": "”",
    "'": "'’",
    "‘": "’'",
    "’": "’'",
    "‚": "‘’'",
    "«": "»",
    "»": "«»",
    "‹": "›",
    "›": "‹›",
    "「": "」",
    "『": "』",
    "＂": "＂",
    "`": "`",
}
_STRETCH = "\u0640"  # the Arabic tatweel
_SPACE = re.compile(r"[^\S\n]")


def is_invisible(char: str) -> bool:
    """Whether nobody can see this character and no script needs it: controls, byte order marks, bidi overrides."""
    if char in _NEEDED_IN_TEXT or char in "\t\n":
        return False
    return unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def _is_plain(text: str) -> bool:
    """Nothing in it but what is printed on every keyboard: most texts, which then need no look at each character."""
    return text.isascii() and text.isprintable()


def clean(text: str) -> str:
    """`text` in composed form (NFC), without invisible characters and outer space; every kind of space is one space.

    Line breaks stay, each as one newline.
    """
    if _is_plain(text):
        return text.strip()
    lines = "".join("\n" if char in _LINE_BREAKS else char for char in text.replace("\r\n", "\n"))
    seen = "".join(char for char in lines if not is_invisible(char))
    return unicodedata.normalize("NFC", _SPACE.sub(" ", seen)).strip()


def clean_line(text: str) -> str:
    """The same on one line: line breaks and runs of spaces are one space."""
    return " ".join(clean(text).split())


def clean_number(text: str) -> str:
    """`text` for readers of amounts, times and numbers: plain digits, plain signs, nothing invisible, one line.

    Digits of every script have one value each, so they are read; what was understood is shown before anything happens.
    """
    line = clean_line(text)
    if _is_plain(line):
        return line
    plain = "".join(char for char in line if char not in _NEEDED_IN_TEXT)
    found = []
    for char in plain.translate(_SIGNS):
        digit = unicodedata.decimal(char, None)
        found.append(str(digit) if digit is not None else char if char.isascii() else _plain_width(char))
    return "".join(found)


def fold_word(text: str) -> str:
    """A word as words for units are compared: lower case, without vowel signs, hamzas and the stroke that stretches."""
    if text.isascii():
        return text.lower()
    letters = unicodedata.normalize("NFD", text.replace(_STRETCH, ""))
    kept = "".join(char for char in letters if unicodedata.category(char) != "Mn")
    return unicodedata.normalize("NFC", kept).lower()


def _plain_width(char: str) -> str:
    """A full-width letter or sign as its plain one (`＄`, `ｋ`); everything else, such as `½`, as it is."""
    return unicodedata.normalize("NFKC", char) if 0xFF01 <= ord(char) <= 0xFF5E else char


def first_word(text: str) -> tuple[str, str]:
    """The first word that can be seen, plain and in lower case, and what follows it as it was typed."""
    while parts := text.split(maxsplit=1):
        word, text = clean_number(parts[0]).lower(), parts[1].strip() if len(parts) > 1 else ""
        if word:
            return word, text
    return "", ""


def fold(name: str) -> str:
    """A name as names are compared: two that look the same are the same."""
    return clean_line("".join(char for char in name if char not in "\u200e\u200f"))


def unquoted(text: str) -> str | None:
    """What stands between a pair of quotation marks around the whole of `text`; None when there is no pair."""
    if len(text) > 2 and text[-1] in QUOTES.get(text[0], ""):
        return text[1:-1]
    return None
