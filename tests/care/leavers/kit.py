"""Leavers without Slack and without a gateway: who is what is told by the test, what is wanted is kept."""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa

from bot.care.kind import CareParts
from bot.care.leavers import store
from bot.care.leavers.departures import Departures
from bot.care.leavers.roll_call import RollCall
from bot.care.requests import CareRequests
from bot.db.engine import Database
from bot.db.transaction import after_commit
from bot.features import OPERATIONS
from bot.keys import inventory_store, owners
from bot.keys.owners import OwnedKey
from bot.oncall import Schedules
from bot.permissions import parse_policy
from bot.permissions.care import USUAL, CareTerms
from bot.permissions.models import Actor, ActorKind
from bot.slack.errors import SlackUnavailable
from tests.care.kit import NOON, key

ADA, BEN, MIRA = "U0ADA", "U0BEN", "U0MIRA"
POLICY = """
[roles]
engineer = ["S0ENGINEERS"]
manager = ["U0MIRA"]
[[rules]]
name = "managers decide"
who = ["engineer"]
do = ["key.create"]
approval = { from = ["manager"], expires = "1d" }
"""


class Kept:
    """What was wanted, started and granted by transactions that were committed."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, str, str]] = []
        self.jobs: dict[str, tuple[str, str, float]] = {}
        self.granted: dict[str, Any] = {}
        self.fails: Callable[[str], bool] = lambda _what: False

    def want(self, c: sa.Connection, *, id: str, kind: str, subject: str, target: str, body: Any = None) -> None:  # noqa: A002  # the outbox's word
        del subject, body
        self._check("want")
        after_commit(c, lambda: self.posts.append((id, kind, target)))

    def start(self, c: sa.Connection, job: str, id: str, argument: str, *, delay: float = 0.0) -> None:  # noqa: A002  # the engine's word
        self._check("start")
        after_commit(c, lambda: self.jobs.update({id: self.jobs.get(id, (job, argument, delay))}))

    def insert(self, c: sa.Connection, new: Any) -> None:
        self._check("insert")
        after_commit(c, lambda: self.granted.update({new.delivery_id: new}))

    def _check(self, what: str) -> None:
        if self.fails(what):
            raise RuntimeError("the process died here")


@dataclass
class People:
    """Slack: who is what; None = it does not say."""

    kinds_of: dict[str, ActorKind | None]
    silent: bool = False
    schedules: Schedules = field(default_factory=lambda: Schedules(clock=lambda: 0.0))

    async def standing(self, person: str) -> Actor:
        return Actor(slack_user_id=person, kind=self.kinds_of.get(person) or ActorKind.UNKNOWN)

    async def actor(self, person: str, _team: str, *, fresh: bool = False) -> Actor:
        del fresh
        return await self.standing(person)

    async def all_people(self, ids: Iterable[str]) -> frozenset[str] | None:
        return None if self.silent else frozenset(one for one in ids if one.startswith("U"))

    async def kinds(self, ids: Collection[str]) -> dict[str, ActorKind]:
        if self.silent:
            raise SlackUnavailable
        return {one: kind for one, kind in self.kinds_of.items() if one in ids and kind is not None}


class Office:
    """Keys, people and the time."""

    def __init__(self, database: Database) -> None:
        self.database, self.now = database, NOON
        self.kept = Kept()
        self.in_batch: set[int] = set()
        self.people = People({ADA: ActorKind.DEACTIVATED, BEN: ActorKind.MEMBER, MIRA: ActorKind.MEMBER})
        self.terms: CareTerms = USUAL
        self.policy = parse_policy(POLICY)
        kept: Any = self.kept
        directory: Any = self.people
        deps: Any = SimpleNamespace(
            database=database,
            directory=directory,
            policy=lambda: self.policy,
            channel="C0KEYS",
            clock=lambda: self.now,
            operations=OPERATIONS,
            known=SimpleNamespace(writer=self),
        )
        self.parts = CareParts(
            deps=deps,
            engine=kept,
            outbox=kept,
            approvals=kept,
            requests=CareRequests(deps=deps, granted=kept, bot_user_id="U0BOT", team_id="T0HOME"),
            zones=directory,
            terms=lambda: self.terms,
            security_channel="C0SECURITY",
            people=directory,
            in_batch=lambda _c, key_id: key_id in self.in_batch,
        )

    async def flush(self) -> None:
        """As the inventory's writer does; here everything is written at once."""

    @property
    def departures(self) -> Departures:
        """As another replica has them."""
        return Departures(parts=self.parts)

    @property
    def roll_call(self) -> RollCall:
        return RollCall(parts=self.parts)

    def own(self, *numbers: int, owner: str = ADA, born: float = NOON, listed: bool = True, **changes: Any) -> None:
        self.database.run_here(self._own, numbers, owner, born, listed, changes)

    def _own(
        self, c: sa.Connection, numbers: Iterable[int], owner: str, born: float, listed: bool, changes: dict[str, Any]
    ) -> None:
        for number in numbers:
            record = key(number, born=born, **changes)
            if listed:
                inventory_store.write(c, {number: (self.now, record)})
            owners.hand_over(c, line(number, owner, born=born, name=record.name))

    async def look(self, person: str = ADA) -> Any:
        return await self.departures.look(f"{person}:{int(self.now)}")

    def departure(self, number: int = 1) -> store.Departure | None:
        return self.database.run_here(store.find, number)


def line(number: int, owner: str, *, born: float = NOON, name: str = "") -> OwnedKey:
    """The owner's line of a key."""
    return OwnedKey(
        key_id=number,
        name=name,
        owner_id=owner,
        owner_team="T0HOME",
        request_id=None,
        created_at=NOON,
        born_at=int(born),
        owner_roles=["engineer"],
    )


def off(terms: CareTerms = USUAL) -> CareTerms:
    """Nothing is told of leavers."""
    return replace(terms, leavers=None)
