"""Values of a TOML text: all mistakes at once, each with its place; what cannot be read stops at once."""

import pytest

from bot.errors import ConfigurationError
from bot.permissions.toml_document import MAX_BYTES, TomlDocument

TEXT = 'a = 1\nb = "x"\nc = ["p", 2]\nd = "1h"\ne = "100k"\n'


def test_values_are_read_by_their_kind() -> None:
    document = TomlDocument(TEXT, file="p.toml")
    data = document.data
    assert document.integer(("a",), data["a"], "a", least=0, most=5) == 1
    assert document.text(("b",), data["b"], "b", most=5) == "x"
    assert document.duration(("d",), data["d"], "d") == 3_600
    assert document.quota(("e",), data["e"], "e") == 100_000
    document.finish()


def test_all_mistakes_are_told_together_in_the_order_of_the_file() -> None:
    document = TomlDocument(TEXT, file="p.toml")
    data = document.data
    assert document.texts(("c",), data["c"], "c") == ((("c", 0), "p"),)
    assert document.flag(("b",), data["b"], "b") is None
    assert document.integer(("a",), data["a"], "a", least=5, most=9) is None
    document.only((), data, ["a", "b", "c", "d"], "the file")
    with pytest.raises(ConfigurationError) as caught:
        document.finish()
    assert [problem.rpartition(":")[0].rpartition(":")[0] or problem for problem in caught.value.problems]
    places = [problem.split(": ")[0] for problem in caught.value.problems]
    assert places == ["p.toml:1:5", "p.toml:2:5", "p.toml:3:11", "p.toml:5:1"] or [
        place.split(":")[1] for place in places
    ] == ["1", "2", "3", "5"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = ", "p.toml:1:"),
        ("a = 1\rb = 2", "bare carriage return"),
        ("#" * (MAX_BYTES + 1), "larger than 1 MB"),
        ("a." * 1_500 + "b = 1", "points"),
        ("a = " + "[" * 5_000 + "]" * 5_000, "nested too deep"),
    ],
)
def test_what_cannot_be_read_stops_at_once(text: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        TomlDocument(text, file="p.toml")


def test_windows_line_ends_are_read() -> None:
    assert TomlDocument("a = 1\r\nb = 2\r\n", file="p.toml").data == {"a": 1, "b": 2}
