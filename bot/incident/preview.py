"""What a batch would do, and the field for the typed confirmation. No clients."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from bot.gateway.numbers import shown_number
from bot.incident.models import ASKS, Batch, BatchKey, BatchKeyStatus
from bot.incident.views import DISABLE, what_text
from bot.languages import joined, tr, trc, trn
from bot.languages import said as worded
from bot.languages.formats import one_of, some_of
from bot.slack.blocks import Block, code, context, escape, modal, plain_name, section
from bot.slack.inputs import input_block, text_input

PREVIEW = "batch.start"
CONFIRM, REASON = "confirm", "reason"
NAMES_SHOWN, NUMBERS_SHOWN = 15, 20
# What is typed as the confirmation is the word of the command, in every language.
_TYPED = {DISABLE: "DISABLE", "key.enable": "ENABLE"}
TITLES = {DISABLE: tr("Disable keys"), "key.enable": tr("Enable keys")}
_SUBMITS = {DISABLE: trc("button", "Disable"), "key.enable": trc("button", "Enable")}


def to_type(operation: str, number: int) -> str:
    """What must be typed before anything happens: the word and the number."""
    return f"{_TYPED[operation]} {number}"


def preview(
    batch: Batch,
    keys: Sequence[BatchKey],
    left_out: Mapping[str, int],
    *,
    untold: Mapping[str, Sequence[int]] = MappingProxyType({}),
    agreeing: Sequence[str] = (),
    gone: int = 0,
    alerts: Mapping[int, int] = MappingProxyType({}),
) -> dict[str, Any]:
    """What would happen, and the field for the confirmation.

    `left_out`: why → how many. `untold`: why keys could not be read → their numbers, as far as they are known.
    `agreeing`: who must agree, since keys of it are locked. `gone`: how many keys of the batch that is taken back are
    not there any more. `alerts`: keys that an open alert names, with its number.
    """
    title, disables = worded(TITLES[batch.operation]), batch.operation == DISABLE
    waiting = [key for key in keys if key.status is BatchKeyStatus.WAITING]
    already = len(keys) - len(waiting)
    blocks: list[Block] = [section(_intention(batch, len(waiting)))]
    if waiting:
        blocks.append(section(some_of([_named(key) for key in waiting], NAMES_SHOWN)))
    alerted = [key for key in waiting if key.key_id in alerts]
    if alerted and not disables:
        names = some_of([_named(key) for key in alerted], NAMES_SHOWN)
        text = tr(":warning: Named in open alerts: {keys}. A value that has leaked would work again.", keys=names)
        blocks.append(section(text))
    if already:
        blocks.append(context(_already(already, disables=disables)))
    blocks += _left_lines(batch, left_out, gone)
    for why, numbers in untold.items():
        blocks += _untold_lines(batch.operation, why, numbers)
    if not waiting:
        return modal("said", title, blocks, close=tr("Close"))
    if agreeing:
        asking = sum(bool(key.progress.get(ASKS)) for key in waiting)
        blocks.append(
            context(
                trn(
                    ":lock: {count} of these is locked. Nothing is done before {people} agrees, not you.",
                    ":lock: {count} of these are locked. Nothing is done before {people} agrees, not you.",
                    asking,
                    people=escape(one_of(agreeing)),
                )
            )
        )
    typed, reason = text_input(max_length=60, focus=True), text_input(multiline=True, max_length=1000)
    label = tr("Type {word}", word=to_type(batch.operation, len(waiting)))
    blocks += [
        input_block(CONFIRM, label, typed, hint=tr("So that it is no accident.")),
        input_block(REASON, tr("Reason"), reason, hint=tr("It goes into the record.")),
    ]
    return modal(PREVIEW, title, blocks, submit=_SUBMITS[batch.operation], private_metadata=str(batch.id))


def _named(key: BatchKey) -> str:
    return trc("a key", "{name} ({number})", name=plain_name(key.name), number=key.number)


def _intention(batch: Batch, number: int) -> str:
    disables, what = batch.operation == DISABLE, what_text(batch)
    if not number:
        if disables:
            return tr("*No key will be disabled*: {what}.", what=what)
        return tr("*No key will be enabled*: {what}.", what=what)
    if disables:
        return trn(
            "*{count} key will be disabled*: {what}.", "*{count} keys will be disabled*: {what}.", number, what=what
        )
    return trn("*{count} key will be enabled*: {what}.", "*{count} keys will be enabled*: {what}.", number, what=what)


def _already(number: int, *, disables: bool) -> str:
    if disables:
        return trn(
            "{count} is disabled already and stays as it is, also when this is taken back.",
            "{count} are disabled already and stay as they are, also when this is taken back.",
            number,
        )
    return trn(
        "{count} is enabled already and stays as it is, also when this is taken back.",
        "{count} are enabled already and stay as they are, also when this is taken back.",
        number,
    )


def without_untold(what: str, untold: Mapping[str, Sequence[int]]) -> str:
    """What a batch is about, in words, and which of it is left for later: for its message and the record."""
    numbers = [number for part in untold.values() for number in part]
    if not numbers:
        return what
    return trn(
        "{what}, without key {keys}, which could not be read",
        "{what}, without keys {keys}, which could not be read",
        len(numbers),
        what=what,
        keys=_numbers(numbers),
    )


def _numbers(numbers: Sequence[int]) -> str:
    return some_of([str(shown_number(number)) for number in numbers], NUMBERS_SHOWN)


def _untold_lines(operation: str, why: str, numbers: Sequence[int]) -> list[Block]:
    """Which keys a gateway did not tell of, why, and how just that is done later."""
    if not numbers:
        text = tr(":warning: Keys of this gateway are left out: {why}", why=escape(why))
        again = tr("Run the same command again later for the rest; what is done stays done.")
        return [section(joined(text, again))]
    text = trn(
        ":warning: {count} key is left out ({keys}): {why}",
        ":warning: {count} keys are left out ({keys}): {why}",
        len(numbers),
        keys=_numbers(numbers),
        why=escape(why),
    )
    if len(numbers) > NUMBERS_SHOWN:
        return [section(joined(text, tr("Run the same command again later for the rest; what is done stays done.")))]
    command = code(f"/apikey {operation.removeprefix('key.')} {', '.join(str(shown_number(one)) for one in numbers)}")
    return [section(joined(text, tr("To do only what was left out, later: {command}", command=command)))]


def _left_lines(batch: Batch, left_out: Mapping[str, int], gone: int) -> list[Block]:
    """What does not happen."""
    blocks: list[Block] = []
    blocks += [
        context(
            trn(
                ":warning: {count} is left out: {why}", ":warning: {count} are left out: {why}", number, why=escape(why)
            )
        )
        for why, number in left_out.items()
    ]
    if gone:
        blocks.append(
            context(
                trn(
                    "{count} is not there any more and does not come back.",
                    "{count} are not there any more and do not come back.",
                    gone,
                )
            )
        )
    if batch.undoes is not None:
        blocks.append(
            context(
                tr(
                    "Only what batch {number} disabled is enabled. Keys that were made in their place stay, and so do "
                    "alerts.",
                    number=batch.undoes,
                )
            )
        )
    return blocks
