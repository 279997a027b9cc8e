"""Which keys have a reason to be looked at, what *Shrink* leaves, and what is due when. Pure: no clock, no database.

Only keys that work are looked at. What was spent counts for 90 days; of a key that was not watched for so long, its
share of all that it ever used, if that is more.
"""

from typing import Any

from bot.gateway.models import NEVER, EffectiveState, Key
from bot.keys.inventory_store import KnownKey
from bot.keys.spending import Spending
from bot.review.models import DAY, REMINDED_ON, NewReviewedKey, Reason, Review, ReviewedKey, WhyLeft

# A key younger than this has not had its time yet; one that was not billed for so long is idle.
YOUNG_SECONDS, IDLE_SECONDS = 30 * DAY, 90 * DAY
SPENT_SECONDS = 90 * DAY
# Over-granted: so many dollars are left at least, and so many times what was spent.
LEAST_DOLLARS, TIMES = 10, 10
# What *Shrink* leaves: what was spent and a quarter more, in whole dollars.
MARGIN = 1.25


def review_key(known: KnownKey, spending: Spending | None, *, now: float, units_per_usd: int) -> NewReviewedKey | None:
    """The key as it goes on a list; None without a reason. `now`: by the gateway's clock."""
    key = known.key
    if key.state(now) is not EffectiveState.ACTIVE:
        return None
    spent = spent_of(key, spending, now=now)
    reasons = _reasons(known, spent, now=now, units_per_usd=units_per_usd)
    if not reasons:
        return None
    return NewReviewedKey(
        key_id=int(key.id),
        born_at=key.created_time,
        name=key.name,
        owner_id=known.owner_id,
        reasons=reasons,
        snapshot=snapshot_of(key, now=now),
        spent=spent,
        target=target_of(key, spent, units_per_usd=units_per_usd),
    )


def may_be_over_granted(key: Key, *, now: float, units_per_usd: int) -> bool:
    """Whether what was spent must be known to judge it, or to say what *Shrink* leaves."""
    return key.state(now) is EffectiveState.ACTIVE and (
        key.unlimited_quota or key.remain_quota >= LEAST_DOLLARS * units_per_usd
    )


def spent_of(key: Key, spending: Spending | None, *, now: float) -> int:
    """Units that it spent in the last 90 days, rather too many than too few."""
    seen = 0 if spending is None else spending.last(SPENT_SECONDS, now=now)
    age = max(1.0, now - key.created_time)
    return max(seen, round(max(0, key.used_quota) * min(1.0, SPENT_SECONDS / age)) if _unwatched(spending, now) else 0)


def _unwatched(spending: Spending | None, now: float) -> bool:
    return spending is None or spending.since > now - SPENT_SECONDS


def target_of(key: Key, spent: int, *, units_per_usd: int) -> int | None:
    """Units that *Shrink* leaves; None where that is no less than what is left."""
    dollars = max(1, -(-round(spent * MARGIN) // units_per_usd))
    target = int(dollars * units_per_usd)
    return target if key.unlimited_quota or target < key.remain_quota else None


def _reasons(known: KnownKey, spent: int, *, now: float, units_per_usd: int) -> tuple[Reason, ...]:
    key = known.key
    old = now - key.created_time >= YOUNG_SECONDS
    left = 0 if key.unlimited_quota else key.remain_quota
    found = {
        Reason.WITHOUT_OWNER: known.owner_id is None,
        Reason.NEVER_BILLED: key.unused and old,
        Reason.IDLE: not key.unused and now - key.accessed_time >= IDLE_SECONDS,
        Reason.UNLIMITED: key.unlimited_quota,
        Reason.OVER_GRANTED: old and left >= LEAST_DOLLARS * units_per_usd and left > TIMES * spent,
        Reason.NEVER_EXPIRES: key.expired_time == NEVER,
    }
    return tuple(reason for reason, holds in found.items() if holds)


def snapshot_of(key: Key, *, now: float) -> dict[str, Any]:
    """What a key is, in plain JSON: its settings and counters, nothing of its value."""
    kept = key.settings().model_dump(mode="json")
    return kept | {
        "state": key.state(now).value,
        "used_quota": key.used_quota,
        "created_time": key.created_time,
        "last_billed": None if key.unused else key.accessed_time,
    }


def departure_of(row: ReviewedKey, known: KnownKey | None, *, now: float) -> WhyLeft | None:
    """Why a key that waits for a decision needs none any more; None = it still does."""
    if known is None or known.gone_at is not None or known.key.created_time != row.born_at:
        return WhyLeft.GONE
    if known.key.state(now) is not EffectiveState.ACTIVE:
        return WhyLeft.OUT_OF_USE
    return WhyLeft.OTHER_OWNER if known.owner_id != row.owner_id else None


def reminder_due(review: Review, now: float) -> int | None:
    """The number of the reminder that is to be told now, the last of those that are due; None = none is."""
    begun = review.asked_at if review.opened_at is None else review.opened_at
    due = sum(now >= begun + day * DAY for day in REMINDED_ON)
    return due if due > review.reminded else None


def is_over(review: Review, now: float) -> bool:
    """Whether silence disables now: everybody was reminded, and had time since."""
    return review.reminded == len(REMINDED_ON) and now >= review.ends_at
