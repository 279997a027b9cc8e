"""Keys in a database and rounds over them, without Slack and without a gateway: what is wanted is counted."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from bot.care.judgement import Notice
from bot.care.messages import CHANNEL, OWNER
from bot.care.rounds import CareRounds
from bot.db.engine import Database
from bot.db.transaction import after_commit
from bot.gateway.models import Key
from bot.keys import inventory_store, owners
from bot.keys.owners import OwnedKey
from bot.permissions.care import USUAL, CareTerms
from tests.keys.records import record

# Noon of a Monday, UTC.
NOON = 1_800_014_400.0
HOUR, DAY = 3600.0, 86_400.0
ADA, BEN = "U0ADA", "U0BEN"


class Wanted:
    """An outbox that keeps what was wanted by transactions that were committed, and fails when it is told to."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, str, str, Mapping[str, Any]]] = []
        self.fails: Callable[[], bool] = lambda: False

    def want(
        self,
        c: sa.Connection,
        *,
        id: str,  # noqa: A002  # the outbox's word
        kind: str,
        subject: str,
        target: str,
        body: Mapping[str, Any],
    ) -> None:
        if self.fails():
            raise RuntimeError("the process died here")
        assert subject in id
        after_commit(c, lambda: self.posts.append((id, kind, target, body)))

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


class Desk:
    """Keys, their owners and the time."""

    def __init__(self, database: Database) -> None:
        self.database, self.now = database, NOON
        self.terms: CareTerms = USUAL
        self.zones: dict[str, int] = {}
        self.asked: list[str] = []
        self.wanted = Wanted()

    def replica(self) -> CareRounds:
        return CareRounds(
            database=self.database,
            outbox=self.wanted,
            terms=lambda: self.terms,
            known_zone=self.zones.get,
            zone_of=self._ask,
            channel="C0KEYS",
            clock=lambda: self.now,
            gateway_now=lambda: self.now,
        )

    async def _ask(self, person: str) -> int | None:
        self.asked.append(person)
        return 0

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
            owners.own(c, line)

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
