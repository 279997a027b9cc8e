"""The index of places agrees with tomllib's values, whatever the spelling of the file."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.permissions.source_map import SourceMap

TEXT = '''# comment [not a table]
top = 1
"quoted key".'a.b' = "x # no comment"
multi = """
]] not the end \\""" still
"""
literal = \'\'\'it's ]\'\'\'
array = [ # here
  1, [2, "]"],
  { deep = { er = true }, b = 2 },
]
dates = 1979-05-27T07:32:00Z

[a.b]
c.d = 1
[[list]]
x = 1
[list.sub]
y = 2
[[list.many]]
z = 3
[[list.many]]
z = 4
[[list]]
x = 5
empty = {}
none = []
last = "quote at the end\\\\"
quotes = """""two"""""
'''


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ((), (1, 1)),
        (("top",), (2, 1)),
        (("quoted key",), (3, 1)),
        (("quoted key", "a.b"), (3, 14)),
        (("multi",), (4, 1)),
        (("literal",), (7, 1)),
        (("array",), (8, 1)),
        (("array", 0), (9, 3)),
        (("array", 1), (9, 6)),
        (("array", 1, 1), (9, 10)),
        (("array", 2), (10, 3)),
        (("array", 2, "deep"), (10, 5)),
        (("array", 2, "deep", "er"), (10, 14)),
        (("array", 2, "b"), (10, 27)),
        (("dates",), (12, 1)),
        (("a", "b"), (14, 1)),
        (("a", "b", "c", "d"), (15, 3)),
        (("list",), (16, 1)),
        (("list", 0), (16, 1)),
        (("list", 0, "x"), (17, 1)),
        (("list", 0, "sub", "y"), (19, 1)),
        (("list", 0, "many", 0, "z"), (21, 1)),
        (("list", 0, "many", 1), (22, 1)),
        (("list", 0, "many", 1, "z"), (23, 1)),
        (("list", 1), (24, 1)),
        (("list", 1, "x"), (25, 1)),
        (("list", 1, "quotes"), (29, 1)),
        (("list", 1, "nothing", 7), (24, 1)),
        (("nothing",), (1, 1)),
    ],
)
def test_a_place_is_found(path: tuple[str | int, ...], place: tuple[int, int]) -> None:
    assert SourceMap(TEXT).of(path) == place


def _paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(deep for key, one in inner for deep in _paths(one, (*path, key)))]


def test_every_value_of_a_file_has_its_place() -> None:
    found = SourceMap(TEXT)._offsets
    assert set(_paths(tomllib.loads(TEXT))) - {()} <= found.keys()


PIECES = st.lists(
    st.sampled_from(
        ["a", "b", '"k"', "'l'", ".", "=", " = ", "[", "]", "[[", "]]", "{", "}", ",", "\n", "\n\n", " ", "1", "-2.5", "true",
         "'x'", '"y\\""', "#c\n", '"""m\n"""', "'''n'''", "1979-05-27", "[[a]]\n", "[a.b]\n", "a = [1, {b = 2}]\n"]
    ),
    max_size=25,
)  # fmt: skip


@given(PIECES.map("".join))
def test_every_text_that_is_toml_is_walked_to_its_end(text: str) -> None:
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        return
    assert set(_paths(data)) - {()} <= SourceMap(text)._offsets.keys()
