"""Chooses the keys of a review and the people who decide about each: from the inventory, the policy and Slack.

Nobody decides about a key of their own. Where nobody else is left among those who decide what its owner asks for (they
have left, or are no full members), those decide who may disable any key at once.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from bot.approvals.approver_check import MOST_PEOPLE, WhoIs
from bot.db.engine import Database
from bot.gateway.dollars import Dollars
from bot.keys import inventory_store, lineage
from bot.keys.inventory_store import KnownKey
from bot.keys.known_keys import spending_of
from bot.permissions.models import Actor, ActorKind
from bot.permissions.reviewers import reviewers_of, security_of
from bot.permissions.rules import Policy
from bot.review.judgement import may_be_over_granted, review_key
from bot.review.models import NewReviewedKey, Verdict, WhyLeft

PAGE = 500
SECURITY = None
"""In place of the roles of a card: those who may disable any key at once."""
Chosen = Mapping[tuple[str, ...] | None, list[NewReviewedKey]]
"""Roles of a card, or SECURITY → its keys."""


class PeopleUnknown(Exception):
    """Slack does not tell who somebody is, or who is in a group."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """`people`: those behind ids of people and groups, None while Slack does not tell."""

    database: Database
    policy: Callable[[], Policy]
    people: Callable[[Iterable[str]], Awaitable[frozenset[str] | None]]
    who_is: WhoIs
    dollars: Dollars
    gateway_now: Callable[[int], float]

    async def choose(self, *, patient: bool) -> Chosen:
        """All keys with a reason, by the card on which they are to stand. `patient`: raise PeopleUnknown rather than
        pass over people whom Slack does not tell of.
        """
        routes = _Routes(policy=self.policy(), selection=self, patient=patient)
        found: dict[tuple[str, ...] | None, list[NewReviewedKey]] = {}
        after: int | None = -1
        while after is not None:
            keys, after = await self.database.read(_review_page, after, self.gateway_now, self.dollars)
            for known, key in keys:
                roles, nobody = await routes.of(known)
                found.setdefault(roles, []).append(
                    replace(key, verdict=Verdict.LEFT, departure=WhyLeft.NOBODY) if nobody else key
                )
        for keys_of_card in found.values():
            keys_of_card.sort(key=lambda key: (key.owner_id or "", key.key_id))
        return found

    async def members(self, policy: Policy, names: tuple[str, ...], *, patient: bool) -> frozenset[str]:
        """The full members behind names of a policy. Raises PeopleUnknown."""
        people = await self.people(policy.roles.ids(names)) if names else frozenset()
        if people is None and patient:
            raise PeopleUnknown
        found = set()
        for person in sorted(people or ())[:MOST_PEOPLE]:
            kind = (await self.who_is(person, "")).kind
            if kind is ActorKind.UNKNOWN and patient:
                raise PeopleUnknown
            if kind is ActorKind.MEMBER:
                found.add(person)
        return frozenset(found)


@dataclass(kw_only=True, eq=False)
class _Routes:
    """To whom keys go; each group of people is asked for once."""

    policy: Policy
    selection: Selection
    patient: bool
    _members: dict[tuple[str, ...], frozenset[str]] = field(default_factory=dict, init=False)
    _groups: dict[str, frozenset[str]] | None = field(default=None, init=False)

    async def of(self, known: KnownKey) -> tuple[tuple[str, ...] | None, bool]:
        """The roles of the card for a key, and whether nobody may decide about it."""
        owner = known.owner_id
        roles = () if owner is None else await self._reviewers(owner, known.owner_roles or ())
        if await self._who(roles) - {owner}:
            return roles, False
        return SECURITY, not await self._who(security_of(self.policy)) - {owner}

    async def _who(self, roles: tuple[str, ...]) -> frozenset[str]:
        if roles not in self._members:
            self._members[roles] = await self.selection.members(self.policy, roles, patient=self.patient)
        return self._members[roles]

    async def _reviewers(self, owner: str, stored: Iterable[str]) -> tuple[str, ...]:
        """By the groups of the owner now; of somebody who is in none, such as a leaver, by the roles of then."""
        groups = frozenset(name for name, people in (await self._all_groups()).items() if owner in people)
        held = self.policy.roles.held(Actor(slack_user_id=owner, groups=groups))
        return reviewers_of(self.policy, held) or reviewers_of(self.policy, held | frozenset(stored))

    async def _all_groups(self) -> Mapping[str, frozenset[str]]:
        if self._groups is None:
            found = {}
            for name in sorted(self.policy.group_ids()):
                people = await self.selection.people([name])
                if people is None and self.patient:
                    raise PeopleUnknown
                found[name] = people or frozenset()
            self._groups = found
        return self._groups


def _review_page(
    c: sa.Connection, after: int, gateway_now: Callable[[int], float], dollars: Dollars
) -> tuple[list[tuple[KnownKey, NewReviewedKey]], int | None]:
    """The keys with the next higher numbers that have a reason; and the last number, None at the end."""
    page, replaced = inventory_store.after(c, after, limit=PAGE), lineage.replaced(c)
    looked_at = [
        int(known.key.id)
        for known in page
        if may_be_over_granted(known.key, now=gateway_now(known.key.id), units_per_usd=dollars.of(known.key.id))
    ]
    spent = spending_of(c, looked_at, gateway_now(0))
    found = []
    for known in page:
        row = replaced.get(int(known.key.id))
        # A key that was replaced ends by itself.
        if row is not None and row.born_at in {None, known.key.created_time}:
            continue
        now, units = gateway_now(known.key.id), dollars.of(known.key.id)
        key = review_key(known, spent.get(int(known.key.id)), now=now, units_per_usd=units)
        if key is not None:
            found.append((known, key))
    return found, int(page[-1].key.id) if len(page) == PAGE else None
