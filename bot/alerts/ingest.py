"""What came in → a row: match the candidates, keep masked findings, start what follows. The same for every source.

Nothing here asks the gateway: an alert is stored and answered within milliseconds, whatever else is slow.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.alerts import sightings, store
from bot.alerts.cards.notifications import AlertNotifications
from bot.alerts.detection.fingerprints import to_text
from bot.alerts.detection.key_index import KeyIndex, MatchKind
from bot.alerts.detection.leaked_values import LeakedValues
from bot.alerts.detection.scanner import MOST_CANDIDATES, Candidate, ScanResult
from bot.alerts.intake.sources import IncomingAlert
from bot.alerts.models import (
    FETCHED,
    MOST_EVENTS,
    MOST_FINDINGS,
    REOPENED,
    UNFETCHED,
    Alert,
    AlertEvent,
    AlertStatus,
    KeyFinding,
    MoreFinding,
)
from bot.audit import Fact, append
from bot.db.engine import Database
from bot.durable.engine import Engine
from bot.languages import tr, trn

TRIAGE_JOB = "alert"
# Repeats of an alert that are each looked at at once; of more one look for each of these periods, at its end.
PROMPT_REPEATS, FLOOD_SECONDS = 10, 10.0
# Keys that were compared so short a time ago are not compared again for a repeat.
FRESH_SECONDS = 2.0
_ORDER = {MatchKind.FULL: 0, MatchKind.AMBIGUOUS: 1, MatchKind.MASKED: 2, MatchKind.UNKNOWN: 3}
# Candidates that are compared in a millisecond or two.
ONE_TURN = 100
# Only these repeats get a line in the record; every repeat is counted in the row.
_RECORDED_REPEATS = frozenset({2, 10, 100, 1_000, 10_000, 100_000})


@dataclass(frozen=True, kw_only=True)
class AlertIngest:
    """Stores alerts. Built once; used by the intake, the shortcut and the guard."""

    database: Database
    engine: Engine
    index: KeyIndex
    leaked_values: LeakedValues
    notifications: AlertNotifications
    clock: Callable[[], float]

    async def receive(self, incoming: IncomingAlert, *, known: Sequence[KeyFinding] | None = None) -> int:
        """Store it and start the look at it; returns the alert's id. The same alert again is counted and redrawn.

        `known`: findings of an earlier scan, whose values are gone.
        """
        findings, more = await self.findings(incoming.found) if known is None else (known, [])
        notes = _notes(incoming.found, len(more))
        alert = await self.database.run(self._store, incoming, findings, more, notes)
        return alert.id

    async def findings(self, found: ScanResult) -> tuple[list[KeyFinding], list[MoreFinding]]:
        """Candidates that are a key of the account or look like one; and the whole values beyond those shown.

        A megabyte may hold thousands: after so many of them everybody else has a turn.
        """
        findings: dict[tuple[str, str | None], KeyFinding] = {}
        for number, candidate in enumerate(found.candidates, 1):
            if number % ONE_TURN == 0:
                await asyncio.sleep(0)
            finding = self._finding(candidate)
            if finding is not None:
                findings[finding.hint, finding.fingerprint] = finding
        found_keys = ordered(findings.values())
        return found_keys[:MOST_FINDINGS], _more(found_keys[MOST_FINDINGS:])

    def _finding(self, candidate: Candidate) -> KeyFinding | None:
        match = self.index.match(candidate)
        if match.how is MatchKind.UNKNOWN and (not candidate.telling or self._is_piece(candidate)):
            return None
        if match.fingerprint is not None:
            self.leaked_values.keep(match.fingerprint, candidate.core)
        fingerprint = None if match.fingerprint is None else to_text(match.fingerprint)
        return KeyFinding(hint=match.hint, how=match.how, key_ids=match.key_ids, fingerprint=fingerprint)

    def _is_piece(self, candidate: Candidate) -> bool:
        """Whether it is the first piece of a key of ours that was broken there, and so no key by itself."""
        return bool(candidate.whole) and self.index.holds(candidate.whole)

    def _store(
        self,
        c: sa.Connection,
        incoming: IncomingAlert,
        findings: Sequence[KeyFinding],
        more: Sequence[MoreFinding],
        notes: Sequence[str],
    ) -> Alert:
        now = self.clock()
        plain = [finding.model_dump(mode="json") for finding in findings]
        alert, is_new = store.receive(c, incoming, findings=plain, notes=notes, at=now, more=more)
        told = {"source": alert.source, "alert": alert.id, "their_id": alert.their_id}
        if is_new:
            append(c, fact=Fact.ALERT, at=now, key_id=alert.the_key, details={**told, "keys": list(alert.named_keys)})
            alert = sightings.claim(c, alert, now=now)
            self.engine.start(c, TRIAGE_JOB, f"alert:{alert.id}", str(alert.id))
        else:
            alert, changed = self._merge(c, alert, findings, more, incoming)
            self._look_again(c, alert)
            if alert.deliveries in _RECORDED_REPEATS:
                append(c, fact=Fact.ALERT, at=now, details={**told, "deliveries": alert.deliveries})
            if not changed and not _is_round(alert.deliveries):
                # Redrawn only at round numbers of repeats, so that a flood of them does not redraw it each time.
                return alert
        self.notifications.card(c, alert)
        return alert

    def _merge(
        self,
        c: sa.Connection,
        alert: Alert,
        findings: Sequence[KeyFinding],
        more: Sequence[MoreFinding],
        incoming: IncomingAlert,
    ) -> tuple[Alert, bool]:
        """A message that was edited, or a group that grew, may hold more; a source may say something new."""
        known = {(finding.hint, finding.fingerprint) for finding in alert.findings}
        new = [finding for finding in findings if (finding.hint, finding.fingerprint) not in known]
        said = bool(incoming.event) and not _is_repeat(incoming, alert)
        place = {**alert.place, **incoming.place}
        # A delivery that is sent again asks GitHub again for what it did not give before.
        if place.pop(UNFETCHED, False):
            place[FETCHED] = False
        grown = len(merge_more(alert.more_findings, more)) > len(alert.more_findings)
        unsure = any(finding.how is MatchKind.UNKNOWN for finding in findings) and self._was_looked_up(alert)
        changed = bool(new) or said or grown or unsure or place != alert.place
        if changed:
            merged = ordered([*alert.findings, *new])
            beyond = merge_more(alert.more_findings, [*_more(merged[MOST_FINDINGS:]), *more])
            changes: dict[str, Any] = {"findings": merged[:MOST_FINDINGS], "place": place, "more_findings": beyond}
            if unsure or any(finding.how is MatchKind.UNKNOWN for finding in new):
                # Its key may have been made since: nothing is said of it before the account's keys were read anew.
                changes["looked_up_at"] = None
            if said:
                event = AlertEvent(id=incoming.event_id, at=self.clock(), sentence=incoming.event)
                changes["events"] = [*alert.events, event][-MOST_EVENTS:]
            found = any(finding.key_ids for finding in new)
            if alert.status is not AlertStatus.OPEN and (found or (said and incoming.opens)):
                changes |= REOPENED
            elif said and incoming.opens:
                # The leak goes on, so a card that was closed does not answer for it.
                changes["elsewhere"] = sightings.on_open_cards(c, alert)
            alert = sightings.claim(c, store.change(c, alert.id, **changes), now=self.clock())
        return alert, changed

    def _was_looked_up(self, alert: Alert) -> bool:
        return alert.looked_up_at is not None and self.clock() - alert.looked_up_at > FRESH_SECONDS

    def _look_again(self, c: sa.Connection, alert: Alert) -> None:
        """Look at the keys of a repeated alert: they may be others by now, or work again. A flood leads to few."""
        if alert.deliveries <= PROMPT_REPEATS:
            self.engine.start(c, TRIAGE_JOB, f"alert:{alert.id}:{alert.deliveries}", str(alert.id))
            return
        turn = int(self.clock() // FLOOD_SECONDS) + 1
        delay = max(0.0, turn * FLOOD_SECONDS - self.clock())
        self.engine.start(c, TRIAGE_JOB, f"alert:{alert.id}:turn:{turn}", str(alert.id), delay=delay)


def _is_repeat(incoming: IncomingAlert, alert: Alert) -> bool:
    """Whether the source has said the same before. Of an alert that comes and goes only the last word counts."""
    said = [event.id for event in alert.events]
    return incoming.event_id in (said[-1:] if incoming.recurs else said)


def ordered(findings: Iterable[KeyFinding]) -> list[KeyFinding]:
    """Findings in the order of certainty, the surest first."""
    return sorted(findings, key=lambda finding: _ORDER[finding.how])


def _more(findings: Iterable[KeyFinding]) -> list[MoreFinding]:
    return [
        MoreFinding(finding.fingerprint, key_id)
        for finding in findings
        if finding.fingerprint is not None
        for key_id in (finding.key_ids if finding.how is MatchKind.FULL else [None])
    ]


def merge_more(before: Iterable[MoreFinding], new: Iterable[MoreFinding]) -> list[MoreFinding]:
    """Each value and key once, at most as many as are ever looked at in one alert. Two accounts may have a value."""
    every = list(dict.fromkeys((*before, *new)))
    known = {one.fingerprint for one in every if one.key_id is not None}
    return [one for one in every if one.key_id is not None or one.fingerprint not in known][:MOST_CANDIDATES]


def _is_round(number: int) -> bool:
    """1 to 10, 20, 30 … 100, 200 …"""
    return number % int(10 ** (len(str(number)) - 1)) == 0


def _notes(found: ScanResult, left_out: int) -> list[str]:
    notes: list[str] = []
    if found.cut:
        notes.append(
            tr(
                "The alert is very long: only its first part, and at most {number} possible keys, were looked at.",
                number=f"{MOST_CANDIDATES:,}",
            )
        )
    if left_out:
        notes.append(
            trn(
                "{count} more possible key is not shown; if it is ours, it is acted on all the same.",
                "{count} more possible keys are not shown; ours among them are acted on all the same.",
                left_out,
            )
        )
    return notes
