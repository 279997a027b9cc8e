"""What one request may do to the line of its key: it waits for whoever moves quota there, and claims a key once."""

from typing import Any

import pytest
import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.models import ApprovalRequest, OverlapProgress, Status
from bot.approvals.rotation.lineage import WAIT_SECONDS, RequestLineage, touched_since, unended
from bot.approvals.verified_write import VerifiedWriter
from bot.approvals.write_locks import WriteLocks
from bot.db.engine import Database
from bot.db.tables import requests
from bot.gateway.models import Key, KeyId
from bot.keys import lineage
from tests.approvals.kit import NOW, new_request
from tests.gateway.kit import client_of, fake_gateway


def of(database: Database, request_id: int, *, later: float = 0.0) -> RequestLineage:
    locks = WriteLocks(database=database, holder="here", operations={}, clock=lambda: NOW)
    nobody: Any = None
    writer = VerifiedWriter(client=nobody, database=database, write_locks=locks)
    return RequestLineage(writer=writer, request_id=request_id, clock=lambda: NOW + later)


async def two_keys() -> tuple[Key, Key]:
    fake = fake_gateway()
    client = client_of(fake)
    return await client.get_key(KeyId(fake.add_key(name="a").id)), await client.get_key(
        KeyId(fake.add_key(name="b").id)
    )


async def test_a_key_is_claimed_once_linked_and_out_of_use(database: Database) -> None:
    old, new = await two_keys()
    first, second = of(database, 1), of(database, 2)
    async with first.holding(old.id):
        assert await first.claim(old) == ""
        assert await second.claim(old) == "The key is being replaced by request #1 already; rotate that one."
        assert await first.heir_of(old.id) is None
        await first.link(old, new, shares=True)
    assert await first.heir_of(old.id) == new.id
    assert await second.out_of_use(old.id) == f"The key was replaced by key {new.id}, so it stays out of use."
    assert await second.out_of_use(new.id) == ""
    assert await second.claim(old) == f"The key was replaced by key {new.id} already; rotate that one."


@pytest.mark.parametrize(
    ("status", "checkpoint", "later", "waits"),
    [
        (Status.RUNNING, "quota", 0.0, True),
        (Status.UNKNOWN, "move", 0.0, True),
        (Status.RUNNING, "disable", 0.0, False),
        (Status.SUCCEEDED, "quota", 0.0, False),
        (Status.UNKNOWN, "quota", WAIT_SECONDS + 1, False),
    ],
)
async def test_whoever_has_begun_to_move_quota_in_the_line_goes_first(
    sqlite_database: Database, status: Status, checkpoint: str, later: float, waits: bool
) -> None:
    def begun(c: sa.Connection) -> int:
        new = new_request(operation="key.quota", key_id=8)
        request, _ = store.insert(c, new, status=status, lapses_at=None, decided_at=NOW)
        store.record_checkpoint(c, request.id, checkpoint, {})
        lineage.claim(c, 7, born_at=1, rotation=99)
        lineage.link(c, old=7, new=8, born_at=2, rotation=99, shares=True)
        return request.id

    other = await sqlite_database.run(begun)
    told = f"Request #{other} is moving quota of this key; it goes first." if waits else ""
    assert await of(sqlite_database, other + 1, later=later).waits_for(7) == told
    assert await of(sqlite_database, other).waits_for(7) == ""


async def test_a_key_before_this_one_may_still_work_until_its_end_is_done(database: Database) -> None:
    old, new = await two_keys()

    def asked(c: sa.Connection, operation: str, delivery: str) -> ApprovalRequest:
        values: dict[str, Any] = {"operation": operation, "key_id": int(old.id)}
        status: dict[str, Any] = {"status": Status.RUNNING, "lapses_at": None, "decided_at": NOW}
        return store.insert(c, new_request(delivery, **values), **status)[0]

    async def left() -> list[int]:
        return await database.read(unended, int(new.id), new.created_time)

    rotation = await database.run(asked, "key.rotate", "one")
    request = of(database, rotation.id)
    assert await left() == []
    async with request.holding(old.id):
        await request.claim(old)
        await request.link(old, new, shares=True)
    assert await left() == [int(old.id)]
    assert await database.read(unended, int(old.id), old.created_time) == []
    end = await database.run(asked, "key.disable", "two")
    await database.run(store.record_progress, rotation.id, overlap=OverlapProgress(at=NOW, request_id=end.id))
    assert await left() == [int(old.id)]
    await database.run(store.move, end, Status.SUCCEEDED)
    assert await left() == []


@pytest.mark.parametrize(
    ("status", "settled_at", "stale"),
    [
        (Status.RUNNING, None, True),
        (Status.SUCCEEDED, NOW + 1, True),
        (Status.SUCCEEDED, NOW - 1, False),
        (Status.PENDING, None, False),
    ],
)
async def test_a_record_is_old_once_a_request_for_a_key_of_its_line_wrote(
    database: Database, status: Status, settled_at: float | None, stale: bool
) -> None:
    """Quota moves between the keys of a line, so what was read of one is old once the other was written."""

    def written(c: sa.Connection) -> int:
        lineage.claim(c, 7, born_at=1, rotation=99)
        lineage.link(c, old=7, new=8, born_at=2, rotation=99, shares=True)
        new = new_request(operation="key.disable", key_id=7)
        request, _ = store.insert(c, new, status=Status.RUNNING, lapses_at=None, decided_at=NOW)
        c.execute(sa.update(requests).where(requests.c.id == request.id).values(status=status, settled_at=settled_at))
        return request.id

    number = await database.run(written)
    assert await database.read(touched_since, 8, since=NOW) is stale
    assert await database.read(touched_since, 7, since=NOW) is stale
    assert not await database.read(touched_since, 7, since=NOW, but=number)
    assert not await database.read(touched_since, 9, since=NOW)
