"""Whoever was called to before is told apart from a new alert; the rest is played in tests/scenarios."""

from bot.alerts.models import AlertCalls
from tests.alerts.rows import alert_of, finding


def test_a_new_alert_was_called_to_by_nobody_and_rows_of_earlier_versions_count_as_new() -> None:
    assert alert_of(finding(1)).calls == AlertCalls.model_validate({}) == AlertCalls(number=0, step=0)
