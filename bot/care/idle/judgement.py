"""Whether a key is idle, and where the question about it stands. Pure: a record, what is known of it, the terms.

Idle is what was never billed for `idle_never`, or not for `idle_unused`: free calls are not counted. A key
that was not watched for all of that time is not judged, and a question from before a gap is given its time anew.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.care.notice import CareOutcome, Crossing, Notice
from bot.gateway.models import EffectiveState
from bot.keys.inventory_store import KnownKey
from bot.keys.spending import BORN_HERE, DAY
from bot.permissions.care import CareTerms

# So long one click takes back what silence did.
UNDO_SECONDS = 30 * DAY
# Until a disabling that failed is tried again.
AGAIN_SECONDS = DAY


class IdleState(StrEnum):
    """NOTHING: nobody is asked. ORDERED: it is being disabled. DISABLED: it was, and may be taken back."""

    NOTHING = ""
    ASKED = "asked"
    ORDERED = "ordered"
    DISABLED = "disabled"
    KEPT = "kept"


@dataclass(frozen=True, kw_only=True)
class IdleCare:
    """What is remembered of one key. `since`: when it came into its state. `due`: when silence disables it; until when
    that may be taken back; from when on it may be asked about again; 0 = never. `request_id`: what disabled it.
    """

    key_id: int
    born_at: int
    owner_id: str
    state: IdleState
    since: float
    due: float = 0.0
    request_id: int | None = None
    version: int = 0


@dataclass(frozen=True, kw_only=True)
class IdleJudgement:
    """`care`: what is to be remembered once `notices` are told. `closes`: kinds of messages about it that are over."""

    before: IdleCare | None
    care: IdleCare
    notices: tuple[Notice, ...] = ()
    closes: tuple[tuple[Crossing, CareOutcome], ...] = ()

    @property
    def name(self) -> str:
        """Which change of which row it is: no other has this name."""
        return f"idle:{self.care.key_id}:{self.care.version + 1}"

    @property
    def is_given(self) -> bool:
        """Nothing of it is said to all."""
        return True

    def only(self, wanted: Callable[[Notice], bool]) -> "IdleJudgement":
        """With those of the notices."""
        return replace(self, notices=tuple(filter(wanted, self.notices)))


@dataclass(frozen=True, kw_only=True)
class IdleFacts:
    """What is known at this moment. `now`: by the gateway's clock. `watched_since`: before it there was a gap.

    `billed`: the last moment at which the counter of the key moved, by its samples, None = not known.
    """

    now: float
    watched_since: float
    terms: CareTerms
    billed: Callable[[], float | None]


def judge(before: IdleCare | None, known: KnownKey, *, owner: str, facts: IdleFacts) -> IdleJudgement | None:
    """None: nothing is to be said or remembered."""
    key, now = known.key, facts.now
    row = before if before is not None and before.born_at == key.created_time else None
    works = key.state(now) is EffectiveState.ACTIVE
    version = 0 if before is None else before.version
    blank = IdleCare(
        key_id=int(key.id),
        born_at=key.created_time,
        owner_id=owner,
        state=IdleState.NOTHING,
        since=now,
        version=version,
    )
    if row is None or row.state is IdleState.NOTHING:
        return _ask(before, blank, known, facts) if works else None
    if row.state is IdleState.KEPT:
        return _ask(before, blank, known, facts) if works and (now >= row.due or owner != row.owner_id) else None
    if row.state is IdleState.ASKED:
        return _asked(row, blank, known, facts)
    if row.state is IdleState.DISABLED:
        return _disabled(row, blank, known, facts)
    return None


def needs_spending(before: IdleCare | None, known: KnownKey, *, owner: str, facts: IdleFacts) -> bool:
    """Whether `judge` will ask when the counter moved last: by its last charge the key is idle, and it matters."""
    if _by_charge(known, facts) is None or known.key.state(facts.now) is not EffectiveState.ACTIVE:
        return False
    row = before if before is not None and before.born_at == known.key.created_time else None
    if row is None or row.state is IdleState.NOTHING:
        return True
    given = owner != row.owner_id
    if row.state is IdleState.ASKED:
        return not given
    return row.state is IdleState.KEPT and (given or facts.now >= row.due)


def idle_since(known: KnownKey, facts: IdleFacts) -> tuple[float, int] | None:
    """Since when it was not billed, and the time that this took to count; None for a key that is not idle."""
    found = _by_charge(known, facts)
    if found is None:
        return None
    (since, period), billed = found, facts.billed()
    since = since if billed is None else max(since, billed)
    return None if facts.now - since < period else (since, period)


def _by_charge(known: KnownKey, facts: IdleFacts) -> tuple[float, int] | None:
    key, terms = known.key, facts.terms
    period = terms.idle_unused if key.used_quota > 0 else terms.idle_never
    since = float(max(key.created_time, key.accessed_time))
    if not period or facts.now - since < period or not _was_watched(known, facts, period):
        return None
    return since, period


def _was_watched(known: KnownKey, facts: IdleFacts, period: int) -> bool:
    born_here = known.key.created_time >= known.known_since - BORN_HERE
    begin = known.key.created_time if born_here else known.known_since
    return facts.now - max(begin, facts.watched_since) >= period


def _ask(before: IdleCare | None, blank: IdleCare, known: KnownKey, facts: IdleFacts) -> IdleJudgement | None:
    idle = idle_since(known, facts)
    if idle is None:
        return None
    due = facts.now + facts.terms.idle_answer if facts.terms.idle_answer else 0.0
    billed = idle[0] if known.key.used_quota > 0 else 0.0
    notice = _notice(Crossing.IDLE, known, billed=billed, due=due)
    return IdleJudgement(before=before, care=replace(blank, state=IdleState.ASKED, due=due), notices=(notice,))


def _asked(row: IdleCare, blank: IdleCare, known: KnownKey, facts: IdleFacts) -> IdleJudgement | None:
    outcome = _over(row, known, facts, owner=blank.owner_id)
    if outcome is not None:
        after = kept(blank, known, facts) if outcome is CareOutcome.STOPPED else blank
        return IdleJudgement(before=row, care=after, closes=((Crossing.IDLE, outcome),))
    if facts.terms.idle_answer and row.since < facts.watched_since:
        # They had no chance to answer for a while.
        due = facts.watched_since + facts.terms.idle_answer
        return IdleJudgement(before=row, care=replace(row, since=facts.watched_since, due=due))
    return None


def _over(row: IdleCare, known: KnownKey, facts: IdleFacts, *, owner: str) -> CareOutcome | None:
    """Why the question is no longer asked."""
    if owner != row.owner_id:
        return CareOutcome.GIVEN
    if known.key.state(facts.now) is not EffectiveState.ACTIVE:
        return CareOutcome.STOPPED
    terms = facts.terms
    if not (terms.idle_unused if known.key.used_quota > 0 else terms.idle_never):
        # It was switched off; or what was never billed was, and that it is billed later is another question.
        return CareOutcome.IN_USE if known.key.accessed_time > row.since else CareOutcome.NOT_ASKED
    return None if idle_since(known, replace(facts, watched_since=0.0)) is not None else CareOutcome.IN_USE


def is_due(row: IdleCare, facts: IdleFacts) -> bool:
    """Whether the time to answer is over. Judge first: a question that is no longer asked is never due."""
    return row.state is IdleState.ASKED and 0 < row.due <= facts.now and bool(facts.terms.idle_answer)


def _disabled(row: IdleCare, blank: IdleCare, known: KnownKey, facts: IdleFacts) -> IdleJudgement | None:
    if known.key.state(facts.now) is EffectiveState.ACTIVE:
        outcome = CareOutcome.ENABLED
    elif blank.owner_id != row.owner_id:
        outcome = CareOutcome.GIVEN
    elif facts.now > row.due:
        outcome = CareOutcome.LATE
    else:
        return None
    return IdleJudgement(before=row, care=kept(blank, known, facts), closes=((Crossing.UNANSWERED, outcome),))


def kept(care: IdleCare, known: KnownKey, facts: IdleFacts) -> IdleCare:
    """Not asked about again before the same time has passed."""
    terms = facts.terms
    period = (terms.idle_unused if known.key.used_quota > 0 else terms.idle_never) or UNDO_SECONDS
    return replace(care, state=IdleState.KEPT, since=facts.now, due=facts.now + period, request_id=None)


def was_disabled(row: IdleCare, known: KnownKey, *, now: float) -> IdleJudgement:
    """The order was carried out: the owner is told, with the way back."""
    due = now + UNDO_SECONDS
    care = replace(row, state=IdleState.DISABLED, since=now, due=due)
    notice = _notice(Crossing.UNANSWERED, known, due=due)
    return IdleJudgement(before=row, care=care, notices=(notice,), closes=((Crossing.IDLE, CareOutcome.STOPPED),))


def _notice(kind: Crossing, known: KnownKey, *, billed: float = 0.0, due: float = 0.0) -> Notice:
    key = known.key
    return Notice(
        kind=kind,
        key_id=int(key.id),
        name=key.name,
        expires=key.expired_time,
        born_at=key.created_time,
        billed=billed,
        due=due,
    )
