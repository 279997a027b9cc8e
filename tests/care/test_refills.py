"""Rounds of refills: once per key and period, whatever dies, comes twice or comes late; nothing that is spent is lost."""

import asyncio
from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from bot.approvals.models import Status
from bot.care.refills import AGAIN_SECONDS, MOST_IN_HAND, MOST_TOGETHER
from bot.db.engine import Database
from bot.keys import lineage, locks, owners
from bot.periods import Period, day_of
from bot.permissions.models import ActorKind, Lock
from keydesk_sandbox.fake_gateway import Record
from keydesk_sandbox.fake_gateway.wire import HttpCall
from tests.care.refilling import DAY, Killed, Refilling, until_killed
from tests.gateway.writes.test_usage_races import Traffic
from tests.narrow import present

AMOUNT = 5_000_000
LOCK = Lock(cause="incident", by="U0SAM", at=1.0, number=1, rule="r")


@pytest.fixture
def house(thorough_database: Database) -> Refilling:
    made = Refilling(thorough_database)
    made.at(2027, 11, 20, 12)
    return made


async def test_a_key_is_refilled_once_a_month_and_not_again_by_the_next_round(house: Refilling) -> None:
    here, record = house.replica(), house.key()
    house.allow(record, AMOUNT)
    moments = ((2027, 11, 20, 13), (2027, 11, 30, 23), (2027, 12, 1, 0), (2028, 1, 31, 9))
    for moment, number in zip(moments, (1, 1, 2, 3), strict=True):
        house.at(*moment)
        for _ in range(2):
            await here.round()
        assert len(house.refills(record)) == number
        house.fake.charge(record.id, 1_000)
    assert house.total(record) == AMOUNT + 3_000
    assert [one.judgement.decision.rule for one in house.refills()] == ["free"] * 3
    assert house.told == []


async def test_what_is_unspent_is_added_to_where_it_rolls_over(house: Refilling) -> None:
    here, record = house.replica(), house.key(remain_quota=7)
    house.allow(record, 100, Period.WEEK, rollover=True)
    for _ in range(3):
        await here.round()
        house.fake.advance(7 * DAY)
    assert house.fake.key(record.id).remain_quota == 307


async def test_after_an_outage_over_three_periods_it_is_refilled_once(house: Refilling) -> None:
    here, record = house.replica(), house.key()
    house.allow(record, 100, Period.DAY, rollover=True)
    await here.round()
    house.fake.advance(3.5 * DAY)
    await here.round()
    await here.round()
    assert house.total(record) == 200


async def test_a_refill_that_waited_for_the_gateway_counts_for_the_day_on_which_it_comes(house: Refilling) -> None:
    here, record = house.replica(), house.key()
    house.allow(record, 100, Period.DAY, rollover=True)
    await here.listed()
    house.fake.arm("refused", times=None)
    await here.rounds.run()
    [waiting] = house.refills()
    for _ in range(3):
        assert await here.execution.run(str(waiting.id)) is not None
        await here.rounds.run()
        house.fake.advance(DAY)
    house.fake.disarm()
    for _ in range(2):
        await here.round()
    assert (house.total(record), len(house.refills())) == (100, 1)
    assert house.row(record).next_day(date(2027, 11, 23)) == date(2027, 11, 24)
    assert house.told == []


@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", (2027, 3, 27)),
        ("Europe/Berlin", (2027, 10, 30)),
        ("America/New_York", (2027, 11, 6)),
        # The first hour of the day is left out.
        ("Africa/Cairo", (2027, 4, 29)),
    ],
)
async def test_days_that_are_longer_or_shorter_are_refilled_once(
    sqlite_database: Database, zone: str, day: tuple[int, int, int]
) -> None:
    house = Refilling(sqlite_database, zone=ZoneInfo(zone))
    house.at(*day, 20)
    here, record = house.replica(), house.key()
    house.allow(record, 10, Period.DAY, rollover=True)
    await here.listed()
    days = set[date]()
    for _ in range(2 * 30):
        await here.round(listed=False)
        days.add(day_of(house.clock(), house.policy.time_zone))
        assert house.total(record) == 10 * len(days)
        house.fake.advance(1_800)
    assert len(days) == 3


async def test_another_time_zone_refills_nothing_twice(house: Refilling) -> None:
    here, record = house.replica(), house.key()
    house.allow(record, 10, rollover=True)
    house.at(2027, 12, 1, 1)
    for zone in ("Pacific/Kiritimati", "America/Los_Angeles", "Pacific/Apia", "UTC"):
        house.policy.time_zone = ZoneInfo(zone)
        await here.round()
    assert (house.total(record), house.row(record).next_day(date(2027, 12, 1))) == (10, date(2028, 1, 1))


def take_out_of_use(house: Refilling, record: Record, why: str) -> Callable[[], object]:
    """What is done to the key, and how it is undone."""
    run, fake = house.database.run_here, house.fake
    if why == "disabled":
        fake.edit_behind(record.id, status=2)
        return lambda: fake.edit_behind(record.id, status=1)
    if why == "expired":
        fake.edit_behind(record.id, expired_time=int(house.clock()) - 5)
        return lambda: fake.edit_behind(record.id, expired_time=-1)
    if why == "locked":
        run(locks.lock, record.id, LOCK, born_at=record.created_time)
        return lambda: run(locks.unlock, record.id)
    if why == "replaced":
        run(lineage.claim, record.id, born_at=record.created_time, rotation=3)
        return lambda: run(lineage.release, 3)
    if why == "without an owner":
        line = present(run(owners.find, record.id))
        run(owners.forget, record.id, at=1.0)
        return lambda: run(owners.own, line)
    house.kinds["U0ADA"] = ActorKind.DEACTIVATED if why == "of a leaver" else ActorKind.UNKNOWN
    return house.kinds.clear


@pytest.mark.parametrize(
    "why", ["disabled", "expired", "locked", "replaced", "without an owner", "of a leaver", "of nobody known"]
)
async def test_a_key_out_of_use_is_not_refilled_and_gets_the_present_period_once_when_it_is_back(
    house: Refilling, why: str
) -> None:
    here, record = house.replica(), house.key()
    house.allow(record, 10, rollover=True)
    undo = take_out_of_use(house, record, why)
    for _ in range(3):
        await here.round()
        house.fake.advance(40 * DAY)
    assert house.refills() == []
    undo()
    for _ in range(2):
        await here.round()
    assert house.total(record) == 10
    assert house.told == []


async def test_a_key_that_was_disabled_after_it_was_listed_waits_quietly(house: Refilling) -> None:
    here, record = house.replica(), house.key()
    house.allow(record, 10)
    await here.listed()
    house.fake.edit_behind(record.id, status=2)
    await here.round(listed=False)
    [skipped] = house.refills()
    assert (skipped.status, house.total(record), house.told) == (Status.FAILED, 0, [])
    await here.round()
    assert len(house.refills()) == 1
    house.fake.edit_behind(record.id, status=1)
    await here.round()
    assert house.total(record) == 10


async def test_what_was_overdrawn_is_taken_from_a_refill(house: Refilling) -> None:
    here, few, much = house.replica(), house.key(remain_quota=-30), house.key("other", remain_quota=-300)
    house.allow(few, 100)
    house.allow(much, 100)
    await here.round()
    assert (house.fake.key(few.id).remain_quota, house.fake.key(much.id).remain_quota) == (70, -300)
    # More than a refill: told once, though it is tried again each day.
    for _ in range(6):
        house.fake.advance(DAY / 2)
        await here.round()
    assert len(house.refills(much)) == 3
    assert len(house.told) == 1
    house.fake.edit_behind(much.id, remain_quota=0)
    house.fake.advance(2 * DAY)
    await here.round()
    assert house.fake.key(much.id).remain_quota == 100


async def test_a_key_without_a_limit_has_nothing_to_refill(house: Refilling) -> None:
    here, record = house.replica(), house.key()
    house.allow(record, 100)
    house.fake.edit_behind(record.id, unlimited_quota=True)
    await here.round()
    [failed] = house.refills()
    assert "no limit" in present(failed.outcome).sentence
    assert house.told == [f"req:{failed.id}:dm"]


def due(house: Refilling, number: int, amount: int = 10, *, remain_quota: int = 0) -> list[Record]:
    records = [house.key(f"key {each}", remain_quota=remain_quota) for each in range(number)]
    for record in records:
        house.allow(record, amount, rollover=True)
    return records


async def test_a_few_run_by_themselves(house: Refilling) -> None:
    here, records = house.replica(), due(house, MOST_IN_HAND)
    await here.listed()
    calls = len(house.fake.requests)
    await here.rounds.run()
    assert len(house.fake.requests) == calls
    await here.round(listed=False)
    # Read, write, read back.
    assert len(house.fake.requests) - calls == 3 * len(records)
    assert {house.total(record) for record in records} == {10}


async def test_many_are_written_together_and_read_a_page_at_a_time(house: Refilling) -> None:
    here, records = house.replica(), due(house, MOST_TOGETHER + MOST_IN_HAND)
    await here.listed()
    calls = len(house.fake.requests)
    await here.rounds.run()
    done = [one for one in house.refills() if one.status is Status.SUCCEEDED]
    assert len(done) == len(house.refills()) == MOST_TOGETHER
    # One that asks whether it answers, two lists.
    assert len(house.fake.requests) - calls == MOST_TOGETHER + 3
    assert len(await house.spine.started("refills:")) == 1
    for _ in range(2):
        await here.round(listed=False)
    assert [house.total(record) for record in records] == [10] * len(records)
    assert len(house.refills()) == len(records)


async def test_many_that_wait_for_the_gateway_are_only_a_few(house: Refilling) -> None:
    here, records = house.replica(), due(house, 3 * MOST_IN_HAND)
    await here.listed()
    house.fake.arm("refused", times=None)
    for _ in range(3):
        await here.rounds.run()
    assert len(house.refills()) == MOST_IN_HAND
    house.fake.disarm()
    await here.round()
    assert [house.total(record) for record in records] == [10] * len(records)


async def test_the_gateway_s_limit_holds_for_many_and_leaves_calls_to_people(house: Refilling) -> None:
    here, records = house.replica(limited=True), due(house, 150)
    house.fake.switch("ip_limit", (180, 180))
    await here.listed()
    begun, calls = house.clock(), len(house.fake.requests)
    while await here.rounds.again("") is not None:
        sent = [one.at for one in house.fake.requests[calls:] if one.at > house.clock() - 180]
        assert len(sent) <= 70
        house.fake.advance(AGAIN_SECONDS)
    assert [house.total(record) for record in records] == [10] * len(records)
    assert len(house.fake.requests) - calls <= len(records) + 15
    assert house.clock() - begun < 3 * 180
    assert {one.status for one in house.refills()} == {Status.SUCCEEDED}


async def test_many_whose_process_dies_at_any_call_are_each_made_once(sqlite_database: Database) -> None:
    house, dying = Refilling(sqlite_database), list[asyncio.Task[bool]]()
    records = due(house, 8, AMOUNT, remain_quota=2_000_000)
    total, calls = house.total(records[0]), 0
    for record in records:
        Traffic(house.fake, record.id, seed=record.id, rate=0.1)

    def die(_call: HttpCall) -> None:
        nonlocal calls
        calls -= 1
        if calls == 0:
            dying[-1].cancel()

    house.fake.on("request", die, times=None)
    for periods in range(1, 14):
        replica = house.replica(f"dying {periods}")
        await replica.listed()
        calls = periods
        dying.append(asyncio.create_task(replica.rounds.run()))
        await asyncio.gather(dying[-1], return_exceptions=True)
        house.fake.advance(61.0)
        await house.replica("other").round()
        assert [one.status for one in house.refills()] == [Status.SUCCEEDED] * periods * len(records)
        assert [house.total(record) - total for record in records] == [AMOUNT * periods] * len(records)
        house.fake.advance(32 * DAY)
    assert all(task.cancelled() for task in dying[:10])


async def test_two_replicas_at_once_refill_once(postgres_database: Database) -> None:
    house = Refilling(postgres_database)
    one, other = house.replica("one"), house.replica("other")
    records = [house.key(f"key {number}") for number in range(3)]
    for record in records:
        house.allow(record, 10, rollover=True)
    await one.listed()
    await asyncio.gather(one.rounds.run(), other.rounds.run())
    for _ in range(20):
        ids = [str(refill.id) for refill in house.refills()]
        await asyncio.gather(*(replica.execution.run(number) for number in ids for replica in (one, other)))
        house.fake.advance(1)
    await other.round()
    assert [house.total(record) for record in records] == [10, 10, 10]
    assert len(house.refills()) == 3


async def kill_and_go_on(house: Refilling, awaits: int) -> bool:
    """A refill whose process dies after so many awaits, and another process that goes on. Whether it died."""
    record = house.key(f"after {awaits}", remain_quota=2_000_000, used_quota=0)
    house.allow(record, AMOUNT, rollover=True)
    before = house.total(record)
    Traffic(house.fake, record.id, seed=awaits)
    dying, died = house.replica("dying"), False
    await dying.listed()
    try:
        await until_killed(dying.round(listed=False), awaits=awaits)
    except Killed:
        died = True
    house.fake.advance(61.0)  # what the dead process held runs out
    other = house.replica("other")
    for _ in range(2):
        await other.round()
    assert house.total(record) - before == AMOUNT, awaits
    assert [one.status for one in house.refills(record)] == [Status.SUCCEEDED], awaits
    house.fake.edit_behind(record.id, status=2)
    return died


async def test_a_refill_that_is_killed_is_made_once(sqlite_database: Database) -> None:
    house = Refilling(sqlite_database)
    for awaits in range(400):
        if not await kill_and_go_on(house, awaits):
            return
    raise AssertionError("a refill does not end")
