"""Keys with allowances on a fake gateway, replicas that refill them, and a process that dies at any await."""

import asyncio
import types
from collections.abc import Coroutine, Generator
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from types import SimpleNamespace
from typing import Any, TypeVar, cast

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.allowance_rows import AllowanceRows
from bot.approvals.budgets import Budgets
from bot.approvals.cards.notifications import Notifications
from bot.approvals.execution import Execution
from bot.approvals.granted import GrantedRequests
from bot.approvals.models import IN_HAND, ApprovalRequest, OriginKind
from bot.approvals.refills import Refills
from bot.approvals.verified_write import VerifiedWrites
from bot.approvals.write_locks import WriteLocks
from bot.care.refills import RefillRounds
from bot.db.engine import Database
from bot.db.tables import requests
from bot.durable.engine import Again
from bot.features import OPERATIONS
from bot.gateway.models import Key
from bot.gateway.writes import WriteResult
from bot.keys import allowances, owners
from bot.keys.owners import OwnedKey
from bot.operations import Allowance, AllowanceTerms
from bot.periods import Period
from bot.permissions.models import Actor, ActorKind
from bot.permissions.rules import Policy, parse_policy
from keydesk_sandbox.fake_gateway import Record
from tests.approvals.kit import TEAM, Spine
from tests.gateway.kit import client_of, fake_gateway
from tests.keys.records import list_pass

DAY = 86_400.0
T = TypeVar("T")


class Killed(BaseException):
    """The process died at an await."""


@types.coroutine
def _at_most(work: Coroutine[Any, Any, T], awaits: int) -> Generator[Any, None, T]:
    for _ in range(awaits):
        try:
            waited_for = work.send(None)
        except StopIteration as end:
            result: T = end.value
            return result
        yield waited_for
    # Nothing of it goes on; what it holds in memory is given up.
    while True:
        yield work.throw(Killed)


async def until_killed(work: Coroutine[Any, Any, T], *, awaits: int) -> T:
    """Run it, and kill it after so many awaits, with the tasks that it began. Raises Killed when it was not over."""
    before = asyncio.all_tasks()
    try:
        return await _at_most(work, awaits)
    finally:
        begun = asyncio.all_tasks() - before
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)


class Refilling:
    """A database, a gateway, people. `replica()` is another process on both."""

    def __init__(self, database: Database, *, profile: str = "cometapi", zone: tzinfo = UTC) -> None:
        self.database = database
        self.fake = fake_gateway(profile)
        self.spine = Spine(database)
        self.spine.now = self.fake.clock.now()
        self.policy = SimpleNamespace(time_zone=zone)
        # What somebody is, where it is no full member.
        self.kinds: dict[str, ActorKind] = {}
        # Ids of the messages that were wanted.
        self.told: list[str] = []

    def clock(self) -> float:
        return self.fake.clock.now()

    def at(self, *moment: int) -> None:
        """The clocks go ahead to a moment in the policy's time zone."""
        there = datetime(*moment, tzinfo=self.policy.time_zone)  # type: ignore[arg-type,misc]
        self.fake.advance(there.timestamp() - self.clock())

    def key(self, name: str = "nightly", *, owner: str = "U0ADA", **fields: int) -> Record:
        record = self.fake.add_key(name=name, **{"remain_quota": 0, **fields})
        line = OwnedKey(
            key_id=record.id, name=name, owner_id=owner, owner_team=TEAM, request_id=None, created_at=self.clock()
        )
        self.database.run_here(owners.own, line)
        return record

    def allow(self, record: Record, amount: int, period: Period = Period.MONTH, *, rollover: bool = False) -> None:
        """An allowance that was granted by request 900."""
        terms = AllowanceTerms(amount=amount, period=period, rollover=rollover)
        one = Allowance(
            key_id=record.id,
            born_at=record.created_time,
            terms=terms,
            request_id=900,
            rule="free",
            set_at=self.clock(),
        )
        before = self.database.run_here(allowances.find, record.id)
        self.database.run_here(allowances.save, before, one)

    def row(self, record: Record) -> Allowance:
        found = self.database.run_here(allowances.find, record.id)
        assert found is not None
        return found

    def refills(self, record: Record | None = None) -> list[ApprovalRequest]:
        """Every refill, oldest first."""
        return self.database.run_here(_refills, None if record is None else record.id)

    def under_way(self) -> list[ApprovalRequest]:
        """Every refill that is not over."""
        return self.database.run_here(_under_way)

    def total(self, record: Record) -> int:
        now = self.fake.key(record.id)
        return now.remain_quota + now.used_quota

    def replica(self, name: str = "here", *, limited: bool = False) -> "Replica":
        """`limited`: it keeps to what the gateway takes."""
        return Replica(self, name, limited=limited)


def _refills(c: sa.Connection, key_id: int | None) -> list[ApprovalRequest]:
    mine = requests.c.origin["kind"].as_string() == OriginKind.ALLOWANCE.value
    mine &= sa.true() if key_id is None else requests.c.key_id == key_id
    ids = list(c.scalars(sa.select(requests.c.id).where(mine).order_by(requests.c.id)))
    return [store.get(c, one) for one in ids]


def _under_way(c: sa.Connection) -> list[ApprovalRequest]:
    here = requests.c.status.in_([status.value for status in IN_HAND])
    ids = list(c.scalars(sa.select(requests.c.id).where(here).order_by(requests.c.id)))
    return [store.get(c, one) for one in ids]


class Replica:
    """One process: its client, its rounds, its runs."""

    def __init__(self, house: Refilling, name: str, *, limited: bool = False) -> None:
        self.house = house
        database = house.database
        self.client = client_of(house.fake, **({"limiter": None} if limited else {}))
        spine = house.spine
        outbox: Any = SimpleNamespace(want=lambda _c, *, id, **_post: house.told.append(id))  # noqa: A006
        notifications = Notifications(outbox=outbox, channel="C0KEYS")
        granted = GrantedRequests(engine=spine.granted.engine, notifications=notifications)
        self.budgets = Budgets(
            database=database, policy=lambda: cast("Policy", house.policy), people_of=spine.people_of, clock=house.clock
        )
        self.refills = Refills(
            granted=granted, budgets=self.budgets, clock=house.clock, gateway_now=self.client.server_now
        )
        self.rows = AllowanceRows(
            refills=self.refills,
            notifications=notifications,
            time_zone=lambda: house.policy.time_zone,
            clock=house.clock,
            gateway_now=self.client.server_now,
        )
        self.keys = list_pass(database, self.client, house.clock)
        self.client.listen(self.keys.writer.notice)
        deps: Any = SimpleNamespace(
            database=database,
            clock=house.clock,
            policy=lambda: house.policy,
            reader=self.client,
            known=SimpleNamespace(writer=self.keys.writer),
            counts=SimpleNamespace(budgets=self.budgets),
            directory=SimpleNamespace(actor=self._actor),
        )
        self.rounds = RefillRounds(
            deps=deps, engine=granted.engine, refills=self.refills, rows=self.rows, run_one=self._run_one
        )
        locks = WriteLocks(database=database, holder=name, operations=OPERATIONS, clock=house.clock)
        nothing: Any = None
        self.execution = Execution(
            database=database,
            reader=self.client,
            writes=VerifiedWrites(client=self.client, database=database, write_locks=locks),
            policy=lambda: replace(parse_policy(""), time_zone=house.policy.time_zone),
            counts=spine.counts,
            actor_of=nothing,
            notifications=notifications,
            operations=OPERATIONS,
            ownership=spine.ownership,
            acceptances=nothing,
            changed=lambda: None,
            learn=self._learn,
            followers=(self.rows.follow,),
            clock=house.clock,
        )

    async def _actor(self, person: str, team: str) -> Actor:
        return Actor(slack_user_id=person, team_id=team, kind=self.house.kinds.get(person, ActorKind.MEMBER))

    async def _run_one(self, request: str) -> object:
        return await self.execution.run(request)

    async def _learn(self, _learned: object, _gateway: str) -> None:
        """Nothing is kept."""

    async def listed(self) -> None:
        """All keys are listed and written down."""

        async def ours() -> bool:
            return True

        await self.keys.run(known=(), turn=ours)

    async def round(self, *, listed: bool = True) -> None:
        """A list, a round, and what follows it to its end, as the durable engine would do it."""
        if listed:
            await self.listed()
        await self.rounds.run()
        await self.finish()
        while await self.rounds.again("") is not None:
            await self.finish()
        await self.finish()

    async def finish(self) -> None:
        """Every refill under way, to its end."""
        for _ in range(2_000):
            under_way = [one for one in self.house.under_way() if not _by_hand(one)]
            if not under_way:
                return
            again = [await self.execution.run(str(one.id)) for one in under_way]
            waits = [one.seconds for one in again if isinstance(one, Again)]
            self.house.fake.advance(min(waits, default=0.0))
        raise AssertionError("refills do not end")


def _by_hand(request: ApprovalRequest) -> bool:
    return request.outcome is not None and request.outcome.by_hand


def settled_with(key: Key | None, **more: Any) -> WriteResult:
    return WriteResult(status="refused", key=key, sentence="It cannot be.", **more)
