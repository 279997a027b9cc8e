"""Keys in a database and rounds over them, without Slack and without a gateway: what is wanted is counted."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.models import ApprovalRequest, Status
from bot.care.idle.orders import IdleOrders
from bot.care.messages import CHANNEL, OWNER
from bot.care.notice import Notice
from bot.care.owner_messages import OwnerMessages
from bot.care.rounds import CareRounds
from bot.db import named_values
from bot.db.engine import Database
from bot.db.tables import requests
from bot.db.transaction import after_commit
from bot.gateway.models import Key
from bot.keys import inventory_store, owners
from bot.keys.owners import OwnedKey
from bot.permissions.care import USUAL, CareTerms
from bot.slack import post_store
from tests.approvals.kit import new_request
from tests.keys.records import record

# Noon of a Friday, UTC.
NOON = 1_800_014_400.0
HOUR, DAY = 3600.0, 86_400.0
ADA, BEN = "U0ADA", "U0BEN"


class Wanted:
    """An outbox that keeps what was wanted by transactions that were committed, and fails when it is told to.

    `redrawn`: messages that were wanted again. `arrives`: whether Slack takes them at once.
    """

    def __init__(self) -> None:
        self.posts: list[tuple[str, str, str, Mapping[str, Any]]] = []
        self.redrawn: list[str] = []
        self.arrives = True
        self.fails: Callable[[], bool] = lambda: False

    def want(
        self,
        c: sa.Connection,
        *,
        id: str,  # noqa: A002  # the outbox's word
        kind: str,
        subject: str,
        target: str,
        body: Mapping[str, Any] | None = None,
    ) -> None:
        if self.fails():
            raise RuntimeError("the process died here")
        assert subject in id
        assert len(id) <= 80
        wanted = post_store.upsert(
            c, post_id=id, kind=kind, subject=subject, target=target, thread_of=None, body=body, now=0.0
        )
        if wanted > 1:
            after_commit(c, lambda: self.redrawn.append(id))
            return
        if self.arrives:
            post_store.change(c, id, channel=target, ts=f"{len(self.posts)}.0")
        after_commit(c, lambda: self.posts.append((id, kind, target, body or {})))

    def told(self) -> Counter[tuple[str, int, str, int]]:
        """How often each owner was told each crossing."""
        found: Counter[tuple[str, int, str, int]] = Counter()
        for _, kind, target, body in self.posts:
            for kept in body["notices"] if kind == OWNER else ():
                notice = Notice.of_stored(kept)
                found[target.removeprefix("dm:"), notice.key_id, str(notice.kind), notice.mark] += 1
        return found

    def of(self, key_id: int) -> list[tuple[str, int]]:
        """What was told about a key, in order: the kind, and the days of the mark."""
        return [
            (kept["kind"], round(kept["mark"] / DAY))
            for _, kind, _, body in self.posts
            for kept in (body["notices"] if kind == OWNER else ())
            if kept["key_id"] == key_id
        ]

    @property
    def in_channel(self) -> list[Mapping[str, Any]]:
        return [body for _, kind, _, body in self.posts if kind == CHANNEL]


class Ordered:
    """Requests of the policy, which are carried out when a test says so."""

    def __init__(self) -> None:
        self.keys: list[int] = []

    def by_policy(self, c: sa.Connection, operation: str, key: Key, /, **about: Any) -> ApprovalRequest:
        assert operation == "key.disable"
        self.keys.append(int(key.id))
        new = new_request(about["delivery_id"], operation=operation, key_id=int(key.id))
        return store.insert(c, new, status=Status.APPROVED, lapses_at=None, decided_at=new.asked_at)[0]

    def settle(self, c: sa.Connection, status: Status, *, at: float) -> None:
        """What became of all of them."""
        c.execute(sa.update(requests).where(requests.c.status == "approved").values(status=str(status), settled_at=at))


class Desk:
    """Keys, their owners and the time."""

    def __init__(self, database: Database) -> None:
        self.database, self.now = database, NOON
        self.terms: CareTerms = USUAL
        self.zones: dict[str, int] = {}
        self.asked: list[str] = []
        self.wanted, self.ordered = Wanted(), Ordered()

    def replica(self) -> CareRounds:
        messages = OwnerMessages(
            database=self.database,
            outbox=self.wanted,
            known_zone=self.zones.get,
            zone_of=self._ask,
            channel="C0KEYS",
            clock=lambda: self.now,
            gateway_now=lambda _key: self.now,
        )
        orders = IdleOrders(database=self.database, requests=self.ordered, clock=lambda: self.now)
        return CareRounds(messages=messages, orders=orders, terms=lambda: self.terms)

    async def _ask(self, person: str) -> int | None:
        self.asked.append(person)
        return self.zones.setdefault(person, 0)

    def put(self, *keys: Key, owner: str | None = ADA) -> None:
        """What the list of keys brought, and whose they are."""
        self.database.run_here(self._put, keys, owner)

    def _put(self, c: sa.Connection, keys: Sequence[Key], owner: str | None) -> None:
        inventory_store.write(c, {int(key.id): (self.now, key) for key in keys})
        for key in keys if owner else ():
            line = OwnedKey(
                key_id=int(key.id),
                name=key.name,
                owner_id=str(owner),
                owner_team="T0HOME",
                request_id=None,
                created_at=self.now,
                born_at=key.created_time,
            )
            owners.hand_over(c, line)

    def gone(self, key_id: int) -> None:
        """The list of keys does not hold it any more."""
        self.database.run_here(inventory_store.mark_gone, [key_id], at=self.now)

    def other_account(self, *, there: bool) -> None:
        """Whether the gateway shows the keys of another account."""
        if there:
            self.database.run_here(named_values.put, owners.OTHER_ACCOUNT, {"address": "x", "user": 2})
        else:
            self.database.run_here(named_values.remove, owners.OTHER_ACCOUNT)

    async def round(self) -> bool:
        return await self.replica().run()


def key(key_id: int, *, born: float = NOON, ends: float | None = None, **changes: Any) -> Key:
    """A key that works and was not used yet."""
    usual = {
        "status": 1,
        "created_time": int(born),
        "accessed_time": int(born),
        "expired_time": -1 if ends is None else int(ends),
        "remain_quota": 1_000_000,
        "used_quota": 0,
        "unlimited_quota": False,
    }
    return record(key_id, **usual | changes)
