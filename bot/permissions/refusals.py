"""What is said where no rule allows something: who may not do what, and who could. Pure."""

from collections.abc import Mapping

from bot.languages import joined, tr, trn
from bot.languages.formats import all_of, one_of
from bot.permissions.models import Ask
from bot.permissions.rules import Policy

# Operation → the word of its command, and what it is in a sentence.
DEEDS: Mapping[str, tuple[str, str]] = {
    "key.create": ("new", tr("creating keys")),
    "key.update": ("edit", tr("changing the settings of keys")),
    "key.quota": ("quota", tr("changing the quota of keys")),
    "key.allowance": ("allowance", tr("refilling keys")),
    "budget.change": ("budget", tr("changing budgets")),
    "key.disable": ("disable", tr("disabling keys")),
    "key.end": ("end", tr("ending keys")),
    "key.enable": ("enable", tr("enabling keys")),
    "key.rotate": ("rotate", tr("rotating keys")),
    "key.delete": ("delete", tr("deleting keys")),
    "key.adopt": ("adopt", tr("giving keys an owner")),
    "key.transfer": ("give", tr("giving keys to somebody else")),
    "key.reveal": ("", tr("revealing the value of keys")),
    "key.list": ("list", tr("listing keys")),
    "key.show": ("show", tr("looking at keys")),
    "request.list": ("requests", tr("listing requests")),
    "audit.read": ("audit", tr("reading the record")),
    "policy.explain": ("why", tr("asking what the policy says")),
    "usage.read": ("usage", tr("reading what was spent")),
    "key.unlock": ("", tr("bringing back locked keys")),
}


def no_rule(policy: Policy, ask: Ask) -> str:
    """Whose role does not allow what, and a way on: who may do it, or where it is told what is allowed."""
    roles = sorted(policy.roles.of(ask.actor))
    command, deed = DEEDS[ask.operation]
    if _but_otherwise(policy, ask):
        text = _not_like_this(roles, deed)
        return joined(text, tr("“/apikey why {command}” tells what is allowed.", command=command)) if command else text
    text = _own(roles, deed) if ask.own else _beyond_own(roles, deed)
    others = _who_can(policy, ask, set(roles))
    return joined(text, tr("Whoever has the role {roles} can.", roles=one_of(others))) if others else text


def _but_otherwise(policy: Policy, ask: Ask) -> bool:
    """Whether they may do or ask for it, but not as it is asked for here."""
    rules = policy.rules_for(ask.operation, policy.roles.held(ask.actor))
    return any(rule.outcome != "deny" and (ask.own or rule.any) for rule in rules)


def _who_can(policy: Policy, ask: Ask, held: set[str]) -> list[str]:
    """The other roles that a rule lets do it without asking, in its order. Ids of single people are not told."""
    rules = (one for one in policy.rules if ask.operation in one.do and one.outcome == "allow" and (ask.own or one.any))
    names = dict.fromkeys(name for rule in rules for name in rule.who)
    return [name for name in names if name in policy.roles.members and name not in held]


def _own(roles: list[str], deed: str) -> str:
    if not roles:
        return tr("Without a role, {deed} is not allowed.", deed=deed)
    return trn(
        "The role {roles} does not allow {deed}.",
        "The roles {roles} do not allow {deed}.",
        len(roles),
        roles=all_of(roles),
        deed=deed,
    )


def _beyond_own(roles: list[str], deed: str) -> str:
    if not roles:
        return tr("Without a role, {deed} is not allowed beyond one's own.", deed=deed)
    return trn(
        "The role {roles} does not allow {deed} beyond one's own.",
        "The roles {roles} do not allow {deed} beyond one's own.",
        len(roles),
        roles=all_of(roles),
        deed=deed,
    )


def _not_like_this(roles: list[str], deed: str) -> str:
    if not roles:
        return tr("Without a role, {deed} is allowed, but not what was asked for here.", deed=deed)
    return trn(
        "The role {roles} allows {deed}, but not what was asked for here.",
        "The roles {roles} allow {deed}, but not what was asked for here.",
        len(roles),
        roles=all_of(roles),
        deed=deed,
    )
