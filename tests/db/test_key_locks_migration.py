"""A database of an earlier version: keys that were killed as leaked before there were locks are locked afterwards."""

from typing import Any

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.models import Judgement, Origin, OriginKind, Status
from bot.db.engine import Database
from bot.db.migrate import migrate
from bot.incident import store as batches
from bot.incident.models import BatchKey, BatchKeyStatus
from bot.keys.locks import all_locks
from bot.permissions.models import Decision, Facts, Lock
from tests.approvals.kit import NOW, new_request

STEP = "0014_key_locks"


def _before(c: sa.Connection) -> None:
    c.execute(sa.text("DROP TABLE key_locks"))
    c.execute(sa.text("DELETE FROM schema_version WHERE name = :name"), {"name": STEP})


def _done(c: sa.Connection, key_id: int, operation: str, at: float, origin: Origin, *, own: bool) -> None:
    judged = Judgement(decision=Decision(outcome="allow", rule="r", sentence=""), facts=Facts(), own=own)
    new = new_request(f"{key_id}:{at}", operation=operation, key_id=key_id, origin=origin, judgement=judged)
    row, _ = store.insert(c, new, status=Status.RUNNING, lapses_at=None)
    store.move(c, row, Status.SUCCEEDED, settled_at=at)


async def test_what_was_killed_before_is_locked_unless_it_was_enabled_since(database: Database) -> None:
    alert = Origin(kind=OriginKind.ALERT, alert_id=3, attempt=1)
    rule = Origin(kind=OriginKind.ALERT_RULE, alert_id=4, attempt=1)
    requests: list[tuple[int, str, float, Origin, dict[str, Any]]] = [
        (1, "key.disable", 10.0, alert, {"own": True}),
        (2, "key.disable", 10.0, rule, {"own": False}),
        (3, "key.disable", 10.0, Origin(), {"own": True}),
        (4, "key.disable", 10.0, Origin(), {"own": False}),
        (5, "key.disable", 10.0, alert, {"own": False}),
        (5, "key.enable", 11.0, Origin(), {"own": True}),
        (6, "key.enable", 9.0, Origin(), {"own": True}),
    ]
    for key_id, operation, at, origin, more in requests:
        await database.run(_done, key_id, operation, at, origin, **more)
    keys = [BatchKey(key_id=6, name="six", own=False, status=BatchKeyStatus.DONE, status_before=1)]
    asked = {"delivery_id": "b", "operation": "key.disable", "requester_id": "U0SAM", "requester_team": "T"}
    await database.run(batches.draft, keys, **asked, what="w", asked_at=NOW)
    await database.run(_before)
    assert migrate(database) == [STEP]
    found = await database.read(all_locks)
    assert sorted(found) == [1, 2, 4, 6]
    assert found[1].cause == "alert"
    assert (found[2].by, found[2].number) == ("", 4)
    assert found[4].cause == "person"
    assert found[6] == Lock(cause="incident", by="U0SAM", at=NOW, number=1, rule="")
