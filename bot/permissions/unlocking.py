"""What it takes to bring back a locked key: the rules about `key.unlock`, else the default. Pure.

The default: a second person of the rule that disabled it, which is one of those who decide where it asks somebody.
Where that rule is about one's own keys, is gone, or names nobody (the [alerts] table): a person of the rules that let
somebody disable any key.
"""

from bot.languages import tr
from bot.languages.formats import one_of
from bot.permissions.models import UNLOCK, Approval, Ask, Decision, Lock, Stage
from bot.permissions.rules import Policy, Rule
from bot.permissions.stages import describe

DEFAULT = "key.unlock by default"
_EXPIRES, _REMIND = 86_400.0, 3_600.0


def speaks_of_unlocking(policy: Policy) -> bool:
    """Whether any rule is about `key.unlock`; then what no rule allows is denied, as everywhere."""
    return any(UNLOCK in rule.do for rule in policy.rules)


def by_default(policy: Policy, ask: Ask) -> Decision:
    """The answer to `key.unlock` of a policy that does not speak of it."""
    terms = default_terms(policy, ask.facts.lock)
    if terms is None:
        sentence = tr(
            "No rule is about key.unlock, and no rule lets anybody disable any key, so nobody can bring it back."
        )
        return Decision(outcome="deny", rule=DEFAULT, sentence=sentence)
    sentence = tr("It comes back with an approval by {people}, somebody else than who asks.", people=describe(terms))
    return Decision(outcome="needs_approval", rule=DEFAULT, sentence=sentence, approval=terms)


def default_terms(policy: Policy, lock: Lock | None) -> Approval | None:
    """Who must agree by default; None = the policy names nobody who could."""
    rule = next((one for one in policy.rules if lock is not None and one.name == lock.rule), None)
    roles = _of_rule(rule) or _who_disable_any_key(policy) or (rule.who if rule is not None else ())
    return Approval(stages=(Stage(roles=roles),), expires=_EXPIRES, remind=_REMIND) if roles else None


def _of_rule(rule: Rule | None) -> tuple[str, ...]:
    if rule is None or not rule.any:
        return ()
    return rule.who if rule.approval is None else rule.approval.stages[-1].roles


def _who_disable_any_key(policy: Policy) -> tuple[str, ...]:
    rules = [rule for rule in policy.rules if rule.any and "key.disable" in rule.do and rule.outcome == "allow"]
    return tuple(dict.fromkeys(name for rule in rules for name in rule.who))


def unlock_words(policy: Policy, lock: Lock) -> str:
    """What is needed to bring the key back, whoever asks: for cards that everybody sees."""
    if not speaks_of_unlocking(policy):
        terms = default_terms(policy, lock)
        if terms is None:
            return tr("Nobody can bring it back: no rule of the policy is about key.unlock.")
        return tr(
            "To bring it back, somebody asks with /apikey enable, and {people} agrees, not who asks.",
            people=describe(terms),
        )
    ways = [rule for rule in policy.rules if UNLOCK in rule.do and rule.outcome != "deny"]
    approvals = dict.fromkeys(describe(rule.approval) for rule in ways if rule.approval is not None)
    alone = dict.fromkeys(name for rule in ways if rule.approval is None for name in rule.who)
    if approvals:
        return tr("To bring it back, somebody asks with /apikey enable, and {people} agrees.", people=one_of(approvals))
    if alone:
        return tr("Only {roles} can bring it back.", roles=one_of(alone))
    return tr("Nobody can bring it back: the policy allows key.unlock to nobody.")
