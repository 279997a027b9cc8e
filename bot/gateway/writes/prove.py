"""Proves that a key is dead by trying the key itself (contract, section 11; rule 11)."""

from collections.abc import Sequence
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, SecretStr

from bot.gateway.client import GatewayReader
from bot.gateway.models import KeyTrial, Trial
from bot.gateway.writes.results import Journal

PROBE_DELAYS: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
"""Seconds between trials: two minutes in all, because a cached record may keep a key alive for one."""


class Proof(StrEnum):
    """DEAD = refused by the gateway itself. ALIVE = still accepted. UNCLEAR = it could not be tried."""

    DEAD = "dead"
    ALIVE = "alive"
    UNCLEAR = "unclear"


class ProofResult(BaseModel):
    """How the proof stands: `at` = Unix seconds of the latest trial; `again_after` None = no more trials."""

    model_config = ConfigDict(frozen=True)

    proof: Proof
    trials: int
    at: float
    trial: KeyTrial
    again_after: float | None


async def prove_dead(
    client: GatewayReader,
    value: SecretStr,
    journal: Journal,
    *,
    delays: Sequence[float] = PROBE_DELAYS,
) -> ProofResult:
    """Tries the key once; call again after `again_after` seconds. The value is neither journalled nor logged.

    Still ALIVE with `again_after` None after the last trial is an alarm.
    """
    before = await journal.recall("prove")
    tried = int(before["trials"]) if before else 0
    trial = await client.try_key(value)
    await journal.record("prove", {"trials": tried + 1})
    proof = {Trial.ACCEPTED: Proof.ALIVE, Trial.REFUSED: Proof.DEAD, Trial.UNCLEAR: Proof.UNCLEAR}[trial.outcome]
    more = proof is not Proof.DEAD and tried < len(delays)
    return ProofResult(
        proof=proof,
        trials=tried + 1,
        at=client.now(),
        trial=trial,
        again_after=delays[tried] if more else None,
    )
