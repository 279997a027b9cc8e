"""One line in the record per fact of a request, in the transaction that makes the fact true."""

from typing import Any

import sqlalchemy as sa

from bot.approvals.models import ApprovalRequest
from bot.audit import Fact, append


def record(
    c: sa.Connection, fact: Fact, request: ApprovalRequest, *, at: float, actor: str | None, **details: Any
) -> None:
    """Append what happened to a request. `actor` is a Slack user id, None when Keydesk itself did it."""
    append(
        c,
        fact=fact,
        at=at,
        actor=actor,
        request_id=request.id,
        key_id=request.key_id,
        details={"operation": request.operation, **details},
    )
