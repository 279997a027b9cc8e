"""Whether a key is idle, and where the question about it stands."""

import functools
import itertools
from dataclasses import replace
from typing import Any

import pytest

from bot.care.idle.judgement import (
    IdleCare,
    IdleFacts,
    IdleJudgement,
    IdleState,
    is_due,
    judge,
    kept,
    needs_spending,
    was_disabled,
)
from bot.care.notice import CareOutcome, Crossing, Notice
from bot.keys.inventory_store import KnownKey
from bot.permissions.care import CareTerms
from tests.care.kit import ADA, BEN, DAY, NOON, key

USUAL = CareTerms()


def known(*, since: float | None = None, born: float = NOON, **changes: Any) -> KnownKey:
    """A key that was read for the first time when it was made."""
    one = key(1, born=born, **changes)
    return KnownKey(
        key=one,
        read_at=born,
        known_since=born if since is None else since,
        gone_at=None,
        owner_id=ADA,
        owner_team=None,
        owner_roles=None,
    )


def facts(days: float, *, terms: CareTerms = USUAL, watched: float = 0.0, billed: float | None = None) -> IdleFacts:
    return IdleFacts(now=NOON + days * DAY, watched_since=watched, terms=terms, billed=lambda: billed)


def asked(one: KnownKey, at: IdleFacts) -> IdleCare:
    found = judge(None, one, owner=ADA, facts=at)
    assert found is not None
    assert [notice.kind for notice in found.notices] == [Crossing.IDLE]
    return replace(found.care, version=1)


def closes(found: IdleJudgement | None) -> list[tuple[Crossing, CareOutcome]]:
    assert found is not None
    assert found.notices == ()
    return list(found.closes)


USED: dict[str, Any] = {"used_quota": 5, "accessed_time": int(NOON)}


@pytest.mark.parametrize(
    ("one", "at", "idle"),
    [
        (known(), facts(29.9), False),
        (known(), facts(30), True),
        (known(**USED), facts(89), False),
        (known(**USED), facts(90), True),
        # By the samples its counter moved later than the gateway says.
        (known(**USED), facts(90, billed=NOON + DAY), False),
        (known(), facts(30, billed=NOON - DAY), True),
        # Not watched for the whole time: found later, or after a gap.
        (known(since=NOON + 10 * DAY), facts(39), False),
        (known(since=NOON + 10 * DAY), facts(40), True),
        (known(), facts(35, watched=NOON + 6 * DAY), False),
        (known(), facts(36, watched=NOON + 6 * DAY), True),
        # What does not work is not asked about.
        (known(status=2), facts(99), False),
        (known(remain_quota=0), facts(99), False),
        (known(ends=NOON + 31 * DAY), facts(32), False),
        (known(unlimited_quota=True, remain_quota=0), facts(30), True),
        # Switched off.
        (known(), facts(99, terms=CareTerms(idle_never=0)), False),
        (known(**USED), facts(99, terms=CareTerms(idle_unused=0)), False),
    ],
)
def test_a_key_is_idle_when_nobody_was_billed_for_all_of_the_time(one: KnownKey, at: IdleFacts, *, idle: bool) -> None:
    assert (judge(None, one, owner=ADA, facts=at) is not None) is idle


def test_the_question_says_when_it_was_billed_and_when_silence_ends_it() -> None:
    found = judge(None, known(**USED), owner=ADA, facts=facts(90))
    assert found is not None
    [notice] = found.notices
    assert (notice.billed, notice.due) == (NOON, NOON + 104 * DAY)
    never = judge(None, known(), owner=ADA, facts=facts(30, terms=CareTerms(idle_answer=0)))
    assert never is not None
    assert (never.notices[0].billed, never.notices[0].due, never.care.due) == (0.0, 0.0, 0.0)
    assert (never.name, never.is_given) == ("idle:1:1", True)
    assert never.only(lambda notice: notice.kind.urgent).notices == ()


def test_a_question_is_asked_once_and_due_after_its_time() -> None:
    row = asked(known(), facts(30))
    assert judge(row, known(), owner=ADA, facts=facts(31)) is None
    assert not is_due(row, facts(43.9))
    assert is_due(row, facts(44))
    assert not is_due(row, facts(44, terms=CareTerms(idle_answer=0)))
    assert not is_due(replace(row, due=0.0), facts(99))


@pytest.mark.parametrize(
    ("one", "owner", "terms", "outcome", "state"),
    [
        (known(used_quota=5, accessed_time=int(NOON + 31 * DAY)), ADA, USUAL, CareOutcome.IN_USE, IdleState.NOTHING),
        (known(status=2), ADA, USUAL, CareOutcome.STOPPED, IdleState.KEPT),
        (known(), BEN, USUAL, CareOutcome.GIVEN, IdleState.NOTHING),
        (known(), ADA, CareTerms(idle_never=0), CareOutcome.NOT_ASKED, IdleState.NOTHING),
        (
            known(used_quota=5, accessed_time=int(NOON + 31 * DAY)),
            ADA,
            CareTerms(idle_unused=0),
            CareOutcome.IN_USE,
            IdleState.NOTHING,
        ),
    ],
)
def test_a_question_that_is_answered_otherwise_is_withdrawn(
    one: KnownKey, owner: str, terms: CareTerms, outcome: CareOutcome, state: IdleState
) -> None:
    row = asked(known(), facts(30))
    found = judge(row, one, owner=owner, facts=facts(32, terms=terms))
    assert closes(found) == [(Crossing.IDLE, outcome)]
    assert found is not None
    assert found.care.state is state


def test_after_a_gap_there_is_time_to_answer_again() -> None:
    row = asked(known(), facts(30))
    found = judge(row, known(), owner=ADA, facts=facts(400, watched=NOON + 400 * DAY))
    assert found is not None
    assert (found.care.state, found.care.due, found.closes) == (IdleState.ASKED, NOON + 414 * DAY, ())
    again = judge(found.care, known(), owner=ADA, facts=facts(401, watched=NOON + 400 * DAY))
    assert again is None


def test_a_key_that_is_kept_is_asked_about_again_after_the_same_time() -> None:
    row = kept(asked(known(), facts(30)), known(), facts(31))
    assert judge(row, known(), owner=ADA, facts=facts(60)) is None
    found = judge(row, known(), owner=ADA, facts=facts(61))
    assert found is not None
    assert found.notices
    # A new owner never said that it is needed.
    given = judge(row, known(), owner=BEN, facts=facts(40))
    assert given is not None
    assert given.care.owner_id == BEN
    assert kept(row, known(**USED), facts(0)).due == NOON + 90 * DAY
    assert kept(row, known(), facts(0, terms=CareTerms(idle_never=0))).due == NOON + 30 * DAY


def test_a_key_that_is_being_disabled_is_left_alone() -> None:
    row = replace(asked(known(), facts(30)), state=IdleState.ORDERED)
    assert judge(row, known(), owner=ADA, facts=facts(50)) is None


@pytest.mark.parametrize(
    ("one", "owner", "days", "outcome"),
    [
        (known(), ADA, 46, CareOutcome.ENABLED),
        (known(status=2), BEN, 46, CareOutcome.GIVEN),
        (known(status=2), ADA, 76, CareOutcome.LATE),
    ],
)
def test_what_silence_did_is_taken_back_or_stays(one: KnownKey, owner: str, days: float, outcome: CareOutcome) -> None:
    ordered = replace(asked(known(), facts(30)), state=IdleState.ORDERED)
    told = was_disabled(ordered, known(status=2), now=facts(45).now)
    assert [notice.kind for notice in told.notices] == [Crossing.UNANSWERED]
    assert told.closes == ((Crossing.IDLE, CareOutcome.STOPPED),)
    assert told.care.due == NOON + 75 * DAY
    assert judge(told.care, known(status=2), owner=ADA, facts=facts(50)) is None
    found = judge(told.care, one, owner=owner, facts=facts(days))
    assert closes(found) == [(Crossing.UNANSWERED, outcome)]
    assert found is not None
    assert found.care.state is IdleState.KEPT


def test_another_key_of_the_same_number_begins_anew_but_never_its_versions() -> None:
    row = replace(asked(known(), facts(30)), version=7)
    found = judge(row, known(born=NOON + DAY), owner=ADA, facts=facts(31))
    assert found is not None
    assert (found.name, [one.kind for one in found.notices]) == ("idle:1:8", [Crossing.IDLE])
    assert isinstance(found.notices[0], Notice)


def _noted(asks: list[float]) -> None:
    asks.append(NOON)


def test_samples_are_read_of_no_key_whose_judgement_does_not_ask_for_them() -> None:
    outcomes = set()
    states, keys = (None, *IdleState), (known(), known(status=2), known(born=NOON + 1), known(**USED))
    for state, one, days, owner in itertools.product(states, keys, (1, 40, 130), (ADA, BEN)):
        asks: list[float] = []
        at = replace(facts(days), billed=functools.partial(_noted, asks))
        row = None
        if state is not None:
            due = NOON + 60 * DAY
            row = IdleCare(key_id=1, born_at=int(NOON), owner_id=ADA, state=state, since=NOON, due=due, version=1)
        judge(row, one, owner=owner, facts=at)
        assert needs_spending(row, one, owner=owner, facts=at) == bool(asks), (state, one, days, owner)
        outcomes.add(bool(asks))
    assert outcomes == {False, True}
