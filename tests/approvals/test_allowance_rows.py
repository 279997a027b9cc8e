"""What settled requests mean for the allowance of a key: it begins, changes, moves, ends, is refilled or is not."""

from dataclasses import replace
from datetime import UTC, date
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.allowance_rows import AllowanceRows
from bot.approvals.models import ApprovalRequest, Origin, OriginKind, Outcome, Status
from bot.approvals.refills import Refills
from bot.db.engine import Database
from bot.db.tables import grants
from bot.features import OPERATIONS
from bot.gateway.models import Key
from bot.gateway.writes import WriteResult, WriteStatus
from bot.keys import allowances, owners
from bot.keys.owners import OwnedKey
from bot.operations import Allowance, AllowanceTerms
from bot.periods import Period, Span, day_of
from tests.approvals.kit import NOW, TEAM, Spine, new_request
from tests.keys.records import record

MONTHLY = AllowanceTerms(amount=100, period=Period.MONTH)
WEEKLY = AllowanceTerms(amount=30, period=Period.WEEK)
KEY, NEW = record(7, created_time=5), record(8, created_time=6)
TODAY = day_of(NOW, UTC)
MARK = {"first": "2026-09-01", "until": "2026-10-01", "units": 60}


class Rows:
    """Ada's key 7, and what follows requests about it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.spine = Spine(database)
        refills = Refills(
            granted=self.spine.granted,
            budgets=self.spine.counts.budgets,
            clock=self.spine.clock,
            gateway_now=lambda _key: self.spine.clock(),
        )
        self.told: list[int] = []
        notifications: Any = SimpleNamespace(tell=lambda _c, request: self.told.append(request.id))
        self.rows = AllowanceRows(
            refills=refills,
            notifications=notifications,
            time_zone=lambda: UTC,
            clock=self.spine.clock,
            gateway_now=lambda _key: self.spine.clock(),
        )
        for key_id, born_at in ((7, 5), (8, 6)):
            line = OwnedKey(
                key_id=key_id,
                name="nightly",
                owner_id="U0ADA",
                owner_team=TEAM,
                request_id=None,
                created_at=1.0,
                born_at=born_at,
            )
            database.run_here(owners.own, line)
        self.number = 0

    def request(self, operation: str = "key.allowance", status: Status = Status.SUCCEEDED, **changes: Any) -> Any:
        self.number += 1
        wanted: dict[str, Any] = {"operation": operation, "key_id": 7, "input": {"key_id": 7, "terms": None}} | changes
        new = new_request(f"sub:{self.number}", **wanted)
        return self.database.run_here(store.insert, new, status=status, lapses_at=None)[0]

    def follow(self, request: ApprovalRequest, key: Key | None = KEY, **result: Any) -> None:
        done = WriteStatus.DONE if request.status is Status.SUCCEEDED else WriteStatus.REFUSED
        found = WriteResult(status=done, key=key, **result)
        self.database.run_here(self.rows.follow, request, OPERATIONS[request.operation], found)

    def set(self, terms: AllowanceTerms | None, key: Key = KEY) -> None:
        kept = None if terms is None else terms.model_dump(mode="json")
        self.follow(self.request(input={"key_id": 7, "terms": kept, "owner_id": "U0ADA"}), key)

    def row(self, key_id: int = 7) -> Allowance:
        found = self.database.run_here(allowances.find, key_id)
        assert found is not None
        return found

    def refill(self, status: Status, *, marked: bool = True, **changes: Any) -> ApprovalRequest:
        """The refill under way, as it was settled."""
        number = self.row().refill_id
        assert number is not None

        def settle(c: sa.Connection) -> ApprovalRequest:
            request = store.move(c, store.get(c, number), Status.RUNNING)
            if marked:
                store.record_checkpoint(c, number, "refill", MARK)
            return store.move(c, request, status, **changes)

        return self.database.run_here(settle)

    def granted(self) -> dict[int, int | None]:
        found = self.database.run_here(lambda c: c.execute(sa.select(grants.c.request_id, grants.c.units)).all())
        return {row.request_id: row.units for row in found}


@pytest.fixture
def rows(sqlite_database: Database) -> Rows:
    return Rows(sqlite_database)


def test_an_allowance_begins_with_a_refill_in_the_same_transaction(rows: Rows) -> None:
    rows.set(MONTHLY)
    row = rows.row()
    assert (row.terms, row.request_id, row.rule, row.stands) == (MONTHLY, 1, "the rest", True)
    assert row.refill_id == 2
    assert rows.granted() == {2: 100}
    rows.follow(rows.refill(Status.SUCCEEDED), moved=60)
    row = rows.row()
    assert row.covered is not None
    assert row.covered.span == Span(first=date(2026, 9, 1), until=date(2026, 10, 1))
    assert (row.refill_id, row.covered.owner_id, row.covered.terms) == (None, "U0ADA", MONTHLY)
    assert rows.granted() == {2: 60}
    assert rows.told == []


def test_other_terms_wait_for_the_next_period_and_so_does_one_that_was_ended(rows: Rows) -> None:
    rows.set(MONTHLY)
    rows.follow(rows.refill(Status.SUCCEEDED), moved=60)
    rows.set(WEEKLY)
    assert (rows.row().terms, rows.row().refill_id) == (WEEKLY, None)
    rows.set(None)
    assert not rows.row().stands
    rows.set(None)
    rows.set(MONTHLY)
    row = rows.row()
    assert (row.stands, row.refill_id, row.next_day(TODAY)) == (True, None, date(2026, 10, 1))


def test_a_key_that_is_disabled_or_is_another_one_begins_anew(rows: Rows) -> None:
    rows.set(MONTHLY, record(7, created_time=5, status=2))
    assert rows.row().refill_id is None
    rows.set(WEEKLY, record(7, created_time=99))
    assert (rows.row().born_at, rows.row().terms) == (99, WEEKLY)


def test_the_successor_of_a_rotated_key_goes_on_with_it(rows: Rows) -> None:
    rows.follow(rows.request("key.rotate"), NEW)  # it has none
    rows.set(MONTHLY)
    rows.follow(rows.refill(Status.SUCCEEDED), moved=60)
    rows.follow(rows.request("key.rotate"), NEW)
    assert rows.database.run_here(allowances.find, 7) is None
    row = rows.row(8)
    assert (row.born_at, row.terms, row.is_covered(TODAY)) == (6, MONTHLY, True)


def test_the_days_of_an_allowance_that_has_ended_go_with_a_rotation(rows: Rows) -> None:
    rows.set(MONTHLY)
    rows.follow(rows.refill(Status.SUCCEEDED), moved=60)
    rows.set(None)
    rows.follow(rows.request("key.rotate"), NEW)
    row = rows.row(8)
    assert (row.stands, row.is_covered(TODAY)) == (False, True)


def test_what_a_refill_under_way_may_have_added_goes_with_a_rotation(rows: Rows) -> None:
    rows.set(MONTHLY)
    rows.refill(Status.UNKNOWN)
    rows.follow(rows.request("key.rotate"), NEW)
    row = rows.row(8)
    assert (row.refill_id, row.is_covered(TODAY)) == (None, True)


@pytest.mark.parametrize(
    ("operation", "status", "stands"),
    [
        ("key.delete", Status.SUCCEEDED, False),
        ("key.transfer", Status.SUCCEEDED, False),
        ("key.transfer", Status.FAILED, True),
        ("key.disable", Status.SUCCEEDED, True),
        ("key.allowance", Status.FAILED, True),
    ],
)
def test_it_ends_with_its_key_or_its_owner(rows: Rows, operation: str, status: Status, stands: bool) -> None:
    rows.set(MONTHLY)
    rows.follow(rows.request(operation, status))
    assert rows.row().stands is stands


def test_a_new_key_that_is_refilled_begins_filled(rows: Rows) -> None:
    wanted = {"name": "x", "remain_quota": 70, "refill": "week"}
    rows.follow(rows.request("key.create", key_id=8, input=wanted), NEW)
    row = rows.row(8)
    assert (row.terms.amount, row.terms.period, row.refill_id, row.born_at) == (70, Period.WEEK, None, 6)
    assert row.is_covered(TODAY)
    rows.follow(rows.request("key.create", key_id=9, input={"name": "x", "remain_quota": 70}), record(9))
    assert rows.database.run_here(allowances.find, 9) is None


def test_a_key_without_a_number_has_none(rows: Rows) -> None:
    rows.follow(rows.request("key.create", key_id=None))
    assert rows.database.run_here(allowances.find, 7) is None


def test_a_failure_is_told_once_until_it_works_again(rows: Rows) -> None:
    rows.set(MONTHLY)
    failed = rows.refill(Status.FAILED, marked=False)
    rows.follow(failed)
    row = rows.row()
    assert (row.refill_id, row.failed_at, row.covered, rows.told) == (None, NOW, None, [failed.id])
    again = rows.database.run_here(rows.rows.refills.begin, row, KEY)
    assert again is not None
    rows.follow(rows.refill(Status.FAILED, marked=False), None)
    assert rows.told == [failed.id]
    rows.database.run_here(rows.rows.refills.begin, rows.row(), KEY)
    rows.follow(rows.refill(Status.SUCCEEDED), moved=60)
    assert rows.row().failed_at is None


def test_a_key_that_is_not_in_use_is_no_failure(rows: Rows) -> None:
    rows.set(MONTHLY)
    rows.follow(rows.refill(Status.FAILED, marked=False), record(7, status=2))
    assert (rows.row().refill_id, rows.row().failed_at, rows.told) == (None, None, [])


def test_what_was_added_before_the_rest_failed_counts(rows: Rows) -> None:
    rows.set(MONTHLY)
    rows.follow(rows.refill(Status.FAILED), moved=60)
    assert rows.row().is_covered(TODAY)


def test_a_refill_that_the_row_does_not_know_changes_nothing_in_it(rows: Rows) -> None:
    origin = Origin(kind=OriginKind.ALLOWANCE, request_id=1)
    rows.follow(rows.request(origin=origin), moved=5)
    rows.set(MONTHLY)
    before = rows.row()
    rows.follow(rows.request(origin=origin), moved=5)
    rows.follow(rows.request(origin=origin, key_id=None), moved=5)
    assert rows.row() == before


def test_a_refill_that_ended_on_another_way_is_reconciled(rows: Rows) -> None:
    rows.set(MONTHLY)
    begun = rows.row()
    assert rows.database.run_here(rows.rows.reconcile, begun) is None
    rows.refill(Status.FAILED)  # such as one whose key was locked while its process was dead
    free = rows.database.run_here(rows.rows.reconcile, begun)
    assert free is not None
    assert (free.refill_id, free.is_covered(TODAY)) == (None, True)
    assert rows.database.run_here(rows.rows.reconcile, free) == free
    # One that had not begun covers nothing.
    rows.set(WEEKLY)
    lost = rows.database.run_here(allowances.save, rows.row(), replace(rows.row(), covered=None, failed_at=None))
    assert lost is not None
    assert rows.database.run_here(rows.rows.refills.begin, lost, KEY) is not None
    rows.refill(Status.FAILED, marked=False)
    uncovered = rows.database.run_here(rows.rows.reconcile, rows.row())
    assert uncovered is not None
    assert (uncovered.refill_id, uncovered.covered) == (None, None)
    # Another replica was first.
    assert rows.database.run_here(rows.rows.reconcile, begun) is None


def test_a_refill_that_a_person_must_look_at_holds_up_no_other_period(rows: Rows) -> None:
    rows.set(MONTHLY)
    begun = rows.row()
    rows.refill(Status.UNKNOWN, outcome=Outcome(sentence="", by_hand=True))
    free = rows.database.run_here(rows.rows.reconcile, begun)
    assert free is not None
    assert free.is_covered(TODAY)
    lost = rows.database.run_here(allowances.save, free, replace(free, refill_id=999, covered=None))
    assert lost is not None
    found = rows.database.run_here(rows.rows.reconcile, lost)
    assert found is not None
    assert (found.refill_id, found.covered) == (None, None)
