"""One person's share of a minute."""

from types import SimpleNamespace
from typing import Any

import pytest

from bot.errors import TooMuch
from bot.slack.delivery import Kind
from bot.slack.person_limits import TYPING_SHARE, URGENT_SHARE, PersonLimits

MOST = 5


class Clock:
    now = 1_000.0

    def __call__(self) -> float:
        return self.now


def limits(clock: Clock) -> PersonLimits:
    return PersonLimits(per_minute=MOST, urgent=frozenset({"disable", "key.disable"}), clock=clock)


def sent(kind: Kind = Kind.COMMAND, *, user: str = "U01", text: str = "show 1", **names: str) -> Any:
    return SimpleNamespace(kind=kind, user_id=user, text=text, **{"action_id": "", "callback_id": "", **names})


def fill(limits: PersonLimits, number: int, **more: Any) -> None:
    for _ in range(number):
        assert limits.admit(sent(**more), typing=False)


def test_what_is_over_a_persons_share_is_told_kindly_and_there_is_room_a_minute_later() -> None:
    clock = Clock()
    person = limits(clock)
    fill(person, MOST)
    with pytest.raises(TooMuch, match="more than 5 commands and clicks in a minute"):
        person.admit(sent(), typing=False)
    fill(person, MOST, user="U02")
    clock.now += 61
    fill(person, MOST)


@pytest.mark.parametrize(
    "kill",
    [
        {"text": "disable 12"},
        {"kind": Kind.ACTION, "action_id": "disable"},
        {"kind": Kind.VIEW_SUBMISSION, "callback_id": "key.disable"},
    ],
)
def test_what_stops_a_key_has_a_share_that_other_clicks_do_not_use_up(kill: dict[str, Any]) -> None:
    person = limits(Clock())
    fill(person, MOST)
    fill(person, MOST * URGENT_SHARE, **kill)
    with pytest.raises(TooMuch):
        person.admit(sent(**kill), typing=False)


def test_too_much_typing_is_passed_over_and_leaves_room_for_the_rest() -> None:
    person = limits(Clock())
    for _ in range(MOST * TYPING_SHARE):
        assert person.admit(sent(Kind.ACTION, action_id="value", callback_id="key.create"), typing=True)
    assert not person.admit(sent(Kind.ACTION, action_id="value", callback_id="key.create"), typing=True)
    assert not person.admit(sent(Kind.OPTIONS), typing=False)
    fill(person, MOST)


def test_events_are_nobodys() -> None:
    person = limits(Clock())
    fill(person, MOST * 3, kind=Kind.EVENT)
    fill(person, MOST * 3, user="")
