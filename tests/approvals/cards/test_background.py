"""While a request waits, its card says what the asker has and spends, and how the last like it ended."""

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.cards.background import background_blocks
from bot.approvals.models import ApprovalRequest, Status
from bot.db.engine import Database
from bot.features import OPERATIONS
from bot.gateway.dollars import Dollars
from bot.keys import inventory_store, owners
from bot.keys.owners import OwnedKey
from bot.operations import Change
from bot.slack.blocks import Message
from tests.approvals.kit import NOW, TEAM, put
from tests.keys.records import record
from tests.scenarios.desk import text_of

UNITS = 500_000


def shown(database: Database, request: ApprovalRequest) -> str:
    def work(c: sa.Connection) -> str:
        operation = OPERATIONS[request.operation]
        blocks = background_blocks(c, request, operation, now=NOW, dollars=Dollars(usual=UNITS))
        return text_of(Message("", blocks))

    return database.run_here(work)


def own(c: sa.Connection, key_id: int) -> None:
    owners.own(c, OwnedKey(key_id=key_id, name="k", owner_id="U0ADA", owner_team=TEAM, request_id=None, created_at=1.0))


async def test_it_says_how_many_keys_work_and_what_they_spent(sqlite_database: Database) -> None:
    database, made = sqlite_database, int(NOW - 5 * 86_400)
    living = record(7, created_time=made, used_quota=1_000_000, remain_quota=5)
    stopped = record(8, created_time=made, used_quota=500_000, status=2)
    for key in (living, stopped):
        database.run_here(own, int(key.id))
        before = key.model_copy(update={"used_quota": 0})
        database.run_here(inventory_store.write, {int(key.id): (NOW - 2 * 86_400, before)})
        database.run_here(inventory_store.write, {int(key.id): (NOW, key)})
    waiting = database.run_here(put, Status.PENDING)
    assert "<@U0ADA> has 1 key in use and spent $3.00 in 30 days." in shown(database, waiting)


async def test_it_says_how_the_last_like_it_ended(sqlite_database: Database) -> None:
    database = sqlite_database
    asked = (Change(field="remain_quota", label="Quota", before=None, after="1M <units>"),)
    database.run_here(put, Status.DENIED, "sub:1", summary=asked)
    database.run_here(put, Status.PENDING, "sub:2")
    waiting = database.run_here(put, Status.PENDING, "sub:3")
    assert "(#1, 1M &lt;units&gt;): denied." in shown(database, waiting)
    database.run_here(put, Status.WITHDRAWN, "sub:4")
    last = database.run_here(put, Status.PENDING, "sub:5")
    assert "(#4): withdrawn." in shown(database, last)
    assert "Last asked" not in shown(database, database.run_here(store.get, 1))


async def test_nobody_decides_about_what_has_ended(sqlite_database: Database) -> None:
    over = sqlite_database.run_here(put, Status.SUCCEEDED)
    assert shown(sqlite_database, over).strip() == ""
