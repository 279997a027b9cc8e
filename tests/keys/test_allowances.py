"""Rows of allowances: a compare-and-set on each change, what is due, and what adds to the keys of whom."""

from dataclasses import replace
from datetime import date

import sqlalchemy as sa

from bot.db.engine import Database
from bot.keys import allowances, owners
from bot.keys.owners import OwnedKey
from bot.operations import Allowance, AllowanceTerms, Coverage
from bot.periods import Period, span_of

TODAY = date(2026, 11, 20)
TERMS = AllowanceTerms(amount=100, period=Period.MONTH, rollover=True)
OLD = AllowanceTerms(amount=900, period=Period.DAY)


def allowance(key_id: int, **changes: object) -> Allowance:
    one = Allowance(key_id=key_id, born_at=5, terms=TERMS, request_id=7, rule="free", set_at=1.0)
    return replace(one, **changes)  # type: ignore[arg-type]


def covering(day: date, terms: AllowanceTerms = TERMS, owner: str = "U0ADA") -> Coverage:
    return Coverage(span=span_of(Period.MONTH, day), terms=terms, owner_id=owner)


async def test_a_row_is_kept_as_it_was_written_and_changed_by_whoever_saw_it_last(database: Database) -> None:
    first = await database.run(allowances.save, None, allowance(7))
    assert first is not None
    assert await database.run(allowances.save, None, allowance(7)) is None
    # The coverage keeps what counts: amount and period.
    coverage = covering(TODAY, OLD)
    second = await database.run(allowances.save, first, replace(first, covered=coverage, refill_id=9, failed_at=2.0))
    assert second == replace(first, covered=coverage, refill_id=9, failed_at=2.0, version=2)
    assert await database.run(allowances.save, first, replace(first, ended_at=3.0)) is None
    assert await database.read(allowances.find, 7) == second
    assert await database.read(allowances.find, 7, 5) == second
    assert await database.read(allowances.find, 7, 6) is None
    assert await database.read(allowances.in_hand) == 1
    assert set(await database.read(allowances.standing, [6, 7])) == {7}
    assert second is not None
    await database.run(allowances.save, second, replace(second, ended_at=3.0))
    assert await database.read(allowances.standing, [7]) == {}
    await database.run(allowances.forget, 7)
    assert await database.run(allowances.find, 7, lock=True) is None


async def test_what_no_refill_covers_is_due_in_the_order_of_the_keys(database: Database) -> None:
    rows = [
        allowance(1),
        allowance(2, covered=covering(TODAY)),
        allowance(3, covered=covering(date(2026, 10, 31))),
        allowance(4, ended_at=1.0),
        allowance(5, failed_at=100.0),
        # The clock was far ahead; the time zone was changed.
        allowance(6, covered=covering(date(2027, 11, 1))),
        allowance(7, covered=covering(date(2026, 12, 1))),
    ]
    for row in rows:
        await database.run(allowances.save, None, row)

    async def due(day: date, failed_before: float = 100.0, limit: int = 9, after: int = -1) -> list[int]:
        found = await database.read(allowances.due, day, failed_before=failed_before, limit=limit, after=after)
        return [one.key_id for one in found]

    assert await due(TODAY) == [1, 3, 6, 7]
    assert await due(date(2026, 11, 30)) == [1, 3, 6]
    assert await due(TODAY, 101.0, 2) == [1, 3]
    assert await due(TODAY, 101.0, 2, 3) == [5, 6]


async def test_what_adds_to_whose_keys(database: Database) -> None:
    def own(c: sa.Connection) -> None:
        for key_id, owner, deleted_at in ((1, "U0ADA", None), (2, "U0BEN", None), (3, "U0ADA", 4.0)):
            line = OwnedKey(key_id=key_id, name="k", owner_id=owner, owner_team="T", request_id=None, created_at=1.0)
            owners.own(c, replace(line, deleted_at=deleted_at))

    await database.run(own)
    await database.run(allowances.save, None, allowance(1, covered=covering(TODAY, OLD)))
    # Given to Ben this month; gone this month; ended long ago.
    await database.run(allowances.save, None, allowance(2, covered=covering(TODAY, OLD)))
    await database.run(allowances.save, None, allowance(3, covered=covering(TODAY, OLD)))
    await database.run(allowances.save, None, allowance(4, ended_at=1.0, covered=covering(date(2026, 1, 1))))

    def added(c: sa.Connection, people: set[str] | None) -> list[tuple[int, int]]:
        return sorted((key, terms.amount) for key, terms in allowances.adding(c, people, TODAY))

    assert await database.read(added, {"U0ADA"}) == [(1, 100), (1, 900), (2, 900), (3, 900)]
    assert await database.read(added, {"U0BEN"}) == [(2, 100)]
    assert await database.read(added, None) == [(1, 100), (1, 900), (2, 100), (2, 900), (3, 900)]
