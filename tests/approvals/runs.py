"""Runs of approved requests on a fake gateway, where a test may say how the write ends."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

from pydantic import BaseModel

from bot.approvals import store
from bot.approvals.acceptance import Acceptances
from bot.approvals.execution import Execution
from bot.approvals.models import ApprovalRequest, Judgement, Status, Vote
from bot.approvals.verified_write import VerifiedWriter, VerifiedWrites
from bot.approvals.write_locks import WriteLocks
from bot.db.engine import Database
from bot.durable.engine import Again
from bot.features import OPERATIONS
from bot.gateway.limiter import Priority, current_priority
from bot.gateway.models import Key
from bot.gateway.writes import WriteResult, WriteStatus
from bot.keys import owners
from bot.keys.owners import OwnedKey
from bot.operations import Inspection, Look, Operation, Work
from bot.permissions.models import Actor, Decision, Facts, Lock
from bot.permissions.rules import parse_policy
from tests.approvals.kit import ADA, MIRA, TEAM, Spine, new_request
from tests.gateway.kit import client_of, fake_gateway

LOCK = Lock(cause="alert", by="U0SAM", at=1.0, number=3, rule="r")


FREE = parse_policy("""
[roles]
engineer = ["S0ENGINEERS"]
[[rules]]
name = "free"
who = ["engineer"]
do = ["key.*"]
allow = true
""")


class Scripted(Operation):
    """A real operation whose runs end as a test says; what it does at the gateway is tested with it."""

    def __init__(self, real: Operation) -> None:
        self.real = real
        self.results: list[WriteResult] = []
        self.work: list[Work] = []
        self.priorities: list[Priority] = []

    @property
    def description(self) -> Any:  # type: ignore[override]
        return self.real.description

    @property
    def input_model(self) -> type[BaseModel]:  # type: ignore[override]
        return self.real.input_model

    async def inspect(self, look: Look, actor: Actor, wanted: Any) -> Inspection:
        raise NotImplementedError

    async def run(self, work: Work, wanted: Any) -> WriteResult:
        self.work.append(work)
        self.priorities.append(current_priority())
        return self.results.pop(0) if self.results else await self.real.run(work, wanted)


class Running:
    """The runs of one replica, on a fake gateway whose clock is theirs."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.fake = fake_gateway()
        self.client = client_of(self.fake)
        self.spine = Spine(database)
        self.spine.now = self.fake.clock.now()
        self.operations = {name: Scripted(operation) for name, operation in OPERATIONS.items()}
        self.changed = 0
        self.learned: list[Mapping[str, bool]] = []
        self.followed: list[Status] = []
        self.people = {"U0ADA": ADA, "U0MIRA": MIRA}
        write_locks = WriteLocks(database=database, holder="here", operations=self.operations, clock=self.spine.clock)
        self.writes = VerifiedWrites(client=self.client, database=database, write_locks=write_locks)
        # What another replica does while this one waits for the key.
        self.meanwhile: Callable[[], Awaitable[object]] | None = None
        self.acceptances = Acceptances(
            database=database,
            engine=self.spine.granted.engine,
            policy=lambda: self.spine.policy,
            counts=self.spine.counts,
            actor_of=self._actor_of,
            notifications=self.spine.actions.notifications,
            clock=self.spine.clock,
        )
        self.execution = Execution(
            database=database,
            reader=self.client,
            writes=self,  # type: ignore[arg-type]
            policy=lambda: self.spine.policy,
            counts=self.spine.counts,
            actor_of=self._actor_of,
            notifications=self.spine.actions.notifications,
            operations=self.operations,
            ownership=self.spine.ownership,
            acceptances=self.acceptances,
            changed=self._changed,
            learn=self._learn,
            followers=[lambda _c, request, _operation, _result: self.followed.append(request.status)],
            clock=self.spine.clock,
        )

    async def of_request(
        self, request: ApprovalRequest, work: Callable[[VerifiedWriter], Awaitable[Again | None]]
    ) -> Again | None:
        if self.meanwhile is not None:
            await self.meanwhile()
        return await self.writes.of_request(request, work)

    async def _actor_of(self, user: str, _team: str) -> Actor:
        return self.people[user]

    def _changed(self) -> None:
        self.changed += 1

    async def _learn(self, learned: Mapping[str, bool], _gateway: str) -> None:
        self.learned.append(learned)

    async def stored(self, operation: str = "key.create", **changes: Any) -> ApprovalRequest:
        """A request that was approved a moment ago. `votes`, `status` and the like are set as given."""
        asked: dict[str, Any] = {"asked_at": self.spine.now, "operation": operation}
        asked |= {name: value for name, value in changes.items() if name not in {"status", "votes"}}
        if operation != "key.create":
            asked.setdefault("judgement", allowed())
        request, _ = await self.database.run(
            store.insert,
            new_request(**asked),
            status=changes.get("status", Status.APPROVED),
            lapses_at=None,
            decided_at=self.spine.now,
        )
        votes = changes.get("votes")
        return request if votes is None else await self.database.run(store.change, request, votes=votes)

    async def about(self, key: Any, operation: str, **changes: Any) -> ApprovalRequest:
        """An approved request about a key of the gateway, as it is now."""
        before = await self.client.get_key(key.id)
        wanted = {"key_id": key.id, "key_name": key.name, "before": before, "input": {"key_id": key.id}}
        return await self.stored(operation, **wanted | changes)

    def answers(self, operation: str, *results: WriteResult) -> Scripted:
        scripted = self.operations[operation]
        scripted.results = list(results)
        return scripted

    async def own(self, key_id: int, **changes: Any) -> None:
        line = OwnedKey(
            key_id=key_id, name="search", owner_id="U0BEN", owner_team="T0BEN", request_id=None, created_at=1.0
        )
        await self.database.run(owners.own, replace(line, **changes))

    async def facts(self) -> list[str]:
        return await self.spine.facts(1)


def allowed(**facts: Any) -> Judgement:
    decision = Decision(outcome="allow", rule="free", sentence="It is free.")
    return Judgement(decision=decision, facts=Facts(**facts), own=True)


def done(key: Key | None = None, before: Key | None = None, **more: Any) -> WriteResult:
    return WriteResult(status=WriteStatus.DONE, key=key, before=before, **more)


async def approved(running: Running, **changes: Any) -> ApprovalRequest:
    """A new key that a manager agreed to."""
    votes = (Vote(by="U0MIRA", team=TEAM, at=running.spine.now),)
    return await running.stored(votes=votes, **changes)
