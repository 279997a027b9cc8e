"""Which messages an alert wants: one card or its place among the unknown ones, owners, and whoever wrote the message."""

from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from bot.alerts.cards.notifications import (
    AlertNotifications,
    card_id,
    owner_post_id,
    unknown_post_id,
    untold_owners,
)
from bot.alerts.detection.key_index import MatchKind
from bot.alerts.models import Alert, AlertAction, KeySnapshot
from bot.db.engine import Database
from bot.slack import post_store
from bot.slack.outbox import Outbox
from tests.alerts.rows import NOW, alert_of, finding
from tests.approvals.kit import Nowhere
from tests.slack.outboxes import Queue

SEEN = KeySnapshot(key_id=7, name="search", owner="U0ADA", looked_at=NOW)
UNKNOWN = alert_of(finding(how=MatchKind.UNKNOWN))


class Wanting:
    """An outbox on a real database, whose posts nobody sends."""

    def __init__(self, database: Database) -> None:
        self.database = database
        outbox = Outbox(
            database=database,
            engine=Queue(SimpleNamespace(now=NOW)),
            web=Nowhere(),
            directory=Nowhere(),
            drawers={},
            clock=lambda: NOW,
        )
        self.notifications = AlertNotifications(outbox=outbox, channel="C0SEC")

    def card(self, alert: Alert) -> None:
        self.database.run_here(self.notifications.card, alert)

    def post(self, post_id: str) -> post_store.PostRow | None:
        return self.database.run_here(post_store.load, post_id)


@pytest.fixture
def wanting(sqlite_database: Database) -> Wanting:
    return Wanting(sqlite_database)


def target(post: post_store.PostRow | None) -> str | None:
    return None if post is None else post.target


def test_a_key_of_ours_gets_a_card_and_its_owner_a_message(wanting: Wanting) -> None:
    wanting.card(alert_of(finding(7), keys={7: SEEN}))
    assert target(wanting.post(card_id(3))) == "C0SEC"
    owner = wanting.post(owner_post_id(3, 7))
    assert owner is not None
    assert (owner.target, owner.body) == ("dm:U0ADA", {"key_id": 7})
    assert wanting.post(unknown_post_id(NOW)) is None


@pytest.mark.parametrize(("acted", "told"), [(False, False), (True, True)])
def test_the_owner_of_a_key_that_may_be_meant_hears_of_it_once_something_is_done(
    wanting: Wanting, acted: bool, told: bool
) -> None:
    action = AlertAction(operation="key.disable", by="U0SAM", clicked_at=NOW, request_id=1)
    doubt = finding(7, how=MatchKind.MASKED)
    wanting.card(alert_of(doubt, keys={7: SEEN}, actions={7: action} if acted else {}))
    assert (wanting.post(owner_post_id(3, 7)) is not None) is told


def test_a_key_that_belongs_to_nobody_has_nobody_to_tell(wanting: Wanting) -> None:
    wanting.card(alert_of(finding(7), keys={7: SEEN.model_copy(update={"owner": ""})}))
    assert wanting.post(owner_post_id(3, 7)) is None


def test_what_names_no_key_of_ours_shares_a_message_until_a_key_is_found(wanting: Wanting) -> None:
    wanting.card(UNKNOWN)
    shared = wanting.post(unknown_post_id(NOW))
    assert wanting.post(card_id(3)) is None
    assert shared is not None
    wanting.card(alert_of(finding(7)))
    again = wanting.post(unknown_post_id(NOW))
    assert wanting.post(card_id(3)) is not None
    assert again is not None
    assert again.wanted == shared.wanted + 1  # it stands there no more
    # Once it has a card of its own it keeps that, whatever it names by then.
    wanting.card(UNKNOWN)
    assert wanting.post(unknown_post_id(NOW)) == again


def test_whoever_wrote_it_is_told_instead_of_the_thread_where_others_would_read_it(wanting: Wanting) -> None:
    place = {"channel": "C0GEN", "ts": "1.5", "warn": "U0BEN", "guarded": True}
    wanting.card(alert_of(finding(7), place=place))
    assert target(wanting.post("alert:3:author")) == "dm:U0BEN"
    assert wanting.post("alert:3:thread") is None


@pytest.mark.parametrize(("place", "ts"), [({}, "1.5"), ({"thread_ts": "1.1"}, "1.1")])
def test_a_watched_channel_is_answered_in_the_thread_of_the_message(
    wanting: Wanting, place: dict[str, Any], ts: str
) -> None:
    alert = alert_of(finding(7), place={"channel": "C0GEN", "ts": "1.5", "guarded": True, **place})
    for _ in range(2):
        wanting.card(alert)
    answer, parent = wanting.post("alert:3:thread"), wanting.post("msg:C0GEN:1.5")
    assert answer is not None
    assert parent is not None
    assert (answer.target, answer.thread_of) == ("C0GEN", "msg:C0GEN:1.5")
    assert (parent.ts, parent.drawn) == (ts, parent.wanted)  # it is somebody else's: never drawn by us


def test_an_owner_who_cannot_be_written_to_is_named_with_slacks_word(wanting: Wanting) -> None:
    alert = alert_of(finding(7), finding(8), keys={7: SEEN, 8: SEEN.model_copy(update={"key_id": 8})})
    wanting.card(alert)

    def refused(c: sa.Connection) -> dict[int, str]:
        post_store.change(c, owner_post_id(3, 7), error="user_disabled")
        return untold_owners(c, alert)

    assert wanting.database.run_here(refused) == {7: "user_disabled"}
