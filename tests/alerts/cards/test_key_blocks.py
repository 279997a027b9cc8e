"""One key of an alert as blocks."""

from bot.alerts.cards.key_blocks import (
    again_blocks,
    key_blocks,
    key_name,
    lock_blocks,
    seconds_text,
    step_blocks,
    untold_blocks,
)
from bot.alerts.detection.key_index import MatchKind
from bot.alerts.models import AlertAction, KeySnapshot
from bot.approvals.models import RevocationProgress, Status
from tests.alerts.rows import NOW, alert_of, finding, request_of

SEEN = {7: KeySnapshot(key_id=7, name="search", hint="…wXyZ", state="active", owner="U0ADA", looked_at=NOW)}
DISABLE = AlertAction(operation="key.disable", by="U0SAM", clicked_at=NOW, request_id=1)


def test_what_is_known_of_a_key_and_how_sure_it_is() -> None:
    known = str(key_blocks(alert_of(finding(7), keys=SEEN), 7, units_per_usd=500_000))
    assert "whole value matched" in known
    assert "<@U0ADA>" in known
    masked = str(key_blocks(alert_of(finding(7, how=MatchKind.MASKED), keys=SEEN), 7, units_per_usd=500_000))
    assert "first and last characters fit" in masked
    assert "asking the gateway" in str(key_blocks(alert_of(finding(7)), 7, units_per_usd=1))
    gone = {7: KeySnapshot(key_id=7, gone=True)}
    assert "it was deleted" in str(key_blocks(alert_of(finding(7), keys=gone), 7, units_per_usd=1))


def test_a_key_without_a_name_is_called_by_its_number() -> None:
    assert key_name(alert_of(finding(7)), 7) == "*7*"


def test_the_steps_count_from_the_order_to_the_refusal() -> None:
    alert = alert_of(finding(7), keys=SEEN, actions={7: DISABLE})
    check = RevocationProgress(refused_at=NOW + 12.3, ended=True)
    done = str(step_blocks(alert, 7, {1: request_of(Status.SUCCEEDED, revocation=check, settled_at=NOW + 2)}))
    assert "dead 12.3 s after the order" in done
    running = str(step_blocks(alert, 7, {1: request_of(Status.RUNNING)}))
    assert "dead" not in running
    assert step_blocks(alert_of(finding(7)), 7, {}) == []


def test_an_owner_who_was_not_told_and_a_lock_are_said() -> None:
    alert = alert_of(finding(7), keys=SEEN)
    assert "`user_disabled`" in str(untold_blocks(alert, 7, {7: "user_disabled"}))
    assert untold_blocks(alert, 7, {}) == []
    assert lock_blocks("") == []
    assert again_blocks(alert, 7, {}) == []


def test_seconds() -> None:
    assert (seconds_text(-1), seconds_text(0.44), seconds_text(125)) == ("0.0 s", "0.4 s", "2 minutes 5 seconds")
