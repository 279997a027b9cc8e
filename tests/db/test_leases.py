import asyncio

import pytest

from bot.db import leases
from bot.db.engine import Database
from tests.tools.leases import holder_of


async def test_the_first_gets_the_lease_and_the_second_does_not(database: Database) -> None:
    assert await database.run(leases.acquire, "account", "a", seconds=10, now=100.0)
    assert not await database.run(leases.acquire, "account", "b", seconds=10, now=109.9)
    assert await database.run(holder_of, "account", now=109.9) == "a"


async def test_a_lease_that_ran_out_goes_to_the_next(database: Database) -> None:
    await database.run(leases.acquire, "account", "a", seconds=10, now=100.0)
    assert await database.run(holder_of, "account", now=110.0) is None
    assert await database.run(leases.acquire, "account", "b", seconds=10, now=110.0)
    assert await database.run(holder_of, "account", now=110.0) == "b"


async def test_the_holder_prolongs_it(database: Database) -> None:
    await database.run(leases.acquire, "account", "a", seconds=10, now=100.0)
    assert await database.run(leases.renew, "account", "a", seconds=10, now=109.0)
    assert await database.run(leases.acquire, "account", "a", seconds=5, now=115.0)
    assert await database.run(holder_of, "account", now=119.0) == "a"


async def test_who_woke_too_late_cannot_prolong_it(database: Database) -> None:
    await database.run(leases.acquire, "account", "a", seconds=10, now=100.0)
    assert not await database.run(leases.renew, "account", "a", seconds=10, now=110.0)
    await database.run(leases.acquire, "account", "b", seconds=10, now=111.0)
    assert not await database.run(leases.renew, "account", "a", seconds=10, now=112.0)


async def test_only_the_holder_gives_it_back(database: Database) -> None:
    await database.run(leases.acquire, "account", "a", seconds=10, now=100.0)
    await database.run(leases.release, "account", "b")
    assert await database.run(holder_of, "account", now=101.0) == "a"
    await database.run(leases.release, "account", "a")
    assert await database.run(leases.acquire, "account", "b", seconds=10, now=101.0)


@pytest.mark.parametrize("round_", range(3))
async def test_of_many_at_once_exactly_one_wins(database: Database, round_: int) -> None:
    tries = [database.run(leases.acquire, "account", f"h{i}", seconds=10, now=100.0 + round_) for i in range(12)]
    assert sum(await asyncio.gather(*tries)) == 1


async def test_who_has_the_database_alone_clears_what_the_dead_held(database: Database) -> None:
    await database.run(leases.acquire, "account", "dead", seconds=90, now=100.0)
    await database.run(leases.clear)
    assert await database.run(leases.acquire, "account", "a", seconds=10, now=101.0)
