"""Unusual spending is told to the owner and to security, once, in the transaction that writes it down."""

from typing import Any

import pytest

from bot.care import told
from bot.care.anomaly import store
from bot.care.anomaly.messages import SECURITY
from bot.care.anomaly.rounds import AnomalyRounds
from bot.care.messages import OWNER
from bot.db.engine import Database
from bot.keys import inventory_store
from bot.keys.inventory_store import PassMark
from bot.permissions.care import CareTerms
from tests.care.kit import ADA, DAY, HOUR, NOON, Desk, key

USD = 500_000


class Pace(Desk):
    """Keys that spend, listed every half an hour."""

    security = "C0SECURITY"

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.used: dict[int, float] = {}

    def rounds(self) -> AnomalyRounds:
        return AnomalyRounds(
            database=self.database,
            outbox=self.wanted,
            terms=lambda _gateway: self.terms,
            channel="C0KEYS",
            security=self.security,
            clock=lambda: self.now,
            gateway_now=lambda _key: self.now,
        )

    async def look(self, owner: str | None = ADA, *, after: float = HOUR / 2, **changes: Any) -> None:
        """Time passes, and the keys spend so many dollars: `_1=5`."""
        self.now += after
        spends = {int(name[1:]): changes.pop(name) for name in list(changes) if name[1:].isdigit()}
        for number, dollars in spends.items():
            self.used[number] = self.used.get(number, 0.0) + dollars
            self.put(key(number, used_quota=round(self.used[number] * USD), **changes), owner=owner)
        mark = PassMark(started_at=self.now, finished_at=self.now, keys=1, settled=True)
        self.database.run_here(inventory_store.finish_pass, mark)
        assert not await self.rounds().run()

    async def week(self, owner: str | None = ADA) -> None:
        """A dollar in each third hour, for four days."""
        for _ in range(32):
            await self.look(owner, after=3 * HOUR - 60, _1=0.5)

    def messages(self) -> list[tuple[str, str]]:
        return [(kind, target) for _, kind, target, _ in self.wanted.posts]


@pytest.fixture
async def desk(sqlite_database: Database) -> Pace:
    made = Pace(sqlite_database)
    await made.week()
    assert made.wanted.posts == []
    return made


async def test_owner_and_security_are_told_once_and_hear_when_it_is_over(desk: Pace) -> None:
    for _ in range(6):
        await desk.look(_1=20)
    assert desk.messages() == [(OWNER, f"dm:{ADA}"), (SECURITY, "C0SECURITY")]
    notice = desk.wanted.posts[0][3]["notices"][0]
    assert notice["left"] == 40 * USD
    assert 0 < notice["granted"] < USD
    # It stands still: nothing is listed as changed, and it is looked at all the same.
    for _ in range(3):
        await desk.look(after=HOUR)
    assert len(desk.wanted.posts) == 2
    assert sorted(desk.wanted.redrawn) == sorted(post_id for post_id, *_ in desk.wanted.posts)
    outcomes = desk.database.run_here(told.outcomes, desk.wanted.posts[0][0])
    assert [str(one) for one in outcomes.values()] == ["calm"]


async def test_without_a_channel_of_security_the_owner_alone_is_told(desk: Pace) -> None:
    desk.security = ""
    for _ in range(3):
        await desk.look(_1=20)
    assert desk.messages() == [(OWNER, f"dm:{ADA}")]


@pytest.mark.parametrize(("security", "target"), [("C0SECURITY", "C0SECURITY"), ("", "C0KEYS")])
async def test_a_key_that_nobody_owns_is_told_in_a_channel(
    sqlite_database: Database, security: str, target: str
) -> None:
    desk = Pace(sqlite_database)
    desk.security = security
    await desk.week(None)
    for _ in range(3):
        await desk.look(None, _1=20)
    assert desk.messages() == [(SECURITY, target)]
    assert desk.wanted.posts[0][3]["owners"] == {"1": ""}


async def test_a_process_that_dies_tells_it_in_the_next_round_and_two_replicas_tell_it_once(desk: Pace) -> None:
    await desk.look(_1=20)
    desk.wanted.fails = lambda: True
    with pytest.raises(RuntimeError):
        await desk.look(_1=20)
    desk.wanted.fails = lambda: False
    for _ in range(2):
        await desk.rounds().run()
    assert len(desk.wanted.posts) == 2


async def test_what_is_switched_off_or_out_of_use_is_not_told(desk: Pace) -> None:
    desk.terms = CareTerms(anomaly_times=0.0)
    for _ in range(3):
        await desk.look(_1=20)
    desk.terms = CareTerms()
    for _ in range(3):
        await desk.look(_1=20, status=2)
    assert desk.wanted.posts == []


async def test_rounds_without_a_new_list_tell_nothing_new(desk: Pace) -> None:
    await desk.look(_1=20)
    for _ in range(5):
        desk.now += HOUR / 2
        await desk.rounds().run()
    assert desk.database.run_here(store.find, 1).hot == 1  # type: ignore[union-attr]  # it is there


async def test_before_the_first_list_there_is_nothing_to_look_at(sqlite_database: Database) -> None:
    assert not await Pace(sqlite_database).rounds().run()


async def test_rows_of_keys_that_stand_still_are_forgotten(desk: Pace) -> None:
    desk.now += 9 * DAY
    await desk.rounds().run()
    assert desk.database.run_here(store.find, 1) is None
    assert desk.now > NOON
