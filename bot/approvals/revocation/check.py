"""After a key was disabled, the key itself is tried until the gateway refuses it; the card says when that was.

A durable job per request, one trial each time, for two minutes in all (gateway-api.md, section 11; rule 11). The row's
mark `probe` holds times and words only, never a value.
"""

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa
from pydantic import SecretStr

from bot.approvals import store
from bot.approvals.cards.notifications import Notifications
from bot.approvals.models import ApprovalRequest, RevocationProgress, Status
from bot.approvals.request_audit import record
from bot.approvals.revocation.attempts import OUTCOMES, Trial, marked, still_accepted, try_once
from bot.audit import Fact
from bot.db.engine import Database
from bot.durable.engine import Again, Engine
from bot.gateway.gateways import KeyReader
from bot.gateway.limiter import Priority, prioritized
from bot.gateway.models import KeyId
from bot.gateway.numbers import shown_number
from bot.gateway.writes import WriteResult
from bot.languages import joined, tr, trn
from bot.operations import Effect, Operation
from bot.slack.blocks import Block, context, escape, section, time_text

JOB = "probe"


@dataclass(frozen=True, kw_only=True)
class RevocationChecks:
    """Starts the proof when a key was taken out of use, and carries it out."""

    database: Database
    engine: Engine
    client: KeyReader
    notifications: Notifications
    leaked: Callable[[int], SecretStr | None] = lambda _key_id: None

    def follow(self, c: sa.Connection, request: ApprovalRequest, operation: Operation, result: WriteResult) -> None:
        """Begin to try the key, in the transaction that settles its disabling."""
        if operation.effect is not Effect.STOPS or request.status is not Status.SUCCEEDED or result.key is None:
            return
        store.record_progress(c, request.id, revocation=RevocationProgress())
        self.engine.start(c, JOB, f"req:{request.id}:probe", str(request.id))

    async def probe(self, argument: str) -> Again | None:
        """The durable job: one trial. Again(seconds) while the key is not refused and there is time left."""
        request = await self.database.read(store.find, int(argument))
        if request is None or request.key_id is None:
            return None
        before = request.progress.revocation or RevocationProgress()
        if before.ended:
            return None
        with prioritized(Priority.KILL):
            trial = await try_once(self.client, KeyId(request.key_id), before.model_dump(), leaked=self.leaked)
        return await self.database.run(self._tried, request.id, trial)

    def _tried(self, c: sa.Connection, request_id: int, trial: Trial) -> Again | None:
        request = store.get(c, request_id, lock=True)
        before = request.progress.revocation or RevocationProgress()
        if before.ended:
            return None
        mark, pause = marked(before.model_dump(exclude_none=True), trial)
        progress = store.record_progress(c, request.id, revocation=RevocationProgress.model_validate(mark))
        if pause is None or trial.proof.value != before.proof:
            told = {"outcome": OUTCOMES[trial.proof], "tries": mark["tries"]}
            record(c, Fact.PROBE, request, at=trial.at, actor=None, **told)
            # With the mark: whoever follows (the time to dead) reads it from the request in hand.
            after = request.model_copy(update={"progress": progress})
            self.notifications.announce(c, after)
        if pause is None and still_accepted(mark):
            sentence = tr(
                ":rotating_light: Key {number} is disabled, but the gateway still accepts it. Treat it as live: delete "
                "it, or call the gateway's operator.",
                number=shown_number(request.key_id),
            )
            self.notifications.alarm(c, request, sentence)
        return None if pause is None else Again(pause)


def revocation_blocks(request: ApprovalRequest) -> list[Block]:
    """What the trials have shown so far; empty for requests that try no key. Times to the second."""
    seen = request.progress.revocation
    if seen is None:
        return []
    return [section(_ended_text(seen)) if seen.ended else context(f":hourglass_flowing_sand: {_going_on_text(seen)}")]


def _ended_text(seen: RevocationProgress) -> str:
    refused, accepted = seen.refused_at, seen.accepted_last
    if refused is not None:
        text = tr(":lock: *Refused since {time}*: the gateway no longer takes the key itself.", time=time_text(refused))
        if accepted is None:
            return text
        return joined(text, tr("It was still accepted at {time}.", time=time_text(accepted)))
    if accepted is not None:
        text = trn(
            ":rotating_light: *Disabled, but still accepted at {time}*, after {count} trial.",
            ":rotating_light: *Disabled, but still accepted at {time}*, after {count} trials.",
            seen.tries,
            time=time_text(accepted),
        )
        return joined(text, tr("Treat the key as live: delete it, or call the gateway's operator."))
    return tr(":warning: *Disabled; the key itself could not be tried:* {why}", why=escape(seen.why))


def _going_on_text(seen: RevocationProgress) -> str:
    accepted = seen.accepted_last
    if accepted is not None:
        return tr(
            "*Disabled, still accepted, checking.* The gateway still took the key at {time}; it may remember a key for "
            "a minute.",
            time=time_text(accepted),
        )
    if seen.tries:
        return tr("Disabled. The key itself could not be tried yet: {why}", why=escape(seen.why))
    return tr("Disabled. Now trying the key itself.")
