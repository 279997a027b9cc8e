"""The rows of budgets: one a holder, changed by a compare-and-set, on SQLite and on PostgreSQL."""

from dataclasses import replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from bot.db.engine import Database
from bot.db.tables import budget_grants
from bot.keys import budgets
from bot.operations import AllowanceTerms, Budget
from bot.periods import Period, span_of

TODAY = date(2026, 3, 10)


def budget(holder: str, **changes: Any) -> Budget:
    terms = AllowanceTerms(amount=100, period=Period.MONTH, rollover=True)
    values: dict[str, Any] = {
        "terms": terms,
        "span": span_of(Period.MONTH, TODAY),
        "amount": 90,
        "highest": 95,
        "carried": -3,
    }
    return Budget(holder=holder, request_id=7, rule="r", set_at=1.5, **values | changes)


async def test_a_row_comes_back_as_it_was_and_is_changed_once(database: Database) -> None:
    assert await database.run(budgets.save, None, budget("U0ADA"))
    assert not await database.run(budgets.save, None, budget("U0ADA"))
    [stored] = await database.read(budgets.standing)
    assert stored == budget("U0ADA", number=stored.number, version=1)
    assert await database.read(budgets.find, "U0BEN") is None
    assert await database.run(budgets.save, stored, replace(stored, ended_at=9.0))
    assert not await database.run(budgets.save, stored, stored)
    assert await database.read(budgets.standing) == []
    assert await database.read(budgets.several, [stored.number]) == []
    assert (await database.read(budgets.find, "U0ADA")) == replace(stored, ended_at=9.0, version=2)


async def test_what_adds_is_what_stands_or_ended_in_this_period(database: Database) -> None:
    old = span_of(Period.MONTH, date(2026, 1, 1))
    for one in (
        budget("U0ADA"),
        budget("U0BEN", ended_at=1.0),
        budget("U0OMAR", ended_at=1.0, span=old),
        budget("role:data"),
    ):
        await database.run(budgets.save, None, one)
    assert len(await database.read(budgets.adding, None, TODAY, but="")) == 3
    assert len(await database.read(budgets.adding, None, TODAY, but="U0ADA")) == 2
    assert len(await database.read(budgets.adding, {"U0ADA", "U0OMAR"}, TODAY, but="")) == 1


async def test_a_grant_is_noted_once(database: Database) -> None:
    for _ in range(2):
        await database.run(budgets.note, 5, [1, 2])
    await database.run(budgets.note, 6, [])
    rows = await database.read(lambda c: c.execute(sa.select(budget_grants).order_by(budget_grants.c.budget)).all())
    assert [tuple(row) for row in rows] == [(1, 5), (2, 5)]
