"""Many people at once, on SQLite and on PostgreSQL: one outcome, one run, and the others are told the truth."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.approvals.models import Status
from bot.db.engine import Database
from bot.errors import ApprovalConflict, PermissionDenied, UserError
from tests.approvals.kit import ADA, MIRA, OMAR, Spine, person, policy


async def at_once(*work: Any) -> list[Any]:
    """Results, refusals among them; anything else is a failure of the test."""
    found = await asyncio.gather(*work, return_exceptions=True)
    for one in found:
        if isinstance(one, BaseException) and not isinstance(one, UserError):
            raise one
    return found


async def test_fifty_approvers_where_two_are_needed_count_as_two_and_start_one_run(database: Database) -> None:
    spine = Spine(database, policy('from = ["manager"], count = 2, expires = "3d"'))
    await spine.ask()
    people = [person(f"U0M{number:02}", "S0MANAGERS") for number in range(50)]
    answers = await at_once(*(spine.actions.approve(1, one, ADA) for one in people))

    row = await spine.row()
    assert row.status is Status.APPROVED
    assert len(row.votes) == len({vote.by for vote in row.votes}) == 2
    assert len(await spine.started("req:1:run")) == 1
    assert Counter(await spine.facts(1))["approved"] == 2
    late = [one for one in answers if isinstance(one, ApprovalConflict)]
    assert len(late) == 48
    assert all(f"already by <@{row.decided_by}>" in one.sentence for one in late)


async def test_one_person_clicking_ten_times_counts_once(database: Database) -> None:
    spine = Spine(database, policy('from = ["manager"], count = 2, expires = "3d"'))
    await spine.ask()
    answers = await at_once(*(spine.actions.approve(1, MIRA, ADA) for _ in range(10)))

    assert [vote.by for vote in (await spine.row()).votes] == ["U0MIRA"]
    assert sum(isinstance(one, ApprovalConflict) for one in answers) == 9
    assert (await spine.row()).status is Status.PENDING


@pytest.mark.parametrize("first", range(4))
async def test_approve_deny_withdraw_and_lapse_at_once_end_in_one_outcome(spine: Spine, first: int) -> None:
    await spine.ask()
    work: list[Callable[[], Awaitable[object]]] = [
        lambda: spine.actions.approve(1, MIRA, ADA),
        lambda: spine.actions.deny(1, OMAR, ADA, reason="no"),
        lambda: spine.actions.withdraw(1, ADA),
        lambda: spine.timers.lapse("1"),
    ]
    await at_once(*(one() for one in work[first:] + work[:first]))

    row, facts = await spine.row(), Counter(await spine.facts(1))
    ends = {
        Status.APPROVED: "approved",
        Status.DENIED: "denied",
        Status.WITHDRAWN: "withdrawn",
        Status.EXPIRED: "lapsed",
    }
    assert row.status in ends
    assert {name: facts[name] for name in ends.values() if facts[name]} == {ends[row.status]: 1}
    assert len(await spine.started("req:1:run")) == (1 if row.status is Status.APPROVED else 0)
    assert row.version == 2


async def test_the_same_submission_twenty_times_is_one_row(spine: Spine) -> None:
    answers = await at_once(*(spine.ask(delivery="sub:T0:V1") for _ in range(20)))
    assert {one.id for one in answers} == {1}
    assert Counter(await spine.facts())["asked"] == 1
    assert len(await spine.started("req:")) == len(set(await spine.started("req:")))


async def test_a_small_submission_twenty_times_is_one_run(spine: Spine) -> None:
    answers = await at_once(*(spine.ask(delivery="sub:T0:V1", remain_quota=5) for _ in range(20)))
    assert {(one.id, one.status) for one in answers} == {(1, Status.APPROVED)}
    assert len(await spine.started("req:1:run")) == 1


async def test_the_second_of_two_managers_is_told_who_decided(spine: Spine) -> None:
    await spine.ask()
    answers = await at_once(spine.actions.approve(1, MIRA, ADA), spine.actions.approve(1, OMAR, ADA))
    told = [one for one in answers if isinstance(one, ApprovalConflict)]
    winner = (await spine.row()).decided_by
    assert len(told) == 1
    assert told[0].sentence == f"Request #1 was approved already by <@{winner}>; it is approved now."


async def test_a_refusal_is_recorded_even_in_a_crowd(spine: Spine) -> None:
    await spine.ask()
    strangers = [person(f"U0X{number}") for number in range(5)]
    answers = await at_once(*(spine.actions.approve(1, one, ADA) for one in strangers))
    assert all(isinstance(one, PermissionDenied) for one in answers)
    assert Counter(await spine.facts(1))["refused"] == 5
    assert (await spine.row()).version == 1
