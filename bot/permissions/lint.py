"""Doubtful rules: what can be read but is hardly meant. Static: it looks at the text, not at requests.

Mistakes of grammar are found by parse_policy before this runs. Members of Slack groups are unknown
unless they are given, so it reports only what is certain, or dangerous if it is so.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from bot.permissions.conditions import WITHOUT_RECORD_CONDITIONS
from bot.permissions.entitlements import AMOUNTS, calls_nobody
from bot.permissions.membership import Membership
from bot.permissions.models import NAMED_IN_FULL, OPERATIONS, RIGHTS, UNLOCK, WITHOUT_RECORD
from bot.permissions.roles import EVERYBODY, is_schedule
from bot.permissions.rules import Policy, Rule
from bot.permissions.source_map import Position
from bot.permissions.subsumption import covers, impossible
from bot.permissions.unlocking import speaks_of_unlocking

# Operations that add units; a rule limits them with a counting condition. A rotation only moves units.
_ADDS = frozenset({"key.create", "key.quota", "key.allowance", "budget.change"})
# Operations that can set an allowance.
_ALLOWING = frozenset({"key.allowance", "key.create", "budget.change"})
_SUMS = frozenset({"granted_at_most", "allowance_at_most", "within_budget"})
# Operations that should not be free for everybody on keys of other people.
_POWERFUL = frozenset({*OPERATIONS, *RIGHTS}) - {"key.create", "key.list", "key.show", "request.list", "policy.explain"}
# The ids of policy.example.toml.
PLACEHOLDERS = frozenset({"S0ENGINEERS", "S0MANAGERS", "S0SECURITY", "S0ADMINS", "U0ONCALL"})
_TOP = Position(1, 1)
CALLS_NOBODY = (
    "no rule names people who may do key.disable to any key at once, so nobody is called when a key leaks: its alert "
    "only stands in the security channel"
)


@dataclass(frozen=True, kw_only=True, order=True)
class LintFinding:
    """At a place of the file; `rule` is the rule's name, "" for the policy as a whole.

    `doubt`: hardly meant; else worth knowing, such as an operation that the policy gives to nobody.
    """

    position: Position
    rule: str
    sentence: str
    doubt: bool = True

    def line(self, file: str) -> str:
        """`file:line:column: sentence`."""
        rule = f"rule “{self.rule}”: " if self.rule else ""
        return f"{file}:{self.position.line}:{self.position.column}: {rule}{self.sentence}"


def lint(policy: Policy, *, groups: Mapping[str, Collection[str]] | None = None) -> tuple[LintFinding, ...]:
    """Every finding, in the order of the file. `groups`: members of Slack user groups where they are known."""
    people = Membership(policy.roles, groups or {})
    findings: list[LintFinding] = []
    dead: set[str] = set()
    for index, rule in enumerate(policy.rules):
        fatal = _never(rule, policy.rules[:index], policy, people)
        if fatal is not None:
            dead.add(rule.name)
            findings.append(_finding(rule, fatal))
            continue
        sentences = [*_without_record(rule), *_alone(rule, people), *_uncounted(rule), *_everybody(rule, policy)]
        if (stuck := people.stuck(rule)) is not None:
            dead.add(rule.name)
            sentences.append(stuck)
        findings += [_finding(rule, sentence) for sentence in sentences]
    return tuple(
        sorted(
            [
                *findings,
                *_nobody(policy, dead),
                *_leaks(policy),
                *_unlocking(policy, dead),
                *_wide_addresses(policy),
                *_care(policy),
                *_placeholders(policy),
                *_schedules(policy),
                *_plain_units(policy),
            ]
        )
    )


def _care(policy: Policy) -> list[LintFinding]:
    care, sentences = policy.care, []
    if care.quota_low > 0.5:  # a half
        sentences.append((f"care.quota_low = {care.quota_low}: owners are told while more than half is left", True))
    if not care.expiry:
        sentences.append(("care.expiry is empty: nobody is told before a key expires, nor when it has", False))
    if not care.of_quota:
        sentences.append(("care: nobody is told before a key has used up its quota, nor when it has", False))
    return [LintFinding(position=_TOP, rule="", sentence=text, doubt=doubt) for text, doubt in sentences]


def _finding(rule: Rule, sentence: str) -> LintFinding:
    return LintFinding(position=rule.position, rule=rule.name, sentence=sentence)


def _never(rule: Rule, above: tuple[Rule, ...], policy: Policy, people: Membership) -> str | None:
    """Why the rule can never match, None if it can."""
    if people.none(rule.who):
        return f"nobody has {' or '.join(rule.who)}, so it never matches"
    if (why := impossible(rule.conditions) or _without_gateways(rule, policy)) is not None:
        return f"it can never match: {why}"
    if any(one.name == "allowance_at_most" for one in rule.conditions) and rule.do.isdisjoint(_ALLOWING):
        return "it can never match: allowance_at_most speaks of an allowance, and its operations set none"
    needs_record = any(condition.name not in WITHOUT_RECORD_CONDITIONS for condition in rule.conditions)
    if needs_record and rule.do <= WITHOUT_RECORD:
        return "it can never match: its conditions speak of a key, and its operations look at none"
    shadows = _shadows(rule, above, policy)
    if shadows is not None:
        return f"it is never reached: {' and '.join(f'“{name}”' for name in shadows)} above always decides first"
    return None


def _without_gateways(rule: Rule, policy: Policy) -> str | None:
    if policy.gateways or all(one.name != "gateway_in" for one in rule.conditions):
        return None
    return "gateway_in names gateways, and the policy has no [gateways]"


def _shadows(rule: Rule, above: tuple[Rule, ...], policy: Policy) -> list[str] | None:
    """Names of the rules above that together leave nothing to this one, None if something is left."""
    names: dict[str, None] = {}
    for operation in sorted(rule.do):
        for who in rule.who:
            first = next((other for other in above if covers(other, rule, operation, who, policy.roles)), None)
            if first is None:
                return None
            names[first.name] = None
    return list(names)


def _without_record(rule: Rule) -> list[str]:
    conditions = [one.name for one in rule.conditions if one.name not in WITHOUT_RECORD_CONDITIONS]
    operations = [operation for operation in OPERATIONS if operation in rule.do & WITHOUT_RECORD]
    if not conditions or not operations:
        return []
    return [f"{', '.join(conditions)} never holds for {', '.join(operations)}, so the rule is not about that"]


def _alone(rule: Rule, people: Membership) -> list[str]:
    approval = rule.approval
    if approval is None or not approval.self_approval or approval.count > 1:
        return []
    stage = approval.stages[0]
    approvers = (*stage.roles, *(role for one in stage.escalations for role in one.roles))
    if people.apart(rule.who, approvers):
        return []
    return [f"whoever is both {' or '.join(rule.who)} and {' or '.join(approvers)} approves alone what they ask for"]


def _uncounted(rule: Rule) -> list[str]:
    """Each grant may be small; nothing says how much they may be together, or how many keys may come back."""
    if rule.outcome != "allow":
        return []
    told = []
    adds = [operation for operation in OPERATIONS if operation in rule.do & _ADDS]
    if adds and not any(condition.name in _SUMS for condition in rule.conditions):
        told.append(f"it gives {', '.join(adds)} freely without a sum, as often as somebody likes: add granted_at_most")
    if "key.enable" in rule.do and not any(condition.count is not None for condition in rule.conditions):
        told.append("it brings any number of keys back: add keys_at_most or granted_at_most to key.enable")
    return told


def _everybody(rule: Rule, policy: Policy) -> list[str]:
    powerful = [operation for operation in (*OPERATIONS, *RIGHTS) if operation in rule.do & _POWERFUL]
    if rule.outcome != "allow" or not rule.any or not powerful or EVERYBODY not in policy.roles.ids(rule.who):
        return []
    return [f"every member may do {', '.join(powerful)} to what belongs to somebody else"]


def _unlocking(policy: Policy, dead: Collection[str]) -> list[LintFinding]:
    """Who brings back a key that was disabled as leaked: a note where that is left to the default, or to one person."""
    rules = [rule for rule in policy.rules if UNLOCK in rule.do and rule.name not in dead]
    if not speaks_of_unlocking(policy):
        kills = (rule for rule in policy.rules if rule.any and rule.outcome != "deny" and "key.disable" in rule.do)
        if next(kills, None) is None and not policy.auto_disable:
            return []  # nothing is ever locked
        sentence = "no rule is about key.unlock: a locked key needs a second person of the rule that disabled it"
        return [LintFinding(position=_TOP, rule="", sentence=sentence, doubt=False)]
    if all(rule.outcome == "deny" for rule in rules):
        sentence = "the policy allows key.unlock to nobody: a key that was disabled as leaked never comes back"
        return [LintFinding(position=_TOP, rule="", sentence=sentence, doubt=False)]
    told = []
    for rule in rules:
        if rule.outcome == "allow":
            sentence = f"{' or '.join(rule.who)} alone brings back a key that was disabled as leaked, also an own one"
            told.append(LintFinding(position=rule.position, rule=rule.name, sentence=sentence, doubt=False))
    return told


def _leaks(policy: Policy) -> list[LintFinding]:
    return [LintFinding(position=_TOP, rule="", sentence=CALLS_NOBODY, doubt=False)] if calls_nobody(policy) else []


def _wide_addresses(policy: Policy) -> list[LintFinding]:
    told = []
    for name, length in (("widest_ipv4", policy.widest.ipv4), ("widest_ipv6", policy.widest.ipv6)):
        if length == 0:
            sentence = f"addresses.{name} = 0 lets everybody in, so allow_ips_required asks for nothing"
            told.append(LintFinding(position=_TOP, rule="", sentence=sentence))
    return told


def placeholders(policy: Policy, known: Collection[str] = ()) -> str:
    """Which ids are still those of the example, in a sentence; "" = none. `known`: groups that Slack has."""
    left = sorted((PLACEHOLDERS & (policy.group_ids() | policy.user_ids())) - set(known))
    return f"{', '.join(left)} of the example stand for your own Slack ids" if left else ""


def _placeholders(policy: Policy) -> list[LintFinding]:
    sentence = placeholders(policy)
    return [LintFinding(position=_TOP, rule="", sentence=sentence, doubt=False)] if sentence else []


def _schedules(policy: Policy) -> list[LintFinding]:
    """Roles that nobody has while PagerDuty does not tell."""
    alone = [
        role
        for role, ids in policy.roles.members.items()
        if ids and all(is_schedule(one) and not policy.roles.fallbacks[one] for one in ids)
    ]
    sentence = "has only a schedule, so nobody has it while PagerDuty does not tell who is on call: add a fallback"
    return [LintFinding(position=_TOP, rule="", sentence=f"the role {role} {sentence}") for role in alone]


def _plain_units(policy: Policy) -> list[LintFinding]:
    """Limits in units where a gateway counts others for a dollar: whoever asks chooses the gateway."""
    told = []
    for place, rule in enumerate(policy.rules):
        if rule.outcome == "deny" or any(one.name == "gateway_in" for one in rule.conditions):
            continue
        for at, one in enumerate(rule.conditions):
            same = [
                name
                for name, other in policy.elsewhere.items()
                if one.name in AMOUNTS and one.value and other.rules[place].conditions[at].value == one.value
            ]
            if same:
                sentence = (
                    f"{one.name} = {one.value:,} units is another amount of money at {', '.join(same)}: write it in "
                    "dollars, or say with gateway_in where it holds"
                )
                told.append(_finding(rule, sentence))
    return told


def _nobody(policy: Policy, dead: Collection[str]) -> list[LintFinding]:
    granting = [rule for rule in policy.rules if rule.outcome != "deny" and rule.name not in dead]
    if not granting:
        return [LintFinding(position=_TOP, rule="", sentence="nobody may do anything: this policy locks everybody out")]
    done = frozenset().union(*(_granted(rule) for rule in granting))
    nobody = [operation for operation in OPERATIONS if operation not in done | NAMED_IN_FULL]
    return [LintFinding(position=_TOP, rule="", sentence=f"nobody may do {one}", doubt=False) for one in nobody]


def _granted(rule: Rule) -> frozenset[str]:
    return rule.do - WITHOUT_RECORD if _without_record(rule) else rule.do
