"""What the tests of batches share: an execution over the fake gateway, under a policy that allows what is given."""

from collections.abc import Iterable
from typing import Any, Protocol

from bot.approvals.counts import Counts
from bot.approvals.key_locks import KeyLocks
from bot.approvals.verified_write import VerifiedWrites
from bot.approvals.write_locks import WriteLocks
from bot.db.engine import Database
from bot.incident.execution import BatchExecution
from bot.permissions.models import Actor
from bot.permissions.rules import Policy, parse_policy
from bot.slack.outbox import Outbox
from keydesk_sandbox.fake_gateway import FakeGateway
from tests.gateway.kit import client_of
from tests.slack.outboxes import Queue

POLICY = """
[roles]
[[rules]]
name = "all"
who = ["*"]
do = ["key.disable", "key.enable"]
on = "any"
allow = true
"""


class Clock(Protocol):
    """Tells the time, as a call and as what the queue of these tests reads."""

    @property
    def now(self) -> float: ...

    def __call__(self) -> float: ...


def execution_of(database: Database, fake: FakeGateway, clock: Clock, *, policy: str = POLICY) -> BatchExecution:
    """One process's execution of batches; nothing is posted."""

    async def actor_of(user: str, team: str) -> Actor:
        return Actor(slack_user_id=user, team_id=team)

    async def nobody(_ids: Iterable[str]) -> frozenset[str]:
        return frozenset()

    def parsed() -> Policy:
        return parse_policy(policy, file="p")

    slack: Any = None
    queue: Any = Queue(clock)
    outbox = Outbox(database=database, engine=queue, web=slack, directory=slack, drawers={}, clock=clock)
    return BatchExecution(
        database=database,
        reader=client_of(fake),
        writes=VerifiedWrites(
            client=client_of(fake),
            database=database,
            write_locks=WriteLocks(database=database, holder="one", operations={}, clock=clock),
        ),
        policy=parsed,
        counts=Counts(database=database, policy=parsed, people_of=nobody, clock=clock),
        actor_of=actor_of,
        outbox=outbox,
        channel="C1",
        changed=lambda: None,
        leaked=lambda _key_id: None,
        key_locks=KeyLocks(outbox=outbox, channel="C1", reader=client_of(fake), clock=clock),
        engine=queue,
        clock=clock,
    )
