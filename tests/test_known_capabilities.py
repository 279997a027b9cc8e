"""What the gateway can do: remembered over a restart, corrected by what read-backs show."""

from bot.db.engine import Database
from bot.known_capabilities import KnownCapabilities, remembered
from tests.gateway.kit import client_of, fake_gateway


async def settled(known: KnownCapabilities) -> None:
    assert known._probing is not None
    await known._probing


async def test_what_was_found_is_there_after_a_restart(sqlite_database: Database) -> None:
    first = KnownCapabilities(database=sqlite_database, reader=client_of(fake_gateway("upstream-g3")))
    await first.start()
    await settled(first)
    await first.close()
    found = await sqlite_database.read(remembered)
    assert found == first.current
    away = fake_gateway("upstream-g3")
    away.arm("refused", times=None)
    second = KnownCapabilities(database=sqlite_database, reader=client_of(away))
    await second.start()
    assert second.current == found
    await second.close()


async def test_a_read_back_corrects_it_and_is_kept(sqlite_database: Database) -> None:
    known = KnownCapabilities(database=sqlite_database, reader=client_of(fake_gateway()))
    assert not known.counts_bytes()
    await known.learn({"names_in_bytes": True})
    assert known.counts_bytes()
    assert (await sqlite_database.read(remembered)).names_in_bytes is True


async def test_self_hosted_gateways_count_bytes_until_it_is_known(sqlite_database: Database) -> None:
    known = KnownCapabilities(database=sqlite_database, reader=client_of(fake_gateway("upstream-g2")))
    assert known.counts_bytes()
    await known.learn({"names_in_bytes": False})
    assert not known.counts_bytes()
