"""What is said of an alert outside of the security channel: no word of death before the refusal."""

import pytest

from bot.alerts.cards.notices import REPLACEMENT, author_notice, owner_notice, thread_answer
from bot.alerts.models import AlertAction, AlertStatus, KeySnapshot
from bot.approvals.models import RevocationProgress, Status
from tests.alerts.rows import NOW, alert_of, finding, request_of

DISABLE = AlertAction(operation="key.disable", by="U0SAM", clicked_at=NOW, request_id=1)
SEEN = {7: KeySnapshot(key_id=7, name="search", state="active", owner="U0ADA", looked_at=NOW)}
REFUSED = RevocationProgress(refused_at=NOW + 5, ended=True)


@pytest.mark.parametrize(
    ("status", "check", "words"),
    [
        (None, None, "holds a live key"),
        (Status.RUNNING, None, "holds a live key"),
        (Status.SUCCEEDED, None, "being disabled"),
        (Status.SUCCEEDED, REFUSED, "the gateway refuses it"),
        (Status.SUCCEEDED, RevocationProgress(ended=True, why="hidden"), "It is disabled"),
    ],
)
def test_the_thread_says_how_far_it_is(status: Status | None, check: RevocationProgress | None, words: str) -> None:
    requests = {} if status is None else {1: request_of(status, revocation=check, settled_at=NOW + 9)}
    actions = {} if status is None else {7: DISABLE}
    said = str(thread_answer(alert_of(finding(7), keys=SEEN, actions=actions), requests))
    assert words in said
    assert ("dead" in said) is (check is REFUSED)


def test_a_false_alarm_is_said_everywhere() -> None:
    alert = alert_of(finding(7), keys=SEEN, status=AlertStatus.FALSE_ALARM, closed_by="U0SAM")
    assert "A false alarm, says <@U0SAM>" in thread_answer(alert, {}).text
    assert "A false alarm, says <@U0SAM>" in owner_notice(alert, 7, {}).text


def test_the_owner_is_offered_a_replacement_once_it_is_out_of_use() -> None:
    alert = alert_of(finding(7), keys=SEEN, actions={7: DISABLE})
    before = owner_notice(alert, 7, {1: request_of(Status.RUNNING)})
    after = owner_notice(alert, 7, {1: request_of(Status.SUCCEEDED, revocation=REFUSED)}, locked="Locked by an alert.")
    assert REPLACEMENT not in str(before.blocks)
    assert "You need not do anything about the key itself. Please remove the value" in str(before.blocks)
    assert REPLACEMENT in str(after.blocks)
    assert "Locked by an alert." in str(after.blocks)
    assert "The gateway refuses it since" in str(after.blocks)


def test_the_author_is_told_where_and_nothing_else() -> None:
    notice = author_notice(alert_of(finding(7), keys=SEEN, place={"channel": "C0SHARED"}), {})
    assert "<#C0SHARED>" in notice.text
    assert "search" not in str(notice.blocks)
