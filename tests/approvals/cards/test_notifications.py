"""Which messages a request wants, by its state, and who follows it."""

from typing import Any

import pytest
import sqlalchemy as sa

from bot.approvals.cards.notifications import Notifications
from bot.approvals.cards.quiet_days import ChannelNoise
from bot.approvals.models import ApprovalRequest, Judgement, Origin, OriginKind, Outcome, Status
from bot.db.engine import Database
from bot.keys import owners
from bot.keys.owners import OwnedKey
from bot.languages.sentence import from_stored
from bot.permissions.models import Decision, Facts
from tests.approvals.kit import new_request


class Outbox:
    def __init__(self) -> None:
        self.wanted: dict[str, dict[str, Any]] = {}

    def want(self, _c: sa.Connection, *, id: str, **post: Any) -> None:  # noqa: A002  # as the outbox calls it
        self.wanted[id] = post


def request(status: Status, *, settled_at: float | None = None, **changes: Any) -> ApprovalRequest:
    values = dict(new_request(**changes))
    return ApprovalRequest(**values, id=3, version=2, status=status, lapses_at=None, settled_at=settled_at)


def announced(
    database: Database, of: ApprovalRequest, *, noise: ChannelNoise = ChannelNoise.ALL
) -> dict[str, dict[str, Any]]:
    outbox: Any = Outbox()
    notifications = Notifications(outbox=outbox, channel="C0KEYS", noise=noise)
    database.run_here(notifications.announce, of)
    wanted: dict[str, dict[str, Any]] = outbox.wanted
    return wanted


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


@pytest.mark.parametrize(
    ("noise", "thread", "posts"),
    [
        (ChannelNoise.ALL, None, {"req:3:confirmation", "req:3:dm"}),
        (ChannelNoise.THREAD, "day:86400", {"day:86400", "req:3:confirmation", "req:3:dm"}),
        (ChannelNoise.DIGEST, None, {"day:86400", "req:3:dm"}),
    ],
)
def test_what_needed_no_approval_is_as_quiet_as_is_wished(
    sqlite_database: Database, noise: ChannelNoise, thread: str | None, posts: set[str]
) -> None:
    free = Judgement(decision=Decision(outcome="allow", rule="r", sentence=""), facts=Facts(), own=True)
    done = request(Status.SUCCEEDED, judgement=free, settled_at=86_400.0 + 5)
    wanted = announced(sqlite_database, done, noise=noise)
    assert set(wanted) == posts
    assert wanted.get("req:3:confirmation", {}).get("thread_of") == thread
    # Whoever broke the glass is seen at once.
    loud = announced(sqlite_database, done.model_copy(update={"break_glass": True}), noise=noise)
    assert loud["req:3:confirmation"]["thread_of"] is None
    asked = announced(sqlite_database, request(Status.SUCCEEDED, settled_at=1.0), noise=noise)
    assert asked["req:3:confirmation"]["thread_of"] == "req:3:card"
    # The card of an alert says what became of its keys.
    alert = Origin(kind=OriginKind.ALERT, alert_id=9, attempt=1)
    of_alert = announced(sqlite_database, done.model_copy(update={"origin": alert}), noise=noise)
    assert ("req:3:confirmation" in of_alert) == (noise is ChannelNoise.ALL)


def test_refills_are_quiet(sqlite_database: Database) -> None:
    refill = Origin(kind=OriginKind.ALLOWANCE, request_id=9)
    for status in (Status.APPROVED, Status.RUNNING, Status.UNKNOWN, Status.SUCCEEDED, Status.FAILED):
        assert announced(sqlite_database, request(status, origin=refill)) == {}
    hangs = request(Status.UNKNOWN, origin=refill).model_copy(update={"outcome": Outcome(sentence="", by_hand=True)})
    assert set(announced(sqlite_database, hangs)) == {"req:3:dm"}
    outbox: Any = Outbox()
    notifications = Notifications(outbox=outbox, channel="C0KEYS")
    followed: list[int] = []
    notifications.subscribe(lambda _c, of: followed.append(of.id))
    sqlite_database.run_here(notifications.announce, request(Status.SUCCEEDED, origin=refill))
    assert followed == [3]  # what was said of the key is drawn anew
    for status in (Status.APPROVED, Status.RUNNING):
        sqlite_database.run_here(notifications.tell, request(status, origin=refill))
    assert outbox.wanted == {}
    sqlite_database.run_here(notifications.tell, request(Status.FAILED, origin=refill))
    assert set(outbox.wanted) == {"req:3:dm"}


def test_keydesk_tells_itself_nothing(sqlite_database: Database) -> None:
    rule = Origin(kind=OriginKind.ALERT_RULE, alert_id=9, attempt=1)
    assert "req:3:dm" not in announced(sqlite_database, request(Status.SUCCEEDED, origin=rule))


def test_other_rooms_follow_in_the_same_transaction(sqlite_database: Database) -> None:
    outbox: Any = Outbox()
    notifications, followed = Notifications(outbox=outbox, channel="C0KEYS"), list[tuple[bool, int]]()
    notifications.subscribe(lambda c, of: followed.append((c.in_transaction(), of.id)))
    sqlite_database.run_here(notifications.announce, request(Status.PENDING))
    assert followed == [(True, 3)]


def test_an_alarm_is_shown_in_the_channel_too(sqlite_database: Database) -> None:
    outbox: Any = Outbox()
    notifications = Notifications(outbox=outbox, channel="C0KEYS")
    sqlite_database.run_here(notifications.alarm, request(Status.SUCCEEDED), "Look.")
    body = outbox.wanted["req:3:alarm"]["body"]
    assert (from_stored(body["text"]), body["broadcast"]) == ("Look. (Request #3.)", True)


@pytest.mark.parametrize(
    ("owner", "origin", "told"),
    [
        ("U0BEN", Origin(), True),
        ("U0ADA", Origin(), False),  # who asked hears of it anyway
        (None, Origin(), False),
        ("U0BEN", Origin(kind=OriginKind.ALERT, alert_id=9, attempt=1), False),  # the alert tells them more
    ],
)
def test_an_owner_hears_what_somebody_else_did(
    sqlite_database: Database, owner: str | None, origin: Origin, told: bool
) -> None:
    if owner is not None:
        line = OwnedKey(key_id=7, name="k", owner_id=owner, owner_team="T", request_id=None, created_at=1.0)
        sqlite_database.run_here(owners.own, line)
    wanted = announced(sqlite_database, request(Status.SUCCEEDED, operation="key.disable", key_id=7, origin=origin))
    assert ("req:3:owner" in wanted) is told
    if told:
        assert wanted["req:3:owner"]["target"] == f"dm:{owner}"


def test_without_a_card_nothing_is_added_to_its_thread(sqlite_database: Database) -> None:
    outbox: Any = Outbox()
    notifications = Notifications(outbox=outbox, channel="C0KEYS")
    granted = Judgement(decision=Decision(outcome="allow", rule="r", sentence=""), facts=Facts(), own=True)
    of = request(Status.SUCCEEDED, judgement=granted)
    sqlite_database.run_here(notifications.story, of, "Done.")
    sqlite_database.run_here(notifications.remind, of, "Look.", name="1")
    assert outbox.wanted == {}
    sqlite_database.run_here(notifications.alarm, of, "Look.")
    assert outbox.wanted["req:3:alarm"]["thread_of"] is None


@pytest.mark.parametrize("kind", [OriginKind.REVIEW, OriginKind.REVIEW_END])
def test_what_a_review_led_to_is_shown_by_the_review(sqlite_database: Database, kind: OriginKind) -> None:
    of = request(Status.SUCCEEDED, origin=Origin(kind=kind, review_id=4), operation="key.disable", key_id=7)
    outbox: Any = Outbox()
    notifications, followed = Notifications(outbox=outbox, channel="C0KEYS"), list[ApprovalRequest]()
    notifications.subscribe(lambda _c, one: followed.append(one))
    sqlite_database.run_here(notifications.announce, of)
    sqlite_database.run_here(notifications.tell, of)
    assert outbox.wanted == {}
    assert followed == [of]
