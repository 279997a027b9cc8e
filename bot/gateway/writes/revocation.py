"""Checks that a disabled key is refused, by using the key itself (gateway-api.md, section 11; rule 11)."""

from collections.abc import Sequence
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, SecretStr

from bot.gateway.client import GatewayReader
from bot.gateway.models import CheckOutcome, KeyCheck
from bot.gateway.writes.results import Journal

REVOCATION_DELAYS: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
"""Seconds between checks: two minutes in all, because a cached record may keep a key alive for one."""


class Revocation(StrEnum):
    """DEAD = refused by the gateway itself. ALIVE = still accepted. UNCLEAR = the check told neither."""

    DEAD = "dead"
    ALIVE = "alive"
    UNCLEAR = "unclear"


_STATES = {
    CheckOutcome.ACCEPTED: Revocation.ALIVE,
    CheckOutcome.REFUSED: Revocation.DEAD,
    CheckOutcome.UNCLEAR: Revocation.UNCLEAR,
}


class RevocationCheck(BaseModel):
    """The state after this check: `at` = Unix seconds of the check; `again_after` None = no further check."""

    model_config = ConfigDict(frozen=True)

    state: Revocation
    checks: int
    at: float
    check: KeyCheck
    again_after: float | None


async def check_revoked(
    client: GatewayReader,
    value: SecretStr,
    journal: Journal,
    *,
    delays: Sequence[float] = REVOCATION_DELAYS,
) -> RevocationCheck:
    """Uses the key once; call again after `again_after` seconds. The value is neither journalled nor logged.

    Still ALIVE with `again_after` None after the last check is an alarm.
    """
    before = await journal.recall("prove")
    done = int(before["trials"]) if before else 0
    check = await client.check_key(value)
    await journal.record("prove", {"trials": done + 1})
    state = _STATES[check.outcome]
    more = state is not Revocation.DEAD and done < len(delays)
    return RevocationCheck(
        state=state, checks=done + 1, at=client.now(), check=check, again_after=delays[done] if more else None
    )
