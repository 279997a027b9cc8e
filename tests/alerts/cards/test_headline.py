"""A key that an alert may mean is told like any other once something became of it, and a closed alert says who closed it."""

from typing import Any

import pytest

from bot.alerts.cards.headline import headline
from bot.alerts.detection.key_index import MatchKind
from bot.alerts.models import Alert, AlertAction, AlertStatus, KeySnapshot
from bot.approvals.models import ApprovalRequest, RevocationProgress, Status
from tests.alerts.rows import NOW, alert_of, finding, request_of

ORDER = AlertAction(operation="key.disable", by="U0SAM", clicked_at=NOW, request_id=1)


def masked(*, ordered: bool = True, **seen: Any) -> Alert:
    keys = {7: KeySnapshot(key_id=7, name="ci", **{"state": "active", "looked_at": NOW} | seen)}
    return alert_of(finding(7, how=MatchKind.MASKED), keys=keys, actions={7: ORDER} if ordered else {})


def done(check: RevocationProgress | None = None) -> dict[int, ApprovalRequest]:
    return {1: request_of(Status.SUCCEEDED, revocation=check, settled_at=NOW)}


@pytest.mark.parametrize(
    ("alert", "requests", "words"),
    [
        (
            masked(ordered=False),
            {},
            "*ci* may have leaked and still works. Only its first and last characters are known: look where it was seen",
        ),
        (masked(ordered=False, state="disabled"), {}, "may mean key *ci*, which is out of use."),
        (masked(), {1: request_of(Status.RUNNING)}, "*ci* may have leaked and still works."),
        (masked(), done(RevocationProgress(ended=True, refused_at=NOW)), "is dead: refused by the gateway."),
        (masked(), done(), "is disabled; now trying the key itself."),
        (masked(), done(RevocationProgress(ended=True, accepted_last=NOW)), "but the gateway still accepts it."),
        (masked(), done(RevocationProgress(ended=True)), "is disabled. The gateway was not seen to refuse it."),
        (masked(looked_at=NOW + 60), done(), "A key that an alert may mean was enabled again: *ci*."),
        (alert_of(status=AlertStatus.NOT_OURS, closed_by="U0SAM"), {}, "Not ours, says <@U0SAM>."),
        (alert_of(status=AlertStatus.FALSE_ALARM, closed_by="U0SAM"), {}, "False alarm, says <@U0SAM>."),
    ],
)
def test_it_says_how_the_key_stands(alert: Alert, requests: dict[int, ApprovalRequest], words: str) -> None:
    assert words in headline(alert, requests, now=NOW).translate({0x2068: None, 0x2069: None})


def test_of_several_keys_those_that_were_out_of_use_before_are_told_from_the_dead() -> None:
    dead = AlertAction(operation="key.disable", by="U0SAM", clicked_at=NOW, request_id=1)
    off = KeySnapshot(key_id=8, state="disabled", looked_at=NOW)
    alert = alert_of(finding(7), finding(8), keys={8: off}, actions={7: dead})
    refused = request_of(Status.SUCCEEDED, revocation=RevocationProgress(refused_at=NOW), settled_at=NOW)
    assert "is dead, refused by the gateway. The other one was" in headline(alert, {1: refused}, now=NOW)
