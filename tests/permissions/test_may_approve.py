"""Who may approve and who may deny: roles of now, terms as stored, never an own request by accident."""

from typing import Any

import pytest

from bot.permissions import (
    Actor,
    ActorKind,
    Approval,
    Ask,
    Decision,
    Eligibility,
    Facts,
    Given,
    Policy,
    decide,
    may_approve,
    may_deny,
    possible_approvers,
)
from tests.permissions.helpers import approving, member, policy, rule

ANN = member("U0ANN", "S0ENG")
BOSS = member("U0BOSS", "S0ENG")
MEG = member("U0MEG", "S0MAN")
SEC = member("U0SEC", "S0SEC")
ADMIN = member("U0ADMIN")
DAY = 86_400


def ask(actor: Actor = ANN, **facts: Any) -> Ask:
    return Ask(actor=actor, operation="key.create", facts=Facts(**facts))


def terms(text: str, actor: Actor = ANN) -> tuple[Policy, Approval, Decision]:
    read = policy(text)
    decision = decide(read, ask(actor))
    assert decision.approval is not None
    return read, decision.approval, decision


def approve(
    text: str, who: Actor, *, by: Actor = ANN, given: tuple[str, ...] = (), now: float = 0, today: str = ""
) -> Eligibility:
    read, approval, _ = terms(text, by)
    return may_approve(
        policy(today) if today else read,
        approver=who,
        ask=ask(by),
        approval=approval,
        given=[Given(by=one, at=0) for one in given],
        asked_at=0,
        now=now,
    )


def deny(text: str, who: Actor, *, given: tuple[str, ...] = (), now: float = 0, rule: str | None = None) -> Eligibility:
    read, approval, _ = terms(text)
    marks = [Given(by=one, at=0) for one in given]
    return may_deny(read, approver=who, ask=ask(), approval=approval, given=marks, asked_at=0, now=now, rule=rule)


def test_from_alone_gives_the_right_to_decide() -> None:
    eligibility = approve(approving(), MEG)
    assert (eligibility.allowed, eligibility.role, eligibility.rule) == (True, "manager", "r")
    assert eligibility.sentence == "You may answer this as manager."


@pytest.mark.parametrize("who", [SEC, ADMIN, member("U0ANY"), member("U0ENG", "S0ENG")])
def test_nobody_else_decides(who: Actor) -> None:
    eligibility = approve(approving(), who)
    assert (eligibility.allowed, eligibility.sentence) == (False, "Only manager may answer this.")


@pytest.mark.parametrize("kind", [kind for kind in ActorKind if kind is not ActorKind.MEMBER])
def test_only_full_members_decide_even_if_named_by_id(kind: ActorKind) -> None:
    text = approving(from_='["*", "U0MEG"]')
    eligibility = approve(text, Actor(slack_user_id="U0MEG", kind=kind, groups=frozenset({"S0MAN"})))
    assert not eligibility.allowed
    assert "no role" in eligibility.sentence


def test_an_own_request_is_refused_with_the_rule() -> None:
    eligibility = approve(approving(), BOSS, by=BOSS)
    assert (eligibility.allowed, eligibility.rule) == (False, "r")
    assert eligibility.sentence == "You can't approve your own request; somebody else of manager can."


def test_an_own_request_is_approved_where_the_rule_says_so() -> None:
    assert approve(approving("self_approval = true"), BOSS, by=BOSS).allowed
    assert not approve(approving("self_approval = true"), ANN, by=ANN).allowed


def test_an_explicit_no_in_another_matching_rule_wins() -> None:
    eligibility = approve(
        approving("self_approval = true") + approving("self_approval = false", name="n"), BOSS, by=BOSS
    )
    assert (eligibility.allowed, eligibility.rule) == (False, "n")
    assert eligibility.sentence == "You can't approve your own request; somebody else of manager can."


def test_self_approval_must_hold_then_and_now() -> None:
    yes, no = approving("self_approval = true"), approving()
    assert not approve(yes, BOSS, by=BOSS, today=no).allowed
    assert not approve(no, BOSS, by=BOSS, today=yes).allowed
    # What today needs no approval at all does not open what was asked under a stricter rule.
    assert not approve(no, BOSS, by=BOSS, today=rule()).allowed


def test_each_person_counts_once() -> None:
    eligibility = approve(approving("count = 2"), MEG, given=("U0MEG",))
    assert (eligibility.allowed, eligibility.sentence) == (
        False,
        "You have approved this already; each person counts once.",
    )
    assert approve(approving("count = 2"), member("U0MAX", "S0MAN"), given=("U0MEG",)).allowed


STAGES = rule(rest='approval = { stages = [{ from = ["manager"] }, { from = ["security", "manager"] }] }')


def test_stages_are_answered_in_order() -> None:
    early = approve(STAGES, SEC)
    assert (early.allowed, early.sentence) == (False, "Only manager may answer this in stage 1 of 2.")
    assert approve(STAGES, SEC, given=("U0MEG",)).allowed
    assert not approve(STAGES, MEG, given=("U0MEG",)).allowed


def test_nothing_is_left_to_approve_when_all_have() -> None:
    eligibility = approve(approving(), MEG, given=("U0MAX",))
    assert (eligibility.allowed, eligibility.sentence) == (False, "Everybody who was needed has approved already.")


def test_an_expired_request_is_not_approved() -> None:
    assert approve(approving('expires = "1d"'), MEG, now=DAY - 1).allowed
    eligibility = approve(approving('expires = "1d"'), MEG, now=DAY)
    assert (eligibility.allowed, eligibility.sentence) == (False, "The request has expired; it must be asked again.")


def test_escalation_lets_another_role_decide_after_its_time() -> None:
    text = approving('escalate = { to = ["admin"], after = "1d" }')
    assert not approve(text, ADMIN, now=DAY - 1).allowed
    assert approve(text, ADMIN, now=DAY).role == "admin"


def test_what_the_policy_denies_today_is_not_approved() -> None:
    eligibility = approve(approving(), MEG, today=rule("stop", rest='deny = "No more keys."'))
    assert (eligibility.allowed, eligibility.rule) == (False, "stop")
    assert eligibility.sentence == "The policy no longer lets this be done: No more keys."


def test_who_has_left_gets_nothing_approved() -> None:
    read, approval, _ = terms(approving())
    gone = Actor(slack_user_id="U0ANN", kind=ActorKind.DEACTIVATED)
    eligibility = may_approve(read, approver=MEG, ask=ask(gone), approval=approval, asked_at=0, now=0)
    assert not eligibility.allowed


def test_an_approver_whom_today_does_not_name_must_not_approve() -> None:
    eligibility = approve(approving(), MEG, today=approving(from_='["admin"]'))
    assert not eligibility.allowed
    assert eligibility.sentence == (
        "The policy has changed since this was asked: rule “r” now wants admin. It must be withdrawn and asked again."
    )


def test_who_is_named_then_and_now_approves() -> None:
    assert approve(approving(), MEG, today=rule()).allowed
    assert approve(approving(), MEG, today=approving(from_='["admin", "manager"]')).allowed
    later = rule(rest='approval = { stages = [{ from = ["admin"], escalate = { to = ["manager"], after = "1d" } }] }')
    assert approve(approving(), MEG, today=later).allowed


def test_whoever_may_approve_may_deny_but_not_the_requester() -> None:
    assert deny(approving(from_='["engineer"]'), member("U0BEN", "S0ENG"), rule="r").rule == "r"
    eligibility = deny(approving("self_approval = true", from_='["engineer"]'), ANN)
    assert (eligibility.allowed, eligibility.sentence) == (False, "This is your own request: withdraw it instead.")


def test_one_who_approved_may_still_deny_while_others_are_missing() -> None:
    assert deny(approving("count = 2"), MEG, given=("U0MEG",)).allowed


def test_nobody_without_the_role_denies() -> None:
    assert not deny(approving(), SEC).allowed
    assert not deny(approving(), Actor(slack_user_id="U0MEG", kind=ActorKind.GUEST)).allowed
    assert not deny(approving('expires = "1d"'), MEG, now=DAY).allowed


@pytest.mark.parametrize(
    ("candidates", "by", "given", "able"),
    [
        ([MEG, SEC], ANN, (), ["U0MEG"]),
        ([BOSS], BOSS, (), []),
        ([BOSS, MEG], BOSS, (), ["U0MEG"]),
        ([], ANN, (), []),
        (
            [
                Actor(slack_user_id="U0GONE", kind=ActorKind.DEACTIVATED, groups=frozenset({"S0MAN"})),
                Actor(slack_user_id="U0GIL", kind=ActorKind.GUEST, groups=frozenset({"S0MAN"})),
            ],
            ANN,
            (),
            [],
        ),
        ([MEG], ANN, ("U0MEG",), []),
        ([MEG, BOSS], ANN, ("U0MEG",), ["U0BOSS"]),
    ],
)
def test_who_could_approve_is_judged_as_their_click(
    candidates: list[Actor], by: Actor, given: tuple[str, ...], able: list[str]
) -> None:
    read, approval, _ = terms(approving("count = 2"), by)
    votes = [Given(by=one, at=0) for one in given]
    found = possible_approvers(read, candidates, ask=ask(by), approval=approval, given=votes, asked_at=0, now=1)
    assert [one.slack_user_id for one in found] == able
