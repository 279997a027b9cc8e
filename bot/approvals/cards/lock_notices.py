"""What is said of a locked key: why it is locked, and, in the security channel, that it came back. No clients."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from bot.gateway.numbers import shown_number
from bot.languages import joined, tr, trn
from bot.languages.formats import all_of
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
        return tr("{who} disabled it {when} because of alert {number}.", who=who, when=when, number=lock.number)
    if lock.cause == "incident":
        return tr("{who} disabled it {when} in an incident (batch {number}).", who=who, when=when, number=lock.number)
    if lock.cause == "leaver":
        return tr(
            "{who} disabled it {when}, since its owner has left (request #{number}).",
            who=who,
            when=when,
            number=lock.number,
        )
    return tr(
        "{who}, who does not own it, disabled it {when} (request #{number}).", who=who, when=when, number=lock.number
    )


def lock_blocks(lock: Lock | None) -> list[Block]:
    """That the key is locked, since when and why; whoever decides must know. None: it is not."""
    return [] if lock is None else [section(joined(tr(":closed_lock_with_key: *The key is locked.*"), lock_text(lock)))]


def locked_text(lock: Lock, *, policy: Policy) -> str:
    """That a key is locked, by whom, since when and why, and what brings it back."""
    return joined(tr(":closed_lock_with_key: *Locked.*"), lock_text(lock), unlock_words(policy, lock))


def locked_texts(found: Mapping[int, Lock], *, policy: Policy) -> dict[int, str]:
    """The same of several keys, by their numbers."""
    return {key_id: locked_text(lock, policy=policy) for key_id, lock in found.items()}


def draw_unlocked(_c: sa.Connection, post: PostRow) -> Message | None:
    """The new message in the security channel about locked keys that came back, for the outbox."""
    keys = post.body.get("keys") or []
    if not keys:
        return None
    if post.body.get("elsewhere"):
        sentence: str = tr(
            "A locked key is in use again, and nobody asked for that here: it was enabled at the gateway itself."
        )
        how = tr("{command} takes it out of use.", command=code(f"/apikey disable {shown_number(post.subject)}"))
        return Message(sentence, [section(f":rotating_light: {sentence} {how}"), section(_line(keys[0]))])
    by = mention(str(post.body.get("by", "")))
    sentence = _sentence(keys, int(post.body.get("more", 0)), post.body.get("successor"), by)
    blocks: list[Block] = [section(f":unlock: {sentence}")]
    blocks += [section(_line(key)) for key in keys]
    return Message(sentence, [*blocks, context(_small_line(post.body))])


def _sentence(keys: list[Mapping[str, Any]], more: int, successor: object, by: str) -> str:
    if successor is not None:
        return tr(
            "A locked key has a successor, key {number}, as {by} asked. The locked key itself stays out of use.",
            number=shown_number(str(successor)),
            by=by,
        )
    return trn(
        "A key that was locked is back in use, as {by} asked.",
        "{count} keys that were locked are back in use, as {by} asked.",
        len(keys) + more,
        by=by,
    )


def _line(key: Mapping[str, Any]) -> str:
    lock = Lock(cause=key["cause"], by=key["locked_by"], at=key["locked_at"], number=key["number"], rule="")
    return (
        f"{bold_name(str(key['name']))} · {tr('key {number}', number=shown_number(key['key_id']))} · {lock_text(lock)}"
    )


def _small_line(body: Mapping[str, Any]) -> str:
    parts: list[str] = []
    if body.get("more"):
        parts.append(trn("{count} more is not named here", "{count} more are not named here", int(body["more"])))
    if body.get("batch"):
        parts.append(tr("Batch {number}", number=body["batch"]))
    if body.get("request"):
        parts.append(tr("Request {number}", number=f"#{body['request']}"))
    approved = all_of(mention(one) for one in body.get("approved_by") or [])
    if approved:
        parts.append(tr("approved by {people}", people=approved))
    return " · ".join(parts)


DRAWERS: dict[str, Drawer] = {POST: draw_unlocked}
