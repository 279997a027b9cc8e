"""The schema language: each check in Slack's words, with the place of the fault."""

from typing import Any

import pytest

from keydesk_sandbox.fake_slack.blocks.schema import (
    BlockProblem,
    an_object,
    array,
    boolean,
    by_type,
    enum,
    free,
    integer,
    record,
    string,
)


@pytest.mark.parametrize(
    ("check", "good", "bad", "said"),
    [
        (string(most=2), "ab", "abc", "must be less than 3 characters"),
        (string(least=2), "ab", "a", "must be more than 1 characters"),
        (string(form=str.isdigit), "12", "x", "failed to match the pattern"),
        (string(), "", 7, "must provide a string"),
        (boolean, True, 1, "must provide a boolean"),
        (integer(least=1, most=3), 3, 4, "must be less than 4"),
        (integer(), 1, True, "must provide an integer"),
        (enum("a"), "a", "b", "must be a valid enum value"),
        (array(boolean, most=1), [True], [True, False], "no more than 1 items allowed"),
        (array(boolean, least=1), [True], [], "must provide at least 1 items"),
        (array(boolean), [], {}, "must provide an array"),
        (an_object, {}, [], "must provide an object"),
        (by_type({"a": free}), {"type": "a"}, {"type": "b"}, "unsupported type: b"),
        (record({"a": boolean}), {"a": True}, {}, "missing required field: a"),
        (record({}), {}, {"b": 1}, "invalid additional property: b"),
    ],
)
def test_each_fault_is_said_in_slacks_words(check: Any, good: Any, bad: Any, said: str) -> None:
    assert list(check(good, "/x")) == []
    assert said in [problem.text for problem in check(bad, "/x")]


def test_the_place_of_a_fault_is_its_pointer() -> None:
    nested = record({"rows": array(record({"on": boolean}))})
    [problem] = nested({"rows": [{"on": True}, {"on": 1}]}, "/x")
    assert problem == BlockProblem("must provide a boolean", "/x/rows/1/on")
    assert str(problem) == "must provide a boolean [json-pointer:/x/rows/1/on]"


def test_the_whole_is_judged_only_once_its_fields_are_right() -> None:
    def extra(_value: Any, at: str) -> Any:
        yield BlockProblem("as a whole", at)

    check = record({"a": boolean}, extra=extra)
    assert [one.text for one in check({"a": True}, "/x")] == ["as a whole"]
    assert [one.text for one in check({"a": 1}, "/x")] == ["must provide a boolean"]
