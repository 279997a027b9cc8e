"""What is said of alerts is in the language of its reader, whatever an alert is and how its request stands."""

import itertools
import json
from typing import Any

import pytest
import sqlalchemy as sa

from bot.alerts import store
from bot.alerts.call_times import CallPlan
from bot.alerts.cards.all_keys import keys_window
from bot.alerts.cards.call_lines import call_blocks, call_message, home_text, over_call
from bot.alerts.cards.card import card
from bot.alerts.cards.modal import alert_window, ordered_text, standing_text
from bot.alerts.cards.notices import author_notice, owner_notice, thread_answer
from bot.alerts.cards.standing import DisabledCount, Standing, standing_of
from bot.alerts.cards.unknown import unknown_card
from bot.alerts.detection.key_index import MatchKind
from bot.alerts.detection.scanner import ScanResult
from bot.alerts.ingest import _notes
from bot.alerts.intake.sources import IncomingAlert, parse
from bot.alerts.models import (
    REMOVED,
    UNFETCHED,
    Alert,
    AlertAction,
    AlertCalls,
    AlertEvent,
    AlertStatus,
    KeySnapshot,
    MoreFinding,
)
from bot.alerts.response import _reason
from bot.approvals.models import Outcome, RevocationProgress, Status
from bot.db.engine import Database
from bot.gateway.dollars import Dollars
from bot.languages import english, said, tr
from bot.slack.blocks import Message
from tests.alerts.rows import NOW, alert_of, finding, request_of
from tests.languages.pseudo import english_in, pseudo

UNKNOWN = finding(how=MatchKind.UNKNOWN)
MASK = UNKNOWN.model_copy(update={"fingerprint": None})
FULL, ENDS = finding(7), finding(7, how=MatchKind.MASKED)
PLAN, BATCH, BODY = CallPlan(now=NOW, next=("AB",)), DisabledCount(1, 2, 0), {"who": "<@U0SAM>"}
CHECKS = (
    None,
    RevocationProgress(refused_at=NOW + 90),
    RevocationProgress(ended=True, accepted_last=NOW),
    RevocationProgress(ended=True, why=""),
)


def snapshot(**changes: Any) -> KeySnapshot:
    return KeySnapshot(key_id=7, **{"name": "CI", "state": "active", "owner": "U0ANN", "looked_at": NOW} | changes)


def alerts() -> list[Alert]:
    """One of each kind."""
    place = {"channel": "C1", "ts": "1.0", "by": "U0ANN", "shown_by": "U0BOB"}
    common: dict[str, Any] = {"title": "", "keys": {7: snapshot()}, "notes": tuple(_notes(ScanResult((), True), 2))}
    events = tuple(AlertEvent(id=str(at), at=NOW, sentence=tr("GitHub: created")) for at in range(2))
    return [
        alert_of(FULL, **common, events=events, deliveries=3),
        alert_of(FULL, MASK, UNKNOWN, **common, source="slack", place=place),
        alert_of(FULL, **common, source="slack", place={"channel": "C1", "ts": "1.0"}),
        alert_of(FULL, **common | {"keys": {7: snapshot(gone=True)}}),
        alert_of(FULL, **common, acknowledged_by="U0BOB", acknowledged_at=NOW),
        alert_of(ENDS, finding(7, 8, how=MatchKind.AMBIGUOUS), **common),
        alert_of(FULL, more_findings=(MoreFinding("1:ab", 8),), batch_id=4, **common),
        alert_of(FULL, **common, status=AlertStatus.FALSE_ALARM, closed_by="U0BOB"),
        alert_of(MASK, **common),
        alert_of(UNKNOWN, **common | {"looked_up_at": None}),
        alert_of(UNKNOWN, UNKNOWN.model_copy(update={"fingerprint": "1:cd"}), **common),
        alert_of(**common, source="github", place={UNFETCHED: True}),
        alert_of(**common),
    ]


def shown(message: Message) -> list[Any]:
    return [said(message.text), message.blocks]


def test_every_message_about_an_alert_is_translated() -> None:
    outcome = Outcome(sentence=tr("Key “{name}” is disabled.", name="CI"))
    orders = [("key.disable", status, check) for status in Status for check in CHECKS]
    orders += [("key.rotate", Status.SUCCEEDED, None), ("key.rotate", Status.PENDING, None)]
    for alert, (operation, status, check) in itertools.product(alerts(), orders):
        action = AlertAction(operation=operation, by="U0SAM", clicked_at=NOW, request_id=1)
        request = request_of(status, operation=operation, revocation=check, settled_at=NOW, outcome=outcome)
        for acted, requests in ((alert.model_copy(update={"actions": {7: action}}), {1: request}), (alert, {})):
            with pseudo():
                views: list[Any] = [
                    shown(card(acted, requests, dollars=Dollars(), batch=BATCH, plan=PLAN, untold={7: "x"})),
                    alert_window(acted, requests, visible={7}, channel="C0SEC", dollars=Dollars(), now=NOW),
                    alert_window(acted, requests, visible=(), channel="C0SEC", dollars=Dollars(), now=NOW),
                    shown(over_call(acted, requests, BATCH, now=NOW)),
                    shown(
                        call_message(
                            acted,
                            requests,
                            BODY,
                            standing=standing_of(acted, requests, BATCH, now=NOW),
                            batch=BATCH,
                            now=NOW,
                        )
                    ),
                    keys_window(acted, [7], requests, total=21, number=0, now=NOW),
                    shown(owner_notice(acted, 7, requests)),
                    shown(thread_answer(acted, requests)),
                    shown(author_notice(acted, requests)),
                    [ordered_text(7, request, operation), standing_text(request)],
                ]
            for view in views:
                text = json.dumps(view)
                assert not english_in(view), text
    with pseudo():
        assert not english_in([shown(unknown_card(alerts(), number, minute=1)) for number in (0, 1, 30)])


def test_who_is_called_and_when_is_translated() -> None:
    first = alert_of(FULL, keys={7: snapshot()})
    taken = first.model_copy(update={"acknowledged_by": "U0BOB", "acknowledged_at": NOW})
    called = first.model_copy(update={"calls": AlertCalls(number=1, step=1, next_at=NOW + 300)})
    cases = [
        first,
        taken,
        called,
        called.model_copy(update={"acknowledged_by": "U0BOB", "acknowledged_at": NOW - 3600}),
        first.model_copy(update={"calls": AlertCalls(number=1, step=1)}),
        first.model_copy(update={"calls": AlertCalls(called_by=2)}),
        first.model_copy(update={"keys": {}}),
        first.model_copy(update={"keys": {}, "place": {"away": [""]}}),
        called.model_copy(update={"place": {REMOVED: [""]}}),
    ]
    plans = [PLAN, CallPlan(now=NOW, nobody=True), CallPlan(now=NOW, next=("A",), automatic=True, last=("B",))]
    for alert, plan, living in itertools.product(cases, plans, [(7,), ()]):
        standing = Standing(living=living, stopping=() if living else (7,))
        with pseudo():
            message = call_message(alert, {}, BODY | {"step": 1}, standing=standing, batch=None, now=NOW)
            drawn = [call_blocks(alert, standing, plan), home_text(alert, plan), shown(message)]
        assert not english_in(drawn), drawn


def github(action: str = "created") -> IncomingAlert:
    body = {
        "action": action,
        "alert": {"number": 1, "secret_type_display_name": "AWS"},
        "repository": {"full_name": "ORG/REPO"},
    }
    found = parse("github", json.dumps(body).encode())
    assert found is not None
    return found


def _kept(c: sa.Connection) -> int:
    alert, _ = store.receive(c, github(), findings=[], notes=_notes(ScanResult((), True), 0), at=NOW)
    notes = [*alert.notes, tr("GitHub does not answer.")]
    event = AlertEvent(id="2", at=NOW, sentence=github("publicly_leaked").event)
    return store.change(c, alert.id, notes=notes, events=[*alert.events, event]).id


async def test_a_stored_alert_is_read_in_the_language_of_each_reader(sqlite_database: Database) -> None:
    alert_id = await sqlite_database.run(_kept)
    plain = await sqlite_database.read(store.get, alert_id)
    assert plain.title == "GitHub found AWS in ORG/REPO"
    with pseudo():
        alert = await sqlite_database.read(store.get, alert_id)
        assert [english(note) for note in alert.notes] == list(plain.notes)
        reason = _reason(alert)
    texts = [alert.title, *alert.notes, *(event.sentence for event in alert.events), reason.replace("github", "")]
    assert not english_in([text.replace("secret_scanning_alert", "") for text in texts])


@pytest.mark.parametrize("value", ["An old note.", "GitHub limits how often we may ask."])
async def test_rows_of_older_versions_stay_readable(sqlite_database: Database, value: str) -> None:
    def work(c: sa.Connection) -> Alert:
        alert, _ = store.receive(c, github(), findings=[], notes=[value], at=NOW)
        return store.get(c, alert.id)

    assert (await sqlite_database.run(work)).notes == (value,)
