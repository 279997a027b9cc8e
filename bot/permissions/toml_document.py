"""Reads values out of a parsed TOML table and remembers every mistake with its line and column.

A getter returns None (or an empty tuple) for a value it has complained about, so that the rest is still read
and all mistakes are told at once. It knows the file's form and nothing of what the values mean.
"""

import difflib
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from typing import NoReturn, TypeVar

from bot.errors import ConfigurationError
from bot.languages import ENGLISH, find, languages, of_own, tr, trc, trn
from bot.languages.formats import one_of, with_commas
from bot.permissions.source_map import Path, Position, SourceMap
from bot.typed_text import is_invisible
from bot.units import UNITS_PER_USD, parse_duration, parse_quota

Table = Mapping[str, object]
T = TypeVar("T")

MAX_BYTES = 1_000_000
_PLACE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
# A key of very many parts takes tomllib time that grows with their square; no honest line comes near.
MAX_DOTS = 1_000
MAX_MISTAKES = 1_000
_LONG_NUMBER = re.compile(r"[0-9_]{1000,}")


class TomlDocument:
    """One TOML text: `.data`, typed getters by path, and `.finish()` which raises all mistakes together.

    Raises ConfigurationError at once only where nothing can be read: not TOML, too large, too deep. `exact` False:
    `units_per_usd` was not known to whoever wrote the file, so an amount of money need not be whole units.
    """

    def __init__(self, text: str, *, file: str, units_per_usd: int = UNITS_PER_USD, exact: bool = True) -> None:
        self.file = file
        self.units_per_usd = units_per_usd
        self.exact = exact
        self._mistakes: list[tuple[Position, str]] = []
        if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
            self._stop(Position(1, 1), tr("the file is larger than 1 MB; a policy is a few pages"))
        # tomllib counts the same way: it reads CRLF as one line end.
        text = text.replace("\r\n", "\n")
        if "\r" in text:
            # TOML knows LF and CRLF only; tomllib would call it an illegal character at some place of one long line.
            self._stop(_place(text, text.index("\r")), tr("the line ends in a bare carriage return; save it with LF"))
        if dots := _dotted_line(text):
            most = f"{MAX_DOTS:,}"
            self._stop(
                Position(dots, 1),
                tr("the line holds more than {number} points; write it in several lines", number=most),
            )
        try:
            self.data: dict[str, object] = tomllib.loads(text)
            self._source_map = SourceMap(text)
        except RecursionError:
            self._stop(Position(1, 1), tr("arrays or tables are nested too deep; a policy needs three levels"))
        except ValueError as error:  # TOMLDecodeError, or int() given thousands of digits
            self._stop(*_syntax(error, text))

    def _stop(self, position: Position, sentence: str) -> NoReturn:
        raise ConfigurationError([_mistake(self.file, position, sentence)])

    def wrong(self, path: Path, sentence: str) -> None:
        """Note a mistake at this path; `finish` raises them all."""
        self._mistakes.append((self._source_map.of(path), sentence))

    def position(self, path: Path) -> Position:
        """Line and column of a path, both from 1."""
        return self._source_map.of(path)

    def finish(self) -> None:
        """Raises ConfigurationError with every mistake, in the order of the file, if there was one."""
        if self._mistakes:
            ordered = sorted(dict.fromkeys(self._mistakes))
            more = len(ordered) - MAX_MISTAKES
            if more > 0:
                rest = trn("here and below is {count} more mistake", "here and below are {count} more mistakes", more)
                ordered[MAX_MISTAKES:] = [(ordered[MAX_MISTAKES][0], rest)]
            raise ConfigurationError([_mistake(self.file, at, sentence) for at, sentence in ordered])

    def only(self, path: Path, table: Table, known: Iterable[str], what: str) -> None:
        """Complains of every key of `table` that is not known."""
        names = list(known)
        for key in table:
            if key not in names:
                wrong = tr("{what} has no key “{key}”", what=what, key=short(key))
                self.wrong((*path, key), guess(wrong, key, names))

    def table(self, path: Path, value: object, what: str) -> Table | None:
        """The value if it is a table; else None and a noted mistake."""
        if isinstance(value, dict):
            return value
        self.wrong(
            path, tr("{what} must be a table {braces}, not {value}", what=what, braces="{ … }", value=kind(value))
        )
        return None

    def text(self, path: Path, value: object, what: str, *, most: int) -> str | None:
        """The text, at most `most` characters long; else None and a noted mistake."""
        return self._text(path, value, what, most=most, shown=str.isprintable)

    def own_sentence(self, path: Path, value: object, what: str, *, most: int) -> str | None:
        """A sentence for people: a text, or a table of one by language with `en` among them."""
        if not isinstance(value, dict):
            return self._text(path, value, what, most=most, shown=_is_shown)
        texts: dict[str, str] = {}
        for tag, written in value.items():
            place, language = (*path, tag), find(tag)
            if language is None:
                self.wrong(place, guess(tr("there is no language “{typed}”", typed=short(tag)), tag, languages()))
            elif language.tag in texts:
                self.wrong(
                    place, tr("{what} is there twice in the language {language}", what=what, language=language.tag)
                )
            else:
                name = f"{what}.{language.tag}"
                texts[language.tag] = self._text(place, written, name, most=most, shown=_is_shown) or ""
        if ENGLISH.tag not in texts:
            self.wrong(
                path, tr("{what} by language needs the English one as well: {example}", what=what, example='en = "…"')
            )
            return None
        return of_own(texts) if all(texts.values()) else None

    def _text(self, path: Path, value: object, what: str, *, most: int, shown: Callable[[str], bool]) -> str | None:
        if not isinstance(value, str):
            self.wrong(path, tr("{what} must be a text in quotes, not {value}", what=what, value=kind(value)))
        elif not value.strip():
            self.wrong(path, tr("{what} is empty", what=what))
        elif len(value) > most:
            self.wrong(path, tr("{what} is longer than {most} characters", what=what, most=most))
        elif not shown(value):
            self.wrong(path, tr("{what} holds a line break or another character that cannot be shown", what=what))
        else:
            return value.strip()
        return None

    def texts(self, path: Path, value: object, what: str, *, most: int = 500) -> tuple[tuple[Path, str], ...] | None:
        """The elements with their paths; None if it is not a list at all. Elements that are no texts are left out."""
        if not isinstance(value, list):
            self.wrong(
                path, tr('{what} must be a list of texts, like ["…"], not {value}', what=what, value=kind(value))
            )
            return None
        if len(value) > most:
            self.wrong(path, tr("{what} has more than {most} entries", what=what, most=most))
            return None
        found = []
        for index, element in enumerate(value):
            if isinstance(element, str):
                found.append(((*path, index), element))
            else:
                wrong = tr("{what} must hold texts in quotes only, not {value}", what=what, value=kind(element))
                self.wrong((*path, index), wrong)
        return tuple(found)

    def flag(self, path: Path, value: object, what: str) -> bool | None:
        """The value if it is true or false; else None and a noted mistake."""
        if isinstance(value, bool):
            return value
        self.wrong(path, tr("{what} must be true or false, not {value}", what=what, value=kind(value)))
        return None

    def integer(self, path: Path, value: object, what: str, *, least: int, most: int) -> int | None:
        """The whole number if it is in the range; else None and a noted mistake."""
        if isinstance(value, bool) or not isinstance(value, int):
            self.wrong(path, tr("{what} must be a whole number, not {value}", what=what, value=kind(value)))
        elif not least <= value <= most:
            numbers = {"least": f"{least:,}", "most": f"{most:,}", "number": f"{value:,}"}
            self.wrong(path, tr("{what} must be {least} to {most}, not {number}", what=what, **numbers))
        else:
            return value
        return None

    def quota(self, path: Path, value: object, what: str) -> int | None:
        """Units, from a number or a text like "$5"; else None and a noted mistake."""
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if not isinstance(value, str):
            wrong = tr(
                '{what} must be units (500_000) or a text like "100k" or "$5", not {value}',
                what=what,
                value=kind(value),
            )
            self.wrong(path, wrong)
            return None
        amount = value
        return self._parsed(path, what, lambda: parse_quota(amount, self.units_per_usd, exact=self.exact))

    def duration(self, path: Path, value: object, what: str) -> int | None:
        """Seconds, from a text like "3d"; else None and a noted mistake."""
        if not isinstance(value, str):
            wrong = tr(
                '{what} must be a text like "30m", "4h", "3d" or "2w", not {value}', what=what, value=kind(value)
            )
            self.wrong(path, wrong)
            return None
        return self._parsed(path, what, lambda: parse_duration(value))

    def choice(self, path: Path, value: object, what: str, choices: Iterable[str]) -> str | None:
        """The value if it is one of the choices; else None and a noted mistake."""
        names = list(choices)
        if isinstance(value, str) and value in names:
            return value
        told = f"“{short(value)}”" if isinstance(value, str) else kind(value)
        wrong = tr(
            "{what} must be {choices}, not {value}",
            what=what,
            choices=one_of(f"“{name}”" for name in names),
            value=told,
        )
        self.wrong(path, wrong)
        return None

    def _parsed(self, path: Path, what: str, parse: Callable[[], T]) -> T | None:
        try:
            return parse()
        except ValueError as error:
            self.wrong(path, value_problem(what, error))
            return None


def _mistake(file: str, at: Position, sentence: str) -> str:
    place = f"{file}:{at.line}:{at.column}"
    return trc("a place in a file, and the mistake there", "{place}: {mistake}", place=place, mistake=sentence)


def value_problem(name: str, error: ValueError) -> str:
    """What is wrong with a value, behind its name. The error was raised with a sentence."""
    return trc("a name, and what is wrong with its value", "{name}: {problem}", name=name, problem=error.args[0])


def _is_shown(text: str) -> bool:
    """Scripts that are read from right to left, or join letters, need some characters that nobody sees."""
    return not any(is_invisible(char) or char in "\t\n" for char in text)


def _place(text: str, offset: int) -> Position:
    return Position(text.count("\n", 0, offset) + 1, offset - text.rfind("\n", 0, offset))


def _dotted_line(text: str) -> int | None:
    """The first line with more than MAX_DOTS points, None if there is none."""
    return next((number for number, line in enumerate(text.split("\n"), 1) if line.count(".") > MAX_DOTS), None)


def _syntax(error: ValueError, text: str) -> tuple[Position, str]:
    message = str(error)
    place = _PLACE.search(message)
    if place is None:
        number = _LONG_NUMBER.search(text)
        return _place(text, number.start() if number else 0), tr("a number is too long")
    reason = message[: place.start()]
    if place[1]:
        return Position(int(place[1]), int(place[2])), tr("this is not TOML: {reason}", reason=reason)
    return _place(text, len(text)), tr("this is not TOML: {reason}, and the file ends here", reason=reason)


def guess(mistake: str, name: str, known: Iterable[str]) -> str:
    """The mistake with what was probably meant instead of `name`, or with all that is known where that is short."""
    names = list(known)
    near = difflib.get_close_matches(name[:80], names, n=1, cutoff=0.6)
    if near:
        return tr("{mistake}; did you mean “{name}”?", mistake=mistake, name=near[0])
    if 0 < len(names) <= 20:
        return tr("{mistake}; known are {names}", mistake=mistake, names=with_commas(names))
    return mistake


def kind(value: object) -> str:
    """What a TOML value is, in words."""
    names: dict[type, str] = {
        bool: trc("a value in a file", "true or false"),
        int: trc("a value in a file", "a number"),
        float: trc("a value in a file", "a number with a point"),
        str: trc("a value in a file", "a text"),
        list: trc("a value in a file", "a list"),
        dict: trc("a value in a file", "a table"),
    }
    return names.get(type(value), trc("a value in a file", "a date or time"))


def short(text: str) -> str:
    """A text for an error message: at most 60 characters, without characters that a terminal obeys."""
    shown = text if len(text) <= 60 else f"{text[:59]}…"
    return "".join(character if character.isprintable() else "?" for character in shown)
