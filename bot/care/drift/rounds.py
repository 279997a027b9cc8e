"""Compares every key that was read anew after each list of all keys, and tells what was changed outside, once.

A key that something here writes, or has just written, waits for the next round: its reading may be of before or after.
What differs then is put down to that write. Few messages an hour; a key is in one message until somebody answers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.approvals import store as requests_store
from bot.approvals.models import FINAL, Status
from bot.audit import Fact, append
from bot.care.deciders import deciders
from bot.care.drift import store
from bot.care.drift.comparison import DISABLED, Drift, Reading, reading_of
from bot.care.drift.messages import CARD
from bot.care.drift.store import KeyDrift
from bot.care.kind import CareParts
from bot.keys import inventory_store, lineage, locks, owners
from bot.keys.inventory_store import KnownKey

NEXT = "drift_next"
PAGE = 500
# So long after a write the reading that is written down may still be of before.
SETTLE_SECONDS = 30.0
# So many keys at once are one message; and so many messages come in an hour, then the rest waits and is one.
DIGEST, MOST_CARDS, AN_HOUR = 3, 5, 3600.0
# Keys in one message: what does not fit waits for the next one.
MOST_TOGETHER = 12


@dataclass(kw_only=True, eq=False)
class DriftRounds:
    """`in_batch`: whether a batch is writing this key now."""

    parts: CareParts
    in_batch: Callable[[sa.Connection, int], bool]

    async def round(self) -> bool:
        """Compare and tell. Whether something waits."""
        deps = self.parts.deps
        await deps.known.writer.flush()
        waits, settled = False, deps.clock() - SETTLE_SECONDS
        page: tuple[bool, int | None] = (False, -1)
        while (after := page[1]) is not None:
            page = await deps.database.run(self._compare_page, after)
            waits = waits or page[0]
        await deps.database.run(store.count_writes, before=settled)
        return await deps.database.run(self._tell) or waits

    def _compare_page(self, c: sa.Connection, after: int) -> tuple[bool, int | None]:
        store.lock(c)
        page = store.read_anew(c, after, limit=PAGE)
        waits, begun, same = False, list[dict[str, Any]](), list[dict[str, Any]]()
        for known, row in page:
            if row is None or row.reading is None or row.born_at != known.key.created_time:
                begun.append(_begun(known, row))
            else:
                waits = not self._compare(c, known, row, same) or waits
        store.put_readings(c, begun)
        store.take(c, same)
        return waits, int(page[-1][0].key.id) if len(page) == PAGE else None

    def _compare(self, c: sa.Connection, known: KnownKey, row: KeyDrift, same: list[dict[str, Any]]) -> bool:
        """Take one reading in. False: it has to wait. `same`: gets those that changed nothing but what was spent."""
        assert row.reading is not None  # noqa: S101  the caller has looked
        now, new = self.parts.deps.clock(), reading_of(known.key)
        here = row.was_written
        if here and now - (row.written_at or 0.0) < SETTLE_SECONDS:
            return False
        changed = row.drift.changed_here(row.reading, new) if here else row.drift
        if not here and self.parts.terms().drift:
            changed = row.drift.changed_outside(row.reading, new)
        if not here and changed != row.drift:
            if self._is_being_written(c, row.key_id):
                return False
            changed = self._without_locked(c, known, row.drift, changed)
        taken = {"read_at": known.read_at, "counted_at": row.written_at, "reading": new}
        if changed == row.drift:
            same.append({"key_id": row.key_id, **taken})
            return True
        store.put(c, row.key_id, **taken, drift=changed.stored())
        if not here:
            append(c, fact=Fact.DRIFTED, at=now, actor=None, key_id=row.key_id, details=_told(row.drift, changed, new))
        self._moved(c, row, changed, new)
        return True

    def _is_being_written(self, c: sa.Connection, key_id: int) -> bool:
        keys = lineage.keys_of(c, key_id)
        return any(requests_store.in_hand_for_key(c, one) or self.in_batch(c, one) for one in keys)

    def _without_locked(self, c: sa.Connection, known: KnownKey, before: Drift, after: Drift) -> Drift:
        """A locked key that came back is told by itself (approvals/key_locks.py)."""
        came_back = after.before.get(DISABLED) is True and DISABLED not in before.before
        if not came_back or locks.lock_of(c, known.key.id, known.key.created_time) is None:
            return after
        return Drift(before={n: v for n, v in after.before.items() if n != DISABLED}, quota=after.quota)

    def _moved(self, c: sa.Connection, row: KeyDrift, drift: Drift, reading: Reading) -> None:
        """What was told is otherwise by now: the message says so, also when nothing is left of it."""
        if not row.is_open:
            return
        if drift:
            store.put(c, row.key_id, shown=self._shown(c, row.key_id, drift, reading))
        else:
            store.put(c, row.key_id, outcome="back")
        self.draw(c, row.card)

    def _tell(self, c: sa.Connection) -> bool:
        if not self.parts.terms().drift:
            return False
        store.lock(c)
        now, found = self.parts.deps.clock(), store.untold(c, limit=PAGE)
        room = MOST_CARDS - store.cards_since(c, now - AN_HOUR)
        if not found or room <= 0:
            return bool(found)
        together = len(found) >= DIGEST or len(found) > room
        for rows in [found[:MOST_TOGETHER]] if together else [[row] for row in found]:
            self._want(c, rows, now)
        return len(found) > MOST_TOGETHER

    def _want(self, c: sa.Connection, rows: Sequence[KeyDrift], now: float) -> None:
        card = store.next_card(c)
        for row in rows:
            shown = self._shown(c, row.key_id, row.drift, row.reading or {})
            fresh = {"outcome": None, "answered_by": None, "requests": None, "tries": 0}
            store.put(c, row.key_id, card=card, told_at=now, shown=shown, **fresh)
        self.draw(c, card, deciders(c, self.parts))

    def _shown(self, c: sa.Connection, key_id: int, drift: Drift, reading: Reading) -> dict[str, Any]:
        known = inventory_store.find(c, key_id)
        hint = "" if known is None else known.key.last_four
        return {
            "name": reading["name"],
            "hint": hint,
            "owner": owners.owner_of(c, key_id),
            "before": drift.agreed(reading),
            "after": dict(reading),
            "quota": drift.quota,
        }

    def draw(self, c: sa.Connection, card: int | None, body: Mapping[str, Any] | None = None) -> None:
        """Want the message, or want it drawn anew. `body`: who decides, of a new one."""
        target = self.parts.security_channel
        self.parts.outbox.want(c, id=f"drift:{card}", kind=CARD, subject=str(card), target=target, body=body)

    def written(self, c: sa.Connection, key_id: int) -> None:
        """Something here wrote this key at the gateway: what is read otherwise next is put down to that."""
        for one in lineage.keys_of(c, key_id):
            store.put(c, one, written_at=self.parts.deps.clock())

    def key_changed(self, c: sa.Connection, key_id: int) -> None:
        """A request about the key ended: what it has put back is over, and the next part is asked for; where it came
        to nothing, all can be asked for again.
        """
        row = store.find(c, key_id)
        if row is None or not row.is_open:
            return
        ended = {
            operation: request
            for operation, request_id in row.requests.items()
            if (request := requests_store.find(c, request_id)) is not None and request.status in FINAL
        }
        if not ended:
            return
        drift, left = row.drift, {name: one for name, one in row.requests.items() if name not in ended}
        for operation, request in ended.items():
            if request.status is Status.SUCCEEDED:
                drift = drift.without(operation)
            else:
                left = {}
        values: dict[str, Any] = {"requests": left or None, "drift": drift.stored(), "tries": row.tries + 1}
        values |= {} if drift else {"outcome": "put_back", "requests": None}
        store.put(c, key_id, **values)
        if drift and left:
            self.parts.engine.start(c, NEXT, f"drift:{key_id}:{row.card}:{row.tries + 1}:next", str(key_id))
        self.draw(c, row.card)


def _begun(known: KnownKey, row: KeyDrift | None) -> dict[str, Any]:
    return {
        "key_id": int(known.key.id),
        "born_at": known.key.created_time,
        "read_at": known.read_at,
        "counted_at": None if row is None else row.written_at,
        "reading": reading_of(known.key),
    }


def _told(before: Drift, after: Drift, reading: Reading) -> dict[str, Any]:
    """For the record: what was changed, from what and to what."""
    names = sorted(
        name for name in {*before.before, *after.before} if before.before.get(name) != after.before.get(name)
    )
    values = {name: [after.before.get(name), reading.get(name)] for name in names if name in after.before}
    return {"changes": values, "quota": after.quota - before.quota}
