"""*Not ours* and *False alarm* say what they mean, and each is there only where it can be true."""

import pytest

from bot.alerts.cards.closing import closing_buttons
from bot.alerts.detection.key_index import MatchKind
from bot.alerts.models import FETCHED, REMOVED, UNFETCHED, Alert, KeySnapshot
from tests.alerts.rows import alert_of, finding

WORKS = {7: KeySnapshot(key_id=7, state="active")}
MASK = finding(how=MatchKind.UNKNOWN)


@pytest.mark.parametrize(
    ("alert", "names"),
    [
        (alert_of(finding(7)), ["false_alarm"]),
        (alert_of(finding(7, how=MatchKind.MASKED)), ["false_alarm"]),
        (alert_of(MASK), ["not_ours"]),
        (alert_of(MASK, looked_up_at=None), ["false_alarm"]),
        (alert_of(source="github", place={FETCHED: True, UNFETCHED: True}), ["not_ours", "false_alarm"]),
        (alert_of(finding(7), keys=WORKS, place={REMOVED: [""]}), ["not_ours", "false_alarm"]),
    ],
)
def test_each_is_there_where_it_can_be_true(alert: Alert, names: list[str]) -> None:
    assert [one["action_id"] for one in closing_buttons(alert, untouched=True)] == names
    assert "false_alarm" not in [one["action_id"] for one in closing_buttons(alert, untouched=False)]


def test_each_says_what_it_means_and_what_happens() -> None:
    alert = alert_of(source="github", place={FETCHED: True, UNFETCHED: True})
    not_ours, false_alarm = (one["confirm"]["text"]["text"] for one in closing_buttons(alert, untouched=True))
    assert "this value belongs to none of our gateways" in not_ours
    assert "but it did not leak" in false_alarm
    assert "The calls end" in false_alarm
