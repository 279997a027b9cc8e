"""Allowances of a simulated year: keys at a gateway, refilled by two replicas that die at one await after the other.

Every change of these keys is a change at the fake gateway; between any two requests about a key it is charged.
"""

import asyncio
import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from bot.approvals.models import Status
from bot.db.engine import Database
from bot.db.tables import grants
from bot.gateway.models import Key
from bot.keys import allowances
from bot.operations import is_refilled
from bot.periods import Period, Span, day_of, span_of
from keydesk_sandbox.fake_gateway import Record
from keydesk_sandbox.fake_gateway.wire import HttpCall
from tests.care.refilling import Killed, Refilling, Replica, until_killed

# Of a hundred keys with an allowance: how many of which period, and days of usual use that it is for.
PERIODS = (*(Period.MONTH,) * 14, *(Period.WEEK,) * 4, *(Period.DAY,) * 2)
DAYS_OF_USE = {Period.MONTH: 30, Period.WEEK: 10, Period.DAY: 3}
# Processes that die at each time of refills, each one await later than the one before.
DEATHS = 3
LEASE_SECONDS = 61.0
COST = 375


class Allowances:
    """`written`: told, in the transaction, of each key that a refill has written."""

    def __init__(self, database: Database, *, seed: int, written: Callable[[sa.Connection, int], None]) -> None:
        self.house, self.rng, self.written = Refilling(database), random.Random(seed), written
        self.periods: dict[int, Period] = {}
        self.expected: dict[int, set[Span]] = {}
        self.totals: dict[int, int] = {}
        self.charged: Counter[int] = Counter()
        # Units that were added and taken by other hands than refills.
        self.by_hand: Counter[int] = Counter()
        self.kills, self.raced, self.awaits, self.longest = 0, 0, 0, 0
        self.house.fake.on("request", self._race, times=None)
        self.replicas = (self._replica("one"), self._replica("other"))

    def _replica(self, name: str) -> Replica:
        made = self.house.replica(name)
        made.execution.subscribe(self._settled)
        return made

    def _settled(self, c: sa.Connection, request: Any, _operation: Any, _result: Any) -> None:
        if request.status is Status.SUCCEEDED or request.progress.checkpoints:
            self.written(c, request.key_id)

    def add(self, record: Record, per_day: int) -> None:
        """This key has an allowance."""
        place = len(self.periods)
        period = PERIODS[place % len(PERIODS)]
        self.house.allow(record, DAYS_OF_USE[period] * per_day, period, rollover=place % 3 == 0)
        self.periods[record.id], self.expected[record.id] = period, set()
        self.totals[record.id] = self.house.total(record)

    def charge(self, number: int, units: int) -> None:
        self.charged[number] += units
        self.house.fake.charge(number, units)

    def change(self, number: int, changes: dict[str, Any]) -> None:
        """By any other hand: only a change of the quota moves the sum."""
        before = self.house.fake.key(number)
        self.by_hand[number] += changes.get("remain_quota", before.remain_quota) - before.remain_quota
        self.house.fake.edit_behind(number, **changes)

    def end(self, number: int) -> None:
        """The key goes to somebody else, and its allowance ends."""
        self.house.database.run_here(self.replicas[0].rows._end, number)

    def _race(self, call: HttpCall) -> None:
        """Calls with the key are charged between its reading and its writing, every other time."""
        number = self._number_of(call) if self.rng.random() < 0.5 else 0
        if number not in self.periods or self.house.fake.key(number).remain_quota < 100 * COST:
            return
        self.raced += 1
        self.charge(number, COST)

    def _number_of(self, call: HttpCall) -> int:
        if call.method == "PUT":
            return int(json.loads(call.body)["id"])
        last = call.path.rsplit("/", 1)[-1]
        return int(last) if last.isdigit() else 0

    async def round(self, keys: dict[int, Key], present: Callable[[int], bool]) -> None:
        """After a list of all keys: what is due is refilled, whoever dies meanwhile."""
        now = self.house.clock()
        today = day_of(now, self.house.policy.time_zone)
        standing = self.house.database.run_here(allowances.standing, list(self.periods))
        due = {
            number
            for number, period in self.periods.items()
            if is_refilled(keys[number], now=now)
            and present(number)
            and number in standing
            and span_of(period, today) not in self.expected[number]
        }
        if not due:
            await self.replicas[0].rounds.run()
            return
        for number in due:
            self.expected[number].add(span_of(self.periods[number], today))
        for _ in range(DEATHS):
            await self._die()
        first, second = self.rng.sample(self.replicas, 2)
        await asyncio.gather(first.rounds.run(), second.rounds.run())
        await first.round(listed=False)
        for replica in self.replicas:
            await replica.keys.writer.flush()

    async def _die(self) -> None:
        dying = self._replica(f"dying {self.kills}")
        try:
            await until_killed(dying.round(listed=False), awaits=self.awaits)
        except Killed:
            self.kills, self.awaits = self.kills + 1, self.awaits + 1
            self.longest = max(self.longest, self.awaits)
            self.house.fake.advance(LEASE_SECONDS)
        else:
            self.awaits = 0
        # A process that is dead writes nothing down.
        dying.keys.writer._read.clear()

    def figures(self) -> dict[str, Any]:
        """What became of each key's sum, to the unit."""
        moved: dict[int, int] = self.house.database.run_here(
            lambda c: {row.request_id: row.units for row in c.execute(grants.select())}
        )
        found: Counter[str] = Counter()
        for number in self.periods:
            record = self.house.fake.key(number)
            done = [one for one in self.house.refills(record) if one.status is Status.SUCCEEDED]
            days = [one.progress.checkpoints["refill"]["first"] for one in done]
            wanted = {span.first.isoformat() for span in self.expected[number]}
            found["refills"] += len(done)
            found["refills doubled"] += len(days) - len(set(days))
            found["refills lost"] += len(wanted - set(days))
            found["refills nobody expected"] += len(set(days) - wanted)
            granted = sum(moved[one.id] for one in done) + self.by_hand[number]
            found["units off"] += abs(self.house.total(record) - self.totals[number] - granted)
            found["units of use off"] += abs(record.used_quota - self.charged[number])
        words = {"killed": self.kills, "killed at await, up to": self.longest, "charged in a refill": self.raced}
        return {**found, **words, "failures told": len(self.house.told)}
