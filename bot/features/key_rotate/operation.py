"""What rotating means: a new key with the same settings gets the quota that the old one gives up, which ends later.

The new key gets a name of its own: the gateway files usage by name, and names are never used twice. In an overlap both
keys work and share what was left: the larger half is moved at once, and what the old key has not spent follows when it
ends (key_disable, approvals/rotation/). So a rotation adds nothing to what can be spent. Whose the old key is, theirs
is the new one.
"""

import re
from dataclasses import replace
from typing import Any

from pydantic import Field

from bot.errors import InputError
from bot.features.forms.fields import REASON
from bot.features.forms.key_form import read_key, waits
from bot.gateway.errors import SENTENCES, Refusal
from bot.gateway.models import EffectiveState, Key, KeyId, KeySettings, KeyStatus
from bot.gateway.numbers import shown_number
from bot.gateway.writes import JournalPart, WriteResult, WriteStatus, changed_since, create, delete, move_quota
from bot.keys.text import quota_text
from bot.languages import joined, tr, trc, trn
from bot.operations import Change, Description, Effect, Filled, Frozen, Inspection, Look, Operation, Work, facts_of
from bot.permissions.models import Actor
from bot.slack.blocks import code
from bot.units import format_duration, format_moment, format_quota

OVERLAP = "overlap"
LONGEST_OVERLAP = 7 * 86_400
OVERLAPS = {"0": 0, "1h": 3_600, "24h": 86_400, "7d": LONGEST_OVERLAP}
NAME_BYTES = 50
# Names tried before giving up: “name (2)”, “name (3)”, …
MOST_NAMES = 20
_MARK = "rotate"
_NUMBERED = re.compile(r"(.*) \(([0-9]{1,6})\)", re.DOTALL)


class RotateKey(Frozen):
    """A wish for a successor. `overlap`: seconds for which the old key goes on working."""

    key_id: int
    overlap: int = Field(ge=0, le=LONGEST_OVERLAP)


class RotationMark(Frozen):
    """What a run goes by once it has begun: the old key as it was claimed, and the number in the new one's name.

    `moves`: the successor is made empty. False only in rotations that an earlier version began.
    """

    old: Key
    number: int
    moves: bool = False
    overlaps: bool = False

    @property
    def settings(self) -> KeySettings:
        """The successor as it is made."""
        return successor_settings(self.old, self.number, empty=self.moves)


class KeyRotate(Operation):
    """`key.rotate`."""

    description = Description(
        name="key.rotate",
        title=tr("Rotate API key"),
        command="rotate",
        usage="KEY",
        help=tr("a new key with the same settings; the old one ends"),
        button=trc("button", "Rotate"),
        asks=tr("{who} asks to rotate key {name}"),
        you_ask=tr("you asked to rotate key {name}"),
        done=tr("Key {name} was rotated."),
        ended=trc("status of a request", "Rotated"),
        effect=Effect.REPLACES,
        fields=(OVERLAP, REASON),
    )
    input_model = RotateKey

    async def inspect(self, look: Look, actor: Actor, wanted: RotateKey) -> Inspection:
        """Read the old key fresh. Raises InputError when its successor could not be used."""
        key, own = await read_key(look, actor, wanted.key_id)
        successor = await look.successor_of(key.id, key.created_time)
        if successor is not None:
            raise InputError(
                {REASON: tr("The key was replaced by key {key} already; rotate that one.", key=shown_number(successor))}
            )
        problem = _dead_at_birth(key, look.reader.server_now(key.id))
        if problem:
            raise InputError({REASON: problem})
        if wanted.overlap:
            await _refuse_a_third(look, key)
        after = successor_settings(key, _number(key.name))
        # What the successor gets, the old key gives up: nothing is added.
        facts = facts_of(after, now=look.now, increase=0, reason=look.reason, channel=look.channel_id)
        if key.status == KeyStatus.DISABLED:
            # It had no place among the living ones that its successor could take.
            facts = replace(facts, adds_key=True)
        lines = _lines(key, after, wanted, now=look.reader.server_now(key.id), units_per_usd=look.dollars.of(key.id))
        return Inspection(key=key, key_name=key.name, own=own, facts=facts, changes=lines)

    def form_fields(self, wanted: RotateKey, *, now: float) -> dict[str, Filled]:
        """The old choice."""
        del now
        return {OVERLAP: next((choice for choice, seconds in OVERLAPS.items() if seconds == wanted.overlap), "")}

    async def run(self, work: Work, wanted: RotateKey) -> WriteResult:
        """Claim the old key, make the successor, once and empty, then move the quota, each step with its checkpoint."""
        found = await work.journal.recall(_MARK)
        mark = await _begin(work, wanted) if found is None else RotationMark.model_validate(found)
        if isinstance(mark, WriteResult):
            return mark
        for number in range(mark.number, mark.number + MOST_NAMES):
            mark = mark.model_copy(update={"number": number})
            await work.journal.record(_MARK, mark.model_dump(mode="json"))
            made = await create(work.client, mark.settings, work.journal, processing=work.processing)
            if made.refusal is not Refusal.NAME_IN_USE:
                break
        if made.status is not WriteStatus.DONE or made.key is None:
            return made.model_copy(update={"before": mark.old})
        async with work.lineage.holding(wanted.key_id):
            await work.lineage.link(mark.old, made.key, shares=mark.moves)
            moved = await _move(work, mark, made.key)
        if moved.status is WriteStatus.REFUSED:
            moved = await _undone(work, made.key, moved)
        if moved.status is not WriteStatus.DONE:
            return moved.model_copy(update={"before": mark.old})
        notes = (tr("The new key is called “{name}”.", name=mark.settings.name), *_shares(mark, moved), *made.notes)
        # The key as it is now, under the name that it was made with.
        return made.model_copy(update={"key": moved.key or made.key, "before": mark.old, "notes": notes})


async def _begin(work: Work, wanted: RotateKey) -> RotationMark | WriteResult:
    """Claim the key under its line's lock, by the record as it is now. A result: it is not replaced, or not yet."""
    async with work.lineage.holding(wanted.key_id):
        if waiting := await waits(work, wanted.key_id, _MARK):
            return waiting
        old = await work.client.get_key(KeyId(wanted.key_id))
        refused = _refused(old, work)
        if refused is not None:
            return refused
        if why := await work.lineage.claim(old):
            return WriteResult(status=WriteStatus.REFUSED, key=old, sentence=why)
    alive = old.state(work.client.server_now()) is EffectiveState.ACTIVE
    return RotationMark(old=old, number=_number(old.name), moves=True, overlaps=alive and wanted.overlap > 0)


async def _move(work: Work, mark: RotationMark, new: Key) -> WriteResult:
    """The quota, from the old key to the new one. A key without a limit has none to move."""
    if mark.old.unlimited_quota:
        return WriteResult(status=WriteStatus.DONE, key=new)
    # A rotation that an earlier version began gave the successor its quota when it was made: the old key only gives up.
    target = new.id if mark.moves else None
    moved = await move_quota(
        work.client, mark.old.id, target, work.journal, keep_half=mark.overlaps, processing=work.processing
    )
    return moved if mark.moves else moved.model_copy(update={"key": new})


async def _undone(work: Work, new: Key, moved: WriteResult) -> WriteResult:
    """Nothing could be moved, so the empty successor, which nobody has seen, is taken away again."""
    gone = await delete(work.client, new.id, JournalPart(work.journal, "undo"), processing=work.processing)
    if gone.again_after is not None:
        return gone.model_copy(update={"status": WriteStatus.UNKNOWN})
    return moved.model_copy(update={"key": None})


def _shares(mark: RotationMark, moved: WriteResult) -> tuple[str, ...]:
    """What each of the two keys has, in words."""
    old = moved.before
    if mark.old.unlimited_quota or not mark.moves:
        return ()
    told = trn("It got {count} unit of the old key.", "It got {count} units of the old key.", moved.moved)
    if not mark.overlaps or old is None:
        return (told,)
    kept = f"{old.remain_quota:,}"
    keeps = tr("The old key keeps {number}; what it has left when it ends comes to the new key.", number=kept)
    return (joined(told, keeps),)


async def _refuse_a_third(look: Look, key: Key) -> None:
    """In an overlap two keys share the place of one. With a third, and a fourth, it would be any number of keys."""
    older = [KeyId(key_id) for key_id in await look.unended(key.id, key.created_time)]
    if not older:
        return
    found = await look.reader.get_keys(older, deadline=look.deadline)
    now = look.reader.server_now(key.id)
    alive = [key_id for key_id in older if key_id in found and found[key_id].state(now) is EffectiveState.ACTIVE]
    if alive:
        sentence = tr(
            "Key {number}, which was replaced by this one or by one before it, still works. "
            "Rotate without an overlap, or disable it first.",
            number=alive[0],
        )
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
    if key.is_past(now):
        return tr(
            "The key has expired, so its successor would be dead. {command} gives it more time.",
            command=code(f"/apikey edit {shown_number(key.id)}"),
        )
    if not key.unlimited_quota and key.remain_quota <= 0:
        return tr(
            "The key has no quota left for a successor. {command} asks for more.",
            command=code(f"/apikey quota {shown_number(key.id)} +AMOUNT"),
        )
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


def successor_settings(old: Key, number: int, *, empty: bool = False) -> KeySettings:
    """The same settings under the next name, with what is left of the quota, or `empty` before that is moved."""
    changes: dict[str, Any] = {
        "name": successor_name(old.name, number),
        "remain_quota": 0 if empty else max(0, old.remain_quota),
    }
    return old.settings().model_copy(update=changes)


def _lines(key: Key, after: KeySettings, wanted: RotateKey, *, now: float, units_per_usd: int) -> tuple[Change, ...]:
    quota = quota_text(after.remain_quota, unlimited=after.unlimited_quota, units_per_usd=units_per_usd)
    overlaps = bool(wanted.overlap) and key.state(now) is EffectiveState.ACTIVE
    duration = format_duration(wanted.overlap)
    if overlaps and not after.unlimited_quota:
        kept = after.remain_quota // 2
        at_once = format_quota(after.remain_quota - kept, units_per_usd)
        quota = tr("{amount}, the rest when the old key ends", amount=at_once)
        amount = format_quota(kept, units_per_usd)
        old: str = tr("works for {duration} more, with {amount}", duration=duration, amount=amount)
    elif overlaps:
        old = tr("works for {duration} more", duration=duration)
    else:
        old = tr("ends at once")
    name, expires = tr("{name}, or the next free number", name=after.name), format_moment(after.expired_time)
    return (
        Change(field="name", label=tr("New key"), before=None, after=name),
        Change(field="remain_quota", label=tr("Quota of the new key"), before=None, after=quota),
        Change(field="expired_time", label=trc("label: when a key expires", "Expires"), before=None, after=expires),
        Change(field=OVERLAP, label=tr("Old key"), before=None, after=old),
    )


OPERATION = KeyRotate()
