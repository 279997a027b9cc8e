"""What rotating means: a new key with the same settings and what is left of the quota; the old one ends later.

The new key gets a name of its own: the gateway files usage by name, and names are never used twice. The old key keeps
its quota and works until the overlap is over (approvals/rotation/). Whose the old key is, theirs is the new one.
"""

import re
from typing import Any

from pydantic import Field

from bot.errors import InputError
from bot.features.forms.fields import REASON
from bot.features.forms.key_form import is_past, read_key
from bot.gateway.errors import SENTENCES, KeyNotFound, Refusal
from bot.gateway.models import EffectiveState, Key, KeyId, KeySettings
from bot.gateway.writes import WriteResult, WriteStatus, changed_since, create
from bot.keys.text import quota_text
from bot.operations import Change, Description, Effect, Frozen, Inspection, Look, Operation, Work, facts_of
from bot.permissions.models import Actor
from bot.units import format_duration, format_moment

OVERLAP = "overlap"
LONGEST_OVERLAP = 7 * 86_400
NAME_BYTES = 50
# Names tried before giving up: “name (2)”, “name (3)”, …
MOST_NAMES = 20
_MARK = "rotate"
_NUMBERED = re.compile(r"(.*) \(([0-9]{1,6})\)", re.DOTALL)


class RotateKey(Frozen):
    """A wish for a successor. `overlap`: seconds for which the old key goes on working."""

    key_id: int
    overlap: int = Field(ge=0, le=LONGEST_OVERLAP)


class KeyRotate(Operation):
    """`key.rotate`."""

    description = Description(
        name="key.rotate",
        title="Rotate API key",
        command="rotate",
        usage="KEY",
        help="a new key with the same settings; the old one ends",
        button="Rotate",
        asks="asks to rotate key",
        done="was rotated",
        effect=Effect.REPLACES,
        fields=(OVERLAP, REASON),
    )
    input_model = RotateKey

    async def inspect(self, look: Look, actor: Actor, wanted: RotateKey) -> Inspection:
        """Read the old key fresh. Raises InputError when its successor could not be used."""
        key, own = await read_key(look, actor, wanted.key_id)
        successor = await look.successor_of(key.id)
        if successor is not None:
            raise InputError({REASON: f"The key was replaced by key {successor} already; rotate that one."})
        problem = _dead_at_birth(key, look.reader.server_now())
        if problem:
            raise InputError({REASON: problem})
        if wanted.overlap:
            await _refuse_a_third(look, key)
        after = successor_settings(key, _number(key.name))
        # The successor is a new key: all that it starts with is added, while the old one still works.
        increase = 0 if after.unlimited_quota else after.remain_quota
        facts = facts_of(after, now=look.now, increase=increase, reason=look.reason, channel=look.channel_id)
        lines = _lines(key, after, wanted, now=look.reader.server_now(), units_per_usd=look.units_per_usd)
        return Inspection(key=key, key_name=key.name, own=own, facts=facts, changes=lines)

    async def run(self, work: Work, wanted: RotateKey) -> WriteResult:
        """Create the successor, once, from the old record as it was first read here."""
        mark = await work.journal.recall(_MARK)
        if mark is None:
            # Looked up here, under the lock of those who create: of five submissions at once one makes a successor.
            successor = await work.successor_of(KeyId(wanted.key_id))
            if successor is not None:
                sentence = f"The key was replaced by key {successor} already; rotate that one."
                return WriteResult(status=WriteStatus.REFUSED, sentence=sentence)
            old = await work.client.get_key(KeyId(wanted.key_id))
            refused = _refused(old, work)
            if refused is not None:
                return refused
            number = _number(old.name)
        else:
            old, number = Key.model_validate(mark["old"]), int(mark["number"])
        for candidate in range(number, number + MOST_NAMES):
            await work.journal.record(_MARK, {"old": old.model_dump(mode="json"), "number": candidate})
            settings = successor_settings(old, candidate)
            result = await create(work.client, settings, work.journal, processing=work.processing)
            if result.refusal is not Refusal.NAME_IN_USE:
                break
        note = f"The new key is called “{settings.name}”."
        notes = (note, *result.notes) if result.status is WriteStatus.DONE else result.notes
        return result.model_copy(update={"before": old, "notes": notes})


async def _refuse_a_third(look: Look, key: Key) -> None:
    """In an overlap two keys spend what one was granted. With a third, and a fourth, it would be any amount."""
    older = await look.predecessor_of(key.id)
    if older is None:
        return
    try:
        state = (await look.reader.get_key(KeyId(older), deadline=look.deadline)).state(look.reader.server_now())
    except KeyNotFound:
        return
    if state is EffectiveState.ACTIVE:
        sentence = f"Key {older}, which this one replaced, still works. Rotate without an overlap, or disable it first."
        raise InputError({OVERLAP: sentence})


def _refused(old: Key, work: Work) -> WriteResult | None:
    """Why nothing is made, by the record as it is now."""
    changed = changed_since(old, work.before) if work.before is not None else ()
    if changed:
        sentence = SENTENCES[Refusal.CHANGED_SINCE]
        refusal = Refusal.CHANGED_SINCE
        return WriteResult(status=WriteStatus.REFUSED, key=old, differences=changed, refusal=refusal, sentence=sentence)
    problem = _dead_at_birth(old, work.client.server_now())
    return WriteResult(status=WriteStatus.REFUSED, key=old, sentence=problem) if problem else None


def _dead_at_birth(key: Key, now: float) -> str:
    """Why a key with these settings could not be used; "" when it could."""
    if is_past(key, now):
        return f"The key has expired, so its successor would be dead. `/apikey edit {key.id}` gives it more time."
    if not key.unlimited_quota and key.remain_quota <= 0:
        return f"The key has no quota left for a successor. `/apikey quota {key.id} +AMOUNT` asks for more."
    return ""


def _number(name: str) -> int:
    """The number of the next key with this name."""
    found = _NUMBERED.fullmatch(name)
    return int(found[2]) + 1 if found else 2


def successor_name(name: str, number: int) -> str:
    """`name (2)`: the old name without its own number, cut so that all of it fits into 50 bytes."""
    found = _NUMBERED.fullmatch(name)
    base, suffix = (found[1] if found else name).strip(), f" ({number})"
    room = NAME_BYTES - len(suffix)
    return base.encode()[:room].decode(errors="ignore").rstrip() + suffix


def successor_settings(old: Key, number: int) -> KeySettings:
    """The same settings under the next name, with what is left of the quota."""
    changes: dict[str, Any] = {
        "name": successor_name(old.name, number),
        "remain_quota": max(0, old.remain_quota),
    }
    return old.settings().model_copy(update=changes)


def _lines(key: Key, after: KeySettings, wanted: RotateKey, *, now: float, units_per_usd: int) -> tuple[Change, ...]:
    quota = quota_text(after.remain_quota, unlimited=after.unlimited_quota, units_per_usd=units_per_usd)
    alive = key.state(now) is EffectiveState.ACTIVE
    old = f"works for {format_duration(wanted.overlap)} more" if wanted.overlap and alive else "ends at once"
    return (
        Change(field="name", label="New key", before=None, after=f"{after.name}, or the next free number"),
        Change(field="remain_quota", label="Quota of the new key", before=None, after=quota),
        Change(field="expired_time", label="Expires", before=None, after=format_moment(after.expired_time)),
        Change(field=OVERLAP, label="Old key", before=None, after=old),
    )


OPERATION = KeyRotate()
