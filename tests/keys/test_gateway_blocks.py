"""Which block each gateway has: given once, kept for ever."""

import asyncio

from bot.db.engine import Database
from bot.keys import gateway_blocks


async def test_a_gateway_keeps_its_block_for_ever(database: Database) -> None:
    assert await database.run(gateway_blocks.take, ["default"]) == {"default": 0}
    assert await database.run(gateway_blocks.take, ["default", "prod"]) == {"default": 0, "prod": 1}
    # Removed, another one added, and put back.
    assert await database.run(gateway_blocks.take, ["default", "b"]) == {"default": 0, "prod": 1, "b": 2}
    assert (await database.run(gateway_blocks.take, ["default", "prod"]))["prod"] == 1


async def test_processes_that_start_together_agree(database: Database) -> None:
    names = ["default", "a", "b"]
    told = await asyncio.gather(*(database.run(gateway_blocks.take, names) for _ in range(4)))
    assert all(one == told[0] for one in told)
    assert sorted(told[0].values()) == [0, 1, 2]


async def test_how_a_gateway_counts_dollars_is_known_when_it_is_taken_away(database: Database) -> None:
    await database.run(gateway_blocks.take, ["default", "prod", "lab"])
    assert await database.run(gateway_blocks.remember_units, {"default": 500_000, "prod": 7}) == {0: 500_000, 1: 7}
    assert await database.run(gateway_blocks.remember_units, {"default": 9}) == {0: 9, 1: 7}
    assert await database.read(gateway_blocks.known_units) == {0: 9, 1: 7}
