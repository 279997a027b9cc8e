"""When security is called to an alert, and which roles."""

import pytest

from bot.alerts.call_times import ACKNOWLEDGED_SECONDS, due, next_call, roles_called
from bot.alerts.models import AlertCalls
from bot.permissions.rules import parse_policy
from keydesk_sandbox import seed
from tests.alerts.rows import NOW, alert_of, finding


@pytest.mark.parametrize(
    ("step", "minutes"), [(0, 0), (1, 5), (2, 15), (3, 60), (4, 60 + 240), (5, 60 + 480), (20, 60 + 17 * 240)]
)
def test_the_times_of_the_calls(step: int, minutes: int) -> None:
    assert due(step) == minutes * 60


def test_from_an_hour_on_every_role_is_called() -> None:
    policy = parse_policy(seed.POLICY)
    assert [roles_called(policy, step) for step in (0, 2, 3, 9)] == [("security",)] * 2 + [("security", "admin")] * 2


def test_the_next_call_comes_when_it_is_due_and_not_while_somebody_is_on_it() -> None:
    calls = AlertCalls(number=1, step=1, next_at=NOW + 300)
    assert next_call(alert_of(finding(1), calls=calls)) == NOW + 300
    on_it = alert_of(finding(1), calls=calls, acknowledged_by="U0SAM", acknowledged_at=NOW)
    assert next_call(on_it) == NOW + ACKNOWLEDGED_SECONDS
    assert (
        next_call(on_it.model_copy(update={"calls": calls.model_copy(update={"next_at": NOW + 14_400})}))
        == NOW + 14_400
    )
    assert next_call(alert_of(finding(1), calls=AlertCalls(number=2))) is None
    assert next_call(alert_of(finding(1), calls=AlertCalls(number=2, step=2))) is None, "a row of an earlier version"
