"""The counters of the account, sampled as those of a key."""

from bot.db.engine import Database
from bot.gateway.models import GatewayAccount
from bot.keys import account_history
from bot.keys.account_history import AccountCounters
from bot.keys.inventory_store import History
from bot.keys.inventory_writer import InventoryWriter
from bot.keys.known_keys import KnownKeys

NOON, HOUR = 1_800_014_400.0, 3600.0


def write(database: Database, at: float, used: int, *, user: int = 1) -> None:
    account = GatewayAccount(
        id=user, username="desk", group="default", quota=1_000 - used, used_quota=used, request_count=0
    )
    database.run_here(account_history.write, account, at=at)


async def test_what_all_keys_spent_is_known_from_the_account(database: Database) -> None:
    known = KnownKeys(database=database, writer=InventoryWriter(database=database, clock=lambda: NOON))
    assert await known.account_spending(now=NOON) is None
    for hours, used in ((0, 100), (0.5, 150), (2, 300), (3, 300), (4.5, 310)):
        write(database, NOON + hours * HOUR, used)
    last = database.run_here(account_history.last)
    assert last == AccountCounters(user=1, quota=690, used=310, read_at=NOON + 4.5 * HOUR, known_since=NOON)
    spent = await known.account_spending(now=NOON + 5 * HOUR)
    assert spent is not None
    assert (spent.last(10 * HOUR, now=NOON + 5 * HOUR), spent.since) == (160, NOON + HOUR)


def test_another_account_begins_anew(database: Database) -> None:
    write(database, NOON, 100)
    write(database, NOON + 2 * HOUR, 200)
    assert database.run_here(account_history.history).hours
    write(database, NOON + 3 * HOUR, 5, user=2)
    last = database.run_here(account_history.last)
    assert last is not None
    assert (last.user, last.known_since) == (2, NOON + 3 * HOUR)
    assert database.run_here(account_history.history) == History()
