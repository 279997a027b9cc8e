"""The durable job behind a new alert: fetch what the alert does not hold, match again, look at the keys, act if told.

Re-entrant: each run begins from the row. While the index is still being filled, an unknown value may become known,
so the job comes back for some minutes.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.alerts import sightings, store
from bot.alerts.calls import SecurityCalls
from bot.alerts.cards.notifications import AlertNotifications
from bot.alerts.detection.fingerprints import from_text
from bot.alerts.detection.index_sync import ASKED_SECONDS, IndexSync
from bot.alerts.detection.key_index import KeyIndex, MatchKind
from bot.alerts.detection.long_text import read_aside
from bot.alerts.detection.scanner import find
from bot.alerts.detection.shared_look import AccountsAway
from bot.alerts.ingest import AlertIngest, merge_more
from bot.alerts.intake.github import GithubApi, GithubUnavailable
from bot.alerts.intake.sources import GithubAlert
from bot.alerts.models import (
    AWAY,
    FETCHED,
    REMOVED,
    REOPENED,
    UNFETCHED,
    Alert,
    AlertStatus,
    KeyFinding,
    KeySnapshot,
    MoreFinding,
)
from bot.alerts.response import AlertResponse
from bot.db.engine import Database
from bot.durable.engine import Again
from bot.errors import GatewayError
from bot.gateway.errors import GatewayRemoved
from bot.gateway.gateways import KeyReader, by_gateway
from bot.gateway.limiter import Priority, prioritized
from bot.gateway.models import Key
from bot.gateway.numbers import gateway_of
from bot.keys import owners
from bot.languages import english, tr

logger = logging.getLogger(__name__)

# How long an alert waits for the index to be filled, and how often it looks.
PATIENCE, PAUSE = 900.0, 5.0
TROUBLE_PAUSE, LONGEST_PAUSE = 2.0, 60.0
# A key that was read longer ago than this is read anew.
FRESH_SECONDS = 2.0


@dataclass(kw_only=True, eq=False)
class Triage:
    """Looks into one alert after the other. `github` None: no token is configured."""

    database: Database
    reader: KeyReader
    index: KeyIndex
    index_sync: IndexSync
    ingest: AlertIngest
    response: AlertResponse
    notifications: AlertNotifications
    calls: SecurityCalls
    github: GithubApi | None
    clock: Callable[[], float]

    async def run(self, argument: str) -> Again | None:
        """The job; `argument` is the alert's id."""
        alert = await self.database.read(store.find, int(argument))
        if alert is None:
            return None
        again = await self._fetch(alert) if alert.status is AlertStatus.OPEN else None
        away = set[str]()
        try:
            alert = await self.match(alert.id)
        except GatewayError as error:
            # One of several may be away: the keys that are known already are looked at all the same.
            away |= _names(error)
            alert = await self.database.read(store.get, alert.id)
        unmatched = frozenset(away)
        if alert.status is AlertStatus.OPEN:
            # Only keys of ours are read here: somebody may be about to kill them.
            with prioritized(Priority.KILL):
                for shown_by in (alert.id, *sorted(set(alert.elsewhere.values()))):
                    away |= await self._look_at_card(alert, shown_by, unmatched)
        if away:
            logger.info(
                "alert %d: gateways do not answer: %s", alert.id, ", ".join(sorted(away)) or "that of the settings"
            )
            age = self.clock() - alert.received_at
            return Again(min(LONGEST_PAUSE, TROUBLE_PAUSE + age / 10))
        if alert.status is not AlertStatus.OPEN:
            return None
        young = self.clock() - alert.received_at < PATIENCE
        if again is None and young and alert.unknown and not self.index.complete:
            again = Again(PAUSE)
        return again

    async def _look_at_card(self, alert: Alert, shown_by: int, unmatched: frozenset[str]) -> set[str]:
        """Read the keys that a card shows, and act; returns the gateways that do not tell, `unmatched` among them.

        Each gateway by itself: keys of one that answers do not wait for one that is away, which the card says.
        """
        away, removed = set(unmatched), set[str]()

        async def look(wanted: Sequence[int]) -> None:
            try:
                shown, _ = await self._read(shown_by, wanted)
            except GatewayRemoved:
                # No later look would tell more: it has to be put back into the policy, and Keydesk be restarted.
                removed.add(_gateway(wanted))
                return
            except GatewayError:
                away.add(_gateway(wanted))
                return
            await self.response.act_by_policy(alert, on=shown)
            await self.database.run(self._call, shown_by)

        shown = await self.database.read(store.get, shown_by)
        looks = {asyncio.ensure_future(look(one)): one for one in by_gateway(self._stale(shown)) or [[]]}
        try:
            _, slow = await asyncio.wait(looks, timeout=ASKED_SECONDS)
            if slow:
                await self._say(shown_by, away | {_gateway(looks[one]) for one in slow}, removed)
            await asyncio.gather(*looks)
        finally:
            for one in looks:
                one.cancel()
        await self._say(shown_by, away, removed)
        if removed:
            await self.database.run(self._call, shown_by)
        return away

    async def _say(self, alert_id: int, away: Collection[str], removed: Collection[str]) -> None:
        """Have the card say which gateways do not answer, and which are not in the policy any more."""
        told = {AWAY: sorted(away), REMOVED: sorted(removed)}
        alert = await self.database.read(store.get, alert_id)
        if any(list(alert.place.get(name, ())) != names for name, names in told.items()):
            await self.database.run(self._note_gateways, alert_id, told)

    def _note_gateways(self, c: sa.Connection, alert_id: int, told: Mapping[str, Sequence[str]]) -> None:
        alert = store.get(c, alert_id, lock=True)
        self.notifications.card(c, store.change(c, alert_id, place={**alert.place, **told}))

    def _call(self, c: sa.Connection, alert_id: int) -> None:
        self.calls.begin(c, store.get(c, alert_id, lock=True))

    async def match(self, alert_id: int) -> Alert:
        """Compare unknown findings once more, after a look at the newest keys: one may be minutes old."""
        alert = await self.database.read(store.get, alert_id)
        more = any(finding.key_id is None for finding in alert.more_findings)
        if not more and all(finding.how is MatchKind.FULL for finding in alert.findings):
            return alert
        await self.index_sync.catch_up(asked=True)
        # The ends of a hidden key, and the whole of what was leaked: its value tells whether it is that key.
        near = (self._again(finding) for finding in alert.findings if finding.fingerprint is not None)
        hidden = {i for one in near if one.how in {MatchKind.MASKED, MatchKind.AMBIGUOUS} for i in one.key_ids}
        if hidden:
            await self.index_sync.reveal(hidden)
        return await self.database.run(self.match_again, alert_id, alert)

    def match_again(self, c: sa.Connection, alert_id: int, looked_for: Alert | None = None) -> Alert:
        """The findings as the index knows them now, in the caller's transaction.

        `looked_for`: the alert as it was before the newest keys were read for it. None when they were not: that the
        index knows more now does not tell that a value is nobody's.
        """
        alert = store.get(c, alert_id, lock=True)
        findings = [self._again(finding) for finding in alert.findings]
        changes: dict[str, Any] = {"findings": findings} if findings != list(alert.findings) else {}
        more = [one for before in alert.more_findings for one in self._more_again(before)]
        if more != list(alert.more_findings):
            changes["more_findings"] = more
        if looked_for is not None and _is_answered(alert, looked_for) and self.index.complete:
            changes["looked_up_at"] = self.clock()
        if not changes:
            return alert
        before = set(alert.named_keys)
        found = {key_id for finding in findings for key_id in finding.key_ids} - before
        if found and alert.status is not AlertStatus.OPEN:
            # It was closed before these keys were found.
            changes |= REOPENED
        alert = sightings.claim(c, store.change(c, alert_id, **changes), now=self.clock())
        self.notifications.card(c, alert)
        return alert

    def _again(self, finding: KeyFinding) -> KeyFinding:
        number = None if finding.fingerprint is None else from_text(finding.fingerprint)
        match = self.index.match_again(finding.hint, number)
        return finding.model_copy(update={"how": match.how, "key_ids": match.key_ids})

    def _more_again(self, finding: MoreFinding) -> list[MoreFinding]:
        """The value with each of its keys: two accounts may have it."""
        if finding.key_id is not None:
            return [finding]
        match = self.index.match_again("", from_text(finding.fingerprint))
        return (
            [finding._replace(key_id=key_id) for key_id in match.key_ids] if match.how is MatchKind.FULL else [finding]
        )

    async def read_keys(self, alert_id: int) -> Alert:
        """Read every key that the alert may mean, unless it was read a moment ago, and note which gateways are gone.

        Raises GatewayError where one does not tell, once the others were asked.
        """
        alert = await self.database.read(store.get, alert_id)
        removed, silent = set[str](), list[GatewayError]()
        for wanted in by_gateway(self._stale(alert)):
            try:
                await self._read(alert_id, wanted)
            except GatewayRemoved:
                removed.add(_gateway(wanted))
            except GatewayError as error:
                silent.append(error)
        await self._say(alert_id, alert.away, removed)
        if silent:
            raise silent[0]
        return await self.database.read(store.get, alert_id)

    def _stale(self, alert: Alert) -> list[int]:
        since = self.clock() - FRESH_SECONDS
        return [i for i in alert.possible_keys if i not in alert.keys or alert.keys[i].looked_at < since]

    async def read_records(self, alert_id: int) -> tuple[Alert, dict[int, Key]]:
        """The same for every key that it may mean, with their records: for whoever judges by them."""
        alert = await self.database.read(store.get, alert_id)
        return await self._read(alert_id, alert.possible_keys)

    async def _read(self, alert_id: int, wanted: Sequence[int]) -> tuple[Alert, dict[int, Key]]:
        began = self.clock()
        records = await self.reader.get_keys(wanted)
        whose = await self.database.read(owners.all_owners) if wanted else {}
        seen = [self._snapshot(key_id, records.get(key_id), whose.get(key_id, ""), at=began) for key_id in wanted]
        return await self.database.run(self._seen, alert_id, seen), records

    def _snapshot(self, key_id: int, key: Key | None, owner: str, *, at: float) -> KeySnapshot:
        if key is None:
            return KeySnapshot(key_id=key_id, owner=owner, gone=True, looked_at=at)
        return KeySnapshot.of(key, owner=owner, now=self.reader.server_now(key_id), looked_at=at)

    def _seen(self, c: sa.Connection, alert_id: int, seen: list[KeySnapshot]) -> Alert:
        alert = store.get(c, alert_id, lock=True)
        if not seen:
            return alert
        # What was seen later stands: a key may have been disabled while it was being read.
        alert = store.change(c, alert_id, keys=_latest(alert.keys, seen))
        self.notifications.card(c, alert)
        return alert

    async def _fetch(self, alert: Alert) -> Again | None:
        """GitHub's webhook names the alert; the secret itself is one call away."""
        if alert.source != "github" or alert.place.get(FETCHED) or any(f.how is MatchKind.FULL for f in alert.findings):
            return None
        place = GithubAlert(
            owner=str(alert.place["owner"]),
            repository=str(alert.place["repository"]),
            number=int(alert.place["number"]),
        )
        if self.github is None:
            note = tr("GITHUB_TOKEN is not configured, so the secret itself could not be fetched.")
            await self.database.run(self._note, alert.id, note, over=True)
            return None
        try:
            secret = await self.github.secret_of(place)
        except GithubUnavailable as error:
            asked_since = max([alert.received_at, *(event.at for event in alert.events)])
            over = error.lasting or self.clock() - asked_since >= PATIENCE
            await self.database.run(self._note, alert.id, error.sentence, over=over)
            return None if over else Again(PAUSE * 2)
        text = secret.get_secret_value()
        found = await read_aside(lambda: find([text]), size=len(text))
        findings, more = await self.ingest.findings(found)
        await self.database.run(self._fetched, alert.id, findings, more)
        return None

    def _note(self, c: sa.Connection, alert_id: int, note: str, *, over: bool) -> None:
        alert = store.get(c, alert_id, lock=True)
        notes = alert.notes if note in alert.notes else (*alert.notes, note)
        alert = store.change(c, alert_id, notes=notes, place={**alert.place, FETCHED: over, UNFETCHED: over})
        self.notifications.card(c, alert)

    def _fetched(
        self, c: sa.Connection, alert_id: int, findings: list[KeyFinding], more: Sequence[MoreFinding]
    ) -> None:
        alert = store.get(c, alert_id, lock=True)
        known = {(finding.hint, finding.fingerprint) for finding in findings}
        kept = [finding for finding in alert.findings if (finding.hint, finding.fingerprint) not in known]
        notes = [note for note in alert.notes if "GitHub" not in english(note)]
        place = {**alert.place, FETCHED: True, UNFETCHED: False}
        beyond = merge_more(alert.more_findings, more)
        changes = {"findings": [*findings, *kept], "notes": notes, "place": place, "more_findings": beyond}
        alert = sightings.claim(c, store.change(c, alert_id, **changes), now=self.clock())
        self.notifications.card(c, alert)


def _names(error: GatewayError) -> set[str]:
    """The gateways that an error is of and that may answer later; "" = there is only one."""
    if isinstance(error, GatewayRemoved):
        return set()
    return set(error.names) if isinstance(error, AccountsAway) else {""}


def _gateway(key_ids: Sequence[int]) -> str:
    return gateway_of(key_ids[0]) if key_ids else ""


def _is_answered(alert: Alert, looked_for: Alert) -> bool:
    """Whether the look was for all that the alert waits for: what came during it waits for the next one."""
    values = {(finding.hint, finding.fingerprint) for finding in looked_for.findings}
    waits = alert.looked_up_at is None and looked_for.looked_up_at is None
    return waits and all((finding.hint, finding.fingerprint) in values for finding in alert.findings)


def _latest(known: Mapping[int, KeySnapshot], seen: Sequence[KeySnapshot]) -> dict[int, KeySnapshot]:
    new = {one.key_id: one for one in seen if one.key_id not in known or known[one.key_id].looked_at <= one.looked_at}
    return {**known, **new}
