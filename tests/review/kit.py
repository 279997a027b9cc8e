"""Reviews in a database, without Slack and without a gateway: what is wanted is counted, requests are moved by hand."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from bot.approvals.cards.notifications import Notifications
from bot.approvals.granted import GrantedRequests
from bot.db.engine import Database
from bot.db.transaction import after_commit
from bot.features import OPERATIONS
from bot.gateway.dollars import Dollars
from bot.gateway.models import Key
from bot.keys import inventory_store, owners
from bot.keys.inventory_store import PassMark
from bot.keys.owners import OwnedKey
from bot.permissions import Actor, ActorKind, Policy, parse_policy
from bot.review import store
from bot.review.decisions import ReviewDecisions
from bot.review.models import Review, ReviewedKey
from bot.review.notifications import ReviewNotifications
from bot.review.rounds import ReviewRounds
from bot.review.selection import Selection
from tests.keys.records import record
from tests.narrow import present

# Noon of a Monday, UTC.
NOON = 1_800_014_400.0
DAY = 86_400.0
DOLLAR = 500_000
ADA, BEN, MIRA, OMAR, SAM, BOT = "U0ADA", "U0BEN", "U0MIRA", "U0OMAR", "U0SAM", "U0KEYDESK"
POLICY = parse_policy("""
[roles]
engineer = ["S0ENGINEERS"]
manager = ["S0MANAGERS"]
security = ["S0SECURITY"]

[[rules]]
name = "managers decide"
who = ["engineer", "manager"]
do = ["key.create"]
approval = { from = ["manager"] }

[[rules]]
name = "security pulls the plug"
who = ["security"]
do = ["key.disable"]
on = "any"
allow = true
""")


class Wanted:
    """An outbox and an engine that keep what was wanted by transactions that were committed."""

    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []
        self.started: list[str] = []

    def want(self, c: sa.Connection, **post: Any) -> None:
        after_commit(c, lambda: self.posts.append(post))

    def start(self, c: sa.Connection, _job: str, id: str, _argument: str, **_more: Any) -> None:  # noqa: A002  # the engine's
        after_commit(c, lambda: self.started.append(id))

    def of_kind(self, kind: str) -> list[str]:
        """Ids of the posts of a kind, each once."""
        return list(dict.fromkeys(post["id"] for post in self.posts if post["kind"] == kind))


class Desk:
    """Keys, people and the time."""

    def __init__(self, database: Database) -> None:
        self.database, self.now = database, NOON
        self.policy: Policy = POLICY
        self.groups: dict[str, set[str]] = {"S0ENGINEERS": {ADA, BEN}, "S0MANAGERS": {MIRA, OMAR}, "S0SECURITY": {SAM}}
        self.kinds: dict[str, ActorKind] = {}
        self.silent = False
        self.wanted = Wanted()

    def replica(self) -> ReviewRounds:
        """The rounds of one process."""
        any_outbox: Any = self.wanted
        no_flow: Any = None  # nobody clicks here
        notifications = ReviewNotifications(outbox=any_outbox, channel="C0KEYS", security_channel="C0SECURITY")
        of_requests = Notifications(outbox=any_outbox, channel="C0KEYS")
        decisions = ReviewDecisions(
            database=self.database,
            flow=no_flow,
            granted=GrantedRequests(engine=any_outbox, notifications=of_requests),
            reader=no_flow,
            operations=OPERATIONS,
            policy=lambda: self.policy,
            notifications=notifications,
            bot_user_id=BOT,
            team_id="T0HOME",
            clock=self.clock,
        )
        of_requests.subscribe(decisions.follow)
        return ReviewRounds(
            database=self.database,
            policy=lambda: self.policy,
            selection=self.selection(),
            decisions=decisions,
            notifications=notifications,
            clock=self.clock,
            gateway_now=lambda _key: self.clock(),
        )

    def selection(self) -> Selection:
        """How keys and people are chosen."""
        return Selection(
            database=self.database,
            policy=lambda: self.policy,
            people=self.people,
            who_is=self.who_is,
            dollars=Dollars(usual=DOLLAR),
            gateway_now=lambda _key: self.clock(),
        )

    def clock(self) -> float:
        """The one clock."""
        return self.now

    async def people(self, ids: Iterable[str]) -> frozenset[str] | None:
        """The people behind ids, None while Slack is silent."""
        named = frozenset(ids)
        found = (self.groups.get(one, {one} if one.startswith("U") else set()) for one in named)
        return None if self.silent else frozenset().union(*found)

    async def who_is(self, slack_user_id: str, _team: str) -> Actor:
        """A full member, unless a test says otherwise."""
        return Actor(slack_user_id=slack_user_id, kind=self.kinds.get(slack_user_id, ActorKind.MEMBER))

    def put(self, *keys: Key, owner: str | None = ADA, roles: list[str] | None = None) -> None:
        """What the list of keys brought, and whose they are."""
        self.database.run_here(self._put, keys, owner, roles)

    def _put(self, c: sa.Connection, keys: Sequence[Key], owner: str | None, roles: list[str] | None) -> None:
        inventory_store.write(c, {int(key.id): (self.now, key) for key in keys})
        for key in keys if owner else ():
            owners.own(
                c,
                OwnedKey(
                    key_id=int(key.id),
                    name=key.name,
                    owner_id=str(owner),
                    owner_team="T0HOME",
                    request_id=None,
                    created_at=self.now,
                    born_at=key.created_time,
                    owner_roles=roles,
                ),
            )
        inventory_store.finish_pass(c, PassMark(started_at=self.now, finished_at=self.now, keys=1, settled=True))

    def ask(self) -> int | None:
        """What the command line does."""
        return self.database.run_here(store.ask, by="command", now=self.now)

    async def round(self) -> None:
        """One round of a process of its own."""
        await self.replica().run()

    def review(self) -> Review:
        """The last one."""
        found: Review | None = self.read(store.last)
        return present(found)

    def rows(self) -> dict[int, ReviewedKey]:
        """The keys of the last review, by their numbers."""
        rows = self.read(store.keys_after, self.review().id, 0, limit=10_000)
        return {row.key_id: row for row in rows}

    def read(self, work: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """Run something that only reads."""
        with self.database.engine.connect() as c:
            return work(c, *args, **more)


def key(key_id: int, **changes: Any) -> Key:
    """A key of half a year that works, with $100 left of which $1 was used."""
    usual: Mapping[str, Any] = {
        "status": 1,
        "name": f"key {key_id}",
        "created_time": int(NOON - 180 * DAY),
        "accessed_time": int(NOON - DAY),
        "expired_time": int(NOON + 365 * DAY),
        "remain_quota": 100 * DOLLAR,
        "used_quota": DOLLAR,
        "unlimited_quota": False,
    }
    return record(key_id, **{**usual, **changes})
