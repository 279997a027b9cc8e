"""A stricter policy binds waiting requests: the stricter of the stored terms and today's."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.permissions import Approval, Ask, Escalation, Facts, Given, Stage, binding_terms, decide, may_approve
from bot.permissions.combination import stricter_terms
from bot.permissions.stages import missing, open_stage
from tests.permissions.helpers import approving, member, policy, rule


def terms(*stages: tuple[str, int], **more: Any) -> Approval:
    """`("manager admin", 2)` = two people of manager or admin."""
    return Approval(
        stages=tuple(Stage(roles=tuple(roles.split()), count=count) for roles, count in stages),
        **{"expires": 100.0, **more},
    )


def shown(approval: Approval) -> list[tuple[str, int]]:
    return [(" ".join(stage.roles), stage.count) for stage in approval.stages]


def votes(number: int) -> list[Given]:
    return [Given(by=f"U0{index}", at=index) for index in range(number)]


@pytest.mark.parametrize(
    ("stored", "today", "given_so_far", "both"),
    [
        ([("manager", 1)], [("manager", 1), ("security", 1)], 0, [("manager", 1), ("security", 1)]),
        ([("manager", 1)], [("manager", 2)], 0, [("manager", 1), ("manager", 1)]),
        ([("manager", 2)], [("manager", 1)], 0, [("manager", 2)]),
        ([("manager", 1), ("security", 1)], [("security", 1)], 0, [("manager", 1), ("security", 1)]),
        ([("manager", 1)], [("admin", 1)], 0, [("manager", 1), ("admin", 1)]),
        # Fewer people than before: the approval still to be given must come from both.
        ([("manager admin", 1)], [("manager", 1)], 0, [("manager", 1)]),
        ([("manager admin", 2)], [("manager", 1)], 0, [("manager", 1), ("manager admin", 1)]),
        ([("manager admin", 2)], [("admin", 1), ("manager", 1)], 0, [("admin", 1), ("manager", 1)]),
        # What was given keeps its place, and counts for today only where it surely could.
        ([("manager admin", 2)], [("manager", 1)], 1, [("manager admin", 1), ("manager", 1)]),
        ([("manager", 2)], [("manager", 3)], 1, [("manager", 2), ("manager", 1)]),
        ([("manager", 1), ("security", 2)], [("manager", 2)], 2, [("manager", 1), ("security", 2), ("manager", 1)]),
        ([("manager", 1)], [("manager admin", 1)], 0, [("manager", 1)]),
    ],
)
def test_everything_that_either_wants_is_wanted(
    stored: list[tuple[str, int]], today: list[tuple[str, int]], given_so_far: int, both: list[tuple[str, int]]
) -> None:
    assert shown(stricter_terms(terms(*stored), terms(*today), votes(given_so_far))) == both


def test_the_stricter_of_every_other_term_counts() -> None:
    stored = terms(("manager", 1), self_approval=True, counter_offer="stand", expires=50.0, break_glass=True)
    today = terms(("manager", 1), counter_offer="ask", expires=80.0, self_approval_rule="four eyes", remind=5.0)
    for one, other in ((stored, today), (today, stored)):
        both = stricter_terms(one, other)
        assert (both.self_approval, both.counter_offer, both.expires) == (False, "ask", 50.0)
        assert (both.self_approval_rule, both.break_glass, both.remind) == ("four eyes", False, one.remind)
    assert stricter_terms(terms(("manager", 1), counter_offer="stand"), terms(("a", 1), counter_offer="stand")) == (
        terms(("manager", 1), ("a", 1), counter_offer="stand")
    )


def test_terms_that_are_the_same_or_gone_change_nothing() -> None:
    stored = terms(("manager", 1))
    assert stricter_terms(stored, None) is stored
    assert stricter_terms(stored, terms(("manager", 1))) is stored


def test_an_escalation_stays_where_both_know_the_role() -> None:
    def staged(*escalations: tuple[str, float], roles: str = "manager boss") -> Approval:
        found = tuple(Escalation(roles=(role,), after=after) for role, after in escalations)
        return Approval(stages=(Stage(roles=tuple(roles.split()), escalations=found),), expires=100.0)

    both = stricter_terms(staged(("admin", 5.0), ("lead", 6.0)), staged(("admin", 9.0), ("boss", 7.0), roles="manager"))
    assert both.stages == (
        Stage(
            roles=("manager",),
            escalations=(Escalation(roles=("boss",), after=7.0), Escalation(roles=("admin",), after=9.0)),
        ),
    )


ROLE_SETS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3, unique=True).map(" ".join)
STAGES = st.lists(st.tuples(ROLE_SETS, st.integers(1, 3)), min_size=1, max_size=3)


@given(STAGES, STAGES, st.integers(0, 4), st.data())
def test_whoever_completes_both_has_given_what_each_wants(
    stored: list[tuple[str, int]], today: list[tuple[str, int]], so_far: int, data: st.DataObject
) -> None:
    """Everybody has one role only, so whose approval counts for which stage can be counted by hand."""
    first, second = terms(*stored), terms(*today)
    given_by: list[tuple[Given, str]] = []
    approval = first
    while (waiting := open_stage(approval, [one for one, _ in given_by], asked_at=0)) is not None:
        role = data.draw(st.sampled_from(waiting.stage.roles))
        given_by.append((Given(by=f"U0{len(given_by)}", at=0), role))
        if len(given_by) >= so_far:
            # The policy changed by now.
            approval = stricter_terms(first, second, [one for one, _ in given_by])
    if len(given_by) < so_far:
        return
    final = stricter_terms(first, second, [one for one, _ in given_by])
    assert missing(final, [one for one, _ in given_by]) == 0
    for wanted in (first, second):
        assert _enough(wanted, [role for _, role in given_by])


def _enough(approval: Approval, roles: list[str]) -> bool:
    """Whether some choice of the givers fills every stage."""
    slots = [set(stage.roles) for stage in approval.stages for _ in range(stage.count)]
    taken: dict[int, int] = {}

    def place(slot: int, tried: set[int]) -> bool:
        for person, role in enumerate(roles):
            if role in slots[slot] and person not in tried:
                tried.add(person)
                if person not in taken or place(taken[person], tried):
                    taken[person] = slot
                    return True
        return False

    return all(place(slot, set()) for slot in range(len(slots)))


def test_a_waiting_request_needs_what_the_policy_wants_now() -> None:
    ask = Ask(actor=member("U0ANN", "S0ENG"), operation="key.create", facts=Facts())
    stored = decide(policy(approving()), ask).approval
    assert stored is not None
    two = policy(rule(rest='approval = { stages = [{ from = ["manager"], count = 2 }, { from = ["security"] }] }'))
    assert missing(binding_terms(two, ask=ask, approval=stored), votes(1)) == 2
    common: dict[str, Any] = {"ask": ask, "approval": stored, "asked_at": 0.0, "now": 1.0}
    boss, meg, sue = member("U0BOSS", "S0MAN"), member("U0MEG", "S0MAN"), member("U0SUE", "S0SEC")
    assert may_approve(two, approver=meg, **common).allowed
    after = [Given(by="U0MEG", at=1.0)]
    assert may_approve(two, approver=boss, given=after, **common).allowed
    assert not may_approve(two, approver=sue, given=after, **common).allowed
    after.append(Given(by="U0BOSS", at=1.0))
    assert may_approve(two, approver=sue, given=after, **common).allowed
    assert binding_terms(policy(rule()), ask=ask, approval=stored) is stored
