"""May this person do this to this key, by its own facts as they are now? Asked at the preview and at the write."""

from collections.abc import Mapping
from dataclasses import replace

from bot.gateway.models import KeySettings
from bot.gateway.numbers import gateway_of
from bot.languages import joined, said, tr
from bot.languages.formats import with_commas
from bot.operations import facts_of
from bot.permissions.models import Actor, Ask, Counted, Decision, Lock
from bot.permissions.policy import may_approve
from bot.permissions.rules import Policy

NEEDS_APPROVAL = tr("It needs an approval; ask for it by itself.")


def ask_for(
    actor: Actor,
    operation: str,
    settings: KeySettings,
    *,
    own: bool,
    reason: str,
    channel: str,
    now: float,
    lock: Lock | None = None,
    counts: tuple[Counted, ...] = (),
    adds_key: bool | None = None,
    key_id: int,
    account_groups: Mapping[str, str | None],
) -> Ask:
    """One key of a batch, as if it were asked for by itself.

    `counts`: the numbers before this key. `adds_key`: whether it is one key more; the operation says so where None.
    `account_groups`: the own ones of the accounts, by gateway; None = not known.
    """
    facts = facts_of(settings, now=now, increase=0, reason=reason, channel=channel)
    gateway = gateway_of(key_id)
    facts = replace(facts, lock=lock, counts=counts or None, adds_key=adds_key, gateway=gateway)
    facts = replace(facts, account_group=account_groups.get(gateway))
    return Ask(actor=actor, operation=operation, own=own, facts=facts)


def waits_for_one(decision: Decision, lock: Lock | None) -> bool:
    """Whether the key is locked and one other person can agree that it comes back, for the batch as a whole."""
    return lock is not None and decision.approval is not None and decision.approval.count == 1


def agreement(policy: Policy, ask: Ask, decision: Decision, approver: Actor, *, asked_at: float, now: float) -> str:
    """Why this person's agreement does not bring the key back; "" when it does."""
    if decision.approval is None or not waits_for_one(decision, ask.facts.lock):
        return decision.sentence
    verdict = may_approve(policy, approver=approver, ask=ask, approval=decision.approval, asked_at=asked_at, now=now)
    return "" if verdict.allowed else verdict.sentence


def one_more(counts: tuple[Counted, ...]) -> tuple[Counted, ...]:
    """The numbers with one living key more: for the next key of the same batch."""
    return tuple(
        replace(one, value=one.value + 1) if one.count.what == "keys" and one.value is not None else one
        for one in counts
    )


def why_not(decision: Decision, lock: Lock | None) -> str:
    """Why a batch leaves the key out, for a decision that is no plain yes."""
    if decision.outcome == "deny":
        return decision.sentence
    return joined(decision.sentence, NEEDS_APPROVAL) if lock is not None else said(NEEDS_APPROVAL)


def changed_since(before: KeySettings | None, now: KeySettings) -> str:
    """What of a key's settings is otherwise than at the preview, in words; "" when nothing is."""
    if before is None:
        return ""
    old, new = before.model_dump(mode="json"), now.model_dump(mode="json")
    changed = [
        f"{name} {old[name]!r} → {new[name]!r}" for name in old if name != "remain_quota" and old[name] != new[name]
    ]
    return tr("Changed since the preview: {changes}.", changes=with_commas(changed)) if changed else ""
