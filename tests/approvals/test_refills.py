"""A refill is a granted request of its own: stored with the mark in the row, by whoever marks it first."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from bot.approvals import ledger
from bot.approvals.models import OriginKind, Status
from bot.approvals.refills import ALLOWANCE, Refills
from bot.db.engine import Database
from bot.db.tables import grants
from bot.features.key_allowance.operation import ChangeAllowance
from bot.keys import allowances, locks, owners
from bot.keys.owners import OwnedKey
from bot.operations import Allowance, AllowanceTerms
from bot.periods import Period
from bot.permissions.models import Lock
from tests.approvals.kit import NOW, TEAM, Spine
from tests.approvals.test_budgets import settle
from tests.gateway.answers import ROW
from tests.keys.records import record
from tests.narrow import present

KEY = record(7, name="nightly", created_time=5)
TERMS = AllowanceTerms(amount=100, period=Period.MONTH)


class Due:
    """An allowance of Ada's key that is due."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.spine = Spine(database)
        self.refills = Refills(
            granted=self.spine.granted,
            budgets=self.spine.counts.budgets,
            clock=self.spine.clock,
            gateway_now=lambda _key: self.spine.clock(),
        )
        line = OwnedKey(
            key_id=7, name="nightly", owner_id="U0ADA", owner_team=TEAM, request_id=None, created_at=1.0, born_at=5
        )
        database.run_here(owners.own, line)
        first = Allowance(key_id=7, born_at=5, terms=TERMS, request_id=3, rule="free", set_at=NOW)
        found = database.run_here(allowances.save, None, first)
        assert found is not None
        self.row = found

    def begin(self, **changes: Any) -> Any:
        return self.database.run_here(self.refills.begin, self.row, KEY.model_copy(update=changes))


@pytest.fixture
def due(sqlite_database: Database) -> Due:
    return Due(sqlite_database)


async def test_it_is_granted_with_the_allowance_and_asked_by_nobody(due: Due) -> None:
    assert ROW["created_time"] != 5
    request = due.begin()
    assert (request.operation, request.status, request.key_name) == (ALLOWANCE, Status.APPROVED, "nightly")
    assert (request.origin.kind, request.origin.request_id) == (OriginKind.ALLOWANCE, 3)
    assert (request.requester_id, request.counted_for, request.judgement.decision.rule) == ("U0ADA", "U0ADA", "free")
    wanted = ChangeAllowance.model_validate(request.input)
    assert wanted == ChangeAllowance(key_id=7, terms=TERMS, owner_id="U0ADA", refill=True)
    assert await due.spine.started() == [f"req:{request.id}:run"]
    assert await due.spine.facts() == ["asked", "approved"]
    # Nobody is written to.
    assert await due.spine.wanted() == {}
    row = due.database.run_here(allowances.find, 7)
    assert row == replace(due.row, refill_id=request.id, version=3)
    granted = due.database.run_here(lambda c: c.execute(grants.select()).one())
    assert (granted.person_id, granted.units, granted.adds_key) == ("U0ADA", 100, False)


async def test_the_second_replica_asks_for_nothing(due: Due) -> None:
    assert due.begin() is not None
    assert due.begin() is None
    due.row = due.database.run_here(allowances.find, 7)  # type: ignore[assignment]
    assert due.begin() is None
    assert await due.spine.started() == ["req:1:run"]


@pytest.mark.parametrize("changes", [{"status": 2}, {"expired_time": 5}, {"created_time": 6}])
def test_a_key_that_is_not_in_use_is_not_refilled(due: Due, changes: dict[str, int]) -> None:
    assert due.begin(**changes) is None


def test_a_key_that_is_locked_or_of_nobody_is_not_refilled(due: Due) -> None:
    lock = Lock(cause="alert", by="", at=1.0, number=1, rule="r")
    due.database.run_here(locks.lock, 7, lock, born_at=5)
    assert due.begin() is None
    due.database.run_here(locks.unlock, 7)
    due.database.run_here(owners.forget, 7, at=NOW)
    assert due.begin() is None


async def test_a_row_that_was_changed_meanwhile_is_left_to_whoever_changed_it(due: Due) -> None:
    await settle(due.spine, "U0ADA", {"amount": 40, "period": "month"})
    known = await due.spine.counts.budgets.of("U0ADA")
    stale = replace(due.row, version=due.row.version - 1)
    assert due.database.run_here(due.refills.begin, stale, KEY, known) is None
    request = due.database.run_here(due.refills.begin, due.row, KEY, known)
    assert present(request).judgement.facts.increase == 40


async def test_while_nobody_tells_what_is_left_of_a_budget_it_waits(due: Due) -> None:
    await settle(due.spine, "U0ADA", {"amount": 40, "period": "month"})
    known = await due.spine.counts.budgets.of("U0ADA")
    unknown = [replace(one, left=None) for one in known]
    assert due.database.run_here(due.refills.begin, due.row, KEY, unknown) is None
    assert due.database.run_here(allowances.find, 7) == due.row


async def test_who_waits_for_a_row_holds_no_lock_of_what_is_counted(postgres_database: Database) -> None:
    """Whoever settles a change of the allowance has the row and wants that lock: neither waits for the other."""
    due = Due(postgres_database)
    await settle(due.spine, "U0ADA", {"amount": 40, "period": "month"})
    known = await due.spine.counts.budgets.of("U0ADA")
    waits = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()")
    with postgres_database.engine.begin() as c:
        assert allowances.find(c, 7, lock=True) is not None
        begun = asyncio.create_task(postgres_database.run(due.refills.begin, due.row, KEY, known))
        async with asyncio.timeout(20):
            while not c.scalar(waits):  # noqa: ASYNC110  # another connection's lock
                await asyncio.sleep(0.01)
        free = c.scalar(sa.text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": ledger._LOCK})
    assert await begun is not None
    assert free
