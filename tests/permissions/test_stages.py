"""Stages: which one waits, who counts, who may answer, when to escalate and to remind."""

import pytest

from bot.permissions import Approval, Escalation, Given, Stage
from bot.permissions.stages import (
    describe,
    is_expired,
    missing,
    open_stage,
    reminder_times,
    roles_who_may_answer,
)

HOUR = 3_600.0
TWO = Approval(
    stages=(
        Stage(roles=("manager",), count=2, escalations=(Escalation(roles=("admin",), after=HOUR),)),
        Stage(roles=("security",), escalations=(Escalation(roles=("manager", "admin"), after=2 * HOUR),)),
    ),
    expires=24 * HOUR,
    remind=HOUR,
)
ONE = Approval(stages=(Stage(roles=("manager",)),), expires=24 * HOUR)


def given(*people: str) -> list[Given]:
    return [Given(by=person, at=100.0 * (index + 1)) for index, person in enumerate(people)]


@pytest.mark.parametrize(
    ("people", "index", "counted", "left"),
    [
        ((), 0, (), 3),
        (("A",), 0, ("A",), 2),
        (("A", "A"), 0, ("A",), 2),
        (("A", "B"), 1, (), 1),
        (("A", "A", "B"), 1, (), 1),
        (("A", "B", "A"), 1, (), 1),
    ],
)
def test_each_person_counts_once_over_all_stages(
    people: tuple[str, ...], index: int, counted: tuple[str, ...], left: int
) -> None:
    waiting = open_stage(TWO, given(*people), asked_at=0)
    assert waiting is not None
    assert (waiting.index, waiting.counted) == (index, counted)
    assert waiting.missing == waiting.stage.count - len(counted)
    assert missing(TWO, given(*people)) == left


def test_no_stage_waits_when_everybody_has_approved() -> None:
    done = given("A", "B", "C")
    assert open_stage(TWO, done, asked_at=0) is None
    assert missing(TWO, done) == 0
    assert missing(TWO, given("A", "B", "C", "D")) == 0
    assert roles_who_may_answer(TWO, done, asked_at=0, now=9 * HOUR) == ()


def test_a_stage_opens_when_the_one_before_is_complete() -> None:
    waiting = open_stage(TWO, given("A", "B"), asked_at=0)
    assert waiting is not None
    assert waiting.opened_at == 200


def test_escalation_adds_roles_after_its_time_counted_from_the_stage() -> None:
    def who(people: tuple[str, ...], now: float) -> tuple[str, ...]:
        return roles_who_may_answer(TWO, given(*people), asked_at=0, now=now)

    assert who((), HOUR - 1) == ("manager",)
    assert who((), HOUR) == ("manager", "admin")
    assert who(("A", "B"), HOUR) == ("security",)
    assert who(("A", "B"), 200 + 2 * HOUR) == ("security", "manager", "admin")


def test_reminders_back_off_and_stop_at_expiry_or_at_their_number() -> None:
    assert reminder_times(TWO, asked_at=10) == tuple(10 + HOUR * at for at in (1, 3, 7, 15))
    two = Approval(stages=TWO.stages, expires=24 * HOUR, remind=HOUR, remind_factor=1, remind_most=2)
    assert reminder_times(two, asked_at=0) == (HOUR, 2 * HOUR)
    assert reminder_times(ONE, asked_at=0) == ()


def test_a_request_expires_at_its_time() -> None:
    assert not is_expired(ONE, asked_at=5, now=4 + 24 * HOUR)
    assert is_expired(ONE, asked_at=5, now=5 + 24 * HOUR)


def test_terms_are_told_in_words() -> None:
    assert describe(TWO) == "2 people of manager, then security"
    assert describe(Approval(stages=(Stage(roles=("*",)),), expires=1)) == "any member"
    assert describe(Approval(stages=(Stage(roles=("a", "b")),), expires=1)) == "a or b"
