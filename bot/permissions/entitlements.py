"""What somebody may do under a policy, at once and under which conditions, and who decides the rest.

Static: it looks at the rules, not at a request. Pure.
"""

from collections.abc import Collection
from dataclasses import dataclass

from bot.languages import said, tr, trc, trn
from bot.languages.formats import one_of, with_commas
from bot.permissions.condition import Condition
from bot.permissions.counting import counted_people
from bot.permissions.models import OPERATIONS, RIGHTS, Actor, Approval, Count
from bot.permissions.roles import EVERYBODY, is_schedule
from bot.permissions.rules import Policy, Rule
from bot.permissions.stages import describe
from bot.units import format_duration, format_quota, short_quota

# Conditions that hold a number of units.
AMOUNTS = frozenset({"remain_quota_at_most", "increase_at_most", "granted_at_most", "allowance_at_most"})
_DURATIONS = frozenset({"lifetime_at_most", "lifetime_over"})


@dataclass(frozen=True, kw_only=True)
class Entitlement:
    """The rules that can decide for somebody, in order, for an operation. `whose`: "own" or "any"."""

    operation: str
    whose: str
    rules: tuple[Rule, ...]

    @property
    def certain(self) -> bool:
        """Whether the last rule decides whatever is asked; else what it leaves is denied."""
        return bool(self.rules) and not self.rules[-1].conditions


def entitlements(policy: Policy, actor: Actor) -> tuple[Entitlement, ...]:
    """What each operation is to this person; operations that no rule gives are left out.

    "any" only where it differs from "own", so that a right on everything is said once.
    """
    held = policy.roles.held(actor)
    found = []
    for operation in (*OPERATIONS, *RIGHTS):
        own, others = (_deciding(policy, operation, held, own=own) for own in (True, False))
        if operation == "key.create":
            others = ()
        same = own == others
        for rules, whose in ((own, "own"), (others, "any")):
            if not any(rule.outcome != "deny" for rule in rules) or (same and whose == "own"):
                continue
            found.append(Entitlement(operation=operation, whose=whose, rules=rules))
    return tuple(found)


def _deciding(policy: Policy, operation: str, held: frozenset[str], *, own: bool) -> tuple[Rule, ...]:
    rules = []
    for rule in policy.rules:
        if operation in rule.do and not rule.people.isdisjoint(held) and (own or rule.any):
            rules.append(rule)
            if not rule.conditions:
                break
    return tuple(rules)


def outcome_words(rule: Rule) -> str:
    """What the rule does: `at once`, `refused`, `decided by manager`."""
    if rule.approval is None:
        return trc("what a rule does", "at once") if rule.outcome == "allow" else trc("what a rule does", "refused")
    if rule.approval.break_glass:
        return tr("at once with a reason, reviewed by {people}", people=describe(rule.approval))
    return tr("decided by {people}", people=describe(rule.approval))


def condition_words(condition: Condition) -> str:
    """`keys_at_most = 5`, `granted_at_most = 10M per 30 days`."""
    name, value, count = condition.name, condition.value, condition.count
    if isinstance(value, bool):
        shown = "true" if value else "false"
    elif isinstance(value, int):
        shown = short_quota(value) if name in AMOUNTS else format_duration(value) if name in _DURATIONS else str(value)
    elif isinstance(value, str):
        shown = f"“{value}”"
    else:
        shown = ", ".join(one or "“”" for one in value)
    words = trc("a condition of a rule", "{name} = {value}", name=name, value=shown)
    if count is None:
        return words
    if count.per:
        duration = format_duration(count.per)
        words = trc("a condition of a rule", "{condition} per {duration}", condition=words, duration=duration)
    if count.over == "role":
        return trc("a condition of a rule", "{condition} over the whole role", condition=words)
    if count.over == "team":
        return trc("a condition of a rule", "{condition} over the whole workspace", condition=words)
    return words


def plain_condition(condition: Condition, units_per_usd: int) -> str:
    """The same for people who do not write the policy, as half a sentence behind “if”."""
    name, value, count = condition.name, condition.value, condition.count
    if count is not None:
        return _plain_count(name, int(str(value)), count, units_per_usd)
    if name in AMOUNTS:
        return _PLAIN_LIMITS[name].filled(most=format_quota(int(str(value)), units_per_usd))
    if name in _DURATIONS:
        return _PLAIN_LIMITS[name].filled(most=format_duration(float(str(value))))
    if isinstance(value, bool):
        return said(_PLAIN_FLAGS[name, value])
    texts = (value,) if isinstance(value, str) else value if isinstance(value, tuple) else ()
    return _PLAIN_LISTS[name].filled(values=one_of(one or "“”" for one in texts))


def _plain_count(name: str, most: int, count: Count, units_per_usd: int) -> str:
    people, duration = counted_people(count), format_duration(count.per)
    if name == "keys_at_most":
        return trn(
            "{people} would have at most {count} living key",
            "{people} would have at most {count} living keys",
            most,
            people=people,
        )
    amount = format_quota(most, units_per_usd)
    if name == "granted_at_most":
        return tr(
            "{people} would be granted at most {most} in {duration}", people=people, most=amount, duration=duration
        )
    return tr(
        "all allowances of {people} are at most {most} in {duration}", people=people, most=amount, duration=duration
    )


_PLAIN_LIMITS = {
    "remain_quota_at_most": tr("the key would have at most {most} left"),
    "increase_at_most": tr("at most {most} is added"),
    "lifetime_at_most": tr("the key would live at most {most}"),
    "lifetime_over": tr("the key would live longer than {most}"),
}
_PLAIN_FLAGS = {
    ("unlimited_quota", True): tr("the quota has no limit"),
    ("unlimited_quota", False): tr("the quota has a limit"),
    ("allow_ips_required", True): tr("only named addresses may use the key"),
    ("within_budget", True): tr("it fits in what is left of the budget"),
    ("within_budget", False): tr("it does not fit in what is left of the budget"),
}
_PLAIN_LISTS = {
    "models_within": tr("its models are among {values}"),
    "group_in": tr("its group is {values}"),
    "gateway_in": tr("its gateway is {values}"),
    "channel_in": tr("it is asked in the channel {values}"),
    "reason_matches": tr("the reason fits {values}"),
}


def calls_nobody(policy: Policy) -> bool:
    """Whether no rule names people who may disable any key at once: then nobody is called when a key leaks."""
    return not policy.roles.ids(who_may_any(policy, "key.disable")) - {EVERYBODY}


def schedules_behind(policy: Policy, names: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Of these roles, those with schedules: role → its schedules."""
    found = {name: sorted(filter(is_schedule, policy.roles.members.get(name, ()))) for name in dict.fromkeys(names)}
    return {name: tuple(schedules) for name, schedules in found.items() if schedules}


def schedule_words(policy: Policy, names: Collection[str]) -> tuple[str, ...]:
    """For each of these roles that has a schedule: who has the role, and who while that is not known."""
    lines = []
    for role, schedules in schedules_behind(policy, names).items():
        for schedule in schedules:
            fallback = sorted(policy.roles.fallbacks[schedule])
            told = {"role": role, "schedule": schedule}
            if fallback:
                line = tr(
                    "{role}: whoever is on call in {schedule}, and {fallback} while that is not known.",
                    fallback=with_commas(fallback),
                    **told,
                )
            else:
                line = tr("{role}: whoever is on call in {schedule}, and nobody while that is not known.", **told)
            lines.append(line)
    return tuple(lines)


def roles_of_terms(approval: Approval | None) -> tuple[str, ...]:
    """Every role that may answer a request on these terms."""
    stages = approval.stages if approval is not None else ()
    return tuple(name for one in stages for name in (*one.roles, *(role for e in one.escalations for role in e.roles)))


def who_may_any(policy: Policy, operation: str) -> tuple[str, ...]:
    """Names (roles, ids, "*") of those whom a rule lets do this to any key or request without asking, in its order."""
    rules = (rule for rule in policy.rules if rule.any and rule.outcome == "allow" and operation in rule.do)
    return tuple(dict.fromkeys(name for rule in rules for name in rule.who))


# What somebody asks for about keys of their own: whoever decides it is whom one would ask about them.
_ASKED_FOR = frozenset({"key.create", "key.update", "key.quota", "key.transfer"})


def who_decides_for(policy: Policy, names: Collection[str]) -> frozenset[str]:
    """Ids (and "*") of those who decide what somebody asks for, at first; `names`: roles and the id of that person.

    With none of these in any rule: of those who decide for anybody.
    """
    asking = [rule for rule in policy.rules if rule.approval is not None and not rule.do.isdisjoint(_ASKED_FOR)]
    theirs = [rule for rule in asking if not rule.people.isdisjoint({*names, EVERYBODY})] or asking
    first = (rule.approval.stages[0].roles for rule in theirs if rule.approval is not None)
    return policy.roles.ids(tuple(dict.fromkeys(name for roles in first for name in roles)))
