"""A request's line in the record: its ids, its operation, who did it."""

from bot.approvals.models import Status
from bot.approvals.request_audit import record
from bot.audit import Fact, read
from bot.db.engine import Database
from tests.approvals.kit import NOW, put


async def test_a_line_names_the_request_its_key_and_its_operation(sqlite_database: Database) -> None:
    request = sqlite_database.run_here(put, Status.PENDING)

    def write(c: object) -> None:
        record(c, Fact.APPROVED, request, at=NOW, actor="U0MIRA", rule="r")  # type: ignore[arg-type]

    sqlite_database.run_here(write)
    [line] = await sqlite_database.read(read, request_id=request.id, limit=5)
    assert (line["fact"], line["actor"], line["request_id"], line["key_id"]) == ("approved", "U0MIRA", request.id, None)
    assert line["details"] == {"operation": "key.create", "rule": "r"}
