"""Explains the policy to the person who asks, with the same function that decides."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.approvals.cards.lock_notices import lock_text
from bot.deps import LISTENER_SECONDS, Deps
from bot.errors import InputError
from bot.features.forms.preview import decision_text
from bot.gateway.models import KeyId
from bot.keys import allowances
from bot.keys.lookup import one
from bot.languages import joined, tr, trn
from bot.languages.formats import with_commas
from bot.operations import Description, facts_of
from bot.permissions.counting import counted_words
from bot.permissions.entitlements import condition_words, entitlements, outcome_words
from bot.permissions.models import Actor, Ask, Decision, Facts
from bot.permissions.policy import decide
from bot.permissions.rules import Policy, Rule
from bot.slack.blocks import Message, code, context, escape, section
from bot.slack.delivery import Ack, Delivery, Ephemeral
from bot.slack.router import Router
from bot.typed_text import clean_line, first_word
from bot.units import UNITS_PER_USD

DESCRIPTION = Description(
    name="policy.explain", command="why", usage="OPERATION [KEY]", help=tr("what the policy answers, and by which rule")
)
NAME = DESCRIPTION.name
_SHOWN = 15


@dataclass(frozen=True)
class PolicyExplainListeners:
    """The command."""

    deps: Deps

    async def why(self, delivery: Delivery) -> Ack:
        """`OPERATION [KEY]`. Without a key: a new one, or an own one that no condition speaks of."""
        deps = self.deps
        actor = await deps.actor(delivery)
        await deps.flow.admit(actor, NAME)
        own = decide(deps.policy(), Ask(actor=actor, operation=NAME))
        if not own.allowed:
            await deps.flow.refuse(actor, NAME, own)
        operation, rest = first_word(delivery.text)
        described = deps.operations.named(operation)
        if described is None:
            known = deps.operations.descriptions
            near = difflib.get_close_matches(operation, known, n=1)
            hint = tr("Did you mean {operation}?", operation=code(near[0])) if near else ""
            names = tr("The operations are {names}.", names=with_commas(code(name) for name in known))
            raise InputError({"operation": joined(tr("Say which operation."), hint, names)})
        ask, about = await self._ask(actor, described.name, rest if clean_line(rest) else "", delivery.channel_id)
        rules = () if about is not None else deciding_rules(deps.policy(), ask)
        decision, units = decide(deps.policy(), ask, why=True), deps.units_per_usd
        return Ephemeral.of(explanation(ask, decision, about, described, rules=rules, units_per_usd=units))

    async def _ask(self, actor: Actor, operation: str, text: str, channel: str) -> tuple[Ask, KeyId | None]:
        if not text:
            counts = await self.deps.counts.now(operation, actor.slack_user_id)
            return Ask(actor=actor, operation=operation, facts=Facts(channel=channel, counts=counts or None)), None
        deps = self.deps
        matches = await deps.lookup.whole(text, deadline=LISTENER_SECONDS)
        seen = await deps.access.visible(actor, operation, matches, channel=channel)
        if not seen:
            await deps.access.turn_away(actor, operation, matches, text, channel=channel)
        key = one(seen, text).key
        own = await deps.access.is_own(actor, key)
        facts = facts_of(key.settings(), now=deps.clock(), increase=0, reason="", channel=channel)
        counts = await deps.counts.now(operation, actor.slack_user_id, key_id=int(key.id))
        lock, group = await deps.access.lock_of(key), deps.counts.account_group()
        facts = replace(facts, lock=lock, counts=counts or None, account_group=group)
        known = (await deps.database.read(allowances.standing, [int(key.id)])).get(int(key.id))
        if known is not None:
            facts = replace(facts, allowance=known.terms.amount, allowance_period=known.terms.period.seconds)
        return Ask(actor=actor, operation=operation, own=own, facts=facts), key.id


def deciding_rules(policy: Policy, ask: Ask) -> tuple[Rule, ...]:
    """The rules that can decide for this person, in order: how much at once, and who decides the rest."""
    found = entitlements(policy, ask.actor)
    return next((one.rules for one in found if one.operation == ask.operation), ())


def explanation(
    ask: Ask,
    decision: Decision,
    about: KeyId | None,
    described: Description,
    *,
    rules: Sequence[Rule] = (),
    units_per_usd: int = UNITS_PER_USD,
) -> Message:
    """The decision in a sentence, then why each rule above it did not match. `about`: the key that was named."""
    headline = _headline(code(ask.operation), about, decision_text(decision))
    lines = [f"• {code(rule)}: {escape(why)}" for rule, why in decision.trail[:_SHOWN]]
    sentence = escape(decision.sentence)
    # A refusal is said in the headline.
    blocks = [section(headline), *([section(sentence)] if sentence and decision.outcome != "deny" else [])]
    lock = ask.facts.lock
    if lock is not None:
        blocks.append(section(joined(tr(":closed_lock_with_key: *The key is locked.*"), lock_text(lock))))
    if lines:
        above, all_of_them = tr("*Rules above it that did not match*"), tr("*All rules that did not match*")
        blocks.append(section("\n".join([above if decision.rule else all_of_them, *lines])))
    if len(decision.trail) > _SHOWN:
        more = len(decision.trail) - _SHOWN
        blocks.append(context(trn("{count} more rule did not match.", "{count} more rules did not match.", more)))
    if counted := [counted_words(one, units_per_usd) for one in ask.facts.counts or ()]:
        blocks.append(section("\n".join([tr("*What was counted*"), *(f"• {escape(one)}" for one in counted)])))
    if described.judged_by_values and rules:
        blocks.append(section("\n".join([tr("*What decides, from top to bottom*"), *map(_rule_line, rules[:_SHOWN])])))
    if about is None and described.judged_by_values:
        blocks.append(context(tr("No values were looked at. The form says what holds for yours while you fill it in.")))
    return Message(_headline(ask.operation, about, decision.sentence), blocks)


def _headline(operation: str, about: KeyId | None, answer: str) -> str:
    if about is None:
        return tr("{operation} for you: {answer}", operation=operation, answer=answer)
    return tr("{operation} on key {number} for you: {answer}", operation=operation, number=about, answer=answer)


def _rule_line(rule: Rule) -> str:
    outcome = outcome_words(rule)
    if rule.conditions:
        when = with_commas(condition_words(condition) for condition in rule.conditions)
        outcome = tr("{outcome} if {conditions}", outcome=outcome, conditions=when)
    return f"• {code(rule.name)}: {escape(outcome)}"


def register(router: Router, deps: Deps) -> None:
    """Name the command."""
    listeners = PolicyExplainListeners(deps)
    router.command(DESCRIPTION.command, listeners.why, usage=DESCRIPTION.usage, help=DESCRIPTION.help)
