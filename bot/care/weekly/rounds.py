"""Whose Monday morning it is, and what the keys cost of those whose requests they decide, as the policy names deciders.

The keys are gone through only while somebody's card is due. Keys are added up by who decides about their owners, so
that there are as many sums as there are sets of deciders, however many keys and people there are.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

import sqlalchemy as sa

from bot.care.days import day_of
from bot.care.kind import CareKind, CareParts
from bot.care.told import Wants
from bot.care.weekly import store
from bot.care.weekly.messages import CARD
from bot.care.weekly.report import WEEK, WeekReport, merged
from bot.db.engine import Database
from bot.gateway.dollars import Dollars
from bot.keys import inventory_store
from bot.keys.inventory_store import KnownKey
from bot.keys.known_keys import spending_of
from bot.keys.spending import DAY, HOUR
from bot.permissions.care import CareTerms
from bot.permissions.entitlements import who_decides_for
from bot.permissions.models import Actor, ActorKind
from bot.permissions.roles import EVERYBODY
from bot.permissions.rules import Policy
from bot.slack.router import Router

PAGE = 500
# People of whom Slack is asked in one round where they live.
MOST_ASKED = 50
# Where on earth days begin first and last, east of UTC.
_FIRST, _LAST = 14 * HOUR, -12 * HOUR
_MORNING = 8 * 60
_MONDAY = 3  # the first of January 1970 was a Thursday

Deciders = frozenset[str]


@dataclass(frozen=True, kw_only=True)
class WeeklyRounds:
    """`people`: the people behind ids of people and user groups. `who_is`: one of them, as Slack shows them."""

    database: Database
    outbox: Wants
    terms: Callable[[], CareTerms]
    policy: Callable[[], Policy]
    people: Callable[[Iterable[str]], Awaitable[frozenset[str]]]
    who_is: Callable[[str, str], Awaitable[Actor]]
    known_zone: Callable[[str], int | None]
    zone_of: Callable[[str], Awaitable[int | None]]
    clock: Callable[[], float]
    gateway_now: Callable[[int], float]
    dollars: Dollars

    async def run(self) -> bool:
        """One round. Whether somebody's card waits."""
        terms, now = self.terms(), self.clock()
        if not terms.weekly or not any(_is_monday(now + offset) for offset in (_FIRST, 0.0, _LAST)):
            return False
        policy = self.policy()
        everybody = await self.people(_all_deciders(policy))
        waiting = await self._ask_zones(everybody)
        due = await self._due(everybody, terms)
        if not due:
            return waiting
        reports = await self._reports(policy)
        members = {ids: await self.people(ids) for ids in reports}
        for person, week in sorted(due.items()):
            kind = (await self.who_is(person, "")).kind
            waiting = waiting or kind is ActorKind.UNKNOWN
            if kind is not ActorKind.MEMBER:
                continue  # a guest in a group decides nothing, and reads nothing
            whole = merged(report for ids, report in reports.items() if person in members[ids])
            await self.database.run(self._tell, person, week, whole)
        return waiting

    async def _ask_zones(self, people: frozenset[str]) -> bool:
        unknown = sorted(person for person in people if self.known_zone(person) is None)
        for person in unknown[:MOST_ASKED]:
            await self.zone_of(person)
        return any(self.known_zone(person) is None for person in unknown)

    async def _due(self, people: frozenset[str], terms: CareTerms) -> dict[str, int]:
        """Whose Monday morning it is, with the number of the week, of those who had no card in it."""
        had, due = await self.database.read(store.weeks, people), dict[str, int]()
        morning = _MORNING if terms.quiet is None else terms.quiet[1]
        for person in people:
            zone, now = self.known_zone(person), self.clock()
            if zone is None or not _is_monday(now + zone) or terms.is_quiet(now, zone):
                continue
            week = (day_of(now, zone) + _MONDAY) // 7
            if (now + zone) % DAY / 60 >= morning and had.get(person, 0) < week:
                due[person] = week
        return due

    async def _reports(self, policy: Policy) -> dict[Deciders, WeekReport]:
        found, known = (
            _Reports(policy, self.gateway_now, self.dollars),
            await self.database.read(inventory_store.after, -1, limit=PAGE),
        )
        while known:
            await self.database.read(found.add, known, self.clock())
            known = await self.database.read(inventory_store.after, int(known[-1].key.id), limit=PAGE)
        return found.reports

    def _tell(self, c: sa.Connection, person: str, week: int, report: WeekReport) -> None:
        if not store.claim(c, person, week) or not report.says_something:
            return
        subject = f"{week}:{person}"
        self.outbox.want(
            c, id=f"{CARD}:{subject}", kind=CARD, subject=subject, target=f"dm:{person}", body=report.stored()
        )


@dataclass
class _Reports:
    """Sums of keys by who decides about their owners."""

    policy: Policy
    gateway_now: Callable[[int], float]
    dollars: Dollars
    reports: dict[Deciders, WeekReport] = field(default_factory=dict)
    _of_names: dict[frozenset[str], Deciders] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._named = frozenset().union(*(rule.people for rule in self.policy.rules))

    def add(self, c: sa.Connection, page: list[KnownKey], at: float) -> None:
        """A page of keys, of those that somebody owns. `at`: by our clock."""
        owned = [known for known in page if known.owner_id is not None]
        moved = [known.key.id for known in owned if at - known.read_at <= 2 * WEEK + DAY]
        spent = spending_of(c, moved, at)
        for known in owned:
            report = self.reports.setdefault(self._deciders(known), WeekReport())
            now = self.gateway_now(known.key.id)
            report.add(known, spent.get(known.key.id), now=now, dollars=self.dollars)

    def _deciders(self, known: KnownKey) -> Deciders:
        # Whoever no rule names alone is like all others of their roles.
        names = frozenset({*(known.owner_roles or ()), *({known.owner_id or ""} & self._named)})
        if names not in self._of_names:
            self._of_names[names] = who_decides_for(self.policy, names) - {EVERYBODY}
        return self._of_names[names]


def _all_deciders(policy: Policy) -> frozenset[str]:
    """Ids of people and groups who decide for anybody at first."""
    named = {name for rule in policy.rules if rule.approval is not None for name in rule.people}
    each = [who_decides_for(policy, {name}) for name in sorted(named)]
    return frozenset().union(*each) - {EVERYBODY}


def _is_monday(local: float) -> bool:
    return (int(local // DAY) + _MONDAY) % 7 == 0


def build(parts: CareParts, router: Router) -> CareKind:
    """The weekly card. Its buttons are those of features."""
    del router
    deps = parts.deps
    made = WeeklyRounds(
        database=deps.database,
        outbox=parts.outbox,
        terms=lambda: parts.terms(),
        policy=deps.policy,
        people=deps.directory.people,
        who_is=deps.directory.actor,
        known_zone=parts.zones.seen.of,
        zone_of=parts.zones.of,
        clock=deps.clock,
        gateway_now=deps.reader.server_now,
        dollars=deps.dollars,
    )
    return CareKind(name="weekly card", round=made.run)
