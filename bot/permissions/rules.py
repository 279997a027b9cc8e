"""The policy file's grammar: text in, a validated Policy out, or every mistake with its line and column.

Pure: it is handed the text (bot/policy_file.py reads the file) and judges nobody (policy.py does).
"""

import fnmatch
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from functools import cached_property
from types import MappingProxyType

from bot.languages import tr, trc
from bot.languages.formats import all_of, with_commas
from bot.permissions.addresses import USUAL, Widest
from bot.permissions.allowances import read_time_zone
from bot.permissions.care import USUAL as USUAL_CARE
from bot.permissions.care import CareTerms, read_care
from bot.permissions.condition import Condition
from bot.permissions.conditions import read_conditions
from bot.permissions.gateways import GatewayTerms, check_names, read_gateways
from bot.permissions.models import NAMED_IN_FULL, OPERATIONS, REVIVING, RIGHTS, UNLOCK, Actor, Approval, Count, Outcome
from bot.permissions.review import BY_COMMAND, ReviewTerms, read_review
from bot.permissions.roles import Roles, is_group, is_person, read_roles
from bot.permissions.source_map import Path, Position
from bot.permissions.templates import Template, read_templates
from bot.permissions.terms import read_approval
from bot.permissions.toml_document import Table, TomlDocument, guess, short
from bot.units import UNITS_PER_USD

OUTCOMES = ("allow", "deny", "approval")
RULE_KEYS = ("name", "who", "do", "on", "when", *OUTCOMES)
# Where alerts come from (alerts/intake/sources.py); `slack` is a message that holds a key.
ALERT_SOURCES = ("generic", "github", "gitlab", "gitguardian", "alertmanager", "slack")
MAX_RULES = 1_000
# Combinations of an operation and the names that somebody holds, of which a workspace has some dozens.
MAX_LOOKED_UP = 1_000
MAX_NAME = 80
MAX_SENTENCE = 300


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule as written, with what makes deciding quick worked out beforehand.

    `who`: role names, ids, "*". `do`: operations, globs already spelled out. `any`: also on what belongs to
    others. `forbids_self`: its approval says `self_approval = false` in so many words.
    """

    name: str
    who: tuple[str, ...]
    do: frozenset[str]
    any: bool
    conditions: tuple[Condition, ...]
    outcome: Outcome
    sentence: str
    approval: Approval | None
    forbids_self: bool
    position: Position

    @cached_property
    def people(self) -> frozenset[str]:
        """The roles and people that the rule is for."""
        return frozenset(self.who)

    @cached_property
    def may_be_in_doubt(self) -> bool:
        """Whether one of its conditions may hang on something that is not known."""
        return any(condition.in_doubt is not None for condition in self.conditions)

    @cached_property
    def not_for(self) -> tuple[str, str]:
        """The trail's entry when somebody has none of its roles."""
        return self.name, tr("it is for {roles}", roles=with_commas(self.who))

    @cached_property
    def not_about(self) -> tuple[str, str]:
        """The trail's entry when it speaks of other operations."""
        about = with_commas(operation for operation in (*OPERATIONS, *RIGHTS) if operation in self.do)
        return self.name, tr("it is about {operations}", operations=about)

    @cached_property
    def not_own(self) -> tuple[str, str]:
        """The trail's entry when it speaks of one's own only."""
        return self.name, tr("it is about one's own only")


@dataclass(frozen=True, kw_only=True)
class Policy:
    """All roles and rules. `hash` (sha256 of the text, hex) says in the record which policy decided.

    `auto_disable`: sources whose alerts disable a key at once, without a person, when its whole value was matched.
    `widest`: the widest networks that still count as named addresses. `care`: what owners are told about their keys.
    `templates`: usual wishes for a new key. `time_zone`: in which the periods of allowances begin.
    `review`: when keys are reviewed.
    `gateways`: those beside the one of the settings. `units_per_usd`: by which its amounts of money were read.
    `elsewhere`: by the name of a gateway that counts other units for a dollar, the same policy read by those.
    """

    roles: Roles
    rules: tuple[Rule, ...]
    hash: str
    file: str
    auto_disable: frozenset[str] = frozenset()
    widest: Widest = USUAL
    care: CareTerms = USUAL_CARE
    templates: tuple[Template, ...] = ()
    time_zone: tzinfo = UTC
    review: ReviewTerms = BY_COMMAND
    gateways: tuple[GatewayTerms, ...] = ()
    units_per_usd: int = UNITS_PER_USD
    elsewhere: Mapping[str, "Policy"] = field(default_factory=dict)

    def at(self, gateway: str | None) -> "Policy":
        """The policy with the amounts of money in units of this gateway; None and "" = that of the settings."""
        return self.elsewhere.get(gateway or "", self)

    def counts_needed(self, operation: str, *, refilled: bool = True) -> tuple[Count, ...]:
        """What the rules about an operation compare; the caller hands the numbers in as `Facts.counts`.

        `refilled`: whether a new key may be one with an allowance.
        """
        # What enabling adds is judged as these as well; and the key may be locked.
        more: tuple[str, ...] = ("key.allowance",) if operation == "key.create" and refilled else ()
        if operation == "key.enable":
            more = ("key.create", "key.quota", "key.update")
        unlocking = (UNLOCK,) if operation in REVIVING else ()
        needed = [count for one in (operation, *more, *unlocking) for count in self._counts.get(one, ())]
        return tuple(sorted(set(needed))) if needed else ()

    @cached_property
    def judges_groups(self) -> bool:
        """Whether a rule speaks of the key's group, so that the account's own must be known."""
        return any(rule.may_be_in_doubt for rule in self.rules)

    @cached_property
    def _counts(self) -> Mapping[str, list[Count]]:
        found: dict[str, list[Count]] = {}
        for rule in self.rules:
            counts = [one.count for one in rule.conditions if one.count is not None]
            for operation in rule.do if counts else ():
                found.setdefault(operation, []).extend(counts)
        return found

    def rules_for(self, operation: str, held: frozenset[str]) -> tuple[Rule, ...]:
        """The rules about an operation that name somebody, in order; `held`: all by which a rule can name them.

        Looked up: a policy has many rules, and of those few are about one operation and one kind of people.
        """
        key = operation, held & self._whom
        found = self._looked_up.get(key)
        if found is None:
            if len(self._looked_up) >= MAX_LOOKED_UP:
                self._looked_up.clear()
            rules = (rule for rule in self.rules if operation in rule.do and not rule.people.isdisjoint(held))
            found = self._looked_up[key] = tuple(rules)
        return found

    @cached_property
    def _whom(self) -> frozenset[str]:
        return frozenset().union(*(rule.people for rule in self.rules))

    @cached_property
    def _looked_up(self) -> dict[tuple[str, frozenset[str]], tuple[Rule, ...]]:
        return {}

    def group_ids(self) -> frozenset[str]:
        """Every Slack user group it names, to be checked against the workspace."""
        return self._group_ids

    def counts(self, actor: Actor) -> bool:
        """Whether the policy gives this person anything: a rule that allows, asks others, or names who decides.

        Rules that only deny give nothing, and a role that no rule speaks of is none.
        """
        return not self.roles.held(actor).isdisjoint(self._giving)

    @cached_property
    def _giving(self) -> frozenset[str]:
        giving = [rule for rule in self.rules if rule.outcome != "deny"]
        return frozenset().union(*(rule.people for rule in giving), *(_deciders(rule) for rule in giving))

    @cached_property
    def _group_ids(self) -> frozenset[str]:
        # Remembered, because every click asks for it and it walks over all rules.
        return frozenset(name for name in self._named() if is_group(name))

    def user_ids(self) -> frozenset[str]:
        """Every Slack person it names."""
        return frozenset(name for name in self._named() if is_person(name))

    def _named(self) -> frozenset[str]:
        named = set().union(*self.roles.members.values(), *self.roles.fallbacks.values())
        for rule in self.rules:
            named |= rule.people | _deciders(rule)
        return frozenset(named)


def _deciders(rule: Rule) -> frozenset[str]:
    stages = rule.approval.stages if rule.approval else ()
    return frozenset().union(*((*one.roles, *(role for e in one.escalations for role in e.roles)) for one in stages))


def parse_policy(
    text: str,
    *,
    file: str = "policy.toml",
    units_per_usd: int = UNITS_PER_USD,
    told: Mapping[str, int] = MappingProxyType({}),
    exact: bool = True,
) -> Policy:
    """The policy in `text`; ConfigurationError with every mistake as `file:line:column: sentence`.

    `units_per_usd`: at the gateway of the settings. `told`: at those of the table, as they say themselves; where they
    do not, the table's number counts, else that of the settings. A limit in money that is no whole number of units is
    rounded down at a gateway of the table, and at that of the settings where `exact` is False: a mistake there would
    leave limits in force that are counted in units worth less.
    """
    policy = _parsed(text, file, units_per_usd, exact=exact)
    units = {one.name: told.get(one.name) or one.units_per_usd or units_per_usd for one in policy.gateways}
    others = {number: _parsed(text, file, number, exact=False) for number in {*units.values()} - {units_per_usd}}
    return replace(policy, elsewhere={name: others[number] for name, number in units.items() if number in others})


def _parsed(text: str, file: str, units_per_usd: int, *, exact: bool) -> Policy:
    document = TomlDocument(text, file=file, units_per_usd=units_per_usd, exact=exact)
    parts = ("roles", "rules", "alerts", "addresses", "care", "templates", "allowances", "review", "gateways")
    document.only((), document.data, parts, trc("a part of the policy file", "a policy"))
    roles = read_roles(document, document.data.get("roles", {}))
    widest = _widest(document, document.data.get("addresses", {}))
    rules = _rules(document, roles, document.data.get("rules", []), widest)
    auto_disable = _auto_disable(document, document.data.get("alerts", {}))
    care = read_care(document, document.data.get("care", {}))
    time_zone = read_time_zone(document, document.data.get("allowances", {}))
    review = read_review(document, document.data.get("review", {}))
    gateways = read_gateways(document, document.data.get("gateways", {}))
    templates = read_templates(document, document.data.get("templates", []), gateways)
    if "gateways" in document.data:
        check_names(document, gateways, document.data.get("rules", []))
    document.finish()
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return Policy(
        roles=roles,
        rules=rules,
        hash=digest,
        file=file,
        auto_disable=auto_disable,
        widest=widest,
        care=care,
        templates=templates,
        time_zone=time_zone,
        review=review,
        gateways=gateways,
        units_per_usd=units_per_usd,
    )


def _auto_disable(document: TomlDocument, value: object) -> frozenset[str]:
    table = document.table(("alerts",), value, "alerts")
    if table is None:
        return frozenset()
    document.only(("alerts",), table, ("auto_disable",), "alerts")
    path: Path = ("alerts", "auto_disable")
    sources = document.texts(path, table.get("auto_disable", []), "auto_disable") or ()
    for place, source in sources:
        if source not in ALERT_SOURCES:
            wrong = tr("no alerts come from “{typed}”", typed=short(source))
            document.wrong(place, guess(wrong, source, ALERT_SOURCES))
    return frozenset(source for _, source in sources)


def _widest(document: TomlDocument, value: object) -> Widest:
    table = document.table(("addresses",), value, "addresses") or {}
    document.only(("addresses",), table, ("widest_ipv4", "widest_ipv6"), "addresses")

    def prefix(name: str, usual: int, most: int) -> int:
        path: Path = ("addresses", name)
        length = document.integer(path, table.get(name, usual), name, least=0, most=most)
        return usual if length is None else length

    return Widest(ipv4=prefix("widest_ipv4", USUAL.ipv4, 32), ipv6=prefix("widest_ipv6", USUAL.ipv6, 128))


def _rules(document: TomlDocument, roles: Roles, value: object, widest: Widest) -> tuple[Rule, ...]:
    if not isinstance(value, list):
        document.wrong(("rules",), tr("rules are written as [[rules]], with two brackets each"))
        return ()
    if len(value) > MAX_RULES:
        document.wrong(("rules",), tr("there are more than {number} rules", number=MAX_RULES))
        return ()
    seen: dict[str, Position] = {}
    rules = []
    for index, element in enumerate(value):
        path: Path = ("rules", index)
        table = document.table(path, element, _a_rule())
        if table is not None and (rule := _rule(document, path, table, roles, seen, widest=widest)):
            rules.append(rule)
    return tuple(rules)


def _rule(
    document: TomlDocument, path: Path, table: Table, roles: Roles, seen: dict[str, Position], *, widest: Widest
) -> Rule | None:
    document.only(path, table, RULE_KEYS, _a_rule())
    name = _name(document, path, table, seen)
    who = roles.read_names(document, (*path, "who"), table["who"], "who") if _has(document, path, table, "who") else ()
    do = (
        _operations(document, (*path, "do"), table["do"], denies="deny" in table)
        if _has(document, path, table, "do")
        else frozenset()
    )
    on = document.choice((*path, "on"), table.get("on", "own"), "on", ("own", "any"))
    when = document.table((*path, "when"), table.get("when", {}), "when") or {}
    conditions = read_conditions(document, (*path, "when"), when, who=who, widest=widest)
    outcome, sentence, approval, forbids_self = _outcome(document, path, table, roles)
    if not (name and who and do and outcome):
        return None
    return Rule(
        name=name,
        who=who,
        do=do,
        any=on == "any",
        conditions=conditions,
        outcome=outcome,
        sentence=sentence,
        approval=approval,
        forbids_self=forbids_self,
        position=document.position(path),
    )


def _a_rule() -> str:
    return trc("a part of the policy file", "a rule")


def _has(document: TomlDocument, path: Path, table: Table, key: str) -> bool:
    if key not in table:
        document.wrong(path, tr("the rule has no {key}", key=key))
    return key in table


def _name(document: TomlDocument, path: Path, table: Table, seen: dict[str, Position]) -> str | None:
    if not _has(document, path, table, "name"):
        return None
    name = document.text((*path, "name"), table["name"], "name", most=MAX_NAME)
    if name in seen:
        wrong = tr("another rule, in line {line}, is named “{name}” too", line=seen[name].line, name=name)
        document.wrong((*path, "name"), wrong)
    elif name:
        seen[name] = document.position((*path, "name"))
    return name


def _operations(document: TomlDocument, path: Path, value: object, *, denies: bool) -> frozenset[str]:
    read = document.texts(path, value, "do")
    if read == ():
        document.wrong(path, tr("do is empty, so the rule is about nothing"))
    operations: set[str] = set()
    for place, pattern in read or ():
        matching = fnmatch.filter(OPERATIONS, pattern) if len(pattern) <= MAX_NAME else []
        if not denies and pattern not in NAMED_IN_FULL:
            matching = [operation for operation in matching if operation not in NAMED_IN_FULL]
        if pattern in RIGHTS:
            matching = [pattern]
        if not matching:
            wrong = tr("there is no operation “{typed}”", typed=short(pattern))
            document.wrong(place, guess(wrong, pattern, (*OPERATIONS, *RIGHTS)))
        operations.update(matching)
    return frozenset(operations)


def _outcome(
    document: TomlDocument, path: Path, table: Table, roles: Roles
) -> tuple[Outcome | None, str, Approval | None, bool]:
    written = [key for key in OUTCOMES if key in table]
    if not written:
        document.wrong(path, tr("the rule says neither allow, deny nor approval; it needs exactly one of them"))
    elif len(written) > 1:
        wrong = tr("the rule has both {outcomes}; it needs exactly one of them", outcomes=all_of(written))
        document.wrong((*path, written[1]), wrong)
    # The terms are read even then, so that their own mistakes are told as well.
    approval, forbids_self = None, False
    if "approval" in table:
        approval, forbids_self = read_approval(document, (*path, "approval"), table["approval"], roles)
    sentence = None
    if "deny" in table:
        sentence = document.own_sentence((*path, "deny"), table["deny"], "deny", most=MAX_SENTENCE)
    if "allow" in table and table["allow"] is not True:
        document.wrong((*path, "allow"), tr('allow can only be true; to forbid, write deny = "why not"'))
    if written == ["allow"]:
        return "allow", "", None, False
    if written == ["deny"] and sentence:
        return "deny", sentence, None, False
    if written == ["approval"] and approval:
        return "needs_approval", "", approval, forbids_self
    return None, "", None, False
