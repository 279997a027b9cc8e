"""The line of keys that one request is about, for its run: rows in keys/lineage.py, under the locks of its writer."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.models import Status
from bot.approvals.verified_write import VerifiedWriter
from bot.gateway.models import Key
from bot.keys import lineage
from bot.languages import tr

# Checkpoints of whatever moves quota, by their names (gateway/writes/).
MOVING = frozenset({"quota", "unlimited", "enable.put", "rotate", "move"})
# A request without progress for longer waits for a person, and no longer blocks others.
WAIT_SECONDS = 3600.0


def unended(c: sa.Connection, key_id: int, born_at: int | None = None) -> list[int]:
    """The keys before this one in its line that may still work: their end was not asked for, or is not done."""
    return [row.key_id for row in lineage.predecessors_of(c, key_id, born_at) if not _is_ended(c, row)]


def touched_since(c: sa.Connection, key_id: int, *, since: float, but: int = 0) -> bool:
    """Whether a record of this key that was read then (Unix seconds) may be another one by now: a request changed it,
    or a key of its line, since quota moves between them. Asked under the line's lock.
    """
    return store.touched_since(c, lineage.keys_of(c, key_id), but=but, since=since)


def _is_ended(c: sa.Connection, row: lineage.LineageRow) -> bool:
    rotation = None if row.rotation is None else store.find(c, row.rotation)
    overlap = None if rotation is None else rotation.progress.overlap
    end = None if overlap is None or overlap.request_id is None else store.find(c, overlap.request_id)
    return end is not None and end.status is Status.SUCCEEDED


@dataclass(frozen=True, kw_only=True)
class RequestLineage:
    """`operations.lineage.Lineage` for one request."""

    writer: VerifiedWriter
    request_id: int
    clock: Callable[[], float]

    def holding(self, key_id: int) -> AbstractAsyncContextManager[None]:
        """Within it nobody else writes to any key of the line."""
        return self.writer.holding(key_id)

    async def waits_for(self, key_id: int) -> str:
        """Which other request has begun to move quota in this line: between its steps it holds no lock."""
        other = await self.writer.database.read(self._other, key_id)
        if other is None:
            return ""
        return tr("Request {number} is moving quota of this key; it goes first.", number=f"#{other}")

    def _other(self, c: sa.Connection, key_id: int) -> int | None:
        since = self.clock() - WAIT_SECONDS
        for request in store.unsettled(c, lineage.keys_of(c, key_id), but=self.request_id, since=since):
            if not MOVING.isdisjoint(request.progress.checkpoints):
                return request.id
        return None

    async def out_of_use(self, key_id: int) -> str:
        """Why this key must not come back."""
        row = await self.writer.database.read(lineage.taken, key_id)
        return "" if row is None else lineage.why_out_of_use(row)

    async def claim(self, old: Key) -> str:
        """Have this request replace the key, durably, before anything is made."""
        row = await self.writer.database.run(self._claim, old)
        return "" if row is None else lineage.why_not_rotated(row)

    def _claim(self, c: sa.Connection, old: Key) -> lineage.LineageRow | None:
        self.writer.check(c)
        return lineage.claim(c, int(old.id), born_at=old.created_time, rotation=self.request_id)

    async def link(self, old: Key, new: Key, *, shares: bool) -> None:
        """The successor is made: known to the line before it gets anything."""
        await self.writer.database.run(self._link, old, new, shares)

    def _link(self, c: sa.Connection, old: Key, new: Key, shares: bool) -> None:
        self.writer.check(c)
        lineage.link(
            c,
            old=int(old.id),
            new=int(new.id),
            born_at=new.created_time,
            rotation=self.request_id,
            shares=shares,
        )

    async def heir_of(self, key_id: int) -> int | None:
        """The key that gets what is left on this one when it ends."""
        row = await self.writer.database.read(lineage.find, key_id)
        return row.replaced_by if row is not None and row.shares else None
