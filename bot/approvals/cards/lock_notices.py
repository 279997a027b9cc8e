"""What is said of a locked key: why it is locked, and, in the security channel, that it came back. No clients."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from bot.permissions.models import Lock
from bot.permissions.rules import Policy
from bot.permissions.unlocking import unlock_words
from bot.slack.blocks import Block, Message, bold_name, code, context, date, mention, section
from bot.slack.outbox import Drawer
from bot.slack.post_store import PostRow

POST = "key_unlocked"


def lock_text(lock: Lock) -> str:
    """Who disabled it, when, and because of what, in a sentence."""
    who = mention(lock.by) if lock.by else "Keydesk"
    when = date(lock.at)
    if lock.cause == "alert":
        return f"{who} disabled it {when} because of alert {lock.number}."
    if lock.cause == "incident":
        return f"{who} disabled it {when} in an incident (batch {lock.number})."
    return f"{who}, who does not own it, disabled it {when} (request #{lock.number})."


def locked_text(lock: Lock, *, policy: Policy) -> str:
    """That a key is locked, by whom, since when and why, and what brings it back."""
    return f":closed_lock_with_key: *Locked.* {lock_text(lock)} {unlock_words(policy, lock)}"


def locked_texts(found: Mapping[int, Lock], *, policy: Policy) -> dict[int, str]:
    """The same of several keys, by their numbers."""
    return {key_id: locked_text(lock, policy=policy) for key_id, lock in found.items()}


def draw_unlocked(_c: sa.Connection, post: PostRow) -> Message | None:
    """The new message in the security channel about locked keys that came back, for the outbox."""
    keys = post.body.get("keys") or []
    if not keys:
        return None
    if post.body.get("elsewhere"):
        sentence = "A locked key is in use again, and nobody asked for that here: it was enabled at the gateway itself."
        how = f"{code(f'/apikey disable {post.subject}')} takes it out of use."
        return Message(sentence, [section(f":rotating_light: {sentence} {how}"), section(_line(keys[0]))])
    by = mention(str(post.body.get("by", "")))
    sentence = _sentence(keys, int(post.body.get("more", 0)), post.body.get("successor"), by)
    blocks: list[Block] = [section(f":unlock: {sentence}")]
    blocks += [section(_line(key)) for key in keys]
    return Message(sentence, [*blocks, context(_small_line(post.body))])


def _sentence(keys: list[Mapping[str, Any]], more: int, successor: object, by: str) -> str:
    if successor is not None:
        return f"A locked key has a successor, key {successor}, as {by} asked. The locked key itself stays out of use."
    if len(keys) + more == 1:
        return f"A key that was locked is back in use, as {by} asked."
    return f"{len(keys) + more:,} keys that were locked are back in use, as {by} asked."


def _line(key: Mapping[str, Any]) -> str:
    lock = Lock(cause=key["cause"], by=key["locked_by"], at=key["locked_at"], number=key["number"], rule="")
    return f"{bold_name(str(key['name']))} · key {key['key_id']}. {lock_text(lock)}"


def _small_line(body: Mapping[str, Any]) -> str:
    parts = []
    if body.get("more"):
        parts.append(f"{body['more']:,} more are not named here")
    if body.get("batch"):
        parts.append(f"Batch {body['batch']}")
    if body.get("request"):
        parts.append(f"Request #{body['request']}")
    approved = ", ".join(mention(one) for one in body.get("approved_by") or [])
    if approved:
        parts.append(f"approved by {approved}")
    if body.get("rule"):
        parts.append(f"rule {code(str(body['rule']))}")
    return " · ".join(parts)


DRAWERS: dict[str, Drawer] = {POST: draw_unlocked}
