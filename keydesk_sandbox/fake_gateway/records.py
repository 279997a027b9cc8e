"""Keys as rows: the record of section 3, soft delete, ids and values from a seed, and what the model side's cache sees.

Knows no HTTP.
"""

import random
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

ENABLED, DISABLED, EXPIRED, EXHAUSTED = 1, 2, 3, 4
NEVER = -1
FIRST_ID = 101
EDITABLE = (
    "name",
    "expired_time",
    "remain_quota",
    "unlimited_quota",
    "model_limits_enabled",
    "model_limits",
    "allow_ips",
    "group",
    "cross_group_retry",
)
WIRE_FIELDS = (
    "id",
    "user_id",
    "key",
    "status",
    "name",
    "created_time",
    "accessed_time",
    "expired_time",
    "remain_quota",
    "unlimited_quota",
    "model_limits_enabled",
    "model_limits",
    "allow_ips",
    "used_quota",
    "group",
    "cross_group_retry",
)
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase


@dataclass(kw_only=True)
class Record:
    """One row. `key` is the 48-character core without `sk-`; it stays out of the repr."""

    id: int
    user_id: int
    key: str = field(repr=False)
    created_time: int
    accessed_time: int
    status: int = ENABLED
    name: str = ""
    expired_time: int = NEVER
    remain_quota: int = 0
    unlimited_quota: bool = False
    model_limits_enabled: bool = False
    model_limits: str = ""
    allow_ips: str | None = ""
    used_quota: int = 0
    group: str = ""
    cross_group_retry: bool = False
    deleted_at: int | None = None

    def past_expiry(self, now: float) -> bool:
        return self.expired_time != NEVER and self.expired_time < int(now)

    def dry(self) -> bool:
        return not self.unlimited_quota and self.remain_quota <= 0

    def state(self, now: float) -> str:
        """The state of the key in one word: section 9's effective state, or deleted."""
        if self.deleted_at is not None:
            return "deleted"
        if self.status != ENABLED:
            return {DISABLED: "disabled", EXPIRED: "expired", EXHAUSTED: "exhausted"}.get(self.status, "blocked")
        if self.past_expiry(now):
            return "expired"
        return "exhausted" if self.dry() else "active"


@dataclass(frozen=True, kw_only=True)
class _Cached:
    """What the model side goes on seeing until the cache entry ends."""

    record: Record
    until: float


def mask(value: str) -> str:
    """First four, ten stars, last four (section 8)."""
    return f"{value[:4]}{'*' * 10}{value[-4:]}"


class Store:
    """All rows of the gateway, of every account."""

    def __init__(self, *, seed: int) -> None:
        # Not for secrets: the values are fakes, and must be the same on every run.
        self._random = random.Random(seed)  # noqa: S311 - see above
        self._rows: dict[int, Record] = {}
        self._cached: dict[int, _Cached] = {}
        self._id_of: dict[str, int] = {}  # key value → id
        self._owned: dict[int, list[Record]] = {}  # user id → live rows, newest first; rebuilt when asked for
        self._next_id = FIRST_ID

    def add(self, *, user_id: int, now: float, **fields: Any) -> Record:
        """Insert a row; `fields` may set anything, id and key value too."""
        at = int(now)
        given: dict[str, Any] = {"id": self._next_id, "key": self._new_value(), "created_time": at} | fields
        given.setdefault("accessed_time", given["created_time"])
        record = Record(user_id=user_id, **given)
        if record.id in self._rows:
            raise ValueError(f"there is a key {record.id} already")
        if not record.key.isalnum() or record.key in self._id_of:
            raise ValueError("a key value is letters and digits, and belongs to one key")
        self._rows[record.id] = record
        self._id_of[record.key] = record.id
        self._owned.pop(user_id, None)
        self._next_id = max(self._next_id, record.id) + 1
        return record

    def _new_value(self) -> str:
        return "".join(self._random.choices(_ALPHABET, k=48))

    def row(self, key_id: int) -> Record:
        """The live row, deleted or not; KeyError if there never was one."""
        return self._rows[key_id]

    def owned(self, key_id: int, user_id: int) -> Record | None:
        """The live row as its owner may see it: None if unknown, foreign or deleted."""
        record = self._rows.get(key_id)
        return record if record and record.user_id == user_id and record.deleted_at is None else None

    def of(self, user_id: int) -> list[Record]:
        """The owner's rows that are not deleted, newest id first. Not to be changed."""
        if user_id not in self._owned:
            rows = self.newest_first()
            self._owned[user_id] = [r for r in rows if r.user_id == user_id and r.deleted_at is None]
        return self._owned[user_id]

    def delete(self, record: Record, *, now: float) -> None:
        """Soft delete: the row stays, its owner and the model side no longer see it."""
        record.deleted_at = int(now)
        self._owned.pop(record.user_id, None)

    def edit(self, record: Record, changes: Mapping[str, Any]) -> None:
        """Change fields of a row past all rules. ValueError for what is no field, and for `id` and `key`."""
        for name in changes:
            if name in ("id", "key", "user_id") or not hasattr(record, name):
                raise ValueError(f"a key has no field {name!r} to edit")
        for name, value in changes.items():
            setattr(record, name, value)
        self._owned.pop(record.user_id, None)

    def id_of(self, value: str) -> int | None:
        """Whose value this is, deleted keys included."""
        return self._id_of.get(value)

    def newest_first(self) -> Iterator[Record]:
        for key_id in sorted(self._rows, reverse=True):
            yield self._rows[key_id]

    def keep_in_cache(self, record: Record, *, now: float, seconds: float) -> None:
        """Call before a change: the model side sees the row as it is now for `seconds` more.

        An entry that is still valid stays: what is cached does not learn of a second change either.
        """
        held = self._cached.get(record.id)
        if seconds > 0 and not (held and now < held.until):
            self._cached[record.id] = _Cached(record=replace(record), until=now + seconds)

    def for_model_side(self, value: str, *, now: float) -> Record | None:
        """The row that a model call with this key value is judged by, None if there is none."""
        if (key_id := self._id_of.get(value)) is None:
            return None
        held = self._cached.get(key_id)
        if held and now < held.until:
            return held.record
        record = self._rows[key_id]
        return record if record.deleted_at is None else None
