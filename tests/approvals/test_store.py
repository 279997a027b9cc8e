"""The SQL of the spine, on SQLite and on PostgreSQL."""

from datetime import date

import pytest
import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.models import TRANSITIONS, Outcome, Postponement, Progress, Status, Vote
from bot.approvals.store import RequestFilter
from bot.db.engine import Database
from bot.errors import ApprovalConflict
from bot.operations import Expiry, Offer
from tests.approvals.kit import NOW, TEAM, new_request, put, total

TODAY = date(2026, 3, 10)


@pytest.mark.parametrize("before", Status)
def test_every_move_of_the_table_and_no_other_can_be_stored(database: Database, before: Status) -> None:
    def work(c: sa.Connection) -> None:
        for number, after in enumerate(Status):
            request = put(c, before, f"sub:{number}")
            if after in TRANSITIONS[before]:
                moved = store.move(c, request, after)
                assert store.get(c, request.id) == moved
                assert (moved.status, moved.version) == (after, 2)
            else:
                with pytest.raises(ApprovalConflict):
                    store.move(c, request, after)
                assert store.get(c, request.id) == request

    database.run_here(work)


def test_a_repeated_delivery_is_the_first_row(database: Database) -> None:
    def work(c: sa.Connection) -> None:
        first, is_new = store.insert(c, new_request("sub:1"), status=Status.PENDING, lapses_at=NOW + 60)
        again, is_new_too = store.insert(
            c, new_request("sub:1", key_name="other"), status=Status.APPROVED, lapses_at=None
        )
        assert (is_new, is_new_too) == (True, False)
        assert again == first
        assert store.by_delivery(c, "sub:1") == first
        assert store.by_delivery(c, "sub:2") is None
        assert total(c) == 1

    database.run_here(work)


def test_a_row_comes_back_as_it_went_in(database: Database) -> None:
    new = new_request(key_name="naïve ✅ \u202e", reason="<!channel>\r\n`x`", key_id=2**62)

    def work(c: sa.Connection) -> None:
        request, _ = store.insert(c, new, status=Status.PENDING, lapses_at=NOW + 0.5)
        changed = store.move(
            c,
            request,
            Status.OFFERED,
            votes=(Vote(by="U0MIRA", team=TEAM, at=NOW),),
            counter_offer=Offer(remain_quota=1, expiry=Expiry(at=5), models=("a",)),
            outcome=Outcome(sentence="Well.", notes=("one",)),
        )
        assert store.get(c, request.id) == changed
        assert changed.judgement == new.judgement
        assert changed.approval is not None
        assert changed.approval.expires == 3 * 86_400

    database.run_here(work)


def test_an_old_version_cannot_be_changed(database: Database) -> None:
    def work(c: sa.Connection) -> None:
        request = put(c, Status.PENDING)
        store.change(c, request, taken_by="U0MIRA")
        with pytest.raises(ApprovalConflict, match="same moment"):
            store.move(c, request, Status.DENIED)

    database.run_here(work)


def test_progress_marks_move_no_version(database: Database) -> None:
    def work(c: sa.Connection) -> None:
        request = put(c, Status.RUNNING)
        store.record_checkpoint(c, request.id, "create.post", {"sent": 1})
        postponed = Postponement(since=1.0, tries=2, why="away")
        assert store.record_progress(c, request.id, postponed=postponed).postponed == postponed
        store.record_checkpoint(c, request.id, "create.look", {"seen": 2})
        store.move(c, request, Status.SUCCEEDED)
        checkpoints = {"create.post": {"sent": 1}, "create.look": {"seen": 2}}
        assert store.get(c, request.id).progress == Progress(postponed=postponed, checkpoints=checkpoints)

    database.run_here(work)


def test_lists_are_sorted_and_bounded(database: Database) -> None:
    def work(c: sa.Connection) -> None:
        rows = [put(c, status, f"sub:{status}") for status in Status]
        assert [r.status for r in store.waiting(c)] == [Status.PENDING, Status.OFFERED]
        assert [r.id for r in store.recent(c, limit=3)] == [row.id for row in rows[:-4:-1]]
        assert [r.id for r in store.of_requester(c, "U0ADA", limit=2)] == [row.id for row in rows[:-3:-1]]
        assert store.of_requester(c, "U0BEN") == []
        assert store.of_key(c, 7) == []
        assert store.counts(c) == {status.value: 1 for status in Status}

    database.run_here(work)


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (RequestFilter(), ["Search 100%", "other", "search"]),
        (RequestFilter(statuses=frozenset({Status.DENIED})), ["Search 100%"]),
        (RequestFilter(requester="U0BEN"), ["other"]),
        (RequestFilter(text="sEARCH"), ["Search 100%", "search"]),
        (RequestFilter(text="%"), ["Search 100%"]),
        (RequestFilter(statuses=frozenset({Status.PENDING}), requester="U0BEN", text="none"), []),
    ],
)
def test_requests_are_looked_for_and_come_newest_first(
    database: Database, wanted: RequestFilter, names: list[str]
) -> None:
    def work(c: sa.Connection) -> None:
        put(c, Status.PENDING, "sub:1", key_name="search")
        put(c, Status.PENDING, "sub:2", key_name="other", requester_id="U0BEN")
        last = put(c, Status.DENIED, "sub:3", key_name="Search 100%")
        page = store.page(c, wanted, number=1, rows=9)
        assert [request.key_name for request in page.requests] == names
        assert (page.total, page.number) == (len(names), 1)
        exact = store.page(c, RequestFilter(number=last.id), number=1, rows=9)
        assert [request.id for request in exact.requests] == [last.id]

    database.run_here(work)


def test_a_page_beyond_the_end_is_the_last(database: Database) -> None:
    def work(c: sa.Connection) -> None:
        for number in range(5):
            put(c, Status.PENDING, f"sub:{number}", key_name=str(number))
        found = store.page(c, RequestFilter(), number=9, rows=2)
        assert ([request.key_name for request in found.requests], found.number, found.total) == (["0"], 3, 5)
        assert store.page(c, RequestFilter(text="x"), number=9, rows=2).number == 1

    database.run_here(work)


def test_break_glass_is_to_be_reviewed_until_somebody_did(database: Database) -> None:
    def work(c: sa.Connection) -> None:
        request = store.change(c, put(c, Status.APPROVED), break_glass=True)
        assert [r.id for r in store.to_review(c)] == [request.id]
        store.change(c, request, reviewed_by="U0MIRA")
        assert store.to_review(c) == []

    database.run_here(work)


def test_a_missing_row_is_a_lookup_error(sqlite_database: Database) -> None:
    def work(c: sa.Connection) -> None:
        assert store.find(c, 99) is None
        with pytest.raises(LookupError):
            store.get(c, 99)

    sqlite_database.run_here(work)


def test_the_numbers_of_somebody_are_what_waits_and_the_newest_that_are_recent(database: Database) -> None:
    def asked(c: sa.Connection, number: int, *, at: float, lapses_at: float | None, status: Status) -> None:
        new = new_request(f"sub:{number}").model_copy(update={"asked_at": at})
        store.insert(c, new, status=status, lapses_at=lapses_at)

    def work(c: sa.Connection) -> None:
        assert store.before_insert(c, "U0ADA", TODAY) == (0, False)
        asked(c, 1, at=NOW - 9, lapses_at=NOW, status=Status.PENDING)
        asked(c, 2, at=NOW + 1, lapses_at=NOW, status=Status.OFFERED)
        asked(c, 3, at=NOW + 2, lapses_at=NOW, status=Status.DENIED)
        asked(c, 4, at=NOW + 3, lapses_at=None, status=Status.SUCCEEDED)  # nobody was asked
        assert [store.before_insert(c, who, TODAY)[0] for who in ("U0ADA", "U0BEN")] == [2, 0]
        last = store.get(c, 4)
        assert store.recent_before(c, last, since=NOW, most=5) == 2
        assert store.recent_before(c, last, since=NOW - 10, most=5) == 3
        assert store.recent_before(c, last, since=NOW - 10, most=2) == 2
        assert store.recent_before(c, store.get(c, 3), since=NOW - 10, most=5) == 2
        assert store.recent_before(c, last.model_copy(update={"requester_id": "U0BEN"}), since=NOW - 10, most=5) == 0

    database.run_here(work)


def test_what_is_not_announced_is_found_until_it_is(database: Database) -> None:
    def work(c: sa.Connection) -> None:
        assert store.unannounced(c, most=5) == []
        for number in range(3):
            new = new_request(f"sub:{number}")
            request, _ = store.insert(c, new, status=Status.PENDING, lapses_at=NOW, announced=number == 0)
            assert request.announced is store.get(c, request.id).announced is (number == 0)
        first, second = store.unannounced(c, most=5)
        assert [first] == store.unannounced(c, most=1)
        for one in (first, second):
            after = store.record_announcement(c, one, Progress(called=("U0MIRA",), called_at=NOW))
            assert after is not None
            assert (
                store.get(c, one.id) == after == one.model_copy(update={"announced": True, "progress": after.progress})
            )
            assert store.record_announcement(c, one, Progress()) is None
            assert store.get(c, one.id) == after
        assert store.unannounced(c, most=5) == []

    database.run_here(work)


def test_looking_for_what_is_not_announced_reads_no_other_request(sqlite_database: Database) -> None:
    statements = list[str]()

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    sa.event.listen(sqlite_database.engine, "before_cursor_execute", note)
    with sqlite_database.engine.connect() as c:
        store.unannounced(c, most=5)
        plan = c.exec_driver_sql(f"EXPLAIN QUERY PLAN {statements[-1]}", (5, 0)).all()
    assert "requests_unannounced" in plan[0][3]
