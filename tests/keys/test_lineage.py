"""Keys that replaced one another: one successor per key, and a number that is another key by now has no past."""

import asyncio

import pytest

from bot.db.engine import Database
from bot.keys import lineage


async def claimed(database: Database, key_id: int, rotation: int, born_at: int = 100) -> lineage.LineageRow | None:
    return await database.run(lineage.claim, key_id, born_at=born_at, rotation=rotation)


async def linked(database: Database, old: int, new: int, rotation: int) -> None:
    await database.run(lineage.link, old=old, new=new, born_at=100, rotation=rotation, shares=True)


async def test_of_many_rotations_at_once_one_has_the_key(database: Database) -> None:
    answers = await asyncio.gather(*(claimed(database, 7, number) for number in range(1, 9)))
    winners = [number for number, row in enumerate(answers, 1) if row is None]
    assert len(winners) == 1
    assert {row.rotation for row in answers if row is not None} == set(winners)
    # Asked again after a crash, whoever has it still has it.
    assert await claimed(database, 7, winners[0]) is None
    row = await database.read(lineage.taken, 7)
    assert row is not None
    assert lineage.why_not_rotated(row) == (
        f"The key is being replaced by request #{winners[0]} already; rotate that one."
    )
    assert lineage.why_out_of_use(row) == (
        f"The key is being replaced by request #{winners[0]}, so it stays out of use."
    )


async def test_a_line_has_one_first_key_and_one_lock(database: Database) -> None:
    for old, new, rotation in ((7, 8, 1), (8, 9, 2)):
        assert await claimed(database, old, rotation) is None
        await linked(database, old, new, rotation)
        await linked(database, old, new, rotation)
    assert [await database.read(lineage.first_of, key_id) for key_id in (7, 8, 9, 10)] == [7, 7, 7, 10]
    assert await database.read(lineage.keys_of, 9) == [7, 8, 9]
    assert await database.read(lineage.keys_of, 10) == [10]
    assert await database.read(lineage.successor_of, 7) == 8
    assert [row.key_id for row in await database.read(lineage.predecessors_of, 9)] == [8, 7]
    assert await database.read(lineage.predecessors_of, 10) == []
    assert sorted(await database.read(lineage.replaced)) == [7, 8]
    row = await claimed(database, 7, 3)
    assert row is not None
    assert lineage.why_out_of_use(row) == "The key was replaced by key 8, so it stays out of use."
    assert lineage.why_not_rotated(row) == "The key was replaced by key 8 already; rotate that one."


async def test_a_rotation_that_failed_leaves_no_trace(database: Database) -> None:
    await claimed(database, 7, 1)
    await linked(database, 7, 8, 1)
    await database.run(lineage.release, 1)
    assert await database.read(lineage.taken, 7) is None
    assert await database.read(lineage.find, 8) is None
    assert await claimed(database, 7, 2) is None


@pytest.mark.parametrize("linking", [True, False])
async def test_a_number_that_is_another_key_now_has_no_past(database: Database, linking: bool) -> None:
    await claimed(database, 7, 1, born_at=100)
    if linking:
        await linked(database, 7, 8, 1)
        assert await database.read(lineage.successor_of, 7, 100) == 8
    assert await database.read(lineage.successor_of, 7, 200) is None
    assert await claimed(database, 7, 2, born_at=200) is None
    assert await database.read(lineage.successor_of, 7) is None
    assert await database.read(lineage.first_of, 7) == 7
