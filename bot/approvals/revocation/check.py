"""Dead means dead: after a disable the key itself is tried until the gateway refuses it, and the card says when.

A durable job per request, one trial each time, for two minutes in all (contract, section 11; rule 11). The value is
asked of the gateway for each trial and kept nowhere; the row's mark `probe` holds times and words only.
"""

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

from bot.approvals import store
from bot.approvals.cards.notifications import Notifications
from bot.approvals.models import ApprovalRequest, Status
from bot.approvals.request_audit import record
from bot.approvals.revocation.attempts import OUTCOMES, Trial, marked, still_accepted, try_once
from bot.audit import Fact
from bot.db.engine import Database
from bot.durable.engine import Again, Engine
from bot.gateway.client import GatewayReader
from bot.gateway.models import KeyId
from bot.gateway.writes import WriteResult
from bot.operations import Effect, Operation
from bot.slack.blocks import Block, context, date, escape, section

JOB, MARK = "probe", "probe"


class RevocationChecks:
    """Starts the proof when a key was taken out of use, and carries it out."""

    def __init__(
        self,
        *,
        database: Database,
        engine: Engine,
        client: GatewayReader,
        notifications: Notifications,
        leaked: Callable[[int], SecretStr | None] = lambda _key_id: None,
    ) -> None:
        """`leaked`: the value that an alert brought, still in memory, for gateways that do not show values."""
        self._database = database
        self._engine = engine
        self._client = client
        self._notifications = notifications
        self._leaked = leaked

    def follow(self, c: sa.Connection, request: ApprovalRequest, operation: Operation, result: WriteResult) -> None:
        """Begin to try the key, in the transaction that settles its disabling."""
        if operation.effect is not Effect.STOPS or request.status is not Status.SUCCEEDED or result.key is None:
            return
        store.record_progress(c, request.id, MARK, {"tries": 0})
        self._engine.start(c, JOB, f"req:{request.id}:probe", str(request.id))

    async def probe(self, argument: str) -> Again | None:
        """The durable job: one trial. Again(seconds) while the key is not refused and there is time left."""
        request = await self._database.read(store.find, int(argument))
        if request is None or request.key_id is None or request.progress.get(MARK, {}).get("ended"):
            return None
        mark = request.progress.get(MARK, {})
        trial = await try_once(self._client, KeyId(request.key_id), mark, leaked=self._leaked)
        return await self._database.run(self._tried, request.id, trial)

    def _tried(self, c: sa.Connection, request_id: int, trial: Trial) -> Again | None:
        request = store.get(c, request_id, lock=True)
        before: dict[str, Any] = request.progress.get(MARK, {})
        if before.get("ended"):
            return None
        mark, pause = marked(before, trial)
        store.record_progress(c, request.id, MARK, mark)
        if pause is None or trial.proof.value != before.get("proof"):
            told = {"outcome": OUTCOMES[trial.proof], "tries": mark["tries"]}
            record(c, Fact.PROBE, request, at=trial.at, actor=None, **told)
            # With the mark: whoever follows (the time to dead) reads it from the request in hand.
            after = request.model_copy(update={"progress": {**request.progress, MARK: mark}})
            self._notifications.announce(c, after)
        if pause is None and still_accepted(mark):
            sentence = f":rotating_light: Key {request.key_id} is disabled, but the gateway still accepts it. "
            self._notifications.alarm(
                c, request, sentence + "Treat it as live: delete it, or call the gateway's operator."
            )
        return None if pause is None else Again(pause)


def revocation_blocks(request: ApprovalRequest) -> list[Block]:
    """What the trials have shown so far; empty for requests that try no key. Times to the second."""
    mark = request.progress.get(MARK)
    if not isinstance(mark, dict):
        return []
    ended = mark.get("ended")
    return [section(_ended_text(mark)) if ended else context(f":hourglass_flowing_sand: {_going_on_text(mark)}")]


def _ended_text(mark: Mapping[str, Any]) -> str:
    refused, accepted = mark.get("refused_at"), mark.get("accepted_last")
    if refused is not None:
        before = f" It was still accepted at {_time(accepted)}." if accepted is not None else ""
        return f":lock: *Refused since {_time(refused)}*: the gateway no longer takes the key itself.{before}"
    if accepted is not None:
        text = f":rotating_light: *Disabled, but still accepted at {_time(accepted)}*, after {mark['tries']} trials."
        return f"{text} Treat the key as live: delete it, or call the gateway's operator."
    return f":warning: *Disabled; the key itself could not be tried:* {escape(str(mark.get('why', '')))}."


def _going_on_text(mark: Mapping[str, Any]) -> str:
    accepted = mark.get("accepted_last")
    if accepted is not None:
        text = f"*Disabled, still accepted, checking.* The gateway still took the key at {_time(accepted)}"
        return f"{text}; it may remember a key for a minute."
    if mark.get("tries"):
        return f"Disabled. The key itself could not be tried yet: {escape(str(mark.get('why', '')))}."
    return "Disabled. Now trying the key itself."


def _time(at: float) -> str:
    return date(at, style="{time_secs}")
