"""When security is called to an alert: the times, and that whoever comes second calls nobody."""

import pytest

from bot.alerts.calls import _due
from bot.alerts.models import AlertCalls
from tests.alerts.rows import alert_of, finding


@pytest.mark.parametrize(
    ("step", "minutes"), [(0, 0), (1, 5), (2, 15), (3, 60), (4, 60 + 240), (5, 60 + 480), (20, 60 + 17 * 240)]
)
def test_the_times_of_the_calls(step: int, minutes: int) -> None:
    assert _due(step) == minutes * 60


def test_a_new_alert_was_called_to_by_nobody_and_rows_of_earlier_versions_count_as_new() -> None:
    assert alert_of(finding(1)).calls == AlertCalls.model_validate({}) == AlertCalls(number=0, step=0)
