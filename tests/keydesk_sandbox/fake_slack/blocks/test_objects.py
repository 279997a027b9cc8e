"""Composition objects: texts, options and the dialogs that ask back."""

from typing import Any

import pytest

from keydesk_sandbox.fake_slack.blocks.objects import CONFIRM, OPTION, markup, one_source, plain, values_of


def text(words: str, kind: str = "plain_text") -> dict[str, Any]:
    return {"type": kind, "text": words}


A, B = ({"text": text(name), "value": name} for name in "ab")


def problems(check: Any, value: Any) -> list[str]:
    return [str(problem) for problem in check(value, "/x")]


def test_texts_have_a_kind_and_a_length() -> None:
    assert problems(plain(3), text("abc")) == []
    assert problems(plain(3), text("abcd"))
    assert problems(plain(3), text("abc", "mrkdwn"))
    assert problems(markup(3), text("abc", "mrkdwn")) == []
    assert problems(markup(3), text(""))


def test_options_and_confirmations() -> None:
    assert problems(OPTION, A) == []
    assert problems(OPTION, {"text": text("a")})
    dialog = {"title": text("t"), "text": text("x"), "confirm": text("yes"), "deny": text("no")}
    assert problems(CONFIRM, dialog) == []
    assert problems(CONFIRM, {**dialog, "style": "loud"})


@pytest.mark.parametrize(
    ("element", "wrong"),
    [
        ({"options": [A, B]}, False),
        ({"option_groups": [{"options": [A]}]}, False),
        ({}, True),
        ({"options": [A], "option_groups": []}, True),
        ({"options": [A], "initial_option": A}, False),
        ({"options": [A], "initial_option": B}, True),
        ({"options": [A], "initial_options": [A, B]}, True),
    ],
)
def test_a_select_has_one_source_and_its_choice_is_in_it(element: dict[str, Any], wrong: bool) -> None:
    assert bool(problems(one_source, element)) is wrong


def test_the_values_of_an_element() -> None:
    assert values_of({"options": [A], "option_groups": [{"options": [B]}]}) == {"a", "b"}
