"""No sequence of wishes makes money: whatever several people do and spend, they can spend what was granted, no more.

The model is the dozen lines of `Books`: what requests granted is added, and nothing else ever is.
"""

import asyncio
import contextlib
import os
import random
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.actions import RequestActions
from bot.approvals.flow import Asked, Flow
from bot.approvals.models import FINAL, ApprovalRequest, Status
from bot.db import tables
from bot.errors import BotError, GatewayError
from bot.features import OPERATIONS
from bot.gateway.dollars import Dollars
from bot.gateway.models import KeyId
from bot.incident import store as batches
from bot.incident.execution import JOB
from bot.incident.models import BatchKey, BatchStatus
from bot.operations import Expiry
from bot.services import Services
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import Record
from keydesk_sandbox.fake_gateway.wire import HttpCall
from tests.scenarios.desk import Desk, open_desk
from tests.scenarios.policies import ROLES

PEOPLE, MIRA = (seed.ENGINEER, seed.SECOND_ENGINEER), seed.MANAGER
FREE, FEW, PRICE = 300_000, 3, 97
STEPS = 25
MINUTES = float(os.environ.get("MINUTES", "60"))  # noqa: TID251  # tests have no Settings
POLICY = f"""{ROLES}
[[rules]]
name  = "some is free"
who   = ["engineer"]
do    = ["key.create", "key.quota"]
when  = {{ granted_at_most = {FREE}, per = "30d", keys_at_most = {FEW}, unlimited_quota = false }}
allow = true

[[rules]]
name  = "a few come back"
who   = ["engineer"]
do    = ["key.enable"]
when  = {{ keys_at_most = {FEW} }}
allow = true

[[rules]]
name  = "moving and ending are free"
who   = ["engineer"]
do    = ["key.rotate", "key.disable", "key.delete", "key.show"]
allow = true

[[rules]]
name     = "a manager decides the rest"
who      = ["engineer"]
do       = ["key.create", "key.quota", "key.enable"]
approval = {{ from = ["manager"], expires = "3d" }}
"""


@dataclass
class Books:
    """What each person was granted, by rules and by people, and how far usage may have raced a write."""

    granted: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    raced: int = 0

    def add(self, request: ApprovalRequest) -> None:
        if request.status is Status.SUCCEEDED:
            wanted = request.input
            created = wanted["remain_quota"] if request.operation == "key.create" else 0
            self.granted[request.requester_id] += created + (wanted.get("delta") or 0)
            if request.operation in {"key.create", "key.quota"} and request.approval is None:
                assert self.granted[request.requester_id] <= FREE or (wanted.get("delta") or 0) < 0


class Crowd:
    """People who do things at random, on one desk, and what must be true after each step."""

    def __init__(self, desk: Desk, services: Services, number: int) -> None:
        self.desk = desk
        self.services = services
        self.random = random.Random(number)
        self.books = Books()
        self.seen: set[int] = set()
        self.names = 0
        records = desk.gateway.keys()
        self.first = max(record.id for record in records) + 1
        shared: dict[str, Any] = {
            "database": services.database,
            "policy": services.policy.current,
            "calls": services.approvals.calls,
            "announcements": services.approvals.announcements,
            "operations": OPERATIONS,
            "clock": services.clock,
        }
        self.actions = RequestActions(**shared, engine=services.engine, notifications=services.notifications)
        self.flow = Flow(
            **shared,
            reader=services.client,
            inventory=services.inventory,
            granted=services.approvals.granted,
            counts=services.approvals.counts,
            ownership=services.approvals.ownership,
            dollars=Dollars(),
            most_open=1_000,
        )

    def keys(self, person: str) -> list[Record]:
        """Every key that was ever somebody's, those that are gone too."""
        with self.services.database.engine.connect() as c:
            mine = sa.select(tables.keys.c.key_id).where(tables.keys.c.owner_id == person)
            numbers = sorted(c.scalars(mine))
        return [self.desk.gateway.key(number) for number in numbers if number >= self.first]

    async def wish(self, person: str, operation: str, **wanted: Any) -> None:
        """Ask for something as a form does; whoever must decide says yes every second time."""
        actor = await self.services.directory.actor(person, seed.TEAM, fresh=True)
        self.names += 1
        asked = Asked(
            actor=actor,
            operation=OPERATIONS[operation],
            wanted=OPERATIONS[operation].input_model.model_validate(wanted),
            reason="to test",
            channel_id=seed.KEYS_CHANNEL,
            delivery_id=f"sub:property:{self.names}",
            deadline=5.0,
        )
        try:
            request = await self.flow.submit(asked)
            if request.status is Status.PENDING and self.random.random() < 0.5:
                mira = await self.services.directory.actor(MIRA, seed.TEAM, fresh=True)
                await self.actions.approve(request.id, mira, actor)
        except BotError:
            return  # refused: no harm done

    async def batch(self, person: str, operation: str, keys: list[Record]) -> None:
        drafted = [BatchKey(key_id=key.id, name=key.name, own=True, status_before=key.status) for key in keys]
        self.names += 1
        values = {"requester_id": person, "requester_team": seed.TEAM, "operation": operation, "what": "w"}

        def begin(c: sa.Connection) -> None:
            now = self.services.clock()
            drafted_ = batches.draft(c, drafted, delivery_id=f"cmd:property:{self.names}", **values, asked_at=now)
            batches.move(c, drafted_.id, BatchStatus.DRAFT, BatchStatus.RUNNING, reason="x", asked_at=now)
            self.services.engine.start(c, JOB, f"batch:{drafted_.id}:run", str(drafted_.id))

        if drafted:
            await self.services.database.run(begin)

    def act(self) -> Awaitable[None]:
        """One thing that somebody does."""
        person, roll = self.random.choice(PEOPLE), self.random
        keys = [key for key in self.keys(person) if key.deleted_at is None]
        units = roll.choice([1, 40_000, 90_000, 250_000])
        name = f"{person}-{self.names}-{roll.randrange(10_000)}"
        create = {"name": name, "remain_quota": units, "expiry": Expiry(seconds=30 * 86_400)}
        if not keys or roll.random() < 0.15:
            return self.wish(person, "key.create", **create)
        key = roll.choice(keys)
        more = None if key.remain_quota > 0 else abs(key.remain_quota) + units
        doings: list[Callable[[], Awaitable[None]]] = [
            lambda: self.wish(person, "key.rotate", key_id=key.id, overlap=roll.choice([0, 3_600])),
            lambda: self.wish(person, "key.rotate", key_id=key.id, overlap=3_600),
            lambda: self.wish(person, "key.enable", key_id=key.id, delta=more),
            lambda: self.wish(person, "key.quota", key_id=key.id, delta=roll.choice([units, -units])),
            lambda: self.wish(person, "key.disable", key_id=key.id),
            lambda: self.wish(person, "key.delete", key_id=key.id, confirm=key.name),
            lambda: self.batch(
                person, roll.choice(["key.disable", "key.enable"]), roll.sample(keys, min(3, len(keys)))
            ),
        ]
        return roll.choice(doings)()

    async def spend(self) -> None:
        """Look at a value and use the key, sometimes until it is empty."""
        for person in PEOPLE:
            for key in self.keys(person):
                if key.deleted_at is None and key.remain_quota > 0 and self.random.random() < 0.4:
                    units = self.random.choice([PRICE, key.remain_quota])
                    with contextlib.suppress(GatewayError):
                        value = await self.services.client.reveal_key(KeyId(key.id), deadline=5.0)
                        self.desk.gateway.call_model(value.get_secret_value(), model="gpt-4o", units=units)

    async def rest(self) -> None:
        """Until nothing is in hand any more; what was granted is booked."""

        async def over() -> bool:
            rows = await self.services.database.read(store.recent, limit=500)
            running = self.services.database.read
            left = await running(lambda c: c.scalar(sa.text("SELECT count(*) FROM batches WHERE status = 'running'")))
            busy = [row for row in rows if row.status not in FINAL | {Status.PENDING, Status.OFFERED}]
            # An overlap that is over has its end asked for by a job of its own, a moment later.
            overlaps = [row.progress.overlap for row in rows if row.progress.overlap is not None]
            unended = [one for one in overlaps if one.request_id is None and one.at <= self.services.clock()]
            return not busy and not unended and not left

        await self.desk.until(over, otherwise="requests do not end")
        rows = await self.services.database.read(store.recent, limit=500)
        for row in sorted(rows, key=lambda one: one.decided_at or 0.0):
            if row.id not in self.seen and row.status in FINAL:
                self.seen.add(row.id)
                self.books.add(row)

    def check(self) -> None:
        for person in PEOPLE:
            keys = self.keys(person)
            total = sum(key.remain_quota + key.used_quota for key in keys)
            told = [(key.id, key.name, key.status, key.remain_quota, key.used_quota) for key in keys]
            assert total <= self.books.granted[person] + self.books.raced, (person, self.books, told)
            alive = [key for key in keys if key.deleted_at is None and key.status == 1 and key.remain_quota > 0]
            lines = Counter(key.name.split(" (")[0] for key in alive)
            # Two of a line live in an overlap; a third would be a place that nobody was granted.
            assert max(lines.values(), default=0) <= 2, (person, lines, told)

    async def step(self) -> None:
        """One to three people at once, sometimes with somebody who spends beside them."""
        # What the gateway's limit allows comes with time.
        await self.desk.pass_time(60)
        kind = self.random.random()
        if kind < 0.2:
            await self.spend()
        elif kind < 0.3:
            await self.desk.pass_time(self.random.choice([60, 4_000]))
        else:
            at_once = self.random.choice([1, 1, 2, 3])
            beside = self.random.random() < 0.3
            if beside:
                self.desk.gateway.on("request", self._charge, times=20)
                self.books.raced += 4 * at_once * PRICE
            await asyncio.gather(*(self.act() for _ in range(at_once)))
        await self.rest()
        self.check()

    def _charge(self, _call: HttpCall) -> None:
        for person in PEOPLE:
            for key in self.keys(person):
                if key.deleted_at is None and key.status == 1 and key.remain_quota > PRICE:
                    self.desk.gateway.charge(key.id, PRICE)


async def play(folder: Path, database_url: str, number: int, steps: int) -> Books:
    """A sequence, told by its number, so that it can be played again."""
    async with open_desk(folder, database_url=database_url, policy=POLICY) as desk:
        crowd = Crowd(desk, desk.app, number)
        for _ in range(steps):
            await crowd.step()
        return crowd.books


@pytest.mark.parametrize("number", [1, *(pytest.param(number, marks=pytest.mark.soak) for number in (2, 3))])
async def test_no_sequence_lets_people_spend_more_than_was_granted(
    tmp_path: Path, sqlite_url: str, number: int
) -> None:
    books = await play(tmp_path, sqlite_url, number, STEPS)
    assert sum(books.granted.values()) > FREE  # something happened


@pytest.mark.soak
@pytest.mark.parametrize("number", range(100, 100 + max(1, int(2 * MINUTES))))
async def test_no_long_sequence_does_either(tmp_path: Path, database_url: str, number: int) -> None:
    await play(tmp_path, database_url, number, 12 * STEPS)
