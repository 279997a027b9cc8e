"""What came in → a row: match the candidates, keep masked findings, start what follows. The same for every source.

Nothing here asks the gateway: an alert is stored and answered within milliseconds, whatever else is slow.
"""

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from bot.alerts import store
from bot.alerts.candidates import MOST_CANDIDATES, Candidate, Found
from bot.alerts.fingerprints import to_text
from bot.alerts.held import Held
from bot.alerts.index import How, KeyIndex
from bot.alerts.models import MOST_FINDINGS, Alert, AlertStatus, Finding
from bot.alerts.posts import Teller
from bot.alerts.sources import Incoming
from bot.audit import Fact, append
from bot.db.engine import Database
from bot.durable.engine import Engine

LOOK = "alert"
_ORDER = {How.FULL: 0, How.AMBIGUOUS: 1, How.MASKED: 2, How.UNKNOWN: 3}
# Repeats after which the record has said enough; each is still counted in the row.
_RECORDED_REPEATS = frozenset({2, 10, 100, 1_000, 10_000, 100_000})


class Receiver:
    """Stores alerts. Built once; used by the intake, the shortcut and the guard."""

    def __init__(
        self,
        *,
        database: Database,
        engine: Engine,
        index: KeyIndex,
        held: Held,
        teller: Teller,
        clock: Callable[[], float],
    ) -> None:
        self._database = database
        self._engine = engine
        self._index = index
        self._held = held
        self._teller = teller
        self._clock = clock

    async def receive(self, incoming: Incoming) -> int:
        """Store it and start the look at it; returns the alert's id. The same alert again is counted and redrawn."""
        findings, left_out = self.findings(incoming.found)
        notes = _notes(incoming.found, left_out)
        alert = await self._database.run(self._store, incoming, findings, notes)
        return alert.id

    def findings(self, found: Found) -> tuple[list[Finding], int]:
        """Candidates that are a key of the account, or look like one; and how many of these were left out."""
        findings: dict[tuple[str, str | None], Finding] = {}
        for candidate in found.candidates:
            finding = self._finding(candidate)
            if finding is not None:
                findings[finding.hint, finding.fingerprint] = finding
        ordered = sorted(findings.values(), key=lambda finding: _ORDER[finding.how])
        return ordered[:MOST_FINDINGS], max(0, len(ordered) - MOST_FINDINGS)

    def _finding(self, candidate: Candidate) -> Finding | None:
        match = self._index.match(candidate)
        if match.how is How.UNKNOWN and not candidate.telling:
            return None
        if match.fingerprint is not None:
            self._held.keep(match.fingerprint, candidate.core)
        fingerprint = None if match.fingerprint is None else to_text(match.fingerprint)
        return Finding(hint=match.hint, how=match.how, key_ids=match.key_ids, fingerprint=fingerprint)

    def _store(self, c: sa.Connection, incoming: Incoming, findings: Sequence[Finding], notes: Sequence[str]) -> Alert:
        store.record_first(c)
        now = self._clock()
        plain = [finding.model_dump(mode="json") for finding in findings]
        alert, is_new = store.receive(c, incoming, findings=plain, notes=notes, at=now)
        told = {"source": alert.source, "alert": alert.id, "their_id": alert.their_id}
        if is_new:
            append(
                c, fact=Fact.ALERT, at=now, key_id=alert.the_key, details={**told, "keys": list(alert.possible_keys)}
            )
            self._engine.start(c, LOOK, f"alert:{alert.id}", str(alert.id))
        else:
            alert, changed = self._merge(c, alert, findings, incoming)
            if alert.deliveries in _RECORDED_REPEATS:
                append(c, fact=Fact.ALERT, at=now, details={**told, "deliveries": alert.deliveries})
            if not changed and not _is_round(alert.deliveries):
                # A flood of repeats must not become a flood of redraws: the number is right at every round one.
                return alert
        self._teller.card(c, alert)
        return alert

    def _merge(
        self, c: sa.Connection, alert: Alert, findings: Sequence[Finding], incoming: Incoming
    ) -> tuple[Alert, bool]:
        """A message that was edited, or a group that grew, may hold more than before."""
        known = {(finding.hint, finding.fingerprint) for finding in alert.findings}
        new = [finding for finding in findings if (finding.hint, finding.fingerprint) not in known]
        place = {**alert.place, **incoming.place}
        if not new and place == alert.place:
            return alert, False
        merged = sorted([*alert.findings, *new], key=lambda finding: _ORDER[finding.how])[:MOST_FINDINGS]
        changes: dict[str, Any] = {"findings": merged, "place": place}
        if any(finding.key_ids for finding in new) and alert.status is AlertStatus.FALSE_ALARM:
            # What was called false did not hold this key.
            changes |= {"status": AlertStatus.OPEN.value, "closed_by": None, "closed_at": None}
        alert = store.change(c, alert.id, **changes)
        if new and alert.status is AlertStatus.OPEN:
            self._engine.start(c, LOOK, f"alert:{alert.id}:{alert.deliveries}", str(alert.id))
        return alert, True


def _is_round(number: int) -> bool:
    """1 to 10, 20, 30 … 100, 200 …"""
    return number % int(10 ** (len(str(number)) - 1)) == 0


def _notes(found: Found, left_out: int) -> list[str]:
    notes = []
    if found.cut:
        most = f"only its first part, and at most {MOST_CANDIDATES:,} possible keys, were looked at"
        notes.append(f"The alert is very long: {most}.")
    if left_out:
        notes.append(f"{left_out:,} more possible keys are not shown.")
    return notes
