"""Alerts and their requests as values, for the tests of what is drawn from them. Nothing is stored."""

from typing import Any

from bot.alerts.detection.key_index import MatchKind
from bot.alerts.models import Alert, AlertStatus, KeyFinding
from bot.approvals.models import ApprovalRequest, Progress, RevocationProgress, Status
from tests.approvals.kit import NOW as KIT_NOW
from tests.approvals.kit import new_request

NOW = KIT_NOW


def finding(*key_ids: int, how: MatchKind = MatchKind.FULL) -> KeyFinding:
    """A candidate that means these keys."""
    return KeyFinding(hint="aB3d…wXyZ", how=how, key_ids=key_ids)


def alert_of(*findings: KeyFinding, **changes: Any) -> Alert:
    """An open alert of a signed webhook."""
    values: dict[str, Any] = {
        "id": 3,
        "source": "generic",
        "their_id": "a-1",
        "status": AlertStatus.OPEN,
        "title": "A key in a log",
        "text": "",
        "url": "",
        "findings": findings,
        "received_at": NOW,
        "looked_up_at": NOW,
    }
    return Alert(**values | changes)


def request_of(
    status: Status, *, operation: str = "key.disable", revocation: RevocationProgress | None = None, **changes: Any
) -> ApprovalRequest:
    """Request 1, about key 7."""
    new = dict(new_request(operation=operation, key_id=7))
    progress = Progress(revocation=revocation)
    return ApprovalRequest(**new, id=1, version=1, status=status, lapses_at=None, progress=progress, **changes)
