"""Test cases of a policy: `[[cases]]` in TOML, each a question with the answer that is expected."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.permissions.hypothetical import hypothetical_actor, hypothetical_facts
from bot.permissions.models import OPERATIONS, Ask, Decision, Outcome
from bot.permissions.policy import decide
from bot.permissions.roles import is_person
from bot.permissions.rules import Policy
from bot.permissions.source_map import Path, Position
from bot.permissions.toml_document import Table, TomlDocument, guess, short

KEYS = ("as", "do", "on", "with", "expect", "rule")
EXPECT: dict[str, Outcome] = {"allow": "allow", "deny": "deny", "approval": "needs_approval"}
MAX_CASES = 10_000


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case as read. `rule`: the rule that must decide, None = any. `person`: the one Slack id of `as`, or ""."""

    ask: Ask
    person: str
    expect: Outcome
    rule: str | None
    position: Position


@dataclass(frozen=True, kw_only=True)
class Result:
    """What the policy said to a case."""

    case: Case
    decision: Decision

    @property
    def passed(self) -> bool:
        """Whether the decision is the expected one, by the expected rule where one is named."""
        return self.decision.outcome == self.case.expect and self.case.rule in {None, self.decision.rule}


def parse_cases(text: str, policy: Policy, *, file: str = "cases.toml", now: float) -> tuple[Case, ...]:
    """The cases in `text`; ConfigurationError with every mistake as `file:line:column: sentence`."""
    document = TomlDocument(text, file=file, units_per_usd=policy.units_per_usd)
    document.only((), document.data, ("cases",), "a file of cases")
    listed = document.data.get("cases", [])
    if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_CASES:
        document.wrong(("cases",), f"there must be 1 to {MAX_CASES:,} cases, each written as [[cases]]")
        listed = []
    cases = []
    for index, value in enumerate(listed):
        path: Path = ("cases", index)
        table = document.table(path, value, "a case")
        if table is not None and (case := _case(document, path, table, policy, now)):
            cases.append(case)
    document.finish()
    return tuple(cases)


def run_cases(policy: Policy, cases: Sequence[Case]) -> tuple[Result, ...]:
    """Every case with the policy's answer, in order."""
    return tuple(Result(case=case, decision=decide(policy, case.ask)) for case in cases)


def _case(document: TomlDocument, path: Path, table: Table, policy: Policy, now: float) -> Case | None:
    document.only(path, table, KEYS, "a case")
    missing = [key for key in ("as", "do", "expect") if key not in table]
    if missing:
        document.wrong(path, f"the case has no {' and no '.join(missing)}")
        return None
    operation = table["do"] if isinstance(table["do"], str) else ""
    if operation not in OPERATIONS:
        wrong = f"there is no operation “{short(operation)}”"
        document.wrong((*path, "do"), guess(wrong, operation, OPERATIONS))
        return None
    on = document.choice((*path, "on"), table.get("on", "own"), "on", ("own", "any"))
    expect = document.choice((*path, "expect"), table["expect"], "expect", EXPECT)
    rule = table.get("rule")
    if rule is not None and rule not in [one.name for one in policy.rules]:
        document.wrong((*path, "rule"), "the policy has no rule of this name")
    names = _names(document, (*path, "as"), table["as"])
    fields = _fields(document, (*path, "with"), table.get("with", {}))
    if not on or not expect or names is None or fields is None:
        return None
    place: Path = (*path, "as")
    try:
        actor = hypothetical_actor(policy, names)
        place = (*path, "with")
        facts = hypothetical_facts(operation, fields, now=now, policy=policy)
    except ValueError as error:
        document.wrong(place, str(error))
        return None
    ask = Ask(actor=actor, operation=operation, own=on == "own", facts=facts)
    return Case(
        ask=ask,
        person=names[0] if len(names) == 1 and is_person(names[0]) else "",
        expect=EXPECT[expect],
        rule=rule if isinstance(rule, str) else None,
        position=document.position(path),
    )


def _names(document: TomlDocument, path: Path, value: object) -> list[str] | None:
    read = document.texts(path, [value] if isinstance(value, str) else value, "as")
    return None if read is None else [name for _, name in read]


def _fields(document: TomlDocument, path: Path, value: object) -> dict[str, str] | None:
    """Values as the modal would send them: numbers as texts, true as on, lists joined by commas."""
    table = document.table(path, value, "with")
    if table is None:
        return None
    fields = {}
    for name, told in table.items():
        if isinstance(told, bool):
            fields[name] = "on" if told else "off"
        elif isinstance(told, int | str):
            fields[name] = str(told)
        else:
            read = document.texts((*path, name), told, name) or ()
            fields[name] = ",".join(text for _, text in read)
    return fields
