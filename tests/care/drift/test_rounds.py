"""Each change outside is told once; what is written here, is being written or is usage is none."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from bot.approvals import store as requests_store
from bot.approvals.models import Judgement, NewRequest, Status
from bot.care.drift import rounds, store
from bot.care.drift.comparison import NOTHING
from bot.care.drift.rounds import SETTLE_SECONDS, DriftRounds
from bot.care.drift.store import KeyDrift
from bot.db import named_values
from bot.db.engine import Database
from bot.keys import inventory_store, lineage, locks, owners
from bot.permissions.care import USUAL
from bot.permissions.models import Decision, Facts, Lock
from tests.care.kit import NOON, key
from tests.care.leavers.kit import ADA, Office, line
from tests.narrow import present

HOUR = 3600.0


class Drifting(Office):
    """An office whose keys are read, compared and written."""

    @property
    def rounds(self) -> DriftRounds:
        return DriftRounds(parts=self.parts, in_batch=self.parts.in_batch)

    async def read(self, number: int = 1, *, born: float = NOON, **changes: Any) -> None:
        """The key is read, a minute later than before."""
        self.now += 60
        record = key(number, born=born, **{"remain_quota": 1000, "used_quota": 0, **changes})
        await self.database.run(inventory_store.write, {number: (self.now, record)})

    async def again(self) -> bool:
        return await self.rounds.round()

    def row(self, number: int = 1) -> KeyDrift | None:
        return self.database.run_here(store.find, number)

    @property
    def posted(self) -> list[str]:
        return [post for post, _, _ in self.kept.posts]


@pytest.fixture
async def office(thorough_database: Database) -> Drifting:
    """Ada's key was compared once."""
    made = Drifting(thorough_database)
    made.own(1, listed=False)
    await made.read()
    assert not await made.again()
    return made


async def test_usage_and_a_second_look_tell_nothing(office: Drifting) -> None:
    await office.read(remain_quota=400, used_quota=600)
    await office.again()
    await office.read(remain_quota=700, used_quota=300)
    assert not await office.again()
    assert office.posted == []


async def test_a_change_is_told_once_and_drawn_anew_with_the_next(office: Drifting) -> None:
    await office.read(remain_quota=6000)
    await office.again()
    await office.again()
    assert office.posted == ["drift:1"]
    await office.read(remain_quota=6000, group="vip")
    await office.again()
    assert office.posted == ["drift:1", "drift:1"]
    assert present(present(office.row()).shown)["quota"] == 5000
    await office.read()
    await office.again()
    assert present(office.row()).outcome == "back"
    await office.read(name="x")
    await office.again()
    assert office.posted == ["drift:1"] * 3 + ["drift:2"]


@pytest.mark.parametrize("line_of_keys", [False, True])
async def test_what_was_written_here_is_put_down_to_that(office: Drifting, *, line_of_keys: bool) -> None:
    written = 1
    if line_of_keys:
        await office.database.run(lineage.claim, 9, born_at=int(NOON), rotation=3)
        await office.database.run(lineage.link, old=9, new=1, born_at=int(NOON), rotation=3, shares=True)
        written = 9
    await office.read(remain_quota=6000)
    await office.database.run(office.rounds.written, written)
    assert await office.again()
    office.now += SETTLE_SECONDS
    assert not await office.again()
    assert (office.posted, present(office.row()).was_written) == ([], False)
    await office.read(remain_quota=7000)
    await office.again()
    assert office.posted == ["drift:1"]


async def test_a_write_that_changed_nothing_excuses_no_later_change(office: Drifting) -> None:
    await office.database.run(office.rounds.written, 1)
    office.now += SETTLE_SECONDS
    await office.again()
    await office.read(remain_quota=6000)
    await office.again()
    assert office.posted == ["drift:1"]


async def test_a_raise_here_leaves_what_was_added_outside(office: Drifting) -> None:
    await office.read(remain_quota=6000, group="vip")
    await office.again()
    await office.database.run(office.rounds.written, 1)
    await office.read(remain_quota=8000, group="")
    office.now += SETTLE_SECONDS
    await office.again()
    row = present(office.row())
    assert (row.drift.quota, dict(row.drift.before), row.is_open) == (5000, {}, True)


async def test_a_key_that_was_written_before_it_was_ever_compared(database: Database) -> None:
    office = Drifting(database)
    office.own(1, listed=False)
    await office.database.run(office.rounds.written, 1)
    await office.read()
    await office.again()
    assert present(present(office.row()).reading)["total"] == 1000
    assert office.posted == []


async def request(office: Drifting, status: Status) -> int:
    new = NewRequest(
        delivery_id=f"d{status}{office.now}",
        operation="key.quota",
        requester_id=ADA,
        requester_team="T0HOME",
        channel_id="C0KEYS",
        key_id=1,
        key_name="x",
        reason="",
        input={"key_id": 1, "delta": 5},
        before=None,
        summary=(),
        judgement=Judgement(decision=Decision(outcome="allow", rule="x", sentence=""), facts=Facts(), own=True),
        asked_at=office.now,
    )
    made, _ = await office.database.run(requests_store.insert, new, status=status, lapses_at=None)
    return made.id


async def test_a_request_or_a_batch_in_hand_is_waited_for(office: Drifting) -> None:
    await request(office, Status.RUNNING)
    await office.read(remain_quota=6000)
    assert await office.again()
    assert office.posted == []
    other = Drifting(office.database)
    other.now = office.now
    other.own(2, listed=False)
    await other.read(2)
    await other.again()
    other.in_batch = {2}
    await other.read(2, status=2)
    assert await other.again()
    other.in_batch = set()
    await other.again()
    assert len(other.posted) == 1


async def test_a_locked_key_that_came_back_is_told_elsewhere(office: Drifting) -> None:
    await office.read(status=2)
    await office.database.run(office.rounds.written, 1)
    office.now += SETTLE_SECONDS
    await office.again()
    why = Lock(cause="alert", by="U0SAM", at=office.now, number=1, rule="")
    await office.database.run(locks.lock, 1, why)
    await office.read(status=1)
    await office.again()
    assert office.posted == []
    await office.database.run(locks.unlock, 1)
    await office.read(status=2)
    await office.again()
    await office.read(status=1, name="x")
    await office.again()
    assert dict(present(office.row()).drift.before) == {"name": key(1).name}


async def test_keys_of_nobody_other_keys_and_other_accounts_are_left_alone(office: Drifting) -> None:
    await office.read(2)
    await office.again()
    await office.read(2, name="x")
    await office.again()
    await office.read(1, born=NOON + 9, name="another key")
    office.database.run_here(owners.hand_over, line(1, ADA, born=NOON + 9))
    await office.again()
    await office.database.run(named_values.put, owners.OTHER_ACCOUNT, {"address": "x", "user": 2})
    await office.read(1, born=NOON + 9, name="y")
    await office.again()
    assert office.posted == []


async def test_two_replicas_and_a_process_that_dies(office: Drifting) -> None:
    await office.read(name="x")
    office.kept.fails = "want".__eq__
    with pytest.raises(RuntimeError):
        await office.again()
    assert office.posted == []
    office.kept.fails = lambda _what: False
    await asyncio.gather(*(office.again() for _ in range(5)))
    assert office.posted == ["drift:1"]


async def test_changes_all_day_are_paced(office: Drifting) -> None:
    office.own(*range(2, 40), listed=False)
    for number in range(2, 40):
        await office.read(number)
    await office.again()
    start = office.now
    for number in range(1, 9):
        await office.read(number, name="x")
        office.now = start + number
        await office.again()
    assert len(office.posted) == rounds.MOST_CARDS
    for number in range(9, 40):
        await office.read(number, name="x")
    office.now = start + HOUR + 30
    assert await office.again()
    assert len(set(office.posted)) == rounds.MOST_CARDS + 1
    while await office.again():
        pass
    assert len(set(office.posted)) == rounds.MOST_CARDS + 3


async def test_switched_off_what_is_open_stays_as_it_is_and_nothing_is_added(office: Drifting) -> None:
    await office.read(name="x")
    await office.again()
    office.terms = replace(USUAL, drift=False)
    await office.read(name="x", remain_quota=9000)
    assert not await office.again()
    row = present(office.row())
    assert (row.is_open, row.drift.quota, office.posted) == (True, 0, ["drift:1"])
    office.terms = USUAL
    assert not await office.again()
    assert office.posted == ["drift:1"]


async def opened(office: Drifting, *statuses: Status) -> list[int]:
    """A card is open, and somebody has asked for its parts to be put back."""
    await office.read(name="x", remain_quota=6000)
    await office.again()
    return [await request(office, status) for status in statuses]


async def test_the_next_part_follows_when_one_was_put_back(office: Drifting) -> None:
    [number] = await opened(office, Status.SUCCEEDED)
    await office.database.run(store.put, 1, requests={"key.update": number, "key.quota": 0})
    await office.database.run(office.rounds.key_changed, 1)
    row = present(office.row())
    assert (row.requests, dict(row.drift.before), row.tries) == ({"key.quota": 0}, {}, 1)
    assert "drift:1:1:1:next" in office.kept.jobs
    other = await request(office, Status.SUCCEEDED)
    await office.database.run(store.put, 1, requests={"key.quota": other})
    await office.database.run(office.rounds.key_changed, 1)
    assert (present(office.row()).outcome, present(office.row()).drift) == ("put_back", NOTHING)


async def test_what_came_to_nothing_can_be_asked_again(office: Drifting) -> None:
    [number] = await opened(office, Status.DENIED)
    await office.database.run(store.put, 1, requests={"key.update": number, "key.quota": 0})
    await office.database.run(office.rounds.key_changed, 1)
    row = present(office.row())
    assert (row.requests, row.is_open, row.drift.quota) == ({}, True, 5000)
    posts = list(office.posted)
    waiting = await request(office, Status.PENDING)
    await office.database.run(store.put, 1, requests={"key.update": waiting})
    await office.database.run(office.rounds.key_changed, 1)
    await office.database.run(office.rounds.key_changed, 7)
    assert office.posted == posts
