"""The budgets of people and roles, a row each, and which grants count against which of them. Only SQL.

Changes are a compare-and-set on the version of the row. A row stays when the budget ends, so that what was given in the
period counts when somebody asks anew.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.db.tables import budget_grants, budgets
from bot.operations import AllowanceTerms, Budget
from bot.periods import Period, Span

# What may count on the day `today`.
RECENT = budgets.c.ended_at.is_(None) | (budgets.c.until > sa.bindparam("today"))


def find(c: sa.Connection, holder: str) -> Budget | None:
    """The row of a holder, also of one whose budget has ended."""
    row = c.execute(sa.select(budgets).where(budgets.c.holder == holder)).mappings().one_or_none()
    return None if row is None else _load(row)


def standing(c: sa.Connection) -> Sequence[Budget]:
    """All that stand, by holder."""
    rows = c.execute(sa.select(budgets).where(budgets.c.ended_at.is_(None)).order_by(budgets.c.holder))
    return [_load(row) for row in rows.mappings()]


def counting(c: sa.Connection, today: date) -> Sequence[Budget]:
    """Those that stand, and those that ended while their period is that of today: what is given meanwhile counts when
    somebody asks anew.
    """
    rows = c.execute(
        sa.select(budgets).where(RECENT).order_by(budgets.c.holder), {"today": today.isoformat()}
    ).mappings()
    return [one for one in map(_load, rows) if one.stands or one.is_of(today)]


def several(c: sa.Connection, numbers: Collection[int]) -> Sequence[Budget]:
    """Those that stand of these, by number."""
    here = budgets.c.number.in_(numbers) & budgets.c.ended_at.is_(None)
    return [_load(row) for row in c.execute(sa.select(budgets).where(here).order_by(budgets.c.number)).mappings()]


def adding(
    c: sa.Connection, people: Collection[str] | None, today: date, *, but: str
) -> Sequence[Sequence[AllowanceTerms]]:
    """What each budget of these people (None: of everybody, and of roles) adds, but of one holder: the terms of those
    that stand, and what they were in the period of today, also when they were lowered or ended since.
    """
    here = budgets.c.holder != but
    here = here if people is None else here & budgets.c.holder.in_(people)
    rows = [_load(row) for row in c.execute(sa.select(budgets).where(here)).mappings()]
    return [terms for one in rows if (terms := one.adding(today))]


def save(c: sa.Connection, before: Budget | None, after: Budget) -> bool:
    """Keep `after` if the row is still as `before` says (None: there is none). False: it was changed meanwhile."""
    after = replace(after, version=1 if before is None else before.version + 1)
    values = _values(after)
    if before is None:
        insert = (postgresql if c.dialect.name == "postgresql" else sqlite).insert(budgets)
        statement = insert.values(values).on_conflict_do_nothing(index_elements=["holder"])
        return c.execute(statement.returning(budgets.c.number)).first() is not None
    same = (budgets.c.number == before.number) & (budgets.c.version == before.version)
    return c.execute(sa.update(budgets).where(same).values(values)).rowcount == 1


def note(c: sa.Connection, request_id: int, numbers: Iterable[int]) -> bool:
    """What a request grants counts against these budgets. Whether it did not yet count against one of them."""
    wanted = set(numbers)
    if not wanted:
        return False
    counted = set(c.scalars(sa.select(budget_grants.c.budget).where(budget_grants.c.request_id == request_id)))
    rows = [{"budget": number, "request_id": request_id} for number in sorted(wanted - counted)]
    if rows:
        insert = (postgresql if c.dialect.name == "postgresql" else sqlite).insert(budget_grants)
        c.execute(insert.on_conflict_do_nothing(), rows)
    return bool(rows)


def _values(one: Budget) -> dict[str, Any]:
    return {
        "holder": one.holder,
        "version": one.version,
        "amount": one.terms.amount,
        "period": str(one.terms.period),
        "rollover": one.terms.rollover,
        "request_id": one.request_id,
        "rule": one.rule[:80],
        "set_at": one.set_at,
        "ended_at": one.ended_at,
        "first": one.span.first.isoformat(),
        "until": one.span.until.isoformat(),
        "present": one.amount,
        "highest": one.highest,
        "carried": one.carried,
    }


def _load(row: sa.RowMapping) -> Budget:
    return Budget(
        number=row["number"],
        holder=row["holder"],
        terms=AllowanceTerms(amount=row["amount"], period=Period(row["period"]), rollover=row["rollover"]),
        request_id=row["request_id"],
        rule=row["rule"],
        set_at=row["set_at"],
        ended_at=row["ended_at"],
        span=Span(first=date.fromisoformat(row["first"]), until=date.fromisoformat(row["until"])),
        amount=row["present"],
        highest=row["highest"],
        carried=row["carried"],
        version=row["version"],
    )
