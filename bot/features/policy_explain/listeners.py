"""Explains the policy to the person who asks, with the same function that decides."""

import difflib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.approvals.cards.lock_notices import lock_text
from bot.deps import LISTENER_SECONDS, Deps
from bot.errors import InputError
from bot.features.forms.preview import decision_text
from bot.gateway.models import KeyId
from bot.gateway.numbers import gateway_of, shown_number
from bot.keys import allowances
from bot.keys.lookup import one
from bot.languages import joined, tr, trn
from bot.languages.formats import one_of, with_commas
from bot.operations import Description, facts_of
from bot.permissions.bounds import free_grants, grant_lines, has_bounds
from bot.permissions.counting import counted_words
from bot.permissions.entitlements import (
    entitlements,
    outcome_words,
    plain_condition,
    roles_of_terms,
    schedules_behind,
)
from bot.permissions.models import Actor, Ask, Decision, Facts
from bot.permissions.policy import decide
from bot.permissions.rules import Policy, Rule
from bot.slack.blocks import Block, Message, code, context, escape, mention_all, section
from bot.slack.command_words import other_words
from bot.slack.delivery import Ack, Delivery, Ephemeral
from bot.slack.router import Router
from bot.typed_text import clean_line, first_word
from bot.units import UNITS_PER_USD, parse_delta

DESCRIPTION = Description(
    name="policy.explain",
    command="why",
    usage="OPERATION [KEY] [+AMOUNT]",
    help=tr("how much you may have at once, and who decides the rest"),
)
NAME = DESCRIPTION.name
_SHOWN = 15


@dataclass(frozen=True)
class PolicyExplainListeners:
    """The command."""

    deps: Deps
    other_words: Mapping[str, tuple[str, ...]]

    async def why(self, delivery: Delivery) -> Ack:
        """`OPERATION [KEY] [+AMOUNT]`. Without a key: a new one, or an own one that no condition speaks of."""
        deps = self.deps
        actor = await deps.actor(delivery)
        await deps.flow.admit(actor, NAME)
        own = decide(deps.policy(), Ask(actor=actor, operation=NAME))
        if not own.allowed:
            await deps.flow.refuse(actor, NAME, own)
        operation, rest = first_word(delivery.text)
        described = self._named(operation)
        ask, about = await self._ask(actor, described, rest if clean_line(rest) else "", delivery.channel_id)
        # With an amount it can be decided; without one the answer is how much that would be.
        policy = deps.policy().at(ask.facts.gateway)
        bounded = has_bounds(described.name) and not ask.facts.increase
        rules = deciding_rules(policy, ask) if bounded else ()
        decision, units = decide(policy, ask, why=True), deps.dollars.at(ask.facts.gateway)
        told = explanation(ask, decision, about, described, rules=rules, units_per_usd=units)
        names = (*roles_of_terms(decision.approval), *(name for one in rules for name in roles_of_terms(one.approval)))
        return Ephemeral.of(Message(told.text, [*told.blocks, *self._on_call(names)]))

    def _on_call(self, names: Collection[str]) -> list[Block]:
        """Who is on call now, of the roles that decide."""
        schedules, blocks = self.deps.directory.schedules, list[Block]()
        for role, behind in schedules_behind(self.deps.policy(), names).items():
            people = mention_all(schedules.called(behind)) or tr("nobody")
            silence = schedules.silence(behind)
            blocks.append(context(tr("On call as {role} now: {people}.", role=code(role), people=people)))
            blocks += [context(f":warning: {silence}")] if silence else []
        return blocks

    def _named(self, word: str) -> Description:
        """The operation of this name or command word, of any language. Raises InputError."""
        known = self.deps.operations
        names = (word, *self.other_words.get(word, ()))
        found = {one.name: one for name in names if (one := known.named(name)) is not None}
        if len(found) == 1:
            return next(iter(found.values()))
        if found:
            meant = one_of(code(one.command) for one in found.values())
            raise InputError(
                {"operation": tr("{word} may mean {commands}. Which one?", word=code(word), commands=meant)}
            )
        commands = [one.command for one in known.descriptions.values() if one.command]
        near = difflib.get_close_matches(word, [*commands, *known.descriptions], n=1)
        hint = tr("Did you mean {operation}?", operation=code(near[0])) if near else ""
        listed = tr("The operations are {names}.", names=with_commas(code(name) for name in commands))
        raise InputError({"operation": joined(tr("Say which operation."), hint, listed)})

    async def _ask(self, actor: Actor, described: Description, text: str, channel: str) -> tuple[Ask, KeyId | None]:
        operation = described.name
        if not text:
            counts = await self.deps.counts.now(operation, actor.slack_user_id)
            budgets = await self.deps.counts.budgets.of(actor.slack_user_id)
            facts = Facts(channel=channel, counts=counts or None, budgets=budgets or None)
            return Ask(actor=actor, operation=operation, facts=facts), None
        deps = self.deps
        # Of a quota the amount may follow; every other text is all of the KEY.
        find = deps.lookup.matches if described.changes_quota else deps.lookup.whole
        matches = await find(text, deadline=LISTENER_SECONDS)
        seen = await deps.access.visible(actor, operation, matches, channel=channel)
        if not seen:
            await deps.access.turn_away(actor, operation, matches, text, channel=channel)
        match = one(seen, text)
        key, delta = match.key, self._delta(match.rest, deps.dollars.of(match.key.id))
        own = await deps.access.is_own(actor, key)
        after = key.settings()
        after = after.model_copy(update={"remain_quota": after.remain_quota + delta})
        facts = facts_of(after, now=deps.clock(), increase=delta, reason="", channel=channel)
        gateway = gateway_of(key.id)
        counts = await deps.counts.now(operation, actor.slack_user_id, key_id=int(key.id), gateway=gateway)
        budgets = await deps.counts.budgets.of(actor.slack_user_id, gateway)
        facts = replace(facts, lock=await deps.access.lock_of(key), counts=counts or None, budgets=budgets or None)
        facts = deps.counts.placed(facts, gateway)
        known = (await deps.database.read(allowances.standing, [int(key.id)])).get(int(key.id))
        if known is not None:
            facts = replace(facts, allowance=known.terms.amount, allowance_period=known.terms.period.seconds)
        return Ask(actor=actor, operation=operation, own=own, facts=facts), key.id

    @staticmethod
    def _delta(text: str, units_per_usd: int) -> int:
        """The amount behind a KEY; 0 = none. Raises InputError."""
        if not clean_line(text):
            return 0
        try:
            return parse_delta(text, units_per_usd)
        except ValueError as error:
            raise InputError({"delta": str(error)}) from None


def deciding_rules(policy: Policy, ask: Ask) -> tuple[Rule, ...]:
    """The rules that can decide for this person, in order: how much at once, and who decides the rest."""
    found = {one.whose: one.rules for one in entitlements(policy, ask.actor) if one.operation == ask.operation}
    return found.get("own", found.get("any", ())) if ask.own else found.get("any", ())


def explanation(
    ask: Ask,
    decision: Decision,
    about: KeyId | None,
    described: Description,
    *,
    rules: Sequence[Rule] = (),
    units_per_usd: int = UNITS_PER_USD,
) -> Message:
    """The decision in a sentence, then why each rule above it did not match. `about`: the key that was named.

    `rules`: those that can decide, where the answer hangs on how much is asked; then it is how much.
    """
    if rules and has_bounds(ask.operation) and ask.facts.lock is None:
        return _bounds(ask, about, described, rules, units_per_usd)
    answer = decision_text(decision)
    if decision.rule:
        answer = f"{answer} · {tr('rule {name}', name=code(decision.rule))}"
    headline = _headline(_words(described), about, answer)
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
    blocks += _counted_blocks(ask, units_per_usd)
    if about is None and described.judged_by_values:
        blocks.append(context(tr("No values were looked at. The form says what holds for yours while you fill it in.")))
    return Message(_headline(_words(described), about, decision.sentence), blocks)


def _bounds(
    ask: Ask, about: KeyId | None, described: Description, rules: Sequence[Rule], units_per_usd: int
) -> Message:
    """How much at once, and who decides the rest."""
    grants = free_grants(rules, ask.operation, ask.facts)
    lines = grant_lines(grants, ask.operation, units_per_usd=units_per_usd, plain=True)
    answer = tr("how much at once, and who decides the rest")
    free = [f"• {escape(words)} · {code(rule)}" for words, rule in lines[:_SHOWN]]
    rest = [_rule_line(rule, units_per_usd) for rule in rules if rule.outcome != "allow"][:_SHOWN]
    if rules[-1].conditions:
        rest.append(tr("• Everything else is refused."))
    blocks = [
        section(_headline(_words(described), about, answer)),
        section("\n".join([tr("*At once*"), *(free or [tr("• Nothing.")])])),
        *([section("\n".join([tr("*Who decides the rest, from top to bottom*"), *rest]))] if rest else []),
        *_counted_blocks(ask, units_per_usd),
        *([context(_refill_note())] if ask.operation == "key.create" else []),
    ]
    return Message(_headline(_words(described), about, answer), blocks)


def _refill_note() -> str:
    return tr(
        "A key with *Refill* needs what the policy says of allowances besides: {command}.",
        command=code("/apikey why allowance"),
    )


def _counted_blocks(ask: Ask, units_per_usd: int) -> list[Block]:
    counted = [counted_words(one, units_per_usd) for one in ask.facts.counts or ()]
    if not counted:
        return []
    return [section("\n".join([tr("*What was counted*"), *(f"• {escape(one)}" for one in counted)]))]


def _words(described: Description) -> str:
    """The operation as people ask for it."""
    return code(f"/apikey {described.command}" if described.command else described.name)


def _headline(operation: str, about: KeyId | None, answer: str) -> str:
    if about is None:
        return tr("{operation} for you: {answer}", operation=operation, answer=answer)
    return tr(
        "{operation} on key {number} for you: {answer}", operation=operation, number=shown_number(about), answer=answer
    )


def _rule_line(rule: Rule, units_per_usd: int) -> str:
    outcome = outcome_words(rule)
    if rule.conditions:
        when = with_commas(plain_condition(condition, units_per_usd) for condition in rule.conditions)
        outcome = tr("{outcome} if {conditions}", outcome=outcome, conditions=when)
    return f"• {code(rule.name)}: {escape(outcome)}"


def register(router: Router, deps: Deps) -> None:
    """Name the command."""
    listeners = PolicyExplainListeners(deps, other_words())
    router.command(DESCRIPTION.command, listeners.why, usage=DESCRIPTION.usage, help=DESCRIPTION.help)
