"""Which keys of an alert work, and which an order is about to stop: of single keys, and of a batch."""

import pytest

from bot.alerts.cards.standing import DisabledCount, Standing, standing_of
from bot.alerts.models import Alert, AlertAction, AlertStatus, KeySnapshot, MoreFinding
from bot.approvals.models import Status
from tests.alerts.rows import NOW, alert_of, finding, request_of

WORKS = KeySnapshot(key_id=7, state="active", looked_at=NOW)
ONE = alert_of(finding(7), keys={7: WORKS})
ORDERED = ONE.model_copy(
    update={"actions": {7: AlertAction(operation="key.disable", by="U0SAM", clicked_at=NOW, request_id=1)}}
)
MANY = alert_of(finding(7), keys={7: WORKS}, more_findings=(MoreFinding("1:ab", 8), MoreFinding("1:cd", 9)))


@pytest.mark.parametrize(
    ("alert", "batch", "standing"),
    [
        (ONE, None, Standing(living=(7,))),
        (ONE.model_copy(update={"status": AlertStatus.FALSE_ALARM}), None, Standing()),
        (MANY, None, Standing(living=(7, 8, 9))),
        (MANY, DisabledCount(1, 3, 0), Standing(stopping=(7, 8))),
        (MANY, DisabledCount(1, 3, 0, over=True), Standing(living=(7, 8))),
        (MANY, DisabledCount(1, 2, 0), Standing(living=(7, 8))),
        (MANY, DisabledCount(3, 3, 0, over=True), Standing()),
    ],
)
def test_what_works_and_what_is_being_stopped(alert: Alert, batch: DisabledCount | None, standing: Standing) -> None:
    assert standing_of(alert, {}, batch, now=NOW) == standing
    assert standing_of(alert, {}, batch, now=NOW).is_over is (standing == Standing())


@pytest.mark.parametrize(("seconds", "standing"), [(30, Standing(stopping=(7,))), (90, Standing(living=(7,)))])
def test_an_order_that_takes_longer_than_a_minute_stops_nothing(seconds: float, standing: Standing) -> None:
    assert standing_of(ORDERED, {1: request_of(Status.RUNNING)}, None, now=NOW + seconds) == standing
