"""Whose Monday morning it is, and whose keys they read about: only of those whose requests they decide."""

from collections.abc import Iterable
from typing import Any

import pytest

from bot.care.weekly.rounds import WeeklyRounds
from bot.db.engine import Database
from bot.gateway.dollars import Dollars
from bot.permissions import parse_policy
from bot.permissions.care import CareTerms
from bot.permissions.models import Actor, ActorKind
from tests.care.kit import ADA, BEN, DAY, HOUR, NOON, Desk, key

MONDAY = NOON + 3 * DAY
MIRA, OMAR, GIL = "U0MIRA", "U0OMAR", "U0GIL"
POLICY = parse_policy(
    """
[roles]
engineer = ["S0ENG"]
analyst  = ["S0ANA"]
lead     = ["S0LEADS"]
finance  = ["U0OMAR"]

[[rules]]
name = "engineers"
who  = ["engineer"]
do   = ["key.create", "key.quota"]
approval = { from = ["lead"] }

[[rules]]
name = "analysts"
who  = ["analyst", "U0BEN"]
do   = ["key.create"]
approval = { from = ["finance"] }
"""
)


class Week(Desk):
    """A desk with deciders, at noon of a Monday."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.now = MONDAY
        self.terms = CareTerms(weekly=True)
        self.kinds: dict[str, ActorKind] = {GIL: ActorKind.GUEST}
        self.zones = {MIRA: 0, OMAR: 0, GIL: 0}
        self.groups = {"S0LEADS": {MIRA, GIL}}

    async def people(self, ids: Iterable[str]) -> frozenset[str]:
        return frozenset(person for one in ids for person in self.groups.get(one, {one}))

    async def who_is(self, person: str, team: str) -> Actor:
        return Actor(slack_user_id=person, team_id=team, kind=self.kinds.get(person, ActorKind.MEMBER))

    async def weekly(self) -> bool:
        rounds = WeeklyRounds(
            database=self.database,
            outbox=self.wanted,
            terms=lambda: self.terms,
            policy=lambda: POLICY,
            people=self.people,
            who_is=self.who_is,
            known_zone=self.zones.get,
            zone_of=self._ask,
            clock=lambda: self.now,
            gateway_now=lambda _key: self.now,
            dollars=Dollars(),
        )
        return await rounds.run()

    def roles(self, owner: str, *roles: str) -> None:
        self.database.run_here(_roles, owner, list(roles))

    @property
    def cards(self) -> dict[str, Any]:
        return {target: body for _, _, target, body in self.wanted.posts}


def _roles(c: Any, owner: str, roles: list[str]) -> None:
    from bot.db.tables import keys  # noqa: PLC0415  # of this helper alone

    c.execute(keys.update().where(keys.c.owner_id == owner).values(owner_roles=roles))


@pytest.fixture
def desk(database: Database) -> Week:
    """Ada is an engineer, Ben an analyst; both have a key that was made long ago and never used."""
    made = Week(database)
    old: dict[str, Any] = {"born": MONDAY - 60 * DAY, "ends": MONDAY + 2 * DAY}
    made.put(key(1, **old))
    made.put(key(2, **old), owner=BEN)
    made.put(key(3, **old), owner=None)
    made.roles(ADA, "engineer")
    made.roles(BEN, "analyst")
    return made


def of(card: Any) -> list[int]:
    return [line[1] for line in card["most_unused"]]


async def test_each_reads_of_those_whose_requests_they_decide_once(desk: Week) -> None:
    assert not await desk.weekly()
    assert not await desk.weekly()
    # A guest in the group of leads decides nothing.
    assert {target: of(card) for target, card in desk.cards.items()} == {f"dm:{MIRA}": [1], f"dm:{OMAR}": [2]}
    assert len(desk.wanted.posts) == 2
    desk.now += 7 * DAY
    desk.put(key(1, born=MONDAY - 60 * DAY, ends=desk.now + DAY))
    await desk.weekly()
    assert len(desk.wanted.posts) == 4


async def test_who_decides_for_all_reads_of_all(desk: Week) -> None:
    desk.groups["S0LEADS"] = {MIRA, OMAR}
    await desk.weekly()
    assert of(desk.cards[f"dm:{OMAR}"]) == [2, 1]


@pytest.mark.parametrize(
    ("hours", "zone", "told"),
    [
        (0, 0, True),
        (-5, 0, False),  # seven in the morning
        (-4, 0, True),
        (0, 10 * 3600, False),  # ten in the evening
        (0, -5 * 3600, False),  # seven
        (0, -4 * 3600, True),
        (-24, 0, False),  # Sunday
        (24, 0, False),  # Tuesday
        (-13, 9 * 3600, True),  # Sunday by UTC, Monday at eight in Tokyo
    ],
)
async def test_it_comes_on_monday_morning_in_their_own_zone(desk: Week, hours: float, zone: int, *, told: bool) -> None:
    desk.now += hours * HOUR
    desk.zones = {MIRA: zone, OMAR: zone, GIL: zone}
    await desk.weekly()
    assert bool(desk.wanted.posts) is told


async def test_without_quiet_hours_it_comes_at_eight(desk: Week) -> None:
    desk.terms = CareTerms(weekly=True, quiet=None)
    desk.now -= 4.5 * HOUR
    await desk.weekly()
    assert desk.wanted.posts == []
    desk.now += HOUR
    await desk.weekly()
    assert desk.wanted.posts


async def test_it_is_off_unless_the_policy_says_otherwise(desk: Week) -> None:
    desk.terms = CareTerms()
    assert not await desk.weekly()
    assert desk.wanted.posts == []


async def test_with_nothing_to_say_there_is_none(sqlite_database: Database) -> None:
    desk = Week(sqlite_database)
    desk.put(key(1, born=MONDAY - DAY))
    await desk.weekly()
    assert desk.wanted.posts == []


async def test_whom_slack_does_not_show_yet_waits(desk: Week) -> None:
    desk.kinds[MIRA] = ActorKind.UNKNOWN
    assert await desk.weekly()
    assert set(desk.cards) == {f"dm:{OMAR}"}
    desk.kinds[MIRA] = ActorKind.MEMBER
    desk.zones = {OMAR: 0}
    assert not await desk.weekly()
    assert desk.asked == [GIL, MIRA]
    assert f"dm:{MIRA}" in desk.cards


async def test_a_process_that_dies_sends_it_in_the_next_round(desk: Week) -> None:
    desk.wanted.fails = lambda: True
    with pytest.raises(RuntimeError):
        await desk.weekly()
    desk.wanted.fails = lambda: False
    await desk.weekly()
    assert len(desk.cards) == len(desk.wanted.posts) == 2
