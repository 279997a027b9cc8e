"""One trial of a disabled key, and what the trials so far amount to (gateway-api.md, section 11; rule 11).

The value is one that is at hand already (a record that was read back, the alert itself), else it is asked of the
gateway once; it is held in memory until the key is refused. A mark holds times and words only. Knows no row and no job.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from bot.gateway.errors import (
    SENTENCES,
    GatewayAuthError,
    GatewayCallError,
    GatewayLimited,
    GatewayRejected,
    KeyNotFound,
)
from bot.gateway.gateways import KeyReader
from bot.gateway.limiter import Limit
from bot.gateway.models import EffectiveState, KeyId
from bot.gateway.writes import REVOCATION_DELAYS, Revocation, check_revoked
from bot.languages import tr
from bot.languages.sentence import to_stored

REVEAL_SECONDS = 20.0
_RECOGNISED = "recognised"
_REASONS = {
    _RECOGNISED: tr("The gateway still knows the key, but does not let us in with it."),
    "rate_limited": tr("The gateway limits how often keys are tried."),
    "no_answer": tr("The gateway does not answer."),
}
_LIMITED = tr("The gateway shows only a few values in 20 minutes, and the rest is kept for people.")
_TROUBLE = tr("The gateway did not answer as it should.")
# What an attempt showed, in the words of the record.
OUTCOMES = {Revocation.DEAD: "refused", Revocation.ALIVE: "accepted", Revocation.UNCLEAR: "unclear"}


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One trial: `proof`, when (Unix seconds), `why` it was unclear (a sentence), whether another one makes sense."""

    proof: Revocation
    at: float
    why: str = ""
    last: bool = False


@dataclass(frozen=True)
class _Counted:
    """The gateway's journal of trials. Whoever keeps the mark counts them, right after the trial."""

    trials: int

    async def recall(self, name: str) -> dict[str, int] | None:
        del name
        return {"trials": self.trials}

    async def record(self, name: str, value: Mapping[str, Any]) -> None:
        """Nothing: a crash before the mark is written only means one more trial."""


async def try_once(
    client: KeyReader,
    key_id: KeyId,
    mark: Mapping[str, Any],
    *,
    leaked: Callable[[int], SecretStr | None],
    value: SecretStr | None = None,
) -> Trial:
    """Try the key. `value`: as just revealed; None = use what is at hand, or ask. `leaked`: what an alert brought."""
    value = value or client.held.of_key(int(key_id)) or leaked(int(key_id))
    if value is None:
        asked = await _ask_value(client, key_id)
        if isinstance(asked, Trial):
            return asked
        value = asked
        client.held.hold(int(key_id), value)
    try:
        gateway = client.of(key_id)
    except GatewayCallError as error:
        return Trial(proof=Revocation.UNCLEAR, at=client.now(), why=error.why)
    result = await check_revoked(gateway, value, _Counted(int(mark.get("tries", 0))))
    reason = result.check.reason
    # The gateway recognised the key before it refused the call, so the key works for others, from another address.
    proof = Revocation.ALIVE if reason == _RECOGNISED else result.state
    if proof is Revocation.DEAD:
        client.held.drop(int(key_id))
    if proof is Revocation.ALIVE and await _enabled_again(client, key_id):
        return Trial(proof=Revocation.UNCLEAR, at=result.at, why=tr("The key was enabled again meanwhile."), last=True)
    return Trial(proof=proof, at=result.at, why=_REASONS.get(reason, _TROUBLE))


async def _ask_value(client: KeyReader, key_id: KeyId) -> SecretStr | Trial:
    """The value from the gateway, or the trial that could not be made."""
    why, last = "", False
    try:
        ask = client.reveal_masked if client.held.is_masked(int(key_id)) else client.reveal_key
        return await ask(key_id, deadline=REVEAL_SECONDS)
    except KeyNotFound:
        why, last = tr("The key was deleted meanwhile."), True
    except GatewayRejected:
        why, last = tr("The gateway does not show its value."), True
    except GatewayAuthError as error:
        why = no_access(error)
    except GatewayLimited as error:
        why = _LIMITED if error.limit is Limit.REVEALS else _REASONS["rate_limited"]
    except GatewayCallError:
        why = _TROUBLE
    return Trial(proof=Revocation.UNCLEAR, at=client.now(), why=why, last=last)


def no_access(error: GatewayAuthError) -> str:
    """Why no value was had: the gateway does not let Keydesk in."""
    return SENTENCES[error.refusal]


async def _enabled_again(client: KeyReader, key_id: KeyId) -> bool:
    """Somebody took the disabling back: then being accepted is no alarm."""
    try:
        key = await client.get_key(key_id, deadline=REVEAL_SECONDS)
    except GatewayCallError:
        return False
    return key.state(client.server_now(key_id)) is EffectiveState.ACTIVE


def marked(before: Mapping[str, Any], trial: Trial) -> tuple[dict[str, Any], float | None]:
    """The mark after this trial, and the seconds until the next one; None = it was the last, and the mark says so."""
    tries = int(before.get("tries", 0)) + 1
    pauses_left = REVOCATION_DELAYS[tries - 1 :]
    ended = trial.proof is Revocation.DEAD or trial.last or not pauses_left
    mark = {**before, "tries": tries, "at": trial.at, "proof": trial.proof.value, "ended": ended}
    mark["why"] = to_stored(trial.why)
    if trial.proof is Revocation.ALIVE:
        mark = {"accepted_at": trial.at, **mark, "accepted_last": trial.at}
    if trial.proof is Revocation.DEAD:
        mark["refused_at"] = trial.at
    if trial.last:
        # Deleted or enabled again: that it was accepted before is no alarm any more.
        mark.pop("accepted_last", None)
    return mark, None if ended else pauses_left[0]


def still_accepted(mark: Mapping[str, Any]) -> bool:
    """Whether the key was accepted at its last clear trial: a trial that told nothing does not take that back."""
    return mark.get("accepted_last") is not None and mark.get("refused_at") is None
