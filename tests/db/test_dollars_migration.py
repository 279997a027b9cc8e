"""A database of an earlier version: what was granted at another gateway is known as granted there."""

import sqlalchemy as sa

from bot.approvals import ledger, store
from bot.approvals.models import Status
from bot.db.engine import Database
from bot.db.migrate import migrate
from bot.db.tables import grants
from bot.gateway.numbers import BLOCK
from tests.approvals.kit import NOW, new_request

STEP = "0034_dollars_by_gateway"


def _before(c: sa.Connection) -> None:
    for statement in ("ALTER TABLE grants DROP COLUMN block", "ALTER TABLE gateways DROP COLUMN units_per_usd"):
        c.execute(sa.text(statement))
    c.execute(sa.text("DELETE FROM schema_version WHERE name = :name"), {"name": STEP})


def _stored(c: sa.Connection) -> None:
    for number, key_id in enumerate((None, 7, 2 * BLOCK + 7)):
        new = new_request(f"sub:{number}", operation="key.quota", key_id=key_id)
        ledger.grant(c, store.insert(c, new, status=Status.APPROVED, lapses_at=None)[0], at=NOW)


def test_what_was_granted_belongs_to_the_gateway_of_its_key(database: Database) -> None:
    database.run_here(_stored)
    database.run_here(_before)
    assert migrate(database) == [STEP]
    blocks = database.run_here(lambda c: list(c.scalars(sa.select(grants.c.block).order_by(grants.c.request_id))))
    assert blocks == [0, 0, 2]
