"""How a key of an alert stands, by the rows."""

import pytest

from bot.alerts.cards.key_state import is_being_tried, is_enabled_again, is_out_of_use, open_keys, refused_at
from bot.alerts.models import AlertAction, KeySnapshot
from bot.approvals.models import RevocationProgress, Status
from tests.alerts.rows import NOW, alert_of, finding, request_of

DISABLE = AlertAction(operation="key.disable", by="U0SAM", clicked_at=NOW, request_id=1)
ROTATE = AlertAction(operation="key.rotate", by="U0SAM", clicked_at=NOW, request_id=1)


def seen(state: str = "active", *, gone: bool = False, looked_at: float = NOW) -> dict[int, KeySnapshot]:
    return {7: KeySnapshot(key_id=7, state=state, gone=gone, looked_at=looked_at)}


@pytest.mark.parametrize(
    ("keys", "out"), [(seen(), False), (seen("disabled"), True), (seen(gone=True), True), ({}, False)]
)
def test_without_an_order_the_record_says_whether_it_is_out_of_use(keys: dict[int, KeySnapshot], out: bool) -> None:
    assert is_out_of_use(alert_of(finding(7), keys=keys), 7, {}) is out


def test_with_an_order_the_request_says_it() -> None:
    alert = alert_of(finding(7), keys=seen(), actions={7: DISABLE})
    assert not is_out_of_use(alert, 7, {1: request_of(Status.RUNNING)})
    assert is_out_of_use(alert, 7, {1: request_of(Status.SUCCEEDED)})


def test_a_key_that_was_seen_active_after_its_end_is_enabled_again() -> None:
    done = {1: request_of(Status.SUCCEEDED, settled_at=NOW + 10)}
    for looked_at, again in ((NOW + 5, False), (NOW + 11, True)):
        alert = alert_of(finding(7), keys=seen(looked_at=looked_at), actions={7: DISABLE})
        assert is_enabled_again(alert, 7, done) is again
        assert (7 in open_keys(alert, done)) is again


def test_it_is_tried_until_it_was_refused_or_given_up() -> None:
    for check, tried, at in (
        (None, True, None),
        (RevocationProgress(tries=1), True, None),
        (RevocationProgress(refused_at=NOW + 3, ended=True), False, NOW + 3),
        (RevocationProgress(ended=True, why="hidden"), False, None),
    ):
        requests = {1: request_of(Status.SUCCEEDED, revocation=check)}
        assert is_being_tried(DISABLE, requests) is tried
        assert refused_at(DISABLE, requests) == at
    assert not is_being_tried(ROTATE, {1: request_of(Status.SUCCEEDED)})


@pytest.mark.parametrize(
    ("action", "status", "is_open"),
    [
        (None, None, True),
        (DISABLE, Status.PENDING, True),  # somebody asked: whoever may disable it need not wait
        (DISABLE, Status.RUNNING, False),
        (DISABLE, Status.DENIED, True),
        (DISABLE, Status.SUCCEEDED, False),
        (ROTATE, Status.RUNNING, False),
        (ROTATE, Status.SUCCEEDED, True),
    ],
)
def test_what_can_still_be_done(action: AlertAction | None, status: Status | None, is_open: bool) -> None:
    actions = {} if action is None else {7: action}
    operation = action.operation if action else "key.disable"
    requests = {} if status is None else {1: request_of(status, operation=operation)}
    assert open_keys(alert_of(finding(7), keys=seen(), actions=actions), requests) == ([7] if is_open else [])
