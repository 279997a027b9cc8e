"""How far an approval has come: which stage is open, who counted, who may answer next, and when to nudge.

Pure arithmetic over the stored terms and the approvals given so far, in the order they were given. One
person counts once, in the first stage still open, and never again in a later one. Times: Unix seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.languages import tr, trc, trn
from bot.languages.formats import one_of
from bot.permissions.models import Approval, Given, Stage


@dataclass(frozen=True, kw_only=True)
class OpenStage:
    """The stage that waits. `index` from 0; `counted`: who has approved in it; `missing`: how many more people."""

    index: int
    stage: Stage
    opened_at: float
    counted: tuple[str, ...]

    @property
    def missing(self) -> int:
        """How many more people must approve."""
        return self.stage.count - len(self.counted)


def open_stage(approval: Approval, given: Sequence[Given], *, asked_at: float) -> OpenStage | None:
    """The stage that waits for answers, None when every stage has its people."""
    opened_at = asked_at
    left = list({answer.by: answer for answer in reversed(given)}.values())[::-1]
    for index, stage in enumerate(approval.stages):
        counted, left = left[: stage.count], left[stage.count :]
        if len(counted) < stage.count:
            people = tuple(answer.by for answer in counted)
            return OpenStage(index=index, stage=stage, opened_at=opened_at, counted=people)
        opened_at = max(answer.at for answer in counted)
    return None


def missing(approval: Approval, given: Sequence[Given]) -> int:
    """How many more different people must approve, over all stages."""
    return max(0, approval.count - len({answer.by for answer in given}))


def roles_who_may_answer(approval: Approval, given: Sequence[Given], *, asked_at: float, now: float) -> tuple[str, ...]:
    """Roles (or ids) that may answer the open stage now, those it has escalated to included; empty when none waits."""
    waiting = open_stage(approval, given, asked_at=asked_at)
    if waiting is None:
        return ()
    due = [one for one in waiting.stage.escalations if now - waiting.opened_at >= one.after]
    return tuple(dict.fromkeys([*waiting.stage.roles, *(role for one in due for role in one.roles)]))


def reminder_times(approval: Approval, *, asked_at: float) -> tuple[float, ...]:
    """When to remind: each wait is `remind_factor` times the one before, all before the request expires."""
    if approval.remind is None:
        return ()
    times = []
    wait, at = approval.remind, asked_at
    for _ in range(approval.remind_most):
        at += wait
        wait *= approval.remind_factor
        if at >= asked_at + approval.expires:
            break
        times.append(at)
    return tuple(times)


def is_expired(approval: Approval, *, asked_at: float, now: float) -> bool:
    """Whether the time to decide is over. All times in Unix seconds."""
    return now >= asked_at + approval.expires


def describe(approval: Approval) -> str:
    """Who must approve, in words: `manager, then 2 people of security`."""
    first, *others = (_people(stage.count, stage.roles) for stage in approval.stages)
    for people in others:
        first = trc("who must approve, one after the other", "{first}, then {next}", first=first, next=people)
    return first


def _people(count: int, roles: tuple[str, ...]) -> str:
    if "*" in roles:
        return (
            tr("any member")
            if count == 1
            else trn("{count} person of all members", "{count} people of all members", count)
        )
    if count == 1:
        return one_of(roles)
    return trn("{count} person of {roles}", "{count} people of {roles}", count, roles=one_of(roles))
