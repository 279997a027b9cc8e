"""A request that needs no person: stored as approved, recorded, started and announced, once."""

from typing import Any

from bot.approvals.models import Origin, OriginKind, Status
from bot.audit import read
from bot.db.engine import Database
from tests.approvals.kit import Spine, new_request


async def test_it_is_stored_started_and_announced_once(sqlite_database: Database) -> None:
    spine = Spine(sqlite_database)
    first, is_new = await sqlite_database.run(spine.granted.insert, new_request("sub:1"))
    again, is_new_again = await sqlite_database.run(spine.granted.insert, new_request("sub:1"))
    assert (first.status, is_new, again.id, is_new_again) == (Status.APPROVED, True, first.id, False)
    assert await spine.started() == [f"req:{first.id}:run"]
    assert (await spine.facts(first.id))[0] == "asked"
    assert len(await spine.facts(first.id)) == 2


async def test_the_reason_stands_in_the_record_only_when_a_person_asked(sqlite_database: Database) -> None:
    spine = Spine(sqlite_database)
    typed, _ = await sqlite_database.run(spine.granted.insert, new_request("sub:1", reason="a new service"))
    rule = Origin(kind=OriginKind.ALERT_RULE, alert_id=9, attempt=1)
    ordered, _ = await sqlite_database.run(spine.granted.insert, new_request("sub:2", origin=rule, reason="x"))
    lines = {line["request_id"]: line for line in await _asked(spine)}
    assert (lines[typed.id]["actor"], lines[typed.id]["details"]["why"]) == ("U0ADA", "a new service")
    assert lines[ordered.id]["actor"] is None
    assert lines[ordered.id]["details"]["alert"] == 9
    assert "why" not in lines[ordered.id]["details"]


async def _asked(spine: Spine) -> list[dict[str, Any]]:
    return [line for line in await spine.database.read(read, limit=50) if line["fact"] == "asked"]
