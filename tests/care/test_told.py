"""What stands in which message: closed once, drawn anew once, forgotten after long."""

from bot.care import told
from bot.care.notice import CareOutcome, Crossing, Notice
from bot.db.engine import Database
from tests.care.kit import ADA, DAY, NOON, Desk, Wanted, key


def notice(key_id: int, kind: Crossing = Crossing.LOW) -> Notice:
    return Notice(kind=kind, key_id=key_id, name="bot", expires=-1, born_at=int(NOON))


def test_a_crossing_is_closed_once_and_its_message_drawn_anew_once(database: Database) -> None:
    wanted = Wanted()
    database.run_here(wanted.want, id="care_owner:1:1", kind="care_owner", subject="1:1", target=f"dm:{ADA}", body={})
    both = [(notice(1), ADA), (notice(2), ADA)]
    database.run_here(told.note, "care_owner:1:1", both, at=NOON)
    rows = database.run_here(told.still_open, [1, 2, 3])
    assert [(row.key_id, row.kind, row.owner_id) for row in rows] == [(1, Crossing.LOW, ADA), (2, Crossing.LOW, ADA)]
    for _ in range(2):
        database.run_here(told.close, wanted, [(row, CareOutcome.HAS_MORE) for row in rows])
    assert wanted.redrawn == ["care_owner:1:1"]
    assert database.run_here(told.still_open, [1, 2]) == []
    outcomes = database.run_here(told.outcomes, "care_owner:1:1")
    assert outcomes == {(1, Crossing.LOW): CareOutcome.HAS_MORE, (2, Crossing.LOW): CareOutcome.HAS_MORE}
    assert database.run_here(told.in_post, "care_owner:1:1", [1, 7]) == {(1, Crossing.LOW)}


def test_a_message_that_is_no_more_is_not_posted_again(database: Database) -> None:
    wanted = Wanted()
    database.run_here(told.note, "gone", [(notice(1), ADA)], at=NOON)
    database.run_here(told.close, wanted, [(row, CareOutcome.GONE) for row in database.run_here(told.still_open, [1])])
    assert (wanted.posts, wanted.redrawn) == ([], [])


def test_nothing_is_noted_of_nothing(database: Database) -> None:
    database.run_here(told.note, "x", [], at=NOON)
    assert database.run_here(told.in_post, "x", [1]) == set()


def test_keys_that_are_gone_are_found_and_old_crossings_forgotten(database: Database) -> None:
    Desk(database).put(key(1))
    database.run_here(told.note, "x", [(notice(1), ADA), (notice(2), ADA)], at=NOON)
    assert [row.key_id for row in database.run_here(told.open_of_gone)] == [2]
    assert database.run_here(told.forget, before=NOON) == 0
    assert database.run_here(told.forget, before=NOON + DAY) == 2


def test_a_question_has_arrived_when_slack_has_taken_it(database: Database) -> None:
    wanted = Wanted()
    wanted.arrives = False
    idle = notice(1, Crossing.IDLE)
    database.run_here(wanted.want, id="a:1", kind="care_owner", subject="1", target="dm:x", body={})
    database.run_here(told.note, "a:1", [(idle, ADA)], at=NOON)
    assert not database.run_here(told.arrived, 1, Crossing.IDLE)
    wanted.arrives = True
    database.run_here(wanted.want, id="b:1", kind="care_unread", subject="1", target="C0", body={})
    database.run_here(told.note, "b:1", [(idle, ADA)], at=NOON)
    assert database.run_here(told.arrived, 1, Crossing.IDLE)
    assert not database.run_here(told.arrived, 1, Crossing.LOW)
