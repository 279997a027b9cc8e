"""A row per key: what was told of it. Only SQL; each change is a compare-and-set."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from bot.care import key_rows
from bot.care.judgement import ExpiryCare, KeyCare, QuotaCare, Told
from bot.care.tables import key_care
from bot.db import named_values

_BEGUN = "care.begun"


def several(c: sa.Connection, key_ids: Collection[int]) -> dict[int, KeyCare]:
    """What is remembered of these keys, by number."""
    found: dict[int, KeyCare] = {}
    ids = sorted(key_ids)
    for first in range(0, len(ids), 500):
        rows = c.execute(sa.select(key_care).where(key_care.c.key_id.in_(ids[first : first + 500])))
        found |= {int(row["key_id"]): _load(row) for row in rows.mappings()}
    return found


def low(c: sa.Connection, key_ids: Collection[int]) -> set[int]:
    """Those of these keys whose owner was told that little is left, and that did not rise since."""
    found = several(c, key_ids)
    return {key_id for key_id, care in found.items() if care.quota is not None and care.quota.told is Told.LOW}


def save(c: sa.Connection, before: KeyCare | None, after: KeyCare) -> bool:
    """Remember `after` if the row is still as `before` says. False: somebody else has changed it meanwhile."""
    return key_rows.save(c, key_care, _values(after), before=None if before is None else before.version)


def forget_gone(c: sa.Connection, *, before: float) -> int:
    """Forget the keys that are gone since `before` or that the inventory does not know; returns how many."""
    return key_rows.forget_gone(c, key_care, before=before)


def has_begun(c: sa.Connection) -> bool:
    """Whether all keys were judged once: before that, what is so already is told to nobody."""
    return bool(named_values.get(c, _BEGUN))


def begin(c: sa.Connection) -> None:
    """All keys were judged once."""
    named_values.put(c, _BEGUN, value=True)


def _values(care: KeyCare) -> dict[str, Any]:
    expiry, quota = care.expiry, care.quota
    return {
        "key_id": care.key_id,
        "born_at": care.born_at,
        "owner_id": care.owner_id,
        "expires": expiry.expires,
        "expires_since": expiry.since,
        "expiry_told": expiry.told,
        "quota_base": None if quota is None else quota.base,
        "quota_total": None if quota is None else quota.total,
        "quota_told": None if quota is None else str(quota.told),
        "quota_told_at": None if quota is None else quota.told_at,
    }


def _load(row: sa.RowMapping) -> KeyCare:
    quota = None
    if row["quota_base"] is not None:
        quota = QuotaCare(
            base=row["quota_base"],
            total=row["quota_total"],
            told=Told(row["quota_told"]),
            told_at=row["quota_told_at"],
        )
    expiry = ExpiryCare(expires=row["expires"], since=row["expires_since"], told=row["expiry_told"])
    return KeyCare(
        key_id=row["key_id"],
        born_at=row["born_at"],
        owner_id=row["owner_id"],
        expiry=expiry,
        quota=quota,
        version=row["version"],
    )
