"""Incident mode on a real database and a fake gateway: what Slack and the engine would do is only noted."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from bot.alerts.store import in_open_alerts
from bot.approvals.key_locks import KeyLocks
from bot.approvals.verified_write import VerifiedWriter, VerifiedWrites
from bot.approvals.write_locks import WriteLocks
from bot.db.engine import Database
from bot.deps import Deps
from bot.durable.engine import Again
from bot.features import OPERATIONS
from bot.gateway.dollars import Dollars
from bot.gateway.writes import WriteResult
from bot.incident import store
from bot.incident.execution import BatchExecution
from bot.incident.listeners import BatchListeners
from bot.incident.models import Batch, BatchKey, BatchStatus
from bot.keys import locks, owners
from bot.keys.owners import OwnedKey
from bot.permissions.models import Actor, Lock
from bot.permissions.rules import parse_policy
from bot.slack import post_store
from bot.slack.delivery import Delivery, Kind
from bot.slack.outbox import Outbox
from keydesk_sandbox.fake_gateway import Record
from tests.approvals.kit import ADA, BEN, CHANNEL, OMAR, SAM, TEAM, Nowhere, Spine, person
from tests.gateway.kit import client_of, fake_gateway
from tests.slack.kit import NotingWeb, make_delivery, make_responder
from tests.slack.outboxes import Queue

SUE = person("U0SUE", "S0SECURITY")
LOCK = Lock(cause="alert", by="U0SAM", at=1.0, number=3, rule="plug")
POLICY = """
[roles]
engineer = ["S0ENGINEERS"]
security = ["S0SECURITY"]
[[rules]]
name = "plug"
who = ["security"]
do = ["key.disable", "key.enable"]
on = "any"
allow = true
[[rules]]
name = "own"
who = ["engineer"]
do = ["key.disable"]
allow = true
"""


@dataclass(frozen=True, kw_only=True)
class Ending(VerifiedWriter):
    """A writer whose write ends so, without a call."""

    result: WriteResult

    async def write(self, *_call: Any, **_told: Any) -> WriteResult:
        return self.result


class Writes:
    """The one way to write; a test may have it end as it says, or do something while the lock is waited for."""

    def __init__(self, real: VerifiedWrites) -> None:
        self.real = real
        self.results: list[WriteResult] = []
        self.meanwhile: Callable[[], Awaitable[object]] | None = None
        self.busy = False

    async def of_key(self, key_id: int, work: Callable[[VerifiedWriter], Awaitable[Any]]) -> Any:
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile()
        if self.busy:
            return Again(1.0)

        async def scripted(writer: VerifiedWriter) -> Any:
            ending = self.results.pop(0) if self.results else None
            return await work(writer if ending is None else Ending(**vars(writer), result=ending))

        return await self.real.of_key(key_id, scripted)


class Room:
    def __init__(self, database: Database) -> None:
        self.database = database
        self.fake = fake_gateway()
        self.client = client_of(self.fake)
        self.spine = Spine(database, parse_policy(POLICY))
        self.spine.now = self.fake.clock.now()
        self.spine.flow = replace(self.spine.flow, reader=self.client)
        self.engine = Queue(SimpleNamespace(now=self.spine.now))
        self.people: dict[str, Actor] = {one.slack_user_id: one for one in (ADA, BEN, SAM, OMAR, SUE)}
        self.told: list[tuple[int, str]] = []
        self.moved: list[int] = []
        self.changed = 0
        clock, queued = self.spine.clock, self.engine
        unused: Any = Nowhere()
        outbox = Outbox(database=database, engine=queued, web=unused, directory=unused, drawers={}, clock=clock)
        write_locks = WriteLocks(database=database, holder="here", operations=OPERATIONS, clock=clock)
        self.writes = Writes(VerifiedWrites(client=self.client, database=database, write_locks=write_locks))
        self.execution = BatchExecution(
            database=database,
            reader=self.client,
            writes=self.writes,  # type: ignore[arg-type]
            policy=lambda: self.spine.policy,
            counts=self.spine.counts,
            actor_of=self.actor,
            engine=queued,  # type: ignore[arg-type]
            outbox=outbox,
            channel="C0SEC",
            changed=self._changed,
            leaked=lambda _key_id: None,
            key_locks=KeyLocks(outbox=outbox, channel="C0SEC", reader=self.client, clock=clock),
            clock=clock,
        )
        self.execution.subscribe(
            key_changed=lambda _c, key_id, operation: self.told.append((key_id, operation)),
            moved=lambda _c, batch_id: self.moved.append(batch_id),
        )
        self.execution.subscribe(key_changed=lambda _c, _key_id, _operation: None)
        self.web = NotingWeb()
        self.responder = make_responder(self.web)
        deps = Deps(
            flow=self.spine.flow,
            counts=self.spine.counts,
            actions=self.spine.actions,
            reader=self.client,
            languages=unused,
            inventory=unused,
            known=unused,
            database=database,
            directory=self,  # type: ignore[arg-type]
            policy=lambda: self.spine.policy,
            operations=OPERATIONS,
            dollars=Dollars(),
            channel=CHANNEL,
            addresses={"default": "https://gateway.test"},
            silent_gateways=list,
            windows=unused,
            count_name_bytes=lambda _gateway: False,
            clock=clock,
            problems=self._nothing,  # type: ignore[arg-type]
            open_alerts=self._nothing,  # type: ignore[arg-type]
            in_open_alerts=in_open_alerts,
            open_reviews=self._nothing,  # type: ignore[arg-type]
        )
        self.listeners = BatchListeners(
            deps,
            engine=queued,  # type: ignore[arg-type]
            execution=self.execution,
            channel="C0SEC",
        )

    async def _nothing(self, *_told: Any) -> None:
        return None

    def _changed(self) -> None:
        self.changed += 1

    async def actor(self, user: str, _team: str, *, fresh: bool = False) -> Actor:
        del fresh
        return self.people[user]

    def key(self, name: str = "search", **values: Any) -> Record:
        return self.fake.add_key(name=name, **{"remain_quota": 5} | values)

    async def own(self, key: Record, owner: str = "U0ADA") -> None:
        line = OwnedKey(key_id=key.id, name=key.name, owner_id=owner, owner_team=TEAM, request_id=None, created_at=1.0)
        await self.database.run(owners.own, line)

    async def lock(self, key: Record) -> None:
        await self.database.run(locks.lock, key.id, LOCK)

    async def locked(self, key: Record) -> Lock | None:
        return await self.database.read(locks.lock_of, key.id)

    async def running(self, *keys: Record, operation: str = "key.disable", rule: str = "", by: Actor = SAM) -> Batch:
        """A batch of these keys that was confirmed a moment ago."""
        drafted = [BatchKey(key_id=one.id, name=one.name, own=False, status_before=one.status) for one in keys]
        values = {"delivery_id": f"cmd:{len(keys)}:{operation}", "operation": operation, "rule": rule, "undoes": None}
        values |= {"requester_id": by.slack_user_id, "requester_team": TEAM, "what": "these", "channel_id": CHANNEL}

        def work(c: sa.Connection) -> Batch:
            batch = store.draft(c, drafted, asked_at=self.spine.now, **values)
            moved = store.move(c, batch.id, BatchStatus.DRAFT, BatchStatus.RUNNING, reason="why")
            assert moved is not None
            return moved

        return await self.database.run(work)

    async def batch(self, number: int = 1) -> Batch:
        return await self.database.read(store.get, number)

    async def row(self, key: Record, number: int = 1) -> BatchKey:
        return await self.database.read(store.key_of, number, key.id)

    async def post(self, post_id: str) -> post_store.PostRow | None:
        return await self.database.read(post_store.load, post_id)

    async def to_the_end(self, number: int = 1) -> None:
        """Run the job as the engine does, with the clocks moved on."""
        for _ in range(60):
            again = await self.execution.run(str(number))
            if again is None:
                return
            self.pass_time(again.seconds)
        raise AssertionError("not settled")

    def pass_time(self, seconds: float) -> None:
        self.fake.advance(seconds)
        self.spine.now += seconds

    def delivery(self, kind: Kind, who: Actor, **changes: Any) -> Delivery:
        values = {"user_id": who.slack_user_id, "user_team_id": TEAM, "responder": self.responder}
        values |= {"trigger_id": "1.2.3", "received_at": self.spine.now, "channel_id": "C0SEC"}
        return make_delivery(kind, **values | changes)

    def command(self, text: str, who: Actor = SAM, *, number: int = 1) -> Delivery:
        return self.delivery(Kind.COMMAND, who, text=text, id=f"cmd:{number}")

    def click(self, value: str = "1", who: Actor = SAM) -> Delivery:
        return self.delivery(Kind.ACTION, who, payload={"actions": [{"action_id": "a", "value": value}]})

    async def done(self) -> str:
        """The view that is shown once the background work is over."""
        await self.responder.drain(grace=20.0)
        return str(self.web.calls[-1][1]["view"])
