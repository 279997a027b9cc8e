"""What is remembered of keys without an owner, by number and birth; and what a request of ours may have made."""

import asyncio

import pytest
import sqlalchemy as sa

from bot.approvals import store as requests_store
from bot.approvals.models import Judgement, NewRequest, Status
from bot.care.unknown_keys import store
from bot.care.unknown_keys.store import OpenCreation, may_be_ours
from bot.db.engine import Database
from bot.permissions.models import Decision, Facts
from tests.care.kit import NOON, Desk, key
from tests.narrow import present

HOUR = 3600.0


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def unseen(desk: Desk) -> list[int]:
    return [int(known.key.id) for known in desk.database.run_here(store.unseen, limit=9)]


def test_only_what_nobody_owns_and_nothing_is_remembered_of_is_unseen(desk: Desk) -> None:
    desk.put(key(1), key(2), owner=None)
    desk.put(key(3))
    assert unseen(desk) == [2, 1]
    desk.database.run_here(store.remember, [key(1)], card=None, at=None)
    assert unseen(desk) == [2]
    desk.put(key(1, born=NOON + 5), owner=None)
    assert unseen(desk) == [2, 1]
    told = desk.database.run_here(store.remember, [key(1, born=NOON + 5)], card=4, at=NOON)
    assert [int(one.id) for one in told] == [1]
    assert present(desk.database.run_here(store.find, 1)).card == 4
    assert desk.database.run_here(store.find, 9) is None
    assert desk.database.run_here(store.remember, [], card=5, at=NOON) == []


async def test_of_two_replicas_one_tells(desk: Desk) -> None:
    keys = [key(number) for number in range(1, 30)]

    def tell(c: sa.Connection) -> int:
        store.lock(c)
        return len(store.remember(c, keys, card=store.next_card(c), at=NOON))

    told = await asyncio.gather(*(desk.database.run(tell) for _ in range(4)))
    assert sorted(told) == [0, 0, 0, 29]
    assert desk.database.run_here(store.cards_since, NOON) == 1
    assert desk.database.run_here(store.cards_since, NOON + 1) == 0


def test_a_key_is_ignored_once(desk: Desk) -> None:
    desk.database.run_here(store.remember, [key(1)], card=1, at=NOON)
    assert desk.database.run_here(store.ignore, 1, by="U0SAM", at=NOON)
    assert not desk.database.run_here(store.ignore, 1, by="U0MIRA", at=NOON)
    assert not desk.database.run_here(store.ignore, 2, by="U0MIRA", at=NOON)
    [told] = desk.database.run_here(store.of_card, 1)
    assert told.ignored_by == "U0SAM"


@pytest.mark.parametrize(
    ("name", "born", "since", "ours"),
    [
        ("other", NOON, NOON - 60, True),
        ("other", NOON - HOUR, NOON - 60, False),
        ("other", NOON, NOON - 2 * HOUR, False),
        ("ours", NOON - HOUR, NOON - 90 * HOUR, True),
        ("ours (3)", NOON - HOUR, NOON - 90 * HOUR, True),
    ],
)
def test_what_a_request_may_have_made(name: str, born: float, since: float, *, ours: bool) -> None:
    creation = OpenCreation(name="ours (2)", since=since)
    assert may_be_ours(key(1, name=name, born=born), [creation], now=NOON) is ours
    assert not may_be_ours(key(1, name=name, born=born), [], now=NOON)


def test_requests_that_are_making_a_key(desk: Desk) -> None:
    def insert(c: sa.Connection, operation: str, status: Status, name: str) -> None:
        new = NewRequest(
            delivery_id=f"{operation}{name}",
            operation=operation,
            requester_id="U0ADA",
            requester_team="T0HOME",
            channel_id="C0KEYS",
            key_id=None,
            key_name=name,
            reason="",
            input={"name": name} if operation == "key.create" else {},
            before=None,
            summary=(),
            judgement=Judgement(decision=Decision(outcome="allow", rule="x", sentence=""), facts=Facts(), own=True),
            asked_at=NOON,
        )
        requests_store.insert(c, new, status=status, lapses_at=None)

    for operation, status, name in (
        ("key.create", Status.RUNNING, "one"),
        ("key.rotate", Status.UNKNOWN, "two (2)"),
        ("key.create", Status.SUCCEEDED, "three"),
        ("key.quota", Status.RUNNING, "four"),
    ):
        desk.database.run_here(insert, operation, status, name)
    found = desk.database.run_here(store.open_creations)
    assert sorted((one.name, one.since) for one in found) == [("one", NOON), ("two (2)", NOON)]
