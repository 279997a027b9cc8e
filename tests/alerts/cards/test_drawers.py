"""Each message of an alert is drawn from the rows as they are when it is posted; what is gone is not drawn."""

from typing import Any

import pytest
import sqlalchemy as sa

from bot.alerts import store
from bot.alerts.cards.drawers import drawers, locked_of
from bot.alerts.cards.notifications import AUTHOR, CARD, OWNER, THREAD, UNKNOWN
from bot.alerts.detection.key_index import MatchKind
from bot.alerts.models import Alert, AlertAction, KeySnapshot
from bot.alerts.store import requests_of
from bot.approvals import store as requests_store
from bot.approvals.models import Status
from bot.db.engine import Database
from bot.gateway.dollars import Dollars
from bot.keys import locks
from bot.permissions.models import Lock
from bot.permissions.rules import parse_policy
from bot.slack.blocks import Message
from bot.slack.post_store import PostRow
from tests.alerts.rows import NOW, finding
from tests.alerts.test_store import incoming
from tests.approvals.kit import new_request
from tests.slack.outboxes import post_row

POLICY = parse_policy('[roles]\nsecurity = ["S0SEC"]\n')
DRAWERS = drawers(
    dollars=Dollars(),
    batch_progress=lambda _c, number: (number, 5, 0, False),
    policy=lambda: POLICY,
    on_call=frozenset,
    clock=lambda: NOW,
)
LOCK = Lock(cause="alert", by="U0SAM", at=NOW, number=1, rule="r")


def stored(c: sa.Connection, /, their_id: str = "1", **changes: Any) -> Alert:
    """An alert about key 7, which a request disables."""
    alert, _ = store.receive(c, incoming(their_id), findings=[], notes=[], at=NOW)
    request, _ = requests_store.insert(
        c, new_request(operation="key.disable", key_id=7), status=Status.RUNNING, lapses_at=None
    )
    action = AlertAction(operation="key.disable", by="U0SAM", clicked_at=NOW, request_id=request.id)
    seen = KeySnapshot(key_id=7, name="search", state="active", owner="U0ADA", looked_at=NOW)
    values = {"findings": [finding(7)], "actions": {7: action}, "keys": {7: seen}, "place": {"channel": "C0GEN"}}
    return store.change(c, alert.id, **values | changes)


def post(kind: str, subject: str = "1", **body: Any) -> PostRow:
    return post_row(kind, subject, body=body)


def drawn(database: Database, kind: str, subject: str = "1", **body: Any) -> Message | None:
    return database.run_here(lambda c: DRAWERS[kind](c, post(kind, subject, **body)))


def test_the_card_says_how_far_the_request_is_and_why_the_key_is_locked(sqlite_database: Database) -> None:
    sqlite_database.run_here(stored)
    sqlite_database.run_here(locks.lock, 7, LOCK)
    message = drawn(sqlite_database, CARD)
    assert message is not None
    assert "applying" in str(message.blocks)
    assert "*Locked.*" in str(message.blocks)


def test_the_card_of_a_batch_says_how_far_that_is(sqlite_database: Database) -> None:
    sqlite_database.run_here(stored, batch_id=2, more_findings=[["1:ab", 8]])
    message = drawn(sqlite_database, CARD)
    assert message is not None
    assert "2 of 2 disabled" in message.text


@pytest.mark.parametrize(
    ("kind", "body", "words"),
    [(OWNER, {"key_id": 7}, "search"), (THREAD, {}, "live key"), (AUTHOR, {}, "<#C0GEN>")],
)
def test_owner_thread_and_author_are_told(
    sqlite_database: Database, kind: str, body: dict[str, Any], words: str
) -> None:
    sqlite_database.run_here(stored)
    message = drawn(sqlite_database, kind, **body)
    assert message is not None
    assert words in str([message.text, message.blocks])


@pytest.mark.parametrize("kind", [CARD, OWNER, THREAD, AUTHOR])
def test_an_alert_that_is_gone_is_not_drawn(sqlite_database: Database, kind: str) -> None:
    assert drawn(sqlite_database, kind, "99") is None


def test_one_alert_of_a_minute_looks_like_any_other_and_two_share_a_message(sqlite_database: Database) -> None:
    minute = str(int(NOW // 60))
    unknown: dict[str, Any] = {"findings": [finding(how=MatchKind.UNKNOWN)], "actions": {}, "keys": {}}
    sqlite_database.run_here(stored, **unknown)
    alone = drawn(sqlite_database, UNKNOWN, minute)
    assert alone is not None
    assert "An alert came in" in alone.text
    sqlite_database.run_here(stored, "2", **unknown)
    both = drawn(sqlite_database, UNKNOWN, minute)
    assert both is not None
    assert "2 alerts of one minute" in both.text


def test_a_request_or_a_lock_that_is_not_there_is_left_out(sqlite_database: Database) -> None:
    missing = AlertAction(operation="key.disable", by="", clicked_at=NOW, request_id=99)
    alert = sqlite_database.run_here(stored, actions={8: missing})
    assert sqlite_database.run_here(requests_of, alert) == {}
    assert sqlite_database.run_here(locked_of, alert, POLICY) == {}
