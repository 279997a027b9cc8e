"""The sandbox begins with a month of spending that gateway and Keydesk agree on."""

from bot.db.engine import Database
from bot.keys.inventory_writer import InventoryWriter
from bot.keys.known_keys import KnownKeys
from bot.keys.spending import DAY, MONTH, forecast
from keydesk_sandbox import past, seed
from keydesk_sandbox.fake_gateway import FakeGateway


async def test_gateway_and_inventory_tell_the_same_month(sqlite_database: Database) -> None:
    gateway = FakeGateway(access_token="a" * 28, profile="cometapi")
    seed.fill_gateway(gateway)
    past.spend(gateway)
    sqlite_database.run_here(past.remember, gateway)
    now = gateway.clock.now()
    known = KnownKeys(database=sqlite_database, writer=InventoryWriter(database=sqlite_database, clock=gateway.clock))
    page = await known.page(number=1, rows=9, now=now)
    assert page is not None
    found = gateway.keys()
    records = {record.id: record for record in found}
    spent = await known.spending(records, now=now)
    for one in page.keys:
        record = records[one.key.id]
        assert (one.key.used_quota, one.key.remain_quota) == (record.used_quota, record.remain_quota)
        assert spent[one.key.id].between(0, now) == record.used_quota > 0
        assert all(units > 0 for _, units in spent[one.key.id].days(14, now=now - DAY)[1:-1])
    account = await known.account_spending(now=now)
    assert account is not None
    assert account.last(MONTH + 2 * DAY, now=now) == gateway.account.used_quota
    (notebooks,) = [record for record in records.values() if record.name == "notebooks"]
    coming = forecast(spent[notebooks.id], remain=notebooks.remain_quota, now=now)
    assert coming is not None
    assert coming.dry_at is not None
