"""How a batch looks: the preview with its typed confirmation, and the message that shows its progress. No clients."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.gateway.limiter import duration_text
from bot.incident.models import ASKS, Batch, BatchForecast, BatchKey, BatchKeyStatus, BatchRevocation, BatchStatus
from bot.incident.revocation_check import MARK
from bot.languages.sentence import from_stored
from bot.slack.blocks import (
    Block,
    Message,
    actions,
    bold_name,
    button,
    code,
    confirm,
    context,
    date,
    escape,
    harmless,
    mention,
    modal,
    plain_name,
    quote,
    section,
)
from bot.slack.inputs import input_block, text_input

PREVIEW = "batch.start"
CONFIRM, REASON = "confirm", "reason"
STOP, UNDO, AGREE = "stop_batch", "undo_batch", "agree_batch"
# The button of features/key_create that asks for a replacement.
REPLACEMENT = "request_replacement"
NAMES_SHOWN = 15
FAILURES_SHOWN = 10
OWN_SHOWN = 20
BAR = 20
WORDS = {"key.disable": ("disable", "disabled", "Disable keys"), "key.enable": ("enable", "enabled", "Enable keys")}


def to_type(operation: str, number: int) -> str:
    """What must be typed before anything happens: the word and the number."""
    return f"{WORDS[operation][0].upper()} {number}"


def keys_text(number: int) -> str:
    """`1 key`, `1,200 keys`."""
    return "1 key" if number == 1 else f"{number:,} keys"


def preview(
    batch: Batch, keys: Sequence[BatchKey], left_out: Mapping[str, int], *, agreeing: Sequence[str] = ()
) -> dict[str, Any]:
    """What would happen, and the field for the confirmation.

    `left_out`: why → how many. `agreeing`: who must agree, since keys of it are locked.
    """
    verb, done, title = WORDS[batch.operation]
    waiting = [key for key in keys if key.status is BatchKeyStatus.WAITING]
    already = len(keys) - len(waiting)
    count = keys_text(len(waiting)) if waiting else "No key"
    blocks: list[Block] = [section(f"*{count} will be {done}*: {_what(batch)}.")]
    names = ", ".join(f"{plain_name(key.name)} ({key.key_id})" for key in waiting[:NAMES_SHOWN])
    more = f" and {len(waiting) - NAMES_SHOWN:,} more" if len(waiting) > NAMES_SHOWN else ""
    if names:
        blocks.append(section(names + more))
    if already:
        stay = "is {} already and stays as it is" if already == 1 else "are {} already and stay as they are"
        blocks.append(context(f"{already:,} {stay.format(done)}, also when this is taken back."))
    blocks += [context(f":warning: {number:,} are left out: {escape(why)}") for why, number in left_out.items()]
    if not waiting:
        return modal("said", title, blocks, close="Close")
    if agreeing:
        asking = sum(bool(key.progress.get(ASKS)) for key in waiting)
        who = escape(" or ".join(agreeing))
        blocks.append(context(f":lock: {asking:,} of these are locked. Nothing is done before {who} agrees, not you."))
    word = to_type(batch.operation, len(waiting))
    blocks += [
        input_block(CONFIRM, f"Type {word}", text_input(max_length=60, focus=True), hint="So that it is no accident."),
        input_block(REASON, "Reason", text_input(multiline=True, max_length=1000), hint="It goes into the record."),
    ]
    return modal(PREVIEW, title, blocks, submit=verb.capitalize(), private_metadata=str(batch.id))


@dataclass(frozen=True, kw_only=True)
class RevocationSummary:
    """What trying the disabled keys has shown: how many stand where, and some of those that need a word."""

    counts: Mapping[BatchRevocation, int]
    accepted: Sequence[BatchKey]
    untried: Sequence[BatchKey]


def progress(
    batch: Batch,
    counts: Mapping[BatchKeyStatus, int],
    failed: Sequence[BatchKey],
    proof: RevocationSummary,
    undone_by: Batch | None,
    *,
    forecast: BatchForecast | None = None,
) -> Message:
    """The message in the security channel: a bar, how many of how many, failures, what can be done now."""
    _, done_word, _ = WORDS[batch.operation]
    total = sum(counts.values()) - counts[BatchKeyStatus.ALREADY]
    done, bad = counts[BatchKeyStatus.DONE], counts[BatchKeyStatus.FAILED]
    who = _who(batch)
    state = {
        BatchStatus.ASKING: f":lock: {who} asks to have locked keys {done_word}; somebody else must agree",
        BatchStatus.RUNNING: f":arrow_forward: {who} has keys {done_word}",
        BatchStatus.DONE: f"{_done_mark(batch, done, bad, proof)} Keys {done_word} for {who}",
        BatchStatus.STOPPED: f":octagonal_sign: Stopped by {mention(batch.stopped_by or '')}; begun by {who}",
    }.get(batch.status, who)
    sentence = f"{state}: {done:,} of {total:,}"
    filled = BAR if total == 0 else (done + bad) * BAR // total
    blocks: list[Block] = [
        section(f"{sentence}{f', {bad:,} failed' if bad else ''}.\n{'█' * filled}{'░' * (BAR - filled)}"),
        context(_what(batch)),
    ]
    if forecast is not None and batch.status is BatchStatus.RUNNING:
        left, rate = duration_text(forecast["seconds"]), forecast["per_minute"]
        until = date(forecast["until"])
        blocks.append(context(f":hourglass: {left} more, until {until}: the gateway takes {rate} calls a minute."))
    if batch.reason:
        blocks.append(section(quote(batch.reason)))
    if batch.agreed_by:
        blocks.append(context(f"{mention(batch.agreed_by)} agreed that its locked keys come back."))
    blocks += _proof_blocks(proof)
    lines = [f"• key {key.key_id} {code(key.name)}: {harmless(key.sentence)}" for key in failed[:FAILURES_SHOWN]]
    if lines:
        more = f"\n… and {bad - FAILURES_SHOWN:,} more" if bad > FAILURES_SHOWN else ""
        blocks.append(section("*Failed*\n" + "\n".join(lines) + more))
    if counts[BatchKeyStatus.WAITING] and batch.status is BatchStatus.STOPPED:
        blocks.append(context(f"{counts[BatchKeyStatus.WAITING]:,} keys were not touched."))
    if undone_by is not None:
        blocks.append(context(f"Taken back by batch {undone_by.id}, {mention(undone_by.requester_id)}."))
    blocks.append(context(f"Batch {batch.id} · each record was read back · the record has a line for each key"))
    blocks += _buttons(batch, done=done, undone=undone_by is not None)
    return Message(sentence, blocks)


def _done_mark(batch: Batch, done: int, bad: int, proof: RevocationSummary) -> str:
    """Green only when nothing failed and every disabled key was refused by the gateway."""
    counts = proof.counts
    if bad:
        return ":warning:"
    if batch.operation != "key.disable" or counts[BatchRevocation.REFUSED] >= done:
        return ":white_check_mark:"
    ended = counts[BatchRevocation.ALIVE] + counts[BatchRevocation.UNTRIED] + counts[BatchRevocation.REFUSED]
    return ":warning:" if ended >= done else ":hourglass_flowing_sand:"


def _proof_blocks(proof: RevocationSummary) -> list[Block]:
    """How many keys the gateway itself refused, which it still accepts, and what could not be tried, and why."""
    counts = proof.counts
    total, refused = sum(counts.values()), counts[BatchRevocation.REFUSED]
    if not total:
        return []
    going_on, accepted = counts[BatchRevocation.TRYING] + counts[BatchRevocation.ACCEPTED], _names(proof.accepted)
    mark = ":lock:" if refused == total else ":warning:"
    if going_on:
        mark = ":hourglass_flowing_sand: Now trying the keys themselves."
    blocks = [section(f"{mark} *Refused by the gateway: {refused:,} of {total:,}*")]
    if counts[BatchRevocation.ACCEPTED]:
        text = f"Still accepted, checking: {counts[BatchRevocation.ACCEPTED]:,}. It may remember a key for a minute."
        blocks.append(context(text))
    if accepted:
        blocks.append(section(f":rotating_light: *Still accepted*: {accepted}"))
    if counts[BatchRevocation.UNTRIED]:
        why = dict.fromkeys(from_stored(key.progress.get(MARK, {}).get("why", "")) for key in proof.untried)
        text = f":warning: {counts[BatchRevocation.UNTRIED]:,} could not be tried: {escape(' '.join(why))}"
        blocks.append(section(text))
    return blocks


def _names(keys: Sequence[BatchKey]) -> str:
    shown = ", ".join(f"key {key.key_id} {code(key.name)}" for key in keys[:FAILURES_SHOWN])
    return shown + (" …" if len(keys) > FAILURES_SHOWN else "")


def alarm(batch_id: int, number: int, keys: Sequence[BatchKey]) -> Message:
    """The word to the security channel about keys that were accepted to the end of the trials."""
    count = "One key" if number == 1 else f"{number:,} keys"
    being = "is" if number == 1 else "are"
    sentence = f":rotating_light: {count} of batch {batch_id} {being} disabled, but the gateway still accepts "
    sentence += "it." if number == 1 else "them."
    advice = "Treat as live: delete, or call the gateway's operator."
    return Message(sentence, [section(f"{sentence} {advice}\n{_names(keys)}")])


def owner_notice(batch: Batch, keys: Sequence[BatchKey], undone_by: Batch | None) -> Message:
    """The word to somebody whose keys these are: what was done, by whom and why, and the way to new ones."""
    _, done_word, _ = WORDS[batch.operation]
    count = "One of your keys was" if len(keys) == 1 else f"{len(keys):,} of your keys were"
    sentence = f"{count} {done_word} by {_who(batch)} in one batch."
    blocks: list[Block] = [section(sentence)]
    if batch.reason:
        blocks.append(section(f"*Why*\n{quote(batch.reason)}"))
    lost = batch.operation == "key.disable" and undone_by is None
    for key in keys[:OWN_SHOWN]:
        row = str(key.key_id)
        ask = button("Request a replacement", REPLACEMENT, value=row, label=f"Request a replacement of key {row}")
        text = f"{bold_name(key.name)} · key {row}"
        blocks.append(section(text, accessory=ask) if lost else section(text))
    more = f"{len(keys) - OWN_SHOWN:,} more are not shown; `/apikey list` has them. " if len(keys) > OWN_SHOWN else ""
    back = f"Taken back by {mention(undone_by.requester_id)} (batch {undone_by.id}). " if undone_by is not None else ""
    blocks.append(context(f"{more}{back}Batch {batch.id}"))
    return Message(sentence, blocks)


def _buttons(batch: Batch, *, done: int, undone: bool) -> list[Block]:
    row = str(batch.id)
    if batch.status is BatchStatus.ASKING:
        sure = confirm("Agree?", "The keys are put back into use at once, and it is said in this channel.", yes="Agree")
        agree = button("Agree", AGREE, value=row, style="primary", confirm=sure)
        return [actions(agree, button("Withdraw", STOP, value=row))]
    if batch.status is BatchStatus.RUNNING:
        sure = confirm("Stop here?", "What is done stays done; the rest is not touched.", yes="Stop", no="Go on")
        return [actions(button("Stop", STOP, value=row, style="danger", confirm=sure))]
    if batch.operation == "key.disable" and done and not undone:
        return [actions(button("Take back…", UNDO, value=row))]
    return []


def _who(batch: Batch) -> str:
    return "Keydesk (auto_disable)" if batch.rule else mention(batch.requester_id)


def _what(batch: Batch) -> str:
    # Written by us, with mentions; it holds no names that people typed (scope.BatchScope.text).
    return batch.what


def said(sentence: str) -> dict[str, Any]:
    """A modal that shows one sentence."""
    return modal("said", "Incident mode", [section(sentence)], close="Close")
