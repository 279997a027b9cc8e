"""`keydesk policy lint | explain | test | replay`: parsed arguments in, text to a stream, exit code out.

Exit codes: 0 fine, 1 something was found or differs, 2 it could not be done (a wrong file or argument).
It knows neither argparse nor the environment; Slack, gateway and record come as values and callables.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from bot.errors import BotError, ConfigurationError
from bot.logs import visible
from bot.permissions.bounds import free_grants, grant_lines, has_bounds
from bot.permissions.cases import Case, parse_cases, run_cases
from bot.permissions.counting import counted_words
from bot.permissions.entitlements import (
    condition_words,
    entitlements,
    outcome_words,
    roles_of_terms,
    schedule_words,
)
from bot.permissions.hypothetical import ACCOUNT_GROUP, SO_FAR, hypothetical_actor, hypothetical_facts
from bot.permissions.lint import lint
from bot.permissions.models import OPERATIONS, RIGHTS, Actor, Approval, Ask, Decision, Facts
from bot.permissions.policy import decide
from bot.permissions.replay import PastRequest, ReplayDifference, replay
from bot.permissions.roles import is_person
from bot.permissions.rules import Policy, parse_policy
from bot.permissions.stages import reminder_times
from bot.permissions.toml_document import guess, short
from bot.policy_file import load_policy, read_text
from bot.units import UNITS_PER_USD, format_duration

_MONEY = re.compile(r"\$\s*\d|\d\s*usd\b", re.IGNORECASE)
# Operations that amounts decide about.
_ADDS = frozenset({"key.create", "key.quota", "key.allowance", "budget.change", "key.enable", "key.rotate"})
WORDS = {"allow": "allowed", "deny": "denied", "needs_approval": "needs approval"}
CASE_WORDS = {"allow": "allow", "deny": "deny", "needs_approval": "approval"}


@dataclass(frozen=True, kw_only=True)
class FoundKey:
    """A key as the gateway shows it: its label, whether it is the person's own, its facts now.

    `units_per_usd`: what its gateway counts for a dollar, as it says itself; None = it does not say.
    """

    label: str
    own: bool
    facts: Facts
    units_per_usd: int | None = None


FindActor = Callable[[str], Actor]
FindPeople = Callable[[Policy, Sequence[str]], Mapping[str, Actor]]
FindKey = Callable[[str, Actor], FoundKey]


@dataclass(frozen=True, kw_only=True)
class Question:
    """What `policy explain` was asked. `who`: roles, ids or words; `groups`: more group ids; `fields`: NAME=VALUE.

    `on` is "own", "any" or None (as the key says; own without a key).
    """

    operation: str
    who: str
    groups: Sequence[str] = ()
    key: str | None = None
    on: str | None = None
    fields: Sequence[str] = ()


def lint_policy(
    path: Path,
    *,
    out: TextIO,
    units_per_usd: int = UNITS_PER_USD,
    groups: Mapping[str, Collection[str]] | None = None,
) -> int:
    """Prints every mistake and doubtful rule, a line each; 1 if there is any. Groups: id → members if known.

    What nobody may do is a note: it may be meant so.
    """
    try:
        policy = load_policy(path, units_per_usd=units_per_usd)
    except ConfigurationError as error:
        _print(out, *error.problems, _count(len(error.problems), "mistake"))
        return 1
    findings = lint(policy, groups=groups)
    _print(out, *(("" if one.doubt else "note: ") + one.line(policy.file) for one in findings))
    doubts = sum(one.doubt for one in findings)
    if doubts:
        _print(out, _count(doubts, "doubt"))
        return 1
    _print(out, f"{path}: {_count(len(policy.rules), 'rule')}, no mistake and no doubt.")
    return 0


def explain_policy(
    path: Path,
    question: Question,
    *,
    out: TextIO,
    now: float,
    units_per_usd: int = UNITS_PER_USD,
    find_actor: FindActor | None = None,
    find_key: FindKey | None = None,
) -> int:
    """Prints the decision, its rule and why each rule above did not match.

    `find_actor` asks Slack who a U… id is, `find_key` the gateway which key is meant; without them people
    have only the groups they are given and `--key` is refused. 0, or 2 if the question cannot be put.
    """
    try:
        policy = load_policy(path, units_per_usd=units_per_usd)
        actor, found = _whom_and_what(policy, question, find_actor=find_actor, find_key=find_key)
        told = found.units_per_usd if found is not None else None
        if found is not None and told is not None:
            policy = _by_units_of(path, found.facts.gateway, told, units_per_usd)
        ask = _ask(policy, question, actor, found, now=now)
    except ConfigurationError as error:
        _print(out, *error.problems)
        return 2
    except (BotError, ValueError) as error:
        _print(out, str(error))
        return 2
    if find_actor is None and is_person(question.who) and not question.groups:
        _print(out, f"Slack is not asked here, so {question.who} is taken to be in no group; name groups with --in.")
    if (counts := policy.counts_needed(ask.operation)) and not any(
        f.partition("=")[0] in SO_FAR for f in question.fields
    ):
        fields = ", ".join(name for name, what in SO_FAR.items() if what in {count.what for count in counts})
        _print(out, f"note: nothing is taken to have been given before this; tell it with {fields}.")
    if policy.judges_groups and ask.facts.group == "" and ask.facts.account_group is None:
        _print(out, f"note: the account's own group is taken to be unknown; tell it with {ACCOUNT_GROUP}.")
    _print(out, *explain_lines(policy, ask))
    units = policy.at(ask.facts.gateway).units_per_usd
    if told is not None and ask.operation in _ADDS:
        _print(out, f"$1 = {units:,} units, as the gateway of the key says.")
    elif ask.operation in _ADDS:
        _print(out, *_assumed_in(policy, path, units, question.fields, asked=found is not None))
    return 0


def check_cases(
    path: Path,
    cases_path: Path,
    *,
    out: TextIO,
    now: float,
    units_per_usd: int = UNITS_PER_USD,
    find_people: FindPeople | None = None,
) -> int:
    """Runs the cases of a file, a line each; 1 if any differs, 2 if a file cannot be read.

    `find_people` tells who the people are that a case names by nothing but their id; those it leaves out, and all
    without it, are members of this workspace in no user group.
    """
    try:
        policy = load_policy(path, units_per_usd=units_per_usd)
        text = read_text(cases_path)
        cases = parse_cases(text, policy, file=str(cases_path), now=now)
    except ConfigurationError as error:
        _print(out, *error.problems)
        return 2
    alone = sorted({case.person for case in cases} - {""})
    people = find_people(policy, alone) if find_people is not None and alone else {}
    if left := [user for user in alone if user not in people]:
        _print(out, f"note: taken to be members in no user group: {', '.join(left)}.")
    results = run_cases(policy, [_as_they_are(case, people) for case in cases])
    for result in results:
        case, decision = result.case, result.decision
        asked = f"{case.ask.actor.name} {case.ask.operation} on {'own' if case.ask.own else 'any'}"
        line = f"{cases_path}:{case.position.line}: {asked}: {_told(decision)}"
        if not result.passed:
            by = f" by “{case.rule}”" if case.rule else ""
            line += f", but {CASE_WORDS[case.expect]}{by} was expected"
        _print(out, f"{'ok  ' if result.passed else 'FAIL'} {line}")
    failed = sum(not result.passed for result in results)
    _print(out, *_assumed_in(policy, path, units_per_usd, [text]))
    _print(out, f"{_count(len(results), 'case')}, {failed} failed.")
    return 1 if failed else 0


def _as_they_are(case: Case, people: Mapping[str, Actor]) -> Case:
    actor = people.get(case.person)
    return case if actor is None else replace(case, ask=replace(case.ask, actor=replace(actor, name=case.person)))


def what_can(path: Path, role: str, *, out: TextIO, units_per_usd: int = UNITS_PER_USD) -> int:
    """Prints what people of a role may do at once, and who decides the rest; 0, or 2 if it cannot be told."""
    try:
        policy = load_policy(path, units_per_usd=units_per_usd)
        found = entitlements(policy, hypothetical_actor(policy, [role]))
    except ConfigurationError as error:
        _print(out, *error.problems)
        return 2
    except ValueError as error:
        _print(out, str(error))
        return 2
    for one in found:
        whose = "own" if one.whose == "own" else "anybody's"
        _print(out, f"{one.operation} ({whose}):")
        given = free_grants(one.rules, one.operation)
        if has_bounds(one.operation) and not given:
            _print(out, "  nothing at once")
        for words, name in grant_lines(given, one.operation, units_per_usd=units_per_usd):
            _print(out, f"  {'at once: ' if has_bounds(one.operation) else ''}{words} (“{name}”)")
        for rule in one.rules:
            if rule.outcome == "allow":
                continue
            when = ", ".join(condition_words(condition) for condition in rule.conditions)
            _print(out, f"  {outcome_words(rule)}{f' if {when}' if when else ''} (“{rule.name}”)")
        if not one.certain:
            _print(out, "  else refused: no rule allows it")
    if not found:
        _print(out, f"{role}: nothing.")
    deciders = (name for one in found for rule in one.rules for name in roles_of_terms(rule.approval))
    _print(out, *schedule_words(policy, (role, *deciders)))
    _print(out, *(_assumed_in(policy, path, units_per_usd) if found else ()))
    return 0


def replay_policy(path: Path, past: Iterable[PastRequest], *, out: TextIO, units_per_usd: int = UNITS_PER_USD) -> int:
    """Prints which past requests that policy would have answered otherwise; 0, or 2 if the file cannot be read."""
    try:
        policy = load_policy(path, units_per_usd=units_per_usd)
    except ConfigurationError as error:
        _print(out, *error.problems)
        return 2
    requests = list(past)
    differences = replay(policy, requests)
    others = [one for one in differences if one.other_outcome]
    _print(out, *(_replayed(one) for one in others))
    same = len(differences) - len(others)
    _print(
        out,
        f"{_count(len(requests), 'past request')}: {len(others)} would be decided otherwise, "
        f"{same} the same by another rule.",
    )
    return 0


def explain_lines(policy: Policy, ask: Ask) -> list[str]:
    """The decision for people to read; also what `/apikey why` shows."""
    decision = decide(policy, ask, why=True)
    whose = "their own" if ask.own else "what belongs to somebody else"
    roles = ", ".join(sorted(policy.roles.of(ask.actor))) or "no role"
    units = policy.at(ask.facts.gateway).units_per_usd
    counted = [f"Counted before this: {counted_words(one, units)}." for one in ask.facts.counts or ()]
    lines = [
        f"{ask.operation} on {whose}, by {ask.actor.name or ask.actor.slack_user_id} ({roles})",
        f"{WORDS[decision.outcome]}: {decision.sentence}",
    ]
    if decision.approval is not None:
        lines += _terms(decision.approval)
    if decision.trail:
        above = "Rules above it" if decision.rule else "All rules"
        lines += [f"{above} that did not match:", *(f"  “{name}”: {why}" for name, why in decision.trail)]
    schedules = schedule_words(policy, (*sorted(policy.roles.of(ask.actor)), *roles_of_terms(decision.approval)))
    return [*lines, *counted, *schedules]


def _by_units_of(path: Path, gateway: str | None, told: int, usual: int) -> Policy:
    """The policy with the amounts of money in units of the gateway that told how many it counts."""
    policy = load_policy(path, units_per_usd=usual)
    if any(one.name == gateway for one in policy.gateways):
        return load_policy(path, units_per_usd=usual, told={gateway or "": told})
    # A limit that is no whole number of such units is rounded down, as in the bot.
    return parse_policy(read_text(path), file=str(path), units_per_usd=told, exact=False)


def _assumed_in(policy: Policy, path: Path, units: int, texts: Iterable[str] = (), *, asked: bool = False) -> list[str]:
    """By what units dollars were counted, where any are spoken of in the policy or in `texts`.

    `asked`: the gateway was, and did not say.
    """
    if not any(_MONEY.search(text) for text in (read_text(path), *texts)):
        return []
    further = [f"{one.name} {policy.at(one.name).units_per_usd:,}" for one in policy.gateways]
    there = f"; further gateways as the policy file says: {', '.join(further)}" if further else ""
    why = "does not say" if asked else "was not asked"
    return [f"$1 is taken to be {units:,} units (KEYDESK_UNITS_PER_USD{there}); the gateway {why}."]


def _whom_and_what(
    policy: Policy, question: Question, *, find_actor: FindActor | None, find_key: FindKey | None
) -> tuple[Actor, FoundKey | None]:
    operation = question.operation
    if operation not in (*OPERATIONS, *RIGHTS):
        wrong = f"There is no operation “{short(operation)}”"
        raise ValueError(guess(wrong, operation, (*OPERATIONS, *RIGHTS)))
    if is_person(question.who) and find_actor is not None:
        actor = find_actor(question.who)
    else:
        actor = hypothetical_actor(policy, [question.who, *question.groups])
    found = None
    if question.key is not None:
        if find_key is None:
            raise ValueError("--key needs the gateway, which is not asked here; use --on and --with instead.")
        found = find_key(question.key, actor)
    return actor, found


def _ask(policy: Policy, question: Question, actor: Actor, found: FoundKey | None, *, now: float) -> Ask:
    operation = question.operation
    own = question.on != "any"
    if question.on is None and found is not None:
        own = found.own
    facts = found.facts if found else None
    fields = _fields(question.fields)
    asked = hypothetical_facts(operation, fields, now=now, key=facts, policy=policy)
    return Ask(actor=actor, operation=operation, own=own, facts=asked)


def _fields(pairs: Sequence[str]) -> dict[str, str]:
    fields = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise ValueError(f"--with takes FIELD=VALUE, not “{short(pair)}”")
        if name in fields:
            raise ValueError(f"--with {short(name)} is given twice")
        fields[name] = value
    return fields


def _terms(approval: Approval) -> list[str]:
    lines = [f"  expires after {format_duration(approval.expires)}"]
    lines += [
        f"  after {format_duration(one.after)} in stage {number} also {' or '.join(one.roles)}"
        for number, stage in enumerate(approval.stages, 1)
        for one in stage.escalations
    ]
    if times := reminder_times(approval, asked_at=0):
        lines.append(f"  reminders after {', '.join(format_duration(at) for at in times)}")
    own = "an own request may be approved by oneself" if approval.self_approval else "nobody approves an own request"
    if approval.self_approval_rule:
        own += f" (rule “{approval.self_approval_rule}” says self_approval = false)"
    lines.append(f"  {own}")
    return lines


def _told(decision: Decision) -> str:
    by = f"by “{decision.rule}”" if decision.rule else "because no rule matches"
    return f"{CASE_WORDS[decision.outcome]} {by}"


def _replayed(difference: ReplayDifference) -> str:
    past, ask = difference.past, difference.past.ask
    day = datetime.fromtimestamp(past.at, UTC).strftime("%Y-%m-%d %H:%M UTC")
    rule = f"“{past.rule}”" if past.rule else "no rule"
    who = ask.actor.name or ask.actor.slack_user_id
    was = f"{WORDS[past.outcome]} ({rule})"
    new = f"“{difference.decision.rule}”" if difference.decision.rule else "no rule"
    return f"#{past.id} {day} {who} {ask.operation}: was {was}, would be {WORDS[difference.decision.outcome]} ({new})"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _print(out: TextIO, *lines: str) -> None:
    out.writelines(f"{visible(line)}\n" for line in lines)
