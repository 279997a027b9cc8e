"""Rounds of a review: whatever is repeated, cut off or done by two at once happens once."""

import asyncio
from collections import Counter
from typing import Any

import pytest
import sqlalchemy as sa

from bot.approvals import store as requests_store
from bot.approvals.models import ApprovalRequest, Outcome, Status
from bot.db import named_values
from bot.db.engine import Database
from bot.keys import owners
from bot.permissions import ActorKind, parse_policy
from bot.review import rounds, store
from bot.review.cards import CARD, OWNER, REMINDER
from bot.review.models import ReviewStatus, Verdict, WhyLeft
from bot.review.tables import reviews
from tests.review.kit import ADA, BEN, BOT, DAY, MIRA, OMAR, Desk, key


@pytest.fixture
def desk(thorough_database: Database) -> Desk:
    return Desk(thorough_database)


def requests_of(desk: Desk) -> list[ApprovalRequest]:
    found: list[ApprovalRequest] = desk.read(requests_store.recent, limit=1000)
    return found


def end_requests(desk: Desk, to: Status = Status.SUCCEEDED) -> None:
    """What the gateway does with everything that was asked for."""

    def ended(c: Any, request: ApprovalRequest) -> None:
        request = requests_store.move(c, request, Status.RUNNING)
        outcome = Outcome(sentence="The gateway said no.")
        request = requests_store.move(c, request, to, settled_at=desk.now, outcome=outcome)
        desk.replica().decisions.granted.notifications.announce(c, request)

    def all_ended(c: Any) -> None:
        for request in requests_of(desk):
            if request.status is Status.APPROVED:
                ended(c, request)

    desk.database.run_here(all_ended)


def number_of_reviews(desk: Desk) -> int:
    """How many there were; their numbers may have gaps."""
    found: int = desk.read(lambda c: c.scalar(sa.select(sa.func.count()).select_from(reviews)))
    return found


async def silent_until(desk: Desk, day: float) -> None:
    """Rounds every quarter of a day, about which nobody cares."""
    end = desk.review().asked_at + day * DAY
    while desk.now < end:
        desk.now = min(end, desk.now + DAY / 4)
        await desk.round()


async def test_a_review_waits_for_the_list_of_keys_and_for_our_account(desk: Desk) -> None:
    desk.ask()
    await desk.round()
    assert desk.review().status is ReviewStatus.WANTED
    desk.put(key(1))
    desk.database.run_here(named_values.put, owners.OTHER_ACCOUNT, {"address": "x", "user": 2})
    await desk.round()
    assert desk.review().status is ReviewStatus.WANTED
    desk.database.run_here(named_values.remove, owners.OTHER_ACCOUNT)
    await desk.round()
    assert desk.review().status is ReviewStatus.OPEN
    # While it shows another one nobody owns a key, and no key leaves the list for it.
    desk.database.run_here(named_values.put, owners.OTHER_ACCOUNT, {"address": "x", "user": 2})
    await desk.round()
    assert desk.rows()[1].verdict is Verdict.OPEN


async def test_a_review_waits_for_slack_but_not_for_ever(desk: Desk) -> None:
    desk.put(key(1))
    desk.ask()
    desk.silent = True
    await desk.round()
    assert desk.review().status is ReviewStatus.WANTED
    desk.now += rounds.PATIENCE
    await desk.round()
    [card] = desk.read(store.cards, desk.review().id)
    assert card.security


async def test_two_processes_begin_remind_and_end_one_review_once(desk: Desk) -> None:
    desk.put(*(key(number) for number in range(1, 8)))
    desk.put(key(9), owner=BEN)
    desk.ask()
    both = [desk.replica(), desk.replica()]
    for day in (0, 7, 10, 13, 15, 15.1):
        desk.now = desk.review().asked_at + day * DAY
        await asyncio.gather(*(one.run() for one in both))
        await asyncio.gather(*(one.run() for one in both))
    assert len(desk.rows()) == 8
    assert len(desk.wanted.of_kind(CARD)) == 1
    assert len(desk.wanted.of_kind(REMINDER)) == 3
    assert sorted(desk.wanted.of_kind(OWNER)) == [f"review:1:owner:{one}:warning" for one in (ADA, BEN)]
    assert Counter(request.key_id for request in requests_of(desk)) == Counter(desk.rows().keys())
    assert {request.delivery_id for request in requests_of(desk)} == {f"review:1:{number}" for number in desk.rows()}
    assert {request.requester_id for request in requests_of(desk)} == {BOT}
    end_requests(desk)
    await asyncio.gather(*(one.run() for one in both))
    assert desk.review().status is ReviewStatus.CLOSED


async def test_nothing_is_lost_or_doubled_when_a_process_dies_at_any_transaction(desk: Desk) -> None:
    desk.put(*(key(number) for number in range(1, 4)), key(4, expired_time=int(desk.now + 8 * DAY)))
    desk.ask()
    real, budget = desk.database.run, [0]

    async def mortal(work: Any, *args: Any, **more: Any) -> Any:
        budget[0] -= 1
        if budget[0] < 0:
            raise ConnectionError("the process died before this transaction")
        result = await real(work, *args, **more)
        if budget[0] == 0:
            raise ConnectionError("the process died after this transaction")
        return result

    desk.database.run = mortal  # type: ignore[method-assign]
    deaths = 0
    for day in (0.0, 7, 9, 10, 13, 15, 15.5):
        desk.now = desk.review().asked_at + day * DAY
        for allowed in (0, 1, 2, 3, 4, 50):
            budget[0] = allowed
            try:
                await desk.round()
            except ConnectionError:
                deaths += 1
    assert deaths > 10
    assert len(desk.wanted.of_kind(REMINDER)) == 3
    assert Counter(request.key_id for request in requests_of(desk)) == Counter([1, 2, 3])
    assert desk.rows()[4].departure is WhyLeft.OUT_OF_USE


async def test_silence_disables_a_few_at_a_time_and_tries_a_failure_again_but_not_for_ever(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "MOST_AT_ONCE", 2)
    desk.put(key(1), key(2), key(3))
    desk.ask()
    await desk.round()
    await silent_until(desk, 15)
    await desk.round()
    assert len(requests_of(desk)) == 2
    end_requests(desk, Status.FAILED)
    assert desk.rows()[1].verdict is Verdict.OPEN
    for _ in range(12):
        await desk.round()
        end_requests(desk, Status.FAILED)
    assert Counter(request.key_id for request in requests_of(desk)) == {1: 3, 2: 3, 3: 3}
    assert {row.departure for row in desk.rows().values()} == {WhyLeft.FAILED}
    await desk.round()
    assert desk.review().status is ReviewStatus.CLOSED


async def test_what_silence_disabled_is_told_to_each_owner_once(desk: Desk) -> None:
    desk.put(key(1), key(2))
    desk.put(key(3), owner=None)
    desk.ask()
    await desk.round()
    await silent_until(desk, 15)
    end_requests(desk)
    assert desk.wanted.of_kind(OWNER) == [f"review:1:owner:{ADA}:warning", f"review:1:owner:{ADA}:silence"]
    assert all(row.settled_at == desk.now for row in desk.rows().values())


async def test_a_card_without_open_keys_is_not_reminded_of(desk: Desk) -> None:
    desk.put(key(1))
    desk.put(key(2), owner=None)
    desk.ask()
    await desk.round()
    desk.database.run_here(store.change_key, desk.rows()[1], verdict="keep")
    await silent_until(desk, 7)
    assert len(desk.wanted.of_kind(REMINDER)) == 1


async def test_deciders_who_left_are_reminded_of_in_the_security_channel(desk: Desk) -> None:
    desk.put(key(1))
    desk.ask()
    await desk.round()
    desk.kinds = {MIRA: ActorKind.DEACTIVATED, OMAR: ActorKind.DEACTIVATED}
    await silent_until(desk, 7)
    [post] = [one for one in desk.wanted.posts if one["kind"] == REMINDER]
    assert (post["target"], post["thread_of"]) == ("C0SECURITY", None)


async def test_the_policy_asks_for_a_review_when_it_is_due_once(desk: Desk) -> None:
    desk.policy = parse_policy('[review]\nevery = "90d"\n')
    desk.put(key(1, remain_quota=1))
    both = [desk.replica(), desk.replica()]
    await asyncio.gather(*(one.run() for one in both))
    assert (number_of_reviews(desk), desk.review().asked_by) == (1, "schedule")
    for _ in range(3):
        await desk.round()
    assert desk.review().status is ReviewStatus.CLOSED
    desk.now += 89 * DAY
    await desk.round()
    assert number_of_reviews(desk) == 1
    desk.now += 400 * DAY
    for _ in range(3):
        await asyncio.gather(*(one.run() for one in both))
    assert number_of_reviews(desk) == 2
    desk.now -= 400 * DAY
    await desk.round()
    assert number_of_reviews(desk) == 2


async def test_a_decision_that_hangs_for_a_week_holds_up_no_review(desk: Desk) -> None:
    desk.put(key(1))
    desk.ask()
    await desk.round()
    desk.database.run_here(store.change_key, desk.rows()[1], verdict="disable", decided_at=desk.now)
    desk.now += rounds.STUCK_SECONDS - 1
    await desk.round()
    assert desk.review().status is ReviewStatus.OPEN
    desk.now += 2
    await desk.round()
    assert desk.review().status is ReviewStatus.CLOSED


@pytest.mark.thorough
async def test_three_thousand_keys_of_one_manager(sqlite_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "MOST_AT_ONCE", 300)
    desk = Desk(sqlite_database)
    for first in range(1, 3001, 500):
        desk.put(*(key(number) for number in range(first, first + 500)))
    desk.ask()
    await desk.round()
    assert len(desk.rows()) == 3000
    assert len(desk.wanted.of_kind(CARD)) == 1
    for day in (7, 10, 13, 15):
        desk.now = desk.review().asked_at + day * DAY
        await desk.round()
    while desk.review().status is not ReviewStatus.CLOSED:
        waiting = sum(request.status is Status.APPROVED for request in requests_of(desk))
        assert waiting <= rounds.MOST_AT_ONCE
        end_requests(desk)
        await desk.round()
    assert {row.verdict for row in desk.rows().values()} == {Verdict.SILENCE}
