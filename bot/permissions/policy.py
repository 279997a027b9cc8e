"""decide(): the one function for asking, approving and explaining. Values in, a Decision out.

The first matching rule decides; without one the answer is no. Nothing here reads a clock, Slack, a
file or the gateway: the same values always get the same answer.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile

from bot.languages import joined, said, tr
from bot.languages.formats import one_of
from bot.permissions.budgets import exceeded, shortage
from bot.permissions.combination import stricter_terms
from bot.permissions.models import (
    OPERATIONS,
    REVIVING,
    RIGHTS,
    UNLOCK,
    WITHOUT_RECORD,
    Actor,
    ActorKind,
    Approval,
    Ask,
    Decision,
    Eligibility,
    Facts,
    Given,
    Outcome,
)
from bot.permissions.refusals import no_rule
from bot.permissions.rules import Policy, Rule
from bot.permissions.stages import describe, is_expired, open_stage, roles_who_may_answer
from bot.permissions.unlocking import by_default, speaks_of_unlocking

_NO_MEMBER = {
    ActorKind.GUEST: tr("Guests of this workspace"),
    ActorKind.OUTSIDER: tr("People of other workspaces"),
    ActorKind.BOT: tr("Bots"),
    ActorKind.DEACTIVATED: tr("Deactivated people"),
}
_STRICTNESS: Mapping[Outcome, int] = {"allow": 0, "needs_approval": 2, "deny": 3}
_AT_ONCE = 1
# A rotated key takes the place of its predecessor.
_ADDS_A_KEY = frozenset({"key.create", "key.enable"})
_DOUBT = tr("The rule may hold, because it is not known which group the key would be in; name a group to be sure.")
# Slack may not answer, or may not know that id; only the first is temporary.
_UNKNOWN = tr("People Slack does not tell us about have no role. If Slack is slow just now, try again in a minute.")


def decide(policy: Policy, ask: Ask, *, why: bool = False) -> Decision:
    """What the policy says to `ask`, and by which rule. Never raises.

    `why`: with the trail, that is why each rule above it did not match. It takes many times as long.
    """
    # Every amount in the facts is in units of the key's gateway.
    policy = policy.at(ask.facts.gateway)
    if ask.operation not in OPERATIONS and ask.operation not in RIGHTS:
        return Decision(
            outcome="deny", rule=None, sentence=tr("There is no operation “{operation}”.", operation=ask.operation)
        )
    if ask.actor.kind is not ActorKind.MEMBER:
        who = _NO_MEMBER.get(ask.actor.kind)
        sentence = said(_UNKNOWN)
        if who:
            sentence = tr("{people} have no role, so nothing is allowed, whatever a rule says.", people=who)
        return Decision(outcome="deny", rule=None, sentence=sentence)
    if ask.operation in WITHOUT_RECORD:
        # It looks at no key, so no condition about one may match, whatever the caller knows of some key.
        ask = replace(ask, facts=Facts(reason=ask.facts.reason, channel=ask.facts.channel))
    elif ask.facts.adds_key is None:
        ask = replace(ask, facts=replace(ask.facts, adds_key=ask.operation in _ADDS_A_KEY))
    if ask.operation == UNLOCK:
        return _unlock(policy, ask, why)
    decision = _by_first_rule(policy, ask, why)
    if ask.operation == "key.enable" and _strictness(decision) <= _AT_ONCE:
        decision = _with_what_it_adds(policy, ask, decision, why)
    if ask.operation == "key.create" and ask.facts.allowance and decision.outcome != "deny":
        refills = _by_first_rule(policy, replace(ask, operation="key.allowance"), why)
        return _both(decision, refills, tr("The key would be refilled."))
    if ask.facts.lock is not None and ask.operation in REVIVING and decision.outcome != "deny":
        return _with_the_lock(policy, ask, decision, why)
    return decision


def _unlock(policy: Policy, ask: Ask, why: bool) -> Decision:
    """The policy's word about bringing a locked key back, or the default where no rule speaks of it."""
    return _by_first_rule(policy, ask, why) if speaks_of_unlocking(policy) else by_default(policy, ask)


def _with_the_lock(policy: Policy, ask: Ask, wanted: Decision, why: bool) -> Decision:
    """The key is locked, so both the operation and `key.unlock` must be granted: the stricter of both decides."""
    return _both(wanted, _unlock(policy, replace(ask, operation=UNLOCK), why), tr("The key is locked."))


def _both(wanted: Decision, more: Decision, reason: str) -> Decision:
    """What is wanted needs something more, for a reason: the stricter of both decides."""
    if more.outcome == "allow":
        return wanted
    sentence = joined(reason, more.sentence)
    if more.approval is None or wanted.approval is None:
        return replace(more, sentence=sentence)
    terms = stricter_terms(more.approval, wanted.approval)
    if terms.count > more.approval.count:
        sentence = joined(sentence, wanted.sentence)
    return replace(more, sentence=sentence, approval=terms)


def _with_what_it_adds(policy: Policy, ask: Ask, enabling: Decision, why: bool) -> Decision:
    """Enabling an empty or expired key adds quota or time, and must be no way around the rules about those.

    Where a new key like it would be granted at once, nothing is gained, so it is granted. Else what is added is
    judged as key.quota and key.update, and the strictest answer counts.
    """
    quota, time = (ask.facts.increase or 0) > 0, ask.facts.extended
    new = replace(ask, operation="key.create", facts=replace(ask.facts, increase=ask.facts.remain_quota))
    if not (quota or time) or _by_first_rule(policy, new, False).outcome == "allow":
        return enabling
    added = [("quota", "key.quota")] * quota + [("time", "key.update")] * time
    answers = [(what, _by_first_rule(policy, replace(ask, operation=operation), why)) for what, operation in added]
    what, strictest = max(answers, key=lambda answer: _strictness(answer[1]))
    if _strictness(strictest) <= _strictness(enabling):
        return enabling
    if what == "quota":
        return replace(strictest, sentence=tr("Enabling it adds quota: {why}", why=strictest.sentence))
    return replace(strictest, sentence=tr("Enabling it adds time: {why}", why=strictest.sentence))


def _strictness(decision: Decision) -> int:
    """How much stands before the deed: what is only reviewed afterwards is less than an approval."""
    at_once = decision.approval is not None and decision.approval.break_glass
    return _AT_ONCE if at_once else _STRICTNESS[decision.outcome]


def _by_first_rule(policy: Policy, ask: Ask, why: bool) -> Decision:
    held = policy.roles.held(ask.actor)
    return _first_of(policy.rules_for(ask.operation, held), policy, ask, held, why)


def _first_of(rules: tuple[Rule, ...], policy: Policy, ask: Ask, held: frozenset[str], why: bool) -> Decision:
    for index, rule in enumerate(rules):
        holds = _matches(rule, ask)
        if holds or (rule.may_be_in_doubt and _in_doubt(rule, ask)):
            trail = _trail(policy, ask, held, until=rule) if why else ()
            decision = _decided(rule, rules[index + 1 :], ask, trail)
            if holds:
                return decision
            return _stricter(decision, _first_of(rules[index + 1 :], policy, ask, held, why))
    trail = _trail(policy, ask, held, until=None) if why else ()
    return Decision(outcome="deny", rule=None, sentence=no_rule(policy, ask), trail=trail)


def _stricter(in_doubt: Decision, otherwise: Decision) -> Decision:
    """Of a rule that may hold and of what is said if it does not, the stricter: what is not known gives nothing."""
    terms, other = in_doubt.approval, otherwise.approval
    if terms is not None and other is not None and _strictness(in_doubt) == _strictness(otherwise):
        terms = stricter_terms(terms, other)
    elif _strictness(in_doubt) <= _strictness(otherwise):
        return otherwise
    return replace(in_doubt, sentence=joined(in_doubt.sentence, said(_DOUBT)), approval=terms)


def may_approve(
    policy: Policy,
    *,
    approver: Actor,
    ask: Ask,
    approval: Approval,
    given: Sequence[Given] = (),
    asked_at: float,
    now: float,
) -> Eligibility:
    """Whether `approver` may approve now, by the stricter of the stored terms and today's (`binding_terms`).

    `ask` is the request again, its actor as Slack shows the requester now. An own request needs
    `self_approval = true` in the stored terms and in today's, with no other rule against it, and so does one by which
    the approver gets a key, whoever asked.
    """
    today = decide(policy, ask)
    rule = today.rule
    if today.outcome == "deny":
        sentence = tr("The policy no longer lets this be done: {why}", why=today.sentence)
        return Eligibility(allowed=False, rule=rule, sentence=sentence)
    own = approver.slack_user_id in {ask.actor.slack_user_id, ask.receiver}
    if own and (refusal := _own_refusal(approval, today)):
        return refusal
    if any(answer.by == approver.slack_user_id for answer in given):
        sentence = tr("You have approved this already; each person counts once.")
        return Eligibility(allowed=False, rule=rule, sentence=sentence)
    terms = stricter_terms(approval, today.approval, given)
    eligibility = _in_open_stage(policy, approver, terms, given, asked_at=asked_at, now=now, rule=rule)
    if eligibility.allowed and today.approval is not None and not _named_in(policy, approver, today.approval):
        sentence = tr(
            "The policy has changed since this was asked: rule “{rule}” now wants {people}. "
            "It must be withdrawn and asked again.",
            rule=rule,
            people=describe(today.approval),
        )
        return Eligibility(allowed=False, rule=rule, sentence=sentence)
    return eligibility


def possible_approvers(
    policy: Policy,
    candidates: Iterable[Actor],
    *,
    ask: Ask,
    approval: Approval,
    given: Sequence[Given] = (),
    asked_at: float,
    now: float,
) -> tuple[Actor, ...]:
    """Those of `candidates` whose approval would count now, by the rule that judges their click (`may_approve`).

    Empty = nobody of them can approve: they are no full members, or the requester alone, or have approved already.
    Whoever says that nobody can approve asks this, and not whether a group has members.
    """
    return tuple(
        one
        for one in candidates
        if may_approve(
            policy, approver=one, ask=ask, approval=approval, given=given, asked_at=asked_at, now=now
        ).allowed
    )


def binding_terms(policy: Policy, *, ask: Ask, approval: Approval, given: Sequence[Given] = ()) -> Approval:
    """The terms that a waiting request must meet now: the stricter of the stored `approval` and today's.

    `ask` is the request again, its actor as Slack shows the requester now; `given`: who has approved, in order.
    Whoever shows, counts or completes approvals of a waiting request asks this and not the stored terms. A request
    that the policy denies today, or allows, keeps its stored terms here; `may_approve` refuses the former.
    """
    return stricter_terms(approval, decide(policy, ask).approval, given)


def may_deny(
    policy: Policy,
    *,
    approver: Actor,
    ask: Ask,
    approval: Approval,
    given: Sequence[Given] = (),
    asked_at: float,
    now: float,
    rule: str | None = None,
) -> Eligibility:
    """Whether `approver` may say no to it, or take it: whoever may answer the open stage, but not the requester.

    `rule` is the name stored with the request. Today's policy is asked for roles only: a no is never unsafe.
    """
    if approver.slack_user_id == ask.actor.slack_user_id:
        return Eligibility(allowed=False, rule=rule, sentence=tr("This is your own request: withdraw it instead."))
    return _in_open_stage(policy, approver, approval, given, asked_at=asked_at, now=now, rule=rule)


def _matches(rule: Rule, ask: Ask) -> bool:
    """Whether a rule about this operation and this person holds for what is asked."""
    facts = ask.facts
    if not (ask.own or rule.any) or (facts.budgets and rule.outcome == "allow" and exceeded(ask) is not None):
        return False
    for condition in rule.conditions:  # noqa: SIM110  # a generator would take longer than the conditions
        if condition.why_not(facts) is not None:
            return False
    return True


def _in_doubt(rule: Rule, ask: Ask) -> bool:
    """Whether a rule that does not show that it holds may hold all the same, by what is not known."""
    return (ask.own or rule.any) and all(
        condition.why_not(ask.facts) is None or (condition.in_doubt is not None and condition.in_doubt(ask.facts))
        for condition in rule.conditions
    )


def _trail(policy: Policy, ask: Ask, held: frozenset[str], *, until: Rule | None) -> tuple[tuple[str, str], ...]:
    """For each rule above `until`, its name and why it does not match."""
    return tuple(_miss(rule, ask, held) for rule in takewhile(lambda one: one is not until, policy.rules))


def _miss(rule: Rule, ask: Ask, held: frozenset[str]) -> tuple[str, str]:
    """The trail's entry of a rule that does not match."""
    if ask.operation not in rule.do:
        return _worded(rule.not_about)
    if rule.people.isdisjoint(held):
        return _worded(rule.not_for)
    if not (ask.own or rule.any):
        return _worded(rule.not_own)
    words = [worded() for one in rule.conditions if (worded := one.why_not(ask.facts)) is not None]
    return rule.name, "; ".join(dict.fromkeys([*words, *(shortage(ask) if rule.outcome == "allow" else ())]))


def _worded(entry: tuple[str, str]) -> tuple[str, str]:
    return entry[0], said(entry[1])


def _decided(rule: Rule, below: tuple[Rule, ...], ask: Ask, trail: tuple[tuple[str, str], ...]) -> Decision:
    approval = rule.approval
    if approval is None:
        sentence = said(rule.sentence) or tr("Rule “{rule}” allows it.", rule=rule.name)
        return Decision(outcome=rule.outcome, rule=rule.name, sentence=sentence, trail=trail)
    if approval.self_approval:
        # A denying rule wins wherever it stands, so that a rule added above it cannot allow what it denies.
        against = next(
            (other for other in below if other.forbids_self and (_matches(other, ask) or _in_doubt(other, ask))), None
        )
        if against is not None:
            approval = replace(approval, self_approval=False, self_approval_rule=against.name)
    sentence = tr("Rule “{rule}” wants an approval by {people}.", rule=rule.name, people=describe(approval))
    if approval.break_glass:
        sentence = tr(
            "Rule “{rule}” lets it be done at once with a reason; {people} will review it.",
            rule=rule.name,
            people=describe(approval),
        )
    return Decision(outcome="needs_approval", rule=rule.name, sentence=sentence, approval=approval, trail=trail)


def _own_refusal(approval: Approval, today: Decision) -> Eligibility | None:
    """Why nobody may approve this own request; None where self-approval is open then and now."""
    terms = [approval] if today.approval is None else [approval, today.approval]
    if all(one.self_approval for one in terms):
        return None
    against = next((one.self_approval_rule for one in terms if one.self_approval_rule), None)
    # The rule stands in the record and in `why`; a person needs to know who can.
    roles = dict.fromkeys(role for stage in terms[-1].stages for role in stage.roles)
    sentence = tr("You can't approve your own request; somebody else of {roles} can.", roles=one_of(roles))
    return Eligibility(allowed=False, rule=against or today.rule, sentence=sentence)


def _in_open_stage(
    policy: Policy,
    approver: Actor,
    approval: Approval,
    given: Sequence[Given],
    *,
    asked_at: float,
    now: float,
    rule: str | None,
) -> Eligibility:
    if approver.kind is not ActorKind.MEMBER:
        who = _NO_MEMBER.get(approver.kind)
        sentence = tr("{people} have no role.", people=who) if who else said(_UNKNOWN)
        return Eligibility(allowed=False, rule=rule, sentence=sentence)
    waiting = open_stage(approval, given, asked_at=asked_at)
    if waiting is None:
        return Eligibility(allowed=False, rule=rule, sentence=tr("Everybody who was needed has approved already."))
    if is_expired(approval, asked_at=asked_at, now=now):
        return Eligibility(allowed=False, rule=rule, sentence=tr("The request has expired; it must be asked again."))
    roles = roles_who_may_answer(approval, given, asked_at=asked_at, now=now)
    held = policy.roles.held(approver)
    role = next((name for name in roles if name in held), None)
    if role is None:
        sentence = _not_one_of(roles, waiting.index + 1, len(approval.stages))
        return Eligibility(allowed=False, rule=rule, sentence=sentence)
    sentence = tr("You may answer this as {role}.", role=role)
    return Eligibility(allowed=True, rule=rule, role=role, sentence=sentence)


def _not_one_of(roles: tuple[str, ...], stage: int, stages: int) -> str:
    if stages == 1:
        return tr("Only {roles} may answer this.", roles=one_of(roles))
    return tr(
        "Only {roles} may answer this in stage {stage} of {stages}.", roles=one_of(roles), stage=stage, stages=stages
    )


def _named_in(policy: Policy, approver: Actor, approval: Approval) -> bool:
    held = policy.roles.held(approver)
    for stage in approval.stages:
        named = {*stage.roles, *(role for one in stage.escalations for role in one.roles)}
        if not named.isdisjoint(held):
            return True
    return False
