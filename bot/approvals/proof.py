"""Dead means dead: after a disable the key itself is tried until the gateway refuses it, and the card says when.

A durable job per request, one trial each time, for two minutes in all (contract, section 11; rule 11). The value is
asked of the gateway for each trial and kept nowhere; the row's mark `probe` holds times and words only.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

from bot.approvals import store
from bot.approvals.models import ApprovalRequest, Status
from bot.approvals.posts import Announcer
from bot.approvals.record import record
from bot.audit import Fact
from bot.db.engine import Database
from bot.durable.engine import Again, Engine
from bot.gateway.client import GatewayReader
from bot.gateway.errors import GatewayCallError, GatewayRejected, KeyNotFound
from bot.gateway.models import KeyId
from bot.gateway.writes import PROBE_DELAYS, Proof, WriteResult, prove_dead
from bot.operations import Effect, Operation
from bot.slack.blocks import Block, context, date, escape, section

JOB, MARK = "probe", "probe"
REVEAL_SECONDS = 20.0
_RECOGNISED = "recognised"
_REASONS = {
    _RECOGNISED: "the gateway still knows the key, but does not let us in with it",
    "rate_limited": "the gateway limits how often keys are tried",
    "no_answer": "the gateway does not answer",
}
_TROUBLE = "the gateway did not answer as it should"


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One trial: `proof`, when (Unix seconds), `why` it was unclear, and whether another one makes sense."""

    proof: Proof
    at: float
    why: str = ""
    last: bool = False


class _Counted:
    """The gateway's journal of trials. They are counted in the row with everything else, right after the trial."""

    def __init__(self, request: ApprovalRequest) -> None:
        self._trials = int(request.progress.get(MARK, {}).get("tries", 0))

    async def recall(self, name: str) -> dict[str, int] | None:
        del name
        return {"trials": self._trials}

    async def record(self, name: str, value: Mapping[str, Any]) -> None:
        """Nothing: a crash before the row is written only means one more trial."""


class Prover:
    """Starts the proof when a key was taken out of use, and carries it out."""

    def __init__(
        self,
        *,
        database: Database,
        engine: Engine,
        client: GatewayReader,
        announcer: Announcer,
        leaked: Callable[[int], SecretStr | None] = lambda _key_id: None,
    ) -> None:
        """`leaked`: the value that an alert brought, still in memory, for gateways that do not show values."""
        self._database = database
        self._engine = engine
        self._client = client
        self._announcer = announcer
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
        trial = await self._try(request, KeyId(request.key_id))
        return await self._database.run(self._tried, request.id, trial)

    async def _try(self, request: ApprovalRequest, key_id: KeyId) -> Trial:
        client = self._client
        try:
            value = await client.reveal_key(key_id, deadline=REVEAL_SECONDS)
        except KeyNotFound:
            return Trial(proof=Proof.UNCLEAR, at=client.now(), why="the key was deleted meanwhile", last=True)
        except GatewayRejected:
            leaked = self._leaked(int(key_id))
            if leaked is None:
                return Trial(proof=Proof.UNCLEAR, at=client.now(), why="the gateway does not show its value", last=True)
            value = leaked
        except GatewayCallError:
            return Trial(proof=Proof.UNCLEAR, at=client.now(), why=_TROUBLE)
        result = await prove_dead(client, value, _Counted(request))
        reason = result.trial.reason
        # Recognised comes after the key was looked up: it is alive for whoever may use it from elsewhere.
        proof = Proof.ALIVE if reason == _RECOGNISED else result.proof
        return Trial(proof=proof, at=result.at, why=_REASONS.get(reason, _TROUBLE))

    def _tried(self, c: sa.Connection, request_id: int, trial: Trial) -> Again | None:
        request = store.get(c, request_id, lock=True)
        before: dict[str, Any] = request.progress.get(MARK, {})
        if before.get("ended"):
            return None
        tries = int(before.get("tries", 0)) + 1
        pauses_left = PROBE_DELAYS[tries - 1 :]
        ended = trial.proof is Proof.DEAD or trial.last or not pauses_left
        mark = {**before, "tries": tries, "at": trial.at, "proof": trial.proof.value, "why": trial.why, "ended": ended}
        if trial.proof is Proof.ALIVE:
            mark = {"accepted_at": trial.at, **mark, "accepted_last": trial.at}
        if trial.proof is Proof.DEAD:
            mark["refused_at"] = trial.at
        store.record_progress(c, request.id, MARK, mark)
        if ended or trial.proof.value != before.get("proof"):
            words = {Proof.DEAD: "refused", Proof.ALIVE: "accepted", Proof.UNCLEAR: "unclear"}
            told = {"outcome": words[trial.proof], "tries": tries}
            record(c, Fact.PROBE, request, at=trial.at, actor=None, **told)
            self._announcer.announce(c, request)
        if ended and trial.proof is Proof.ALIVE:
            sentence = f":rotating_light: Key {request.key_id} is disabled, but the gateway still accepts it. "
            self._announcer.alarm(c, request, sentence + "Treat it as live: delete it, or call the gateway's operator.")
        return None if ended else Again(pauses_left[0])


def proof_blocks(request: ApprovalRequest) -> list[Block]:
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
