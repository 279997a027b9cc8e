import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.audit import chain
from tests.tools.pace import cost


def make(count: int) -> list[str]:
    """An export of `count` lines."""
    previous, lines = chain.GENESIS, []
    for seq in range(1, count + 1):
        line: dict[str, Any] = {
            "seq": seq,
            "at": chain.moment(1_900_000_000 + seq * 0.25),
            "fact": "asked",
            "actor": f"U{seq % 7}",
            "request_id": seq // 3,
            "key_id": None,
            "details": {"operation": "key.create", "reason": "für Anna & <Bob>"},
            "previous_hash": previous,
        }
        previous = chain.sealed(line)
        lines.append(chain.canonical(line | {"hash": previous}))
    return [*lines, chain.canonical({"head": {"count": count, "hash": previous}})]


def kinds(lines: list[str]) -> list[tuple[str, int | None]]:
    return [(problem.kind, problem.seq) for problem in chain.verify(lines).problems]


def edited(text: str, *, seal: bool, **fields: Any) -> str:
    line = json.loads(text) | fields
    if seal:
        del line["hash"]
        line["hash"] = chain.sealed(line)
    return chain.canonical(line)


@pytest.mark.parametrize("count", [0, 1, 2, 20])
def test_an_untouched_record_is_fine(count: int) -> None:
    verdict = chain.verify(make(count))
    assert (verdict.count, verdict.problems) == (count, ())


TAMPERINGS: dict[str, tuple[Callable[[list[str]], object], list[tuple[str, int | None]]]] = {
    "a changed word": (lambda x: x.__setitem__(4, edited(x[4], seal=False, actor="U9")), [("changed", 5)]),
    "a changed detail of the first": (
        lambda x: x.__setitem__(0, edited(x[0], seal=False, details={})),
        [("changed", 1)],
    ),
    "a changed line with a new hash": (
        lambda x: x.__setitem__(4, edited(x[4], seal=True, actor="U9")),
        [("changed", 5)],
    ),
    "the last line, with a new hash": (
        lambda x: x.__setitem__(9, edited(x[9], seal=True, actor="U9")),
        [("changed", 10)],
    ),
    "a field more": (lambda x: x.__setitem__(4, edited(x[4], seal=False, extra=1)), [("changed", 5)]),
    "a line removed": (lambda x: x.pop(4), [("removed", 5)]),
    "the first removed": (lambda x: x.pop(0), [("removed", 1)]),
    "three removed": (lambda x: x.__delitem__(slice(3, 6)), [("removed", 4)]),
    "the last removed": (lambda x: x.pop(9), [("removed", 10)]),
    "all removed": (lambda x: x.__delitem__(slice(0, 10)), [("removed", 1)]),
    "cut off at the end": (lambda x: x.__delitem__(slice(7, None)), [("removed", None)]),
    "two swapped": (lambda x: x.insert(4, x.pop(5)), [("reordered", 5)]),
    "one moved to the front": (lambda x: x.insert(0, x.pop(8)), [("reordered", n) for n in range(1, 9)]),
    "a line twice": (lambda x: x.insert(5, x[4]), [("inserted", 5)]),
    "another line of the same number": (lambda x: x.insert(5, edited(x[4], seal=True, actor="U9")), [("inserted", 5)]),
    "a line behind the last": (
        lambda x: x.insert(10, edited(x[9], seal=True, seq=11, previous_hash=json.loads(x[9])["hash"])),
        [("inserted", 11)],
    ),
    "a line behind the head": (lambda x: x.append(x[4]), [("inserted", 5)]),
    "a line of number 0": (lambda x: x.insert(0, edited(x[0], seal=True, seq=0)), [("inserted", 0)]),
    "no JSON": (lambda x: x.__setitem__(4, "hello"), [("removed", 5), ("unreadable", None)]),
    "JSON, but no line": (lambda x: x.__setitem__(4, "[1]"), [("removed", 5), ("unreadable", None)]),
    "a number that is none": (
        lambda x: x.__setitem__(4, edited(x[4], seal=True, seq="5")),
        [("removed", 5), ("unreadable", None)],
    ),
    "a head that is none": (lambda x: x.__setitem__(10, '{"head":{}}'), [("unreadable", None)]),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_it_says_what_was_done_to_which_line(name: str) -> None:
    lines = make(10)
    tamper, expected = TAMPERINGS[name]
    tamper(lines)
    assert kinds(lines) == expected


def test_every_single_removal_and_change_is_found() -> None:
    for place in range(12):
        lines = make(12)
        del lines[place]
        assert kinds(lines) == [("removed", place + 1)]
        lines = make(12)
        lines[place] = lines[place].replace("key.create", "key.delete")
        assert kinds(lines) == [("changed", place + 1)]


def test_the_head_of_an_empty_record_is_checked() -> None:
    assert kinds([chain.canonical({"head": {"count": 0, "hash": "1" * 64}})]) == [("head", None)]


def test_the_sentence_names_the_lines() -> None:
    lines = make(10)
    del lines[3:6]
    assert chain.verify(lines).problems[0].sentence == "Lines 4 to 6 are missing."


@pytest.mark.timed
def test_checking_costs_little_more_than_reading_and_hashing() -> None:
    lines = make(2_000)

    def plain() -> list[str]:
        return [hashlib.sha256(json.dumps(json.loads(line)).encode()).hexdigest() for line in lines]

    # About 1.4 times; 100,000 lines in two seconds is a row of `make bench`.
    assert cost(lambda: chain.verify(lines), per=plain) < 3


def test_times_are_utc_with_milliseconds() -> None:
    assert chain.moment(1_900_000_000.25) == "2030-03-17T17:46:40.250Z"


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        '{"seq":NaN}',
        '{"hash":"x","previous_hash":"y","seq":1,"details":NaN}',
        '{"hash":"x","previous_hash":"y","seq":1,"details":1e999}',
        '{"hash":"x","previous_hash":"y","seq":1,"details":"\\ud800"}',
        '{"hash":"\\ud800","previous_hash":"y","seq":1}',
        '{"hash":"x","previous_hash":"y","seq":' + "9" * 4000 + "}",
        '{"hash":"x","previous_hash":"y","seq":' + "9" * 5000 + "}",
        "[" * 100_000,
        '{"a":' * 50_000,
        '{"head":7}',
        '{"head":{"count":NaN,"hash":"x"}}',
        '{"head":{"count":' + "9" * 4000 + ',"hash":"x"}}',
        '{"head":{"count":true,"hash":["x"]}}',
        "",
        "\x00",
        "\ud800",
    ],
)
def test_no_line_ends_a_check_in_a_trace(text: str) -> None:
    found = chain.verify([*make(2), text])
    assert found.problems
    assert all(problem.sentence for problem in found.problems)


def test_what_a_terminal_obeys_is_spelled_out_and_is_the_same_value() -> None:
    value = {"a": "x\x1b\x9b\u202e\u2066y\x7f", "b": "中文 é"}
    text = chain.printable(chain.canonical(value))
    assert not set("\x1b\x9b\u202e\u2066\x7f") & set(text)
    assert "中文 é" in text
    assert json.loads(text) == value


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    seq=st.integers(1, 2**63 - 1),
    at=st.floats(0, 4e9).map(lambda at: round(at, 3)),
    fact=TEXTS,
    actor=st.none() | TEXTS,
    request_id=st.none() | st.integers(0, 2**63 - 1),
    key_id=st.none() | st.integers(0, 2**63 - 1),
    details=st.dictionaries(TEXTS, st.none() | TEXTS | st.integers() | st.lists(TEXTS, max_size=2), max_size=3),
    previous_hash=st.just(chain.GENESIS),
)
def test_the_hash_of_the_columns_is_that_of_the_line(**line: Any) -> None:
    columns = line | {"details": chain.canonical(line["details"])}
    assert chain.sealed_columns(**columns) == chain.sealed(line | {"at": chain.moment(line["at"])})


@pytest.mark.parametrize(
    ("column", "value"), [("details", b"{}"), ("seq", "1"), ("seq", True), ("request_id", 1.0), ("key_id", "1")]
)
def test_columns_that_no_line_has_get_no_hash(column: str, value: Any) -> None:
    line = {"seq": 1, "at": 1.0, "fact": "asked", "actor": None, "request_id": None, "key_id": None, "details": "{}"}
    with pytest.raises(TypeError):
        chain.sealed_columns(**{**line, "previous_hash": chain.GENESIS, column: value})
