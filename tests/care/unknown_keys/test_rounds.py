"""Each unknown key is told once, by few messages an hour, whatever is cut off or done by two at once."""

import asyncio

import pytest

from bot.care.unknown_keys import rounds, store
from bot.care.unknown_keys.messages import CARD, SUMMARY
from bot.care.unknown_keys.rounds import UnknownKeys
from bot.db.engine import Database
from bot.errors import ApprovalConflict
from bot.keys import inventory_store, owners
from tests.care.kit import NOON, key
from tests.care.leavers.kit import ADA, Office, line

HOUR = 3600.0


@pytest.fixture
async def office(thorough_database: Database) -> Office:
    """The first round is over."""
    made = Office(thorough_database)
    assert not await again(made)
    return made


async def again(office: Office) -> bool:
    return await UnknownKeys(parts=office.parts).round()


async def make(office: Office, *numbers: int, born: float = NOON) -> None:
    records = {number: (office.now, key(number, born=born)) for number in numbers}
    await office.database.run(inventory_store.write, records)


def posted(office: Office) -> list[str]:
    return [post for post, kind, _ in office.kept.posts if kind == CARD]


async def test_one_or_two_have_a_card_each_and_more_share_one(office: Office) -> None:
    await make(office, 1, 2)
    assert not await again(office)
    assert posted(office) == ["unknown_keys:1", "unknown_keys:2"]
    await make(office, 3, 4, 5)
    await again(office)
    await again(office)
    assert posted(office) == ["unknown_keys:1", "unknown_keys:2", "unknown_keys:3"]


async def test_a_script_that_makes_keys_all_day_is_paced(office: Office) -> None:
    for number in range(1, 60):
        await make(office, number)
        waits = await again(office)
        assert waits is (number > rounds.MOST_CARDS)
        office.now += 60
    assert len(posted(office)) == rounds.MOST_CARDS
    office.now += HOUR
    await again(office)
    assert len(posted(office)) == rounds.MOST_CARDS + 1
    assert len(office.database.run_here(store.of_card, 6)) == 59 - rounds.MOST_CARDS


async def test_two_replicas_and_a_process_that_dies(office: Office) -> None:
    await make(office, 1, 2, 3, 4)
    office.kept.fails = "want".__eq__
    with pytest.raises(RuntimeError):
        await again(office)
    assert office.database.run_here(store.find, 1) is None
    office.kept.fails = lambda _what: False
    await asyncio.gather(*(again(office) for _ in range(5)))
    assert len(posted(office)) == 1


async def test_the_first_rounds_of_two_replicas_say_how_many_there_are_once(database: Database) -> None:
    office = Office(database)
    await make(office, *range(1, 8))
    await asyncio.gather(*(again(office) for _ in range(5)))
    await office.database.run(UnknownKeys(parts=office.parts)._begin)
    assert [kind for _, kind, _ in office.kept.posts] == [SUMMARY]
    assert office.database.run_here(store.count_from_before) == 7


async def test_an_answer_counts_once_and_for_what_is_told(office: Office) -> None:
    made = UnknownKeys(parts=office.parts)
    await make(office, 1)
    await again(office)
    assert await office.database.run(made._ignore, 1, "U0SAM") is None
    for number in (1, 7):
        assert isinstance(await office.database.run(made._ignore, number, "U0SAM"), ApprovalConflict)
    await make(office, 2)
    await again(office)
    await office.database.run(owners.hand_over, line(2, ADA))
    assert isinstance(await office.database.run(made._ignore, 2, "U0SAM"), ApprovalConflict)
    await office.database.run(made.key_changed, 2)
    await office.database.run(made.key_changed, 7)
    assert posted(office).count("unknown_keys:2") == 2
