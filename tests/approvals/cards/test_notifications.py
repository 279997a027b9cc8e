"""Which messages a request wants, by its state, and who follows it."""

from typing import Any

import pytest
import sqlalchemy as sa

from bot.approvals.cards.notifications import Notifications
from bot.approvals.models import ApprovalRequest, Origin, OriginKind, Status
from bot.db.engine import Database
from tests.approvals.kit import new_request


class Outbox:
    def __init__(self) -> None:
        self.wanted: dict[str, dict[str, Any]] = {}

    def want(self, _c: sa.Connection, *, id: str, **post: Any) -> None:  # noqa: A002  # as the outbox calls it
        self.wanted[id] = post


def request(status: Status, **changes: Any) -> ApprovalRequest:
    return ApprovalRequest(**dict(new_request(**changes)), id=3, version=2, status=status, lapses_at=None)


def announced(database: Database, of: ApprovalRequest) -> dict[str, dict[str, Any]]:
    outbox = Outbox()
    notifications = Notifications(outbox=outbox, channel="C0KEYS")
    database.run_here(notifications.announce, of)
    return outbox.wanted


@pytest.mark.parametrize(
    ("status", "posts"),
    [
        (Status.PENDING, {"req:3:card"}),
        (Status.RUNNING, {"req:3:card"}),
        (Status.SUCCEEDED, {"req:3:card", "req:3:confirmation", "req:3:dm"}),
        (Status.DENIED, {"req:3:card", "req:3:dm"}),
        (Status.UNKNOWN, {"req:3:card", "req:3:dm"}),
    ],
)
def test_the_messages_of_each_state(sqlite_database: Database, status: Status, posts: set[str]) -> None:
    wanted = announced(sqlite_database, request(status))
    assert set(wanted) == posts
    assert wanted["req:3:card"]["target"] == "C0KEYS"
    if "req:3:dm" in posts:
        assert wanted["req:3:dm"]["target"] == "dm:U0ADA"


def test_keydesk_tells_itself_nothing(sqlite_database: Database) -> None:
    rule = Origin(kind=OriginKind.ALERT_RULE, alert_id=9, attempt=1)
    assert "req:3:dm" not in announced(sqlite_database, request(Status.SUCCEEDED, origin=rule))


def test_other_rooms_follow_in_the_same_transaction(sqlite_database: Database) -> None:
    notifications, followed = Notifications(outbox=Outbox(), channel="C0KEYS"), []
    notifications.subscribe(lambda c, of: followed.append((c.in_transaction(), of.id)))
    sqlite_database.run_here(notifications.announce, request(Status.PENDING))
    assert followed == [(True, 3)]


def test_an_alarm_is_shown_in_the_channel_too(sqlite_database: Database) -> None:
    outbox = Outbox()
    notifications = Notifications(outbox=outbox, channel="C0KEYS")
    sqlite_database.run_here(notifications.alarm, request(Status.SUCCEEDED), "Look.")
    assert outbox.wanted["req:3:alarm"]["body"] == {"text": "Look. (Request #3.)", "broadcast": True}
