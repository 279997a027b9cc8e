"""Rounds over the inventory: each crossing told once, whatever is repeated, cut off or done by two at once."""

import asyncio
import random
from collections import Counter
from typing import Any

import pytest

from bot.care import owner_messages, rounds, store
from bot.care.messages import CHANNEL, OWNER
from bot.db.engine import Database
from bot.keys import lineage
from bot.permissions.care import CareTerms
from tests.care.kit import ADA, BEN, DAY, HOUR, NOON, Desk, key


@pytest.fixture
async def desk(thorough_database: Database) -> Desk:
    """The first round is over: what is so already is told to nobody."""
    made = Desk(thorough_database)
    assert not await made.round()
    return made


async def test_what_was_so_before_the_first_round_is_told_to_nobody(database: Database) -> None:
    desk = Desk(database)
    desk.put(key(1, remain_quota=0, used_quota=9), key(2, born=NOON - 9 * DAY, ends=NOON + 2 * DAY))
    await desk.round()
    await desk.round()
    assert desk.wanted.posts == []
    desk.now += 1.2 * DAY
    await desk.round()
    assert desk.wanted.told() == {(ADA, 2, "expires", DAY): 1}


async def test_a_dry_key_is_told_to_its_owner_and_to_the_channel_by_name_of_the_owner(desk: Desk) -> None:
    desk.put(key(1, remain_quota=0, used_quota=9))
    await desk.round()
    await desk.round()
    assert [(kind, target) for _, kind, target, _ in desk.wanted.posts] == [(OWNER, f"dm:{ADA}"), (CHANNEL, "C0KEYS")]
    assert desk.wanted.in_channel[0]["owners"] == {"1": ADA}


async def test_three_crossings_of_one_person_are_one_message(desk: Desk) -> None:
    desk.put(*(key(n, remain_quota=1, used_quota=9) for n in range(1, 31)))
    desk.put(key(40, remain_quota=1, used_quota=9), owner=BEN)
    await desk.round()
    posts = {target: body for _, _, target, body in desk.wanted.posts}
    assert {target: (body["count"], len(body["notices"])) for target, body in posts.items()} == {
        f"dm:{ADA}": (30, 20),
        f"dm:{BEN}": (1, 1),
    }


async def test_messages_wait_for_the_morning_of_the_person_but_not_that_a_key_is_dry(desk: Desk) -> None:
    desk.zones = {ADA: 8 * 3600, BEN: 0}
    desk.put(key(1, remain_quota=1, used_quota=9), key(2, remain_quota=0, used_quota=9))
    desk.put(key(3, remain_quota=1, used_quota=9), owner=BEN)
    # Noon in UTC, eight in the evening for Ada.
    assert await desk.round()
    assert desk.wanted.told() == {(ADA, 2, "dry", 0): 1, (BEN, 3, "low", 0): 1}
    desk.now += 11.9 * HOUR
    assert await desk.round()
    desk.now += 0.2 * HOUR
    assert not await desk.round()
    assert desk.wanted.told()[ADA, 1, "low", 0] == 1
    assert not await desk.round()
    assert len(desk.wanted.posts) == 4


async def test_what_is_mended_in_the_night_is_not_told_in_the_morning(desk: Desk) -> None:
    desk.zones = {ADA: 8 * 3600}
    desk.put(key(1, remain_quota=1, used_quota=9))
    await desk.round()
    desk.now += 13 * HOUR
    desk.put(key(1, remain_quota=91, used_quota=9))
    assert not await desk.round()
    assert desk.wanted.posts == []


async def test_everything_can_be_switched_off_and_on_again_without_a_flood(desk: Desk) -> None:
    desk.terms = CareTerms(expiry=(), quota_low=0.0, quota_days=0, quiet=None)
    desk.put(key(1, born=NOON - 9 * DAY, ends=NOON + DAY, remain_quota=0, used_quota=9), key(2, ends=NOON + DAY))
    assert not await desk.round()
    desk.now += 2 * DAY
    await desk.round()
    desk.terms = CareTerms()
    await desk.round()
    assert desk.wanted.posts == []


async def test_keys_that_nobody_has_or_that_were_replaced_or_of_another_account_tell_nothing(desk: Desk) -> None:
    dry: dict[str, Any] = {"remain_quota": 0, "used_quota": 9}
    desk.put(key(1, **dry), owner=None)
    desk.put(key(2, **dry), key(3, **dry))
    desk.database.run_here(lineage.claim, 3, born_at=int(NOON), rotation=7)
    desk.other_account(there=True)
    await desk.round()
    assert desk.wanted.posts == []
    desk.other_account(there=False)
    await desk.round()
    assert set(desk.wanted.told()) == {(ADA, 2, "dry", 0)}


@pytest.mark.thorough
async def test_ten_thousand_crossings_are_paced_and_none_is_lost_or_doubled(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(owner_messages, "MOST_PEOPLE", 40)
    desk = Desk(sqlite_database)
    await desk.round()
    for person in range(100):
        low = [key(1 + person * 100 + n, remain_quota=1, used_quota=9) for n in range(100)]
        desk.put(*low, owner=f"U{person:03}")
    written, more = [], True
    while more:
        more = await desk.round()
        written.append(len(desk.wanted.posts))
    assert written == [40, 80, 100]
    assert {target: body["count"] for _, _, target, body in desk.wanted.posts} == {
        f"dm:U{person:03}": 100 for person in range(100)
    }
    assert len(desk.asked) == 100


async def test_nothing_wrong_for_a_week_is_no_message_and_no_question(desk: Desk) -> None:
    desk.put(*(key(n, ends=NOON + 60 * DAY) for n in range(1, 20)), key(20, unlimited_quota=True, remain_quota=0))
    for hour in range(0, 7 * 24, 3):
        desk.now = NOON + hour * HOUR
        steady = [key(n, ends=NOON + 60 * DAY, remain_quota=10**6 - 100 * hour, used_quota=100 * hour) for n in (1, 2)]
        desk.put(*steady, owner=None)
        await desk.round()
    assert desk.wanted.posts == []
    assert desk.asked == []


async def test_a_clock_that_is_a_year_ahead_for_a_while_tells_nothing_and_takes_nothing_away(desk: Desk) -> None:
    used = {"accessed_time": int(NOON) - 100}
    ends = NOON + 100 * DAY
    desk.put(key(1, ends=ends, **used), key(2, **used), key(3, remain_quota=100, used_quota=900, **used))
    await desk.round()
    assert desk.wanted.of(3) == [("low", 0)]
    told = len(desk.wanted.posts)
    desk.now = NOON + 365 * DAY
    for _ in range(3):
        desk.put(key(3, remain_quota=90, used_quota=910, **used), owner=None)
        await desk.round()
        desk.now += DAY
    assert len(desk.wanted.posts) == told
    for day in (2, 3, *range(84, 99)):
        desk.now = NOON + day * DAY
        await desk.round()
    assert desk.wanted.of(1) == [("expires", mark) for mark in (14, 7, 3)]
    assert (desk.wanted.of(2), desk.wanted.of(3)) == ([], [("low", 0)])


async def test_the_pace_of_the_samples_tells_three_days_before_and_is_silent_while_it_is_not_known(desk: Desk) -> None:
    desk.terms = CareTerms(quota_low=0.0, quiet=None)
    lefts: list[int] = []
    for hour in range(0, 22 * 24, 4):
        desk.now = NOON + hour * HOUR
        slow, fast = hour * 100, min(200_000, hour * 4_000)
        used = [key(1, used_quota=slow, remain_quota=50_000 - slow, accessed_time=int(desk.now))]
        used.append(key(2, used_quota=fast, remain_quota=200_000 - fast, accessed_time=int(desk.now)))
        desk.put(*used)
        before = len(desk.wanted.of(1))
        await desk.round()
        if len(desk.wanted.of(1)) > before:
            lefts.append(50_000 - slow)
    # 2,400 units a day: told once, when three days of them are left. The other is dry before anything is known.
    assert (desk.wanted.of(1), desk.wanted.of(2)) == ([("low", 0), ("dry", 0)], [("dry", 0)])
    assert 6_000 < lefts[0] <= 7_200


class Month:
    """Keys with ends and spending of their own; what must be told of them follows from how they are made."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.lives = {1: 90, 2: 14, 3: 3, 4: 1, 5: 45}
        # A key that spends two points an hour, and gets its whole quota again a day after it is dry.
        self.spends = (6, 7, 8)

    def step(self, hour: int) -> None:
        self.desk.now = NOON + hour * HOUR
        if hour == 0:
            self.desk.put(*(key(number, ends=NOON + life * DAY) for number, life in self.lives.items()))
        spending = []
        for number in self.spends:
            turn, at = divmod(hour + number, 74)
            left = max(0, 100 - 2 * at)
            used = (100 * (turn + 1) - left) * 1000
            spending.append(key(number, remain_quota=left * 1000, used_quota=used))
        self.desk.put(*spending, owner=BEN)

    def expected(self, hours: int) -> Counter[tuple[str, int, str, int]]:
        found: Counter[tuple[str, int, str, int]] = Counter()
        for number, life in self.lives.items():
            for mark in (14, 7, 3, 1):
                if mark < life and (life - mark) * 24 < hours:
                    found[ADA, number, "expires", mark * int(DAY)] += 1
            if life * 24 < hours:
                found[ADA, number, "ended", 0] += 1
        for number in self.spends:
            turns = [divmod(hour + number, 74) for hour in range(hours)]
            found[BEN, number, "low", 0] = len({turn for turn, at in turns if 40 <= at < 50})
            found[BEN, number, "dry", 0] = len({turn for turn, at in turns if at >= 50})
        return found


@pytest.mark.thorough
async def test_months_are_told_once_by_two_replicas_that_die_and_repeat(database: Database) -> None:
    desk, chance = Desk(database), random.Random(7)
    desk.terms = CareTerms(quota_days=0, quiet=None, idle_never=0)
    month, replicas, hours = Month(desk), (desk.replica(), desk.replica()), 62 * 24
    await desk.round()
    for hour in range(0, hours, 6):
        month.step(hour)
        desk.wanted.fails = lambda: chance.random() < 0.2
        both = (replicas[0].run(), replicas[1].run())
        await asyncio.gather(*both, return_exceptions=True)
        desk.wanted.fails = lambda: False
        await chance.choice(replicas).run()
    assert desk.wanted.told() == month.expected(hours)
    ids = [post for post, *_ in desk.wanted.posts]
    assert len(ids) == len(set(ids))
    dry = sum(number for (_, _, kind, _), number in desk.wanted.told().items() if kind == "dry")
    assert sum(body["count"] for body in desk.wanted.in_channel) == dry


async def test_rows_of_keys_that_are_gone_for_long_are_forgotten(desk: Desk) -> None:
    desk.put(key(1, remain_quota=1, used_quota=9), key(2))
    await desk.round()
    desk.gone(1)
    desk.now += 6 * DAY
    await desk.round()
    assert set(desk.database.run_here(store.several, [1, 2])) == {1, 2}
    desk.now += 2 * DAY
    await desk.round()
    assert set(desk.database.run_here(store.several, [1, 2])) == {2}


async def test_what_is_over_the_most_of_a_round_comes_in_the_next_one(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "MOST_NOTICES", 2)
    desk.put(*(key(n, remain_quota=1, used_quota=9) for n in range(1, 6)))
    desk.put(key(9, remain_quota=0, used_quota=9), owner=BEN)
    assert await desk.round()
    assert [body["count"] for _, kind, _, body in desk.wanted.posts if kind == OWNER] == [1, 2]
    assert desk.wanted.told()[BEN, 9, "dry", 0] == 1
