"""Where each key and value of a TOML text stands, so that a mistake can be shown by line and column.

tomllib gives values without places. This index walks a text which tomllib has already accepted, so
it looks for structure only and checks nothing. It knows nothing of policies.
"""

import bisect
import re
import tomllib
from typing import NamedTuple

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"""(?:"{0,2}(?!"))|\'\'\'.*?\'\'\'(?:\'{0,2}(?!\'))|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'', re.DOTALL
)
_SCALAR = re.compile(r"[^,\]}#\n]*")


class Position(NamedTuple):
    """One-based line and column, in characters."""

    line: int
    column: int


class SourceMap:
    """`of(path)` gives the place of a key or array element; of its nearest parent if it has none itself."""

    def __init__(self, text: str) -> None:
        self._lines = [0, *(match.end() for match in re.finditer("\n", text))]
        # A key is at its name, an array element at its value.
        self._offsets = _TomlScanner(text).offsets()

    def of(self, path: Path) -> Position:
        """Where the value at this path stands in the file; the nearest table around it when it has no place of its
        own.
        """
        while path and path not in self._offsets:
            path = path[:-1]
        return self._position(self._offsets.get(path, 0))

    def _position(self, offset: int) -> Position:
        line = bisect.bisect_right(self._lines, offset)
        return Position(line, offset - self._lines[line - 1] + 1)


class _TomlScanner:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._found: dict[Path, int] = {}
        # How many [[tables]] stand under each path so far.
        self._counts: dict[Path, int] = {}

    def offsets(self) -> dict[Path, int]:
        table: Path = ()
        self._blank()
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._blank()
        return self._found

    def _header(self) -> Path:
        start = self._at
        many = self._text.startswith("[[", start)
        self._at += 2 if many else 1
        table = self._key(())
        self._at += 2 if many else 1
        if many:
            index = self._counts.get(table, 0)
            self._counts[table] = index + 1
            if index == 0:
                self._found[table] = start
            table = (*table, index)
        self._found[table] = start
        return table

    def _pair(self, table: Path) -> None:
        path = self._key(table)
        self._at += 1  # the equals sign
        self._blank()
        self._value(path)

    def _key(self, table: Path) -> Path:
        """Reads a dotted key and whatever blank follows it; every part gets its place once."""
        path = table
        while True:
            self._blank()
            start = self._at
            path = (*path, self._part())
            self._found.setdefault(path, start)
            if path in self._counts:  # [a.b] under [[a]] speaks of the newest a
                path = (*path, self._counts[path] - 1)
            self._blank()
            if not self._text.startswith(".", self._at):
                # The last [[…]] part itself is counted by its header.
                return path[:-1] if isinstance(path[-1], int) else path
            self._at += 1

    def _part(self) -> str:
        if bare := _BARE.match(self._text, self._at):
            self._at = bare.end()
            return bare[0]
        start = self._at
        self._skip(_STRING)
        return str(tomllib.loads(f"key = {self._text[start : self._at]}")["key"])

    def _value(self, path: Path) -> None:
        opening = self._text[self._at]
        if opening == "[":
            self._array(path)
        elif opening == "{":
            self._table(path)
        else:
            self._skip(_STRING if opening in "\"'" else _SCALAR)

    def _array(self, path: Path) -> None:
        self._at += 1
        self._blank()
        index = 0
        while self._text[self._at] != "]":
            self._found[*path, index] = self._at
            self._value((*path, index))
            index += 1
            self._comma()
        self._at += 1

    def _table(self, path: Path) -> None:
        self._at += 1
        self._blank()
        while self._text[self._at] != "}":
            self._pair(path)
            self._comma()
        self._at += 1

    def _comma(self) -> None:
        self._blank()
        if self._text[self._at] == ",":
            self._at += 1
            self._blank()

    def _blank(self) -> None:
        self._skip(_BLANK)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._at)
        # tomllib accepted the text, so there is always something to skip; this guards against an endless loop.
        self._at = match.end() if match else len(self._text)
