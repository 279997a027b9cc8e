"""Whether a key spends far more than it usually does. Pure: two readings of its counter, its past, the terms.

A look is the pace between two readings some while apart. Two looks in a row over both marks are an anomaly, two under
them end it. A counter that went backwards, readings that lie too far apart and a clock that was moved tell nothing: the
looks begin anew.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from bot.gateway.models import Key
from bot.keys.spending import DAY, HOUR, Spending
from bot.permissions.care import CareTerms

# Between two readings: at least so long, or one call looks like a stream of them; and no longer, or it is a gap.
LOOK_SECONDS, GAP_SECONDS = 1200.0, 3 * HOUR
IN_A_ROW = 2
# Whole days of data before anything is unusual, and how far back is looked.
LEAST_DAYS, DAYS = 3, 7
# Nobody is told twice about the same key within this time; also how long "it is me" holds.
MUTED_SECONDS = DAY


@dataclass(frozen=True, kw_only=True)
class PaceCare:
    """What is remembered of one key. `at`, `used`: the last reading. `hot`, `cool`: looks in a row over and under the
    marks. `told`: it lasts, and was told at `told_at`, which names its messages.
    """

    key_id: int
    born_at: int
    at: float
    used: int
    hot: int = 0
    cool: int = 0
    told: bool = False
    told_at: float = 0.0
    muted_until: float = 0.0
    version: int = 0


@dataclass(frozen=True, kw_only=True)
class PaceJudgement:
    """`per_hour`, `usual`: units an hour, now and as a rule, when this is to be told. `over`: what was told is over."""

    before: PaceCare | None
    care: PaceCare
    alarm: bool = False
    over: bool = False
    per_hour: int = 0
    usual: int = 0


def judge(
    before: PaceCare | None, key: Key, *, read_at: float, terms: CareTerms, usual: Callable[[], float | None]
) -> PaceJudgement | None:
    """None: nothing new was read. `read_at`: when all keys were listed. `usual`: units an hour as a rule, None = not
    known yet.
    """
    if before is None or before.born_at != key.created_time:
        version = 0 if before is None else before.version
        care = PaceCare(key_id=int(key.id), born_at=key.created_time, at=read_at, used=key.used_quota, version=version)
        return PaceJudgement(before=before, care=care)
    seconds = read_at - before.at
    if 0 <= seconds < LOOK_SECONDS:
        return None
    read = replace(before, at=read_at, used=key.used_quota)
    if not 0 < seconds <= GAP_SECONDS or key.used_quota < before.used:
        return PaceJudgement(before=before, care=replace(read, hot=0, cool=0))
    per_hour = (key.used_quota - before.used) * HOUR / seconds
    rule = usual() if terms.anomaly_times and per_hour > terms.anomaly_per_hour else None
    if rule is None or per_hour <= terms.anomaly_times * rule:
        return _under(before, read)
    return _over(before, replace(read, hot=min(IN_A_ROW, before.hot + 1), cool=0), round(per_hour), round(rule))


def _under(before: PaceCare, read: PaceCare) -> PaceJudgement:
    cool = min(IN_A_ROW, before.cool + 1)
    over = before.told and cool == IN_A_ROW
    return PaceJudgement(before=before, care=replace(read, hot=0, cool=cool, told=before.told and not over), over=over)


def _over(before: PaceCare, care: PaceCare, per_hour: int, usual: int) -> PaceJudgement:
    muted = care.at < max(care.muted_until, care.told_at + MUTED_SECONDS if care.told_at else 0.0)
    if care.hot < IN_A_ROW or care.told or muted:
        return PaceJudgement(before=before, care=care)
    care = replace(care, told=True, told_at=care.at)
    return PaceJudgement(before=before, care=care, alarm=True, per_hour=per_hour, usual=usual)


def usual_pace(spent: Spending | None, *, now: float) -> float | None:
    """What an hour in which it was used costs as a rule, by the last week; 0 = it was not used. None: too little is
    known.
    """
    if spent is None or now - spent.since < LEAST_DAYS * DAY:
        return None
    used = [units for units in _hours(spent, now=now) if units]
    return float(median(used)) if used else 0.0


def _hours(spent: Spending, *, now: float) -> Sequence[int]:
    """Units of each whole hour of the last week, up to where what is judged may have begun."""
    last = int((now - IN_A_ROW * GAP_SECONDS) // HOUR)
    first = int((now - DAYS * DAY) // HOUR)
    units = [0.0] * (last - first)
    for amount in spent.amounts:
        begin, end = max(first, int(amount.start // HOUR)), min(last, int(-(-amount.end // HOUR)))
        for hour in range(begin, end):
            units[hour - first] += amount.within(hour * HOUR, (hour + 1) * HOUR)
    return [round(one) for one in units]
