"""Whether what was told of a key is over, and why: so that its message says so, without its button. Pure."""

from bot.care.judgement import KeyCare, Told
from bot.care.notice import CareOutcome, Crossing
from bot.care.told import ToldNotice
from bot.gateway.models import NEVER, EffectiveState, Key

_STOPPED = frozenset({EffectiveState.DISABLED})
_OF_EXPIRY = frozenset({Crossing.EXPIRES, Crossing.ENDED})
_OF_QUOTA = frozenset({Crossing.LOW, Crossing.DRY})
_OF_IDLE = frozenset({Crossing.IDLE, Crossing.UNANSWERED})


def outcome_of(
    told: ToldNotice, key: Key, care: KeyCare | None, *, owner: str | None, replaced: bool, now: float
) -> CareOutcome | None:
    """None: it is as it was told. `now`: by the gateway's clock; `care`: what is remembered of the key now."""
    if key.created_time != told.born_at:
        return CareOutcome.GONE
    if (owner or "") != told.owner_id:
        return CareOutcome.GIVEN
    # What stands of the question about an idle key, its own judgement says.
    if told.kind in _OF_IDLE:
        return None
    if replaced or key.state(now) in _STOPPED:
        return CareOutcome.STOPPED
    return _mended(told, key, care, now)


def _mended(told: ToldNotice, key: Key, care: KeyCare | None, now: float) -> CareOutcome | None:
    if told.kind in _OF_EXPIRY:
        later = key.expired_time == NEVER or key.expired_time > max(now, told.expires)
        return CareOutcome.ENDS_LATER if later else None
    if told.kind not in _OF_QUOTA:
        return None
    quota = None if care is None else care.quota
    return None if quota is not None and quota.told in {Told.LOW, Told.DRY} else CareOutcome.HAS_MORE
