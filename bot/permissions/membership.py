"""Who stands behind names in a policy, as far as it can be known, and whether an approval can ever come.

Slack groups are unknown unless their members are given, and so are schedules, whoever is on call now. Used by lint
only; it decides nothing.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from bot.permissions.models import Approval
from bot.permissions.roles import EVERYBODY, Roles, is_group, is_schedule
from bot.permissions.rules import Rule


@dataclass(frozen=True)
class Membership:
    """The people behind roles and ids; `groups` maps a group id to its members where they are known."""

    roles: Roles
    groups: Mapping[str, Collection[str]]

    def none(self, names: tuple[str, ...]) -> bool:
        """Certainly nobody at all."""
        return self._known(names) == frozenset()

    def apart(self, some: tuple[str, ...], others: tuple[str, ...]) -> bool:
        """Certainly nobody is among both."""
        left, right = self._known(some), self._known(others)
        return left is not None and right is not None and left.isdisjoint(right)

    def stuck(self, rule: Rule) -> str | None:
        """Why a request under this rule can never be approved, or not for some requester; None if it can."""
        approval = rule.approval
        if approval is None:
            return None
        slots = self._slots(approval)
        if not _fill(slots, without=None):
            return "nobody could approve: the people it names are fewer than it asks for"
        if approval.self_approval:
            return None
        for person in sorted(self._candidates(rule.who, slots)):
            if not _fill(slots, without=person):
                return f"nobody could approve what {person} asks for, because nobody approves an own request"
        return None

    def _slots(self, approval: Approval) -> list[frozenset[str]]:
        """For each approval needed, who could give it; stages of unknown people can always be filled."""
        slots = []
        for stage in approval.stages:
            names = (*stage.roles, *(role for one in stage.escalations for role in one.roles))
            known = self._known(names)
            if known is not None:
                slots += [known] * stage.count
        return slots

    def _candidates(self, who: tuple[str, ...], slots: Sequence[frozenset[str]]) -> frozenset[str]:
        """Requesters whose own name stands among the approvers."""
        approvers = frozenset().union(*slots)
        ids = self.roles.ids(who)
        if EVERYBODY in ids:
            return approvers
        members = frozenset().union(*(self.groups.get(one, ()) for one in ids))
        return (ids | members) & approvers

    def _known(self, names: tuple[str, ...]) -> frozenset[str] | None:
        """Exactly these people, or None where a group or everybody is among them."""
        people: set[str] = set()
        for one in self.roles.ids(names):
            if one == EVERYBODY or is_schedule(one) or (is_group(one) and one not in self.groups):
                return None
            people.update(self.groups[one] if is_group(one) else (one,))
        return frozenset(people)


def _fill(slots: Sequence[frozenset[str]], *, without: str | None) -> bool:
    """Whether every slot can have a person of its own (a bipartite matching; there are at most 200 slots)."""
    taken: dict[str, int] = {}

    def place(slot: int, tried: set[str]) -> bool:
        for person in sorted(slots[slot] - {without}):
            if person in tried:
                continue
            tried.add(person)
            if person not in taken or place(taken[person], tried):
                taken[person] = slot
                return True
        return False

    return all(place(slot, set()) for slot in range(len(slots)))
