"""The spine on a real database, without Slack and without a gateway: requests, people, policies for its tests.

The engine is real but never launched, so what was started stays in its queue and can be counted.
"""

import itertools
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.actions import RequestActions
from bot.approvals.announcement import Announcements
from bot.approvals.approver_check import ApproverCheck
from bot.approvals.calls import Calls
from bot.approvals.cards.notifications import Notifications
from bot.approvals.counts import Counts
from bot.approvals.flow import Asked, Flow
from bot.approvals.granted import GrantedRequests
from bot.approvals.models import ApprovalRequest, Judgement, NewRequest, Status
from bot.approvals.ownership import KeyOwnership
from bot.approvals.timers import Timers
from bot.audit import read as read_audit
from bot.db.engine import Database
from bot.db.tables import posts, requests
from bot.durable.engine import Engine
from bot.features import OPERATIONS
from bot.features.key_create.operation import CreateKey
from bot.gateway.dollars import Dollars
from bot.gateway.models import GatewayAccount, Group, Key
from bot.gateway.prices import ModelPrice
from bot.oncall import Schedules
from bot.operations import Expiry
from bot.permissions.models import Actor, ActorKind, Ask, Facts
from bot.permissions.policy import decide
from bot.permissions.rules import Policy, parse_policy
from bot.slack.outbox import JOB as POST
from bot.slack.outbox import Outbox

TEAM, CHANNEL = "T0TEST", "C0KEYS"
NOW = 1_790_000_000.0

POLICY = """
[roles]
engineer = ["S0ENGINEERS"]
manager  = ["S0MANAGERS"]
security = ["S0SECURITY"]

[[rules]]
name  = "small"
who   = ["engineer"]
do    = ["key.create"]
when  = { remain_quota_at_most = 500_000 }
allow = true

[[rules]]
name     = "the rest"
who      = ["engineer", "manager"]
do       = ["key.create", "key.update"]
approval = { %s }
"""


def policy(terms: str = 'from = ["manager"], expires = "3d", remind = "4h"') -> Policy:
    return parse_policy(POLICY % terms, file="policy.toml")


def person(user: str, *groups: str, kind: ActorKind = ActorKind.MEMBER, team: str = TEAM) -> Actor:
    return Actor(slack_user_id=user, team_id=team, kind=kind, groups=frozenset(groups))


ADA = person("U0ADA", "S0ENGINEERS")
BEN = person("U0BEN", "S0ENGINEERS")
MIRA = person("U0MIRA", "S0MANAGERS")
OMAR = person("U0OMAR", "S0MANAGERS")
SAM = person("U0SAM", "S0SECURITY")


class Nowhere:
    """Slack and the gateway for what must not ask them. Reading an attribute is already too much."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"asked for {name}")


class Offered:
    """What the gateway offers, for looks that need no more."""

    taken: tuple[str, ...] = ()
    account: GatewayAccount | None = None

    async def models(self, *, deadline: float, group: str = "", gateway: str = "") -> list[str] | None:
        return None

    async def groups(self, *, deadline: float, gateway: str = "") -> list[Group] | None:
        return None

    async def prices(self, *, deadline: float, group: str = "", gateway: str = "") -> dict[str, ModelPrice]:
        return {}

    def known_account(self, gateway: str = "") -> GatewayAccount | None:
        return self.account

    def recent(self, key_id: int, *, within: float) -> Key | None:
        return None

    async def name_in_use(self, name: str, *, deadline: float, gateway: str = "") -> bool:
        return name in self.taken


async def _never(_argument: str) -> None:
    raise AssertionError("the engine is not launched")


class Spine:
    """Flow, review and timers as services.py builds them, with a clock that stands still."""

    def __init__(self, database: Database, rules: Policy | None = None) -> None:
        self.database = database
        self.now = NOW
        self.policy = rules or policy()
        names = (
            "run",
            "lapse",
            "remind",
            "redraw",
            "approvers",
            "call",
            "retire",
            "probe",
            "acceptance",
            "refills",
            POST,
        )
        jobs = dict.fromkeys(names, _never)
        engine = Engine(database=database, jobs=jobs, executor_id="test", clock=self.clock)
        outbox = Outbox(
            database=database, engine=engine, web=Nowhere(), directory=Nowhere(), drawers={}, clock=self.clock
        )
        notifications = Notifications(outbox=outbox, channel=CHANNEL)
        shared: dict[str, Any] = {
            "database": database,
            "engine": engine,
            "notifications": notifications,
            "clock": self.clock,
        }
        judged: dict[str, Any] = {"policy": lambda: self.policy, "operations": OPERATIONS}
        self.offered = Offered()
        # People of a group as last seen.
        self.sizes: dict[str, int] = {}
        # Whom Slack named within the last minute.
        self.seen: dict[str, Actor] = {}
        # People who are no full members any more.
        self.gone: set[str] = set()
        self.schedules = Schedules(fallbacks=lambda: self.policy.roles.fallbacks, clock=self.clock)
        self.calls = Calls(
            **shared,
            policy=lambda: self.policy,
            group_size=lambda one: self.sizes.get(one),
            people=self.people_of,
            who_is=self._who_is,
            schedules=self.schedules,
        )
        self.approver_check = ApproverCheck(
            database=database,
            policy=lambda: self.policy,
            people=self.people_of,
            who_is=self._who_is,
            seen=self,
            notifications=notifications,
            clock=self.clock,
        )
        self.announcements = Announcements(**shared, calls=self.calls, approver_check=self.approver_check)
        self.actions = RequestActions(**shared, **judged, calls=self.calls, announcements=self.announcements)
        self.timers = Timers(**shared, calls=self.calls)
        nowhere: Any = Nowhere()
        # Who is in a role, as Slack says; None: it does not tell.
        self.people: frozenset[str] | None = frozenset({"U0ADA", "U0BEN"})
        # The group of the gateway's account; None: it does not tell.
        self.own_group: str | None = "default"
        self.counts = Counts(
            database=database,
            policy=lambda: self.policy,
            people_of=self.people_of,
            own_group=lambda _gateway: self.own_group,
            clock=self.clock,
        )
        self.ownership = KeyOwnership(database=database, person=self._standing)
        self.granted = GrantedRequests(engine=engine, notifications=notifications)
        self.flow = Flow(
            **judged,
            database=database,
            clock=self.clock,
            granted=self.granted,
            announcements=self.announcements,
            calls=self.calls,
            counts=self.counts,
            reader=nowhere,
            inventory=self.offered,
            ownership=self.ownership,
            dollars=Dollars(),
        )
        self._numbers = itertools.count(1)

    def clock(self) -> float:
        return self.now

    async def _who_is(self, slack_user_id: str, _team: str) -> Actor:
        kind = ActorKind.DEACTIVATED if slack_user_id in self.gone else ActorKind.MEMBER
        return person(slack_user_id, kind=kind)

    def seen_actor(self, slack_user_id: str) -> Actor:
        return self.seen.get(slack_user_id) or person(slack_user_id, kind=ActorKind.UNKNOWN)

    def seen_people(self, ids: Iterable[str]) -> frozenset[str]:
        return frozenset(one.slack_user_id for one in self.seen.values() if one.groups & frozenset(ids))

    async def _standing(self, slack_user_id: str) -> Actor:
        return await self._who_is(slack_user_id, TEAM)

    async def people_of(self, _ids: Iterable[str]) -> frozenset[str] | None:
        return self.people

    async def ask(
        self, actor: Actor = ADA, *, delivery: str = "", reason: str = "", urgent: bool = False, **fields: Any
    ) -> ApprovalRequest:
        """Submit a wish for a new key, and announce it."""
        wanted = CreateKey(**{"name": "search", "remain_quota": 2_000_000, "expiry": Expiry(seconds=86_400), **fields})
        asked = await self.flow.submit(
            Asked(
                actor=actor,
                operation=OPERATIONS["key.create"],
                wanted=wanted,
                reason=reason,
                channel_id=CHANNEL,
                delivery_id=delivery or f"sub:{next(self._numbers)}",
                deadline=1.0,
                urgent=urgent,
            )
        )
        await self.announcements.run()
        return await self.row(asked.id)

    async def row(self, request_id: int = 1) -> ApprovalRequest:
        return await self.database.read(store.get, request_id)

    async def facts(self, request_id: int | None = None) -> list[str]:
        """The words of the record, oldest first."""
        lines = await self.database.read(read_audit, request_id=request_id, limit=200)
        return [line["fact"] for line in reversed(lines)]

    async def started(self, what: str = ":run") -> list[str]:
        """Names of queued work that hold `what`."""
        return await self.database.read(_queued, what)

    async def wanted(self) -> dict[str, int]:
        """Post id → how often it was wanted."""
        return await self.database.read(_wanted)


def _queued(c: sa.Connection, what: str) -> list[str]:
    table = "workflow_status" if c.dialect.name == "sqlite" else "dbos.workflow_status"
    rows = c.execute(sa.text(f"SELECT workflow_uuid FROM {table}")).scalars()
    return sorted(row for row in rows if what in row)


def _wanted(c: sa.Connection) -> dict[str, int]:
    return {row.id: row.wanted for row in c.execute(sa.select(posts.c.id, posts.c.wanted))}


def new_request(delivery: str = "sub:1", *, rules: Policy | None = None, **changes: Any) -> NewRequest:
    """A wish as submit stores it."""
    facts = Facts(remain_quota=2_000_000, unlimited_quota=False, lifetime=86_400.0, increase=2_000_000)
    decision = decide(rules or policy(), Ask(actor=ADA, operation="key.create", facts=facts))
    values: dict[str, Any] = {
        "delivery_id": delivery,
        "operation": "key.create",
        "requester_id": ADA.slack_user_id,
        "requester_team": TEAM,
        "channel_id": CHANNEL,
        "key_id": None,
        "key_name": "search",
        "reason": "",
        "input": {"name": "search", "remain_quota": 2_000_000, "expiry": {"seconds": 86_400, "at": None}},
        "before": None,
        "summary": (),
        "judgement": Judgement(decision=decision, facts=facts, own=True),
        "asked_at": NOW,
    }
    return NewRequest(**{**values, **changes})


def row(status: Status = Status.PENDING, **changes: Any) -> ApprovalRequest:
    """A request as it is read, number 3, without a database."""
    asked = {name: value for name, value in changes.items() if name in NewRequest.model_fields}
    values = {"lapses_at": None, **changes}
    return ApprovalRequest(**{**dict(new_request(**asked)), "id": 3, "version": 2, "status": status, **values})


def put(c: sa.Connection, /, status: Status, delivery: str = "sub:1", **changes: Any) -> ApprovalRequest:
    """A request that stands at `status` already."""
    return store.insert(c, new_request(delivery, **changes), status=status, lapses_at=None)[0]


def total(c: sa.Connection) -> int:
    return c.scalar(sa.select(sa.func.count()).select_from(requests)) or 0
