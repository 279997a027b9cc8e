"""What keys are refilled with, once per period: a row per key. Only SQL; what it means is in operations/allowance.py.

Each refill covers the days of one period, and no other refill comes in them, whatever the
terms become meanwhile; so a repeated round, a crash, a second replica, a clock that goes back and a change of terms
refill once. Changes are a compare-and-set on the version of the row.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.db.tables import allowances, keys
from bot.operations import Allowance, AllowanceTerms, Coverage
from bot.operations.allowance import ZONES_APART
from bot.periods import Period, Span


def find(c: sa.Connection, key_id: int, born_at: int | None = None, *, lock: bool = False) -> Allowance | None:
    """The row of a key, also of one whose allowance has ended. `born_at`: the record's birth where it is at hand.

    `lock` holds the row to the end of the transaction (SQLite holds the whole file anyway).
    """
    here = sa.select(allowances).where(allowances.c.key_id == key_id)
    row = c.execute(here.with_for_update() if lock else here).mappings().one_or_none()
    return None if row is None or born_at not in {None, row["born_at"]} else _load(row)


def standing(c: sa.Connection, key_ids: Collection[int]) -> dict[int, Allowance]:
    """Those of these keys that have an allowance, by number."""
    found: dict[int, Allowance] = {}
    ids = sorted(key_ids)
    for first in range(0, len(ids), 500):
        here = allowances.c.key_id.in_(ids[first : first + 500]) & allowances.c.ended_at.is_(None)
        found |= {one.key_id: one for one in _many(c, here)}
    return found


def due(c: sa.Connection, today: date, *, failed_before: float, limit: int, after: int = -1) -> Sequence[Allowance]:
    """Allowances that no refill covers today and that did not fail since then, by the numbers of their keys, of those
    above `after`.
    """
    a = allowances.c
    early = (today + ZONES_APART).isoformat()
    uncovered = a.covered_until.is_(None) | (a.covered_until <= today.isoformat()) | (a.covered_from > early)
    not_failed = a.failed_at.is_(None) | (a.failed_at < failed_before)
    return _many(c, a.ended_at.is_(None) & uncovered & not_failed & (a.key_id > after), limit=limit)


def in_hand(c: sa.Connection) -> int:
    """How many refills are under way."""
    under_way = sa.select(sa.func.count()).select_from(allowances).where(allowances.c.refill_id.is_not(None))
    return int(c.scalar(under_way) or 0)


def save(c: sa.Connection, before: Allowance | None, after: Allowance) -> Allowance | None:
    """Keep `after` if the row is still as `before` says (None: there is none). None: it was changed meanwhile."""
    after = replace(after, version=1 if before is None else before.version + 1)
    values = _values(after)
    if before is None:
        insert = (postgresql if c.dialect.name == "postgresql" else sqlite).insert(allowances)
        statement = insert.values(values).on_conflict_do_nothing(index_elements=["key_id"])
        new = c.execute(statement.returning(allowances.c.key_id)).first() is not None
        return after if new else None
    same = (allowances.c.key_id == before.key_id) & (allowances.c.version == before.version)
    return after if c.execute(sa.update(allowances).where(same).values(values)).rowcount == 1 else None


def forget(c: sa.Connection, key_id: int) -> None:
    """Delete the row of another key that once had this number."""
    c.execute(sa.delete(allowances).where(allowances.c.key_id == key_id))


def adding(c: sa.Connection, people: Collection[str] | None, today: date) -> Iterator[tuple[int, AllowanceTerms]]:
    """Key and terms of everything that adds quota to keys of these people (None: of everybody): what stands, also for
    keys that are disabled, and what was refilled for today, also when it was lowered or ended since.
    """
    a = allowances.c
    lives = (keys.c.key_id == a.key_id) & keys.c.deleted_at.is_(None)
    stands = a.ended_at.is_(None) & keys.c.key_id.is_not(None)
    theirs = sa.true() if people is None else keys.c.owner_id.in_(people)
    covering = a.covered_until > today.isoformat()
    was_theirs = sa.true() if people is None else a.covered_for.in_(people)
    of_whom = sa.select(allowances, (stands & theirs).label("now"), (covering & was_theirs).label("then"))
    rows = c.execute(
        of_whom.select_from(allowances.outerjoin(keys, lives)).where((stands & theirs) | (covering & was_theirs))
    )
    for row in rows.mappings():
        one = _load(row)
        if row["now"]:
            yield one.key_id, one.terms
        if row["then"] and one.covered is not None:
            yield one.key_id, one.covered.terms


def _many(c: sa.Connection, where: Any, *, limit: int | None = None) -> Sequence[Allowance]:
    found = c.execute(sa.select(allowances).where(where).order_by(allowances.c.key_id).limit(limit))
    return [_load(row) for row in found.mappings()]


def _values(one: Allowance) -> dict[str, Any]:
    covered = one.covered
    return {
        "key_id": one.key_id,
        "version": one.version,
        "born_at": one.born_at,
        "amount": one.terms.amount,
        "period": str(one.terms.period),
        "rollover": one.terms.rollover,
        "request_id": one.request_id,
        "rule": one.rule[:80],
        "set_at": one.set_at,
        "ended_at": one.ended_at,
        "covered_from": None if covered is None else covered.span.first.isoformat(),
        "covered_until": None if covered is None else covered.span.until.isoformat(),
        "covered_amount": None if covered is None else covered.terms.amount,
        "covered_period": None if covered is None else str(covered.terms.period),
        "covered_for": None if covered is None else covered.owner_id,
        "refill_id": one.refill_id,
        "failed_at": one.failed_at,
    }


def _load(row: sa.RowMapping) -> Allowance:
    covered = None
    if row["covered_from"] is not None:
        covered = Coverage(
            span=Span(first=date.fromisoformat(row["covered_from"]), until=date.fromisoformat(row["covered_until"])),
            terms=AllowanceTerms(amount=row["covered_amount"], period=Period(row["covered_period"])),
            owner_id=row["covered_for"],
        )
    return Allowance(
        key_id=row["key_id"],
        born_at=row["born_at"],
        terms=AllowanceTerms(amount=row["amount"], period=Period(row["period"]), rollover=row["rollover"]),
        request_id=row["request_id"],
        rule=row["rule"],
        set_at=row["set_at"],
        ended_at=row["ended_at"],
        covered=covered,
        refill_id=row["refill_id"],
        failed_at=row["failed_at"],
        version=row["version"],
    )
