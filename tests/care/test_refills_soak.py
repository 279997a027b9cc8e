"""A year of refills: spending in every refill, processes that die, two replicas, outages, keys out of use for a while."""

import asyncio
import random
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bot.approvals.models import Status
from bot.db.engine import Database
from bot.db.tables import grants
from bot.periods import Period, Span, day_of, span_of
from keydesk_sandbox.fake_gateway import Record
from keydesk_sandbox.fake_gateway.wire import HttpCall
from tests.care.refilling import DAY, Killed, Refilling, Replica, until_killed
from tests.gateway.writes.test_usage_races import COST, PRE_CHARGE

AMOUNT = 400_000
KEYS = 3  # of each period


class Year:
    """Keys of each period, half of them with rollover, and people who use them."""

    def __init__(self, house: Refilling, seed: int) -> None:
        self.house, self.rng = house, random.Random(seed)
        self.keys: dict[int, tuple[Record, Period]] = {}
        self.before: dict[int, int] = {}
        # The periods in which each key was in use when a round was made.
        self.expected: dict[int, set[Span]] = {}
        self.off: set[int] = set()
        self.open: list[int] = []
        self.kills = self.outages = 0
        for period in Period:
            for number in range(KEYS):
                record = house.key(f"{period} {number}", owner=f"U0P{number}", remain_quota=2_000_000)
                house.allow(record, AMOUNT, period, rollover=number % 2 == 0)
                self.keys[record.id] = (record, period)
                self.before[record.id] = house.total(record)
                self.expected[record.id] = set()
        house.fake.on("request", self.spend, times=None)

    def spend(self, _call: HttpCall) -> None:
        """Between any two requests of the bot, calls begin and end."""
        if self.rng.random() < 0.3:
            key_id = self.rng.choice(list(self.keys))
            if key_id not in self.off:
                self.house.fake.charge(key_id, PRE_CHARGE)
                self.open.append(key_id)
        if self.open and self.rng.random() < 0.3:
            self.house.fake.charge(self.open.pop(), COST - PRE_CHARGE)

    def switch(self) -> None:
        """Somebody disables a key, or enables one, in the console."""
        key_id = self.rng.choice(list(self.keys))
        self.off ^= {key_id}
        self.house.fake.edit_behind(key_id, status=2 if key_id in self.off else 1)

    def note(self) -> None:
        today = day_of(self.house.clock(), self.house.policy.time_zone)
        for key_id, (_, period) in self.keys.items():
            if key_id not in self.off:
                self.expected[key_id].add(span_of(period, today))

    async def round(self, replicas: tuple[Replica, Replica], *, at_once: bool) -> None:
        first, second = self.rng.sample(replicas, 2)
        await first.listed()
        if self.rng.random() < 0.2:
            self.kills += 1
            dying = self.house.replica(f"dying {self.kills}")
            try:
                await until_killed(dying.round(), awaits=self.rng.randrange(150))
            except Killed:
                self.house.fake.advance(61.0)
        if at_once:
            await asyncio.gather(first.rounds.run(), second.rounds.run())
        self.note()
        await first.round(listed=False)


async def live(house: Refilling, days: int, *, at_once: bool) -> None:
    """So many days of rounds, and what is true at the end."""
    house.at(2027, 2, 1, 0)
    year = Year(house, seed=11)
    replicas = (house.replica("one"), house.replica("other"))
    end = house.clock() + days * DAY
    while house.clock() < end:
        await year.round(replicas, at_once=at_once)
        if year.rng.random() < 0.3:
            year.switch()
        if year.rng.random() < 0.03:
            year.outages += 1
            house.fake.advance(year.rng.uniform(1, 4) * DAY)
        house.fake.advance(timedelta(hours=year.rng.uniform(8, 16)).total_seconds())
    _check(house, year)


@pytest.mark.soak
async def test_a_year_of_refills_loses_and_doubles_none(sqlite_database: Database) -> None:
    await live(Refilling(sqlite_database, zone=ZoneInfo("Europe/Berlin")), 365, at_once=False)


@pytest.mark.soak
async def test_two_replicas_at_once_lose_and_double_none(postgres_database: Database) -> None:
    await live(Refilling(postgres_database, zone=ZoneInfo("America/New_York")), 90, at_once=True)


def _check(house: Refilling, year: Year) -> None:
    units: dict[int, int] = house.database.run_here(
        lambda c: {row.request_id: row.units for row in c.execute(grants.select())}
    )
    made: dict[str, Any] = {"lost": 0, "doubled": 0, "refills": 0, "units off": 0}
    for key_id, (record, period) in year.keys.items():
        done = [one for one in house.refills(record) if one.status is Status.SUCCEEDED]
        covered = [one.progress.checkpoints["refill"]["first"] for one in done]
        wanted = {span.first.isoformat() for span in year.expected[key_id]}
        made["refills"] += len(done)
        made["doubled"] += len(covered) - len(set(covered))
        made["lost"] += len(wanted - set(covered))
        moved = sum(units[one.id] for one in done)
        made["units off"] += abs(house.total(record) - year.before[key_id] - moved)
        if int(record.name[-1]) % 2 == 0:
            assert moved == AMOUNT * len(done), (record.name, period)
    told = f"{made}, {year.kills} kills, {year.outages} outages, {len(house.told)} messages"
    print(told)  # noqa: T201  # the figures of the run
    assert (made["lost"], made["doubled"], made["units off"], house.told) == (0, 0, 0, []), told
