"""Stored terms and today's terms of a request combined: the stricter of both decides. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.permissions.models import Approval, CounterOffer, Escalation, Given, Stage


@dataclass
class _Part:
    """Some approvals of one stored stage. `used`: how many of them today's stages have claimed."""

    stage: Stage
    frozen: bool
    used: int = 0

    @property
    def free(self) -> int:
        return self.stage.count - self.used


def stricter_terms(stored: Approval, today: Approval | None, given: Sequence[Given] = ()) -> Approval:
    """The terms that bind a waiting request: everything the stored terms want and everything today's want.

    `today` is the approval of today's decision on the same ask, None where it is allowed today. `given`: the
    approvals so far, in order; those keep the place that they have, so that `open_stage` and `missing` of the
    answer count them as before. Use the answer for every question about a waiting request: who may answer, how
    many are missing, whether it is complete.

    Each stored approval also counts for one of today's where only people of today's stage could give it. An
    approval that is still to be given is narrowed to the people who are named in both. What is left of today's
    stages is added at the end. The earlier expiry counts; nobody approves an own request, and an offer is asked
    back, where either says so.
    """
    if today is None or today == stored:
        return stored
    parts = _parts(stored, len({one.by for one in given}))
    added: list[Stage] = []
    for stage in today.stages:
        wanted = stage.count
        for part in list(parts):
            wanted -= _claim(parts, part, stage, wanted)
        if wanted:
            added.append(replace(stage, count=wanted))
    rules = (stored.self_approval_rule, today.self_approval_rule)
    offer: CounterOffer = "ask" if "ask" in {stored.counter_offer, today.counter_offer} else "stand"
    return replace(
        stored,
        stages=(*_merged(parts), *added),
        expires=min(stored.expires, today.expires),
        self_approval=stored.self_approval and today.self_approval,
        self_approval_rule=next((rule for rule in rules if rule), None),
        counter_offer=offer,
        break_glass=stored.break_glass and today.break_glass,
    )


def _parts(stored: Approval, given: int) -> list[_Part]:
    """Each stored stage, cut where the approvals given so far end."""
    parts = []
    for stage in stored.stages:
        counted = min(given, stage.count)
        given -= counted
        if counted:
            parts.append(_Part(replace(stage, count=counted), frozen=True))
        if stage.count > counted:
            parts.append(_Part(replace(stage, count=stage.count - counted), frozen=False))
    return parts


def _claim(parts: list[_Part], part: _Part, stage: Stage, wanted: int) -> int:
    """How many approvals of `part` count for `stage` as well; one still to be given is narrowed to both."""
    taken = min(wanted, part.free)
    both = tuple(role for role in part.stage.roles if role in stage.roles)
    covered = _people(part.stage) <= _people(stage)
    if not taken or not (covered or (both and not part.frozen)):
        return 0
    if covered:
        part.used += taken
        return taken
    narrowed = Stage(roles=both, count=taken, escalations=_common(part.stage, stage))
    place = parts.index(part)
    if part.free == taken == part.stage.count:
        parts[place] = _Part(narrowed, frozen=False, used=taken)
    else:
        part.stage = replace(part.stage, count=part.stage.count - taken)
        parts.insert(place, _Part(narrowed, frozen=False, used=taken))
    return taken


def _people(stage: Stage) -> frozenset[str]:
    return frozenset((*stage.roles, *(role for one in stage.escalations for role in one.roles)))


def _common(one: Stage, other: Stage) -> tuple[Escalation, ...]:
    """Escalations to roles that both stages name, at the later of both times."""
    late: dict[str, float] = {}
    times = [dict.fromkeys(stage.roles, 0.0) for stage in (one, other)]
    for found, stage in zip(times, (one, other), strict=True):
        for escalation in reversed(stage.escalations):
            found.update({role: escalation.after for role in escalation.roles if found.get(role) != 0.0})
    for role in times[0].keys() & times[1].keys():
        late[role] = max(times[0][role], times[1][role])
    return tuple(
        Escalation(roles=(role,), after=after)
        for role, after in sorted(late.items(), key=lambda item: item[1])
        if after
    )


def _merged(parts: Sequence[_Part]) -> tuple[Stage, ...]:
    """The parts as stages again; neighbours with the same people are one stage."""
    stages: list[Stage] = []
    for part in parts:
        last = stages[-1] if stages else None
        if last is not None and (last.roles, last.escalations) == (part.stage.roles, part.stage.escalations):
            stages[-1] = replace(last, count=last.count + part.stage.count)
        else:
            stages.append(part.stage)
    return tuple(stages)
