"""What people are shown of keys: pages of the inventory, what was just read included, nothing before the first list."""

from bot.db.engine import Database
from bot.gateway.models import Key
from bot.keys import inventory_store, owners
from bot.keys.inventory_store import PassMark, Promise
from bot.keys.inventory_writer import InventoryWriter
from bot.keys.key_query import KeyQuery
from bot.keys.known_keys import KnownKeys
from bot.keys.owners import OwnedKey
from tests.keys.records import record

NOW = 1_800_000_000.0


def known_keys(database: Database, *keys: Key) -> KnownKeys:
    writer = InventoryWriter(database=database, clock=lambda: NOW)
    database.run_here(inventory_store.write, {int(key.id): (NOW, key) for key in keys})
    return KnownKeys(database=database, writer=writer)


def listed(database: Database, at: float = NOW - 120) -> None:
    mark = PassMark(started_at=at, finished_at=at + 1, keys=1, settled=True)
    database.run_here(inventory_store.finish_pass, mark)


async def test_before_the_first_list_nothing_is_told(database: Database) -> None:
    known = known_keys(database, record(1))
    assert await known.page(number=1, rows=5, now=NOW) is None
    assert await known.named({"key 1"}) is None
    assert await known.promise(now=NOW) is None


async def test_a_page_has_an_age_and_one_beyond_the_end_is_the_last(database: Database) -> None:
    keys = [record(number) for number in range(1, 8)]
    known = known_keys(database, *keys)
    listed(database)
    page = await known.page(number=9, rows=3, now=NOW)
    assert page is not None
    assert ([one.key.id for one in page.keys], page.total, page.number, page.as_of) == ([1], 7, 3, NOW - 120)
    line = OwnedKey(key_id=5, name="key 5", owner_id="U0ADA", owner_team="T0", request_id=None, created_at=NOW)
    database.run_here(owners.own, line)
    mine = await known.page(KeyQuery(owner="U0ADA"), number=1, rows=3, now=NOW)
    nobodys = await known.page(KeyQuery(owner="U0BEN"), number=1, rows=3, now=NOW)
    assert mine is not None
    assert nobodys is not None
    assert ([one.key.id for one in mine.keys], nobodys.keys, nobodys.total, nobodys.number) == ([5], [], 0, 1)


async def test_a_list_that_is_older_than_a_key_of_theirs_is_not_shown_as_all_that_they_have(
    database: Database,
) -> None:
    known = known_keys(database, record(1))
    listed(database, NOW - 120)

    async def page() -> list[int] | None:
        found = await known.page(KeyQuery(owner="U0ADA"), number=1, rows=3, now=NOW)
        return None if found is None else [one.key.id for one in found.keys]

    for key_id, created_at in ((1, NOW), (2, NOW - 9_999)):
        line = OwnedKey(
            key_id=key_id, name="", owner_id="U0ADA", owner_team="T0", request_id=None, created_at=created_at
        )
        database.run_here(owners.own, line)
    assert await page() == [1], "key 2 is gone for long"
    line = OwnedKey(key_id=3, name="", owner_id="U0ADA", owner_team="T0", request_id=None, created_at=NOW - 60)
    database.run_here(owners.own, line)
    assert await page() is None
    database.run_here(inventory_store.write, {3: (NOW, record(3))})
    assert await page() == [3, 1]


async def test_what_this_process_has_just_read_is_shown(sqlite_database: Database) -> None:
    known = known_keys(sqlite_database, record(1, name="old"))
    listed(sqlite_database)
    known.writer.notice([(record(1, name="new", remain_quota=5, unlimited_quota=False), "")])
    assert [key.id for key in await known.named({"new"}) or ()] == [1]
    assert (await known.key(1)) == record(1, name="new", remain_quota=5, unlimited_quota=False)
    assert await known.key(2) is None
    assert await known.promise(now=0.0) == Promise(units=5, unlimited=0)
    await known.writer.close()


async def test_what_keys_spent_and_which_spent_most(database: Database) -> None:
    known = known_keys(database)
    for hours, used in ((-30, 100), (-20, 400), (-1, 900)):
        at = NOW + hours * 3600
        read = [record(1, used_quota=used), record(2, used_quota=2 * used), record(3, used_quota=5)]
        database.run_here(inventory_store.write, {int(key.id): (at, key) for key in read})
    spent = await known.spending([1, 2, 99], now=NOW)
    assert {number: one.last(86_400, now=NOW) for number, one in spent.items()} == {1: 800, 2: 1_600}
    most = await known.spent_most(5, seconds=86_400, now=NOW)
    assert [(one.key.id, units) for one, units in most] == [(2, 1_600), (1, 800)]


async def test_names_like_what_was_typed_are_guessed_among_the_keys_that_may_be_seen(database: Database) -> None:
    names = ["staging-bot", "Staging Bot 2", "nightly", "\u6e2c\u8a66\u6a5f\u5668\u4eba"]
    known = known_keys(database, *(record(number, name=name) for number, name in enumerate(names, 1)))
    line = OwnedKey(key_id=3, name="nightly", owner_id="U0ADA", owner_team="T0", request_id=None, created_at=NOW)
    database.run_here(owners.own, line)
    assert await known.alike("stagng-bot", owner=None) == ["staging-bot", "Staging Bot 2"]
    assert await known.alike("\u6e2c\u8a66\u6a5f\u5668", owner=None) == ["\u6e2c\u8a66\u6a5f\u5668\u4eba"]
    assert await known.alike("stagng-bot", owner="U0ADA") == []
    assert await known.alike("nigthly", owner="U0ADA") == ["nightly"]
