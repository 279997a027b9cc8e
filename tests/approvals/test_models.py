"""The table of moves, said a second time: a change of one must be a change of both."""

import pytest
from pydantic import ValidationError

from bot.approvals.models import FINAL, IN_HAND, TRANSITIONS, WAITING, WORDS, Progress, Status

P, O, A, R, U = Status.PENDING, Status.OFFERED, Status.APPROVED, Status.RUNNING, Status.UNKNOWN  # noqa: E741  # a table
S, F, D, E, W = Status.SUCCEEDED, Status.FAILED, Status.DENIED, Status.EXPIRED, Status.WITHDRAWN

ALLOWED = {
    (P, A), (P, O), (P, D), (P, E), (P, W),
    (O, P), (O, A), (O, E), (O, W),
    (A, R), (A, F),
    (R, U), (R, S), (R, F),
    (U, R), (U, S), (U, F),
}  # fmt: skip


@pytest.mark.parametrize("before", Status)
@pytest.mark.parametrize("after", Status)
def test_a_move_is_allowed_only_when_the_table_says_so(before: Status, after: Status) -> None:
    assert (after in TRANSITIONS[before]) is ((before, after) in ALLOWED)


def test_every_status_is_in_exactly_one_group() -> None:
    groups = [*WAITING, *IN_HAND, *FINAL]
    assert sorted(groups) == sorted(Status)


def test_every_status_has_a_word_of_its_own() -> None:
    assert set(WORDS) == set(Status)
    assert len(set(WORDS.values())) == len(WORDS)


def test_nothing_leaves_an_end() -> None:
    assert {status for status in Status if not TRANSITIONS[status]} == {S, F, D, E, W}


@pytest.mark.parametrize("status", [A, R, U])
def test_what_was_approved_can_no_longer_be_taken_back_or_lapse(status: Status) -> None:
    assert not TRANSITIONS[status] & {D, E, W, P, O}


def test_what_a_run_remembers_is_read_under_the_names_of_older_versions_too() -> None:
    old = {"held": {"since": 1.0, "tries": 2}, "nudged": 5.0, "enable.put": {"sent": 1}}
    progress = Progress.model_validate(old)
    assert progress.postponed is not None
    assert (progress.postponed.tries, progress.nudged_at) == (2, 5.0)
    assert progress.checkpoints == {"enable.put": {"sent": 1}}
    assert Progress.model_validate(progress) == progress
    with pytest.raises(ValidationError):
        Progress.model_validate("none")
