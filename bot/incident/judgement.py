"""May this person do this to this key, by its own facts as they are now? Asked at the preview and at the write."""

from dataclasses import replace

from bot.gateway.models import Key, KeySettings
from bot.operations import facts_of
from bot.permissions.models import Actor, Ask, Decision, Lock
from bot.permissions.policy import decide
from bot.permissions.rules import Policy

NEEDS_APPROVAL = "It needs an approval; ask for it by itself."


def judge(
    policy: Policy,
    actor: Actor,
    operation: str,
    key: Key,
    *,
    own: bool,
    reason: str,
    channel: str,
    now: float,
    lock: Lock | None = None,
) -> Decision:
    """The policy's decision about one key of a batch, as if it were asked for by itself."""
    facts = replace(facts_of(key.settings(), now=now, increase=0, reason=reason, channel=channel), lock=lock)
    return decide(policy, Ask(actor=actor, operation=operation, own=own, facts=facts))


def why_not(decision: Decision, lock: Lock | None) -> str:
    """Why a batch leaves the key out, for a decision that is no plain yes."""
    if decision.outcome == "deny":
        return decision.sentence
    return f"{decision.sentence} {NEEDS_APPROVAL}" if lock is not None else NEEDS_APPROVAL


def changed_since(before: KeySettings | None, now: KeySettings) -> str:
    """What of a key's settings is otherwise than at the preview, in words; "" when nothing is."""
    if before is None:
        return ""
    old, new = before.model_dump(mode="json"), now.model_dump(mode="json")
    changed = [
        f"{name} {old[name]!r} → {new[name]!r}" for name in old if name != "remain_quota" and old[name] != new[name]
    ]
    return f"Changed since the preview: {', '.join(changed)}." if changed else ""
