"""What of a key has crossed which mark, and what was told of it. Pure: a record, what is known, the policy's terms.

Expiry: each of the marks once, those shorter than the time for which the key got its end; a new end begins anew. Quota:
*low* and *dry* once; told again after a top-up, when it was above the marks meanwhile. A rise of less than five points
of what was granted is none: charges in advance are given back.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from bot.care.notice import Crossing, Notice
from bot.gateway.models import NEVER, EffectiveState, Key
from bot.keys.spending import DAY
from bot.permissions.care import CareTerms

POINTS = 0.05
# Above a quarter more days than the mark it is no longer low.
EASE = 1.25
# An end that is longer ago than this was not missed for a moment: the clock was moved, or nothing ran.
LATE_SECONDS = 7 * DAY
# A key that was not billed for so long has no pace.
USED_SECONDS = 7 * DAY
_NOT_JUDGED = frozenset({EffectiveState.DISABLED, EffectiveState.UNKNOWN})


class Told(StrEnum):
    """What was said last about the quota. REFILLED: it rose since, and was not above the marks yet."""

    NOTHING = ""
    LOW = "low"
    DRY = "dry"
    REFILLED = "refilled"


@dataclass(frozen=True, kw_only=True)
class ExpiryCare:
    """`since`: when the key got this end. `told`: the smallest mark that was told, 0 = that it ended."""

    expires: int
    since: float
    told: int | None = None


@dataclass(frozen=True, kw_only=True)
class QuotaCare:
    """`base`: what was there at the last grant. `total`: left and used together, which only a grant moves.
    `told_at`: the least that was left since it was told.
    """

    base: int
    total: int
    told: Told = Told.NOTHING
    told_at: int = 0

    @property
    def points(self) -> float:
        """What counts as a rise."""
        return max(1.0, POINTS * self.base)


@dataclass(frozen=True, kw_only=True)
class KeyCare:
    """What is remembered of one key. `quota` None: it has no limit. `owner_id`: who was told, None = not known."""

    key_id: int
    born_at: int
    owner_id: str | None = None
    expiry: ExpiryCare
    quota: QuotaCare | None
    version: int = 0

    def after(self, notice: Notice) -> "KeyCare":
        """The same when this was told."""
        if notice.kind in {Crossing.EXPIRES, Crossing.ENDED}:
            return replace(self, expiry=replace(self.expiry, told=notice.mark))
        quota = None if self.quota is None else replace(self.quota, told=Told(notice.kind), told_at=notice.left)
        return replace(self, quota=quota)


@dataclass(frozen=True, kw_only=True)
class CareJudgement:
    """`care`: what is to be remembered as long as nothing of `notices` was told."""

    before: KeyCare | None
    care: KeyCare
    notices: tuple[Notice, ...]

    @property
    def name(self) -> str:
        """Which change of which row it is: no other has this name."""
        return f"{self.care.key_id}:{self.care.version + 1}"

    @property
    def is_given(self) -> bool:
        """Whether another owner was told before: what all could read then is not said to all again."""
        return self.before is not None and self.before.owner_id not in {None, self.care.owner_id}

    def only(self, wanted: Callable[[Notice], bool]) -> "CareJudgement":
        """With those of the notices."""
        return replace(self, notices=tuple(filter(wanted, self.notices)))

    def told(self) -> KeyCare:
        """What is to be remembered once all of it was told."""
        care = self.care
        for notice in self.notices:
            care = care.after(notice)
        return care


def judge(
    before: KeyCare | None,
    key: Key,
    *,
    owner: str,
    now: float,
    terms: CareTerms,
    dry_at: Callable[[], float | None],
) -> CareJudgement | None:
    """None: it does not work by somebody's will, and nothing is said or remembered. `now`: by the gateway's clock.

    `dry_at`: when it runs dry at its pace, None = not soon or not known.
    """
    if key.state(now) in _NOT_JUDGED:
        return None
    old = _as_known_to(owner, before) if before is not None and before.born_at == key.created_time else None
    expiry, ends = _expiry(old, key, now, terms)
    quota, runs_dry = None, None
    if not key.unlimited_quota:
        quota = _quota(old, key)
        if not key.is_past(now):
            quota, runs_dry = _mark(quota, key, now, terms, dry_at)
    version = 0 if before is None else before.version
    care = KeyCare(
        key_id=int(key.id),
        born_at=key.created_time,
        owner_id=owner,
        expiry=expiry,
        quota=quota,
        version=version,
    )
    return CareJudgement(before=before, care=care, notices=tuple(one for one in (ends, runs_dry) if one is not None))


def _as_known_to(owner: str, care: KeyCare) -> KeyCare:
    """What another owner was told, this one was not."""
    if care.owner_id in {None, owner}:
        return care
    quota = None if care.quota is None else replace(care.quota, told=Told.NOTHING, told_at=0)
    return replace(care, expiry=replace(care.expiry, told=None), quota=quota)


def _expiry(old: KeyCare | None, key: Key, now: float, terms: CareTerms) -> tuple[ExpiryCare, Notice | None]:
    expires = key.expired_time
    state = ExpiryCare(expires=expires, since=float(key.created_time)) if old is None else old.expiry
    if state.expires != expires:
        state = ExpiryCare(expires=expires, since=now)
    if expires == NEVER:
        return state, None
    left = expires - now
    if left > 0:
        marks = [mark for mark in terms.expiry if left <= mark < expires - state.since]
        if not marks or (state.told is not None and state.told <= min(marks)):
            return state, None
        return state, _notice(Crossing.EXPIRES, key, mark=min(marks))
    # Who sets an end that is past knows it.
    if state.told == 0 or left < -LATE_SECONDS or expires <= state.since:
        return state, None
    return state, _notice(Crossing.ENDED, key)


def _quota(old: KeyCare | None, key: Key) -> QuotaCare:
    """What was granted, by what moved: only a grant moves left and used together."""
    left, total = key.remain_quota, key.total_quota
    if old is None:
        return QuotaCare(base=max(0, total), total=total)
    state = old.quota
    if state is None:
        return QuotaCare(base=max(0, left), total=total)
    rises = left - state.told_at
    if abs(total - state.total) >= state.points:
        state = replace(state, base=max(0, left), total=total)
    if state.told in {Told.LOW, Told.DRY} and rises >= state.points:
        return replace(state, told=Told.REFILLED, told_at=left)
    return replace(state, told_at=min(state.told_at, left)) if state.told else state


def _mark(
    state: QuotaCare, key: Key, now: float, terms: CareTerms, coming: Callable[[], float | None]
) -> tuple[QuotaCare, Notice | None]:
    left = key.remain_quota
    if left <= 0:
        if state.told is Told.DRY:
            return state, None
        return state, _notice(Crossing.DRY, key, left=left, granted=state.base)
    if state.told in {Told.LOW, Told.DRY}:
        return state, None
    dry_at = _dry_at(key, now, terms, coming)
    days = float("inf") if dry_at is None else (dry_at - now) / DAY
    if state.told is Told.REFILLED:
        eased = left >= (terms.quota_low + POINTS) * state.base and days > terms.quota_days * EASE
        return (replace(state, told=Told.NOTHING, told_at=0) if eased else state), None
    if left <= terms.quota_low * state.base or days < terms.quota_days:
        return state, _notice(Crossing.LOW, key, left=left, granted=state.base, dry_at=dry_at)
    return state, None


def may_run_dry_soon(key: Key, *, now: float, terms: CareTerms) -> bool:
    """Whether a look at its samples may tell that it runs dry soon: no day costs more than all that was ever spent, and
    a key that was not billed for days has no pace.
    """
    most = max(1, terms.quota_days) * EASE * max(0, key.used_quota)
    return not key.unlimited_quota and 0 < key.remain_quota <= most and key.accessed_time >= now - USED_SECONDS


def _dry_at(key: Key, now: float, terms: CareTerms, coming: Callable[[], float | None]) -> float | None:
    dry_at = coming() if may_run_dry_soon(key, now=now, terms=terms) else None
    # A key that ends before is told of for its end.
    return None if dry_at is None or (key.expired_time != NEVER and key.expired_time < dry_at) else dry_at


def _notice(kind: Crossing, key: Key, **facts: Any) -> Notice:
    return Notice(
        kind=kind, key_id=int(key.id), name=key.name, expires=key.expired_time, born_at=key.created_time, **facts
    )
