"""The proof of a batch beside its writes: these go first, and no value outlives its trial."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from pydantic import SecretStr

from bot.approvals.counts import Counts
from bot.approvals.key_locks import KeyLocks
from bot.approvals.verified_write import VerifiedWrites
from bot.approvals.write_locks import WriteLocks
from bot.db.engine import Database
from bot.gateway.client import GatewayReader
from bot.incident import store
from bot.incident.execution import BatchExecution
from bot.incident.models import UNSETTLED, BatchKey, BatchKeyStatus, BatchRevocation, BatchStatus
from bot.incident.revocation_check import MARK, ROUND, BatchRevocationCheck, begun
from bot.permissions.models import Actor
from bot.permissions.rules import Policy, parse_policy
from bot.slack.outbox import Outbox
from keydesk_sandbox.fake_gateway import FakeGateway
from tests.alerts.kit import NOW
from tests.gateway.kit import client_of, fake_gateway
from tests.slack.outboxes import Queue

POLICY = '[roles]\n[[rules]]\nname = "all"\nwho = ["*"]\ndo = ["key.disable"]\non = "any"\nallow = true\n'
KEYS = 20


class SlowClock:
    """A slow gateway: each trial takes a second."""

    def __init__(self, fake: FakeGateway) -> None:
        self._fake = fake

    @property
    def now(self) -> float:
        return NOW + sum(seen.path == "/v1/models" for seen in self._fake.requests)

    def __call__(self) -> float:
        return self.now


async def disabled(database: Database, fake: FakeGateway) -> None:
    """Batch 1: so many disabled keys that are to be tried, and one that waits until the tenth trial."""
    records = [fake.add_key(name=f"svc-{n}", unlimited_quota=True, status=2) for n in range(KEYS)]
    waiting = fake.add_key(name="waiting", unlimited_quota=True)
    keys = [BatchKey(key_id=key.id, name=key.name, own=False, status_before=1) for key in (*records, waiting)]
    asked = {"delivery_id": "cmd:1", "operation": "key.disable", "requester_id": "U1", "requester_team": "T1"}
    await database.run(store.draft, keys, **asked, what="w", asked_at=NOW)
    await database.run(store.move, 1, BatchStatus.DRAFT, BatchStatus.RUNNING)
    done = {
        "status": BatchKeyStatus.DONE.value,
        "proof": BatchRevocation.TRYING.value,
        "progress": {MARK: begun(masked=True)},
    }
    for record in records:
        await database.run(store.change_key, 1, record.id, **done)
    await database.run(store.change_key, 1, waiting.id, progress={"after": NOW + 10})


def nothing_leaked(_key_id: int) -> SecretStr | None:
    return None


def proof_of(
    database: Database, client: GatewayReader, write: Callable[[int], Awaitable[None]]
) -> BatchRevocationCheck:
    return BatchRevocationCheck(
        database=database,
        client=client,
        leaked=nothing_leaked,
        write=write,
        show=lambda *_: None,
        alarm=lambda *_: None,
        clock=lambda: NOW,
    )


async def test_a_write_that_comes_due_during_a_long_pass_goes_before_the_next_trials(sqlite_database: Database) -> None:
    fake = fake_gateway("upstream-g2")
    await disabled(sqlite_database, fake)

    clock = SlowClock(fake)

    async def actor_of(user: str, team: str) -> Actor:
        return Actor(slack_user_id=user, team_id=team)

    slack: Any = None  # nothing is posted
    outbox = Outbox(database=sqlite_database, engine=Queue(clock), web=slack, directory=slack, drawers={}, clock=clock)

    def policy() -> Policy:
        return parse_policy(POLICY, file="p")

    async def nobody(_ids: Iterable[str]) -> frozenset[str]:
        return frozenset()

    run = BatchExecution(
        database=sqlite_database,
        reader=client_of(fake),
        writes=VerifiedWrites(
            client=client_of(fake),
            database=sqlite_database,
            write_locks=WriteLocks(database=sqlite_database, holder="one", operations={}, clock=clock),
        ),
        policy=policy,
        counts=Counts(database=sqlite_database, policy=policy, people_of=nobody, clock=clock),
        actor_of=actor_of,
        outbox=outbox,
        channel="C1",
        changed=lambda: None,
        leaked=nothing_leaked,
        key_locks=KeyLocks(outbox=outbox, channel="C1", reader=client_of(fake), clock=clock),
        engine=Queue(clock),
        clock=clock,
    )
    assert await run.run("1") is None
    seen = [(each.method, each.path) for each in fake.requests]
    write = next(place for place, (method, _) in enumerate(seen) if method == "PUT")
    # Due after ten trials: the round that was begun is ended, and no other comes before it.
    assert seen[:write].count(("GET", "/v1/models")) == 2 * ROUND
    assert seen.count(("GET", "/v1/models")) == KEYS + 1
    # One call for the values of all, which the pass goes on with, and one for the key that came last.
    assert seen.count(("POST", "/api/token/batch/keys")) == 2
    assert (await sqlite_database.read(store.proved, 1))[BatchRevocation.REFUSED] == KEYS + 1


async def test_a_value_is_dropped_when_its_key_is_refused(sqlite_database: Database) -> None:
    fake = fake_gateway("upstream-g2")
    await disabled(sqlite_database, fake)
    client, records, held = client_of(fake), fake.keys(), list[int]()

    async def write(_batch_id: int) -> None:
        held.append(sum(client.held.of_key(record.id) is not None for record in records))

    assert await proof_of(sqlite_database, client, write).try_due(1) == 0.0
    assert held == [KEYS - ROUND, KEYS - 2 * ROUND]


async def test_a_refused_access_token_is_named_as_the_reason(sqlite_database: Database) -> None:
    fake = fake_gateway("upstream-g2")
    await disabled(sqlite_database, fake)
    fake.arm("empty", method="POST", status=401, lands=False, times=None)

    async def write(_batch_id: int) -> None:
        """Nothing is due."""

    await proof_of(sqlite_database, client_of(fake), write).try_due(1)
    keys = await sqlite_database.read(store.keys_of, 1, proofs=UNSETTLED)
    why = "the gateway does not take our access token; an administrator must renew COMETAPI_ACCESS_TOKEN"
    assert [key.progress[MARK]["why"] for key in keys] == [why] * KEYS


async def test_the_few_of_a_large_batch_that_are_due_first_are_not_revealed_one_by_one(
    sqlite_database: Database,
) -> None:
    fake = fake_gateway("upstream-g2")
    await disabled(sqlite_database, fake)
    for key in (await sqlite_database.read(store.keys_of, 1, proofs=UNSETTLED))[3:]:
        await sqlite_database.run(store.change_key, 1, key.key_id, progress={MARK: {"masked": True, "after": NOW + 1}})

    async def write(_batch_id: int) -> None:
        """Nothing is due."""

    assert await proof_of(sqlite_database, client_of(fake), write).try_due(1) == 0.0
    assert [each.path for each in fake.requests if each.method == "POST"] == ["/api/token/batch/keys"]
    assert (await sqlite_database.read(store.proved, 1))[BatchRevocation.REFUSED] == 3
