"""How a batch looks: the message that shows its progress, the alarm, the word to owners. No clients."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.gateway.limiter import duration_text
from bot.incident.models import Batch, BatchForecast, BatchKey, BatchKeyStatus, BatchRevocation, BatchStatus
from bot.incident.revocation_check import MARK
from bot.languages import tr, trc, trn
from bot.languages.formats import with_commas
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
    quote,
    section,
)

STOP, UNDO, AGREE = "stop_batch", "undo_batch", "agree_batch"
# The button of features/key_create that asks for a replacement.
REPLACEMENT = "request_replacement"
FAILURES_SHOWN = 10
OWN_SHOWN = 20
BAR = 20
DISABLE = "key.disable"


@dataclass(frozen=True, kw_only=True)
class RevocationSummary:
    """What trying the disabled keys has shown: how many stand where, and some of those that need a word."""

    counts: Mapping[BatchRevocation, int]
    accepted: Sequence[BatchKey]
    untried: Sequence[BatchKey]
    values_from: float | None = None  # when the gateway shows values again, which keys wait for


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
    total = sum(counts.values()) - counts[BatchKeyStatus.ALREADY]
    done, bad = counts[BatchKeyStatus.DONE], counts[BatchKeyStatus.FAILED]
    sentence = _standing(batch, _done_mark(batch, done, bad, proof), f"{done:,}", total)
    filled = BAR if total == 0 else (done + bad) * BAR // total
    blocks: list[Block] = [
        section(f"{_with_failures(sentence, bad)}\n{'█' * filled}{'░' * (BAR - filled)}"),
        context(what_text(batch)),
    ]
    if forecast is not None and batch.status is BatchStatus.RUNNING:
        blocks.append(context(_forecast(forecast)))
    if batch.reason:
        blocks.append(section(quote(batch.reason)))
    if batch.agreed_by:
        blocks.append(context(tr("{who} agreed that its locked keys come back.", who=mention(batch.agreed_by))))
    blocks += _proof_blocks(proof)
    if failed:
        blocks.append(section(_failures(failed, bad)))
    if counts[BatchKeyStatus.WAITING] and batch.status is BatchStatus.STOPPED:
        left = counts[BatchKeyStatus.WAITING]
        blocks.append(context(trn("{count} key was not touched.", "{count} keys were not touched.", left)))
    if undone_by is not None:
        who = mention(undone_by.requester_id)
        blocks.append(context(tr("Taken back by batch {number}, {who}.", number=undone_by.id, who=who)))
    small = tr("each record was read back"), tr("the record has a line for each key")
    blocks.append(context(" · ".join([tr("Batch {number}", number=batch.id), *small])))
    blocks += _buttons(batch, done=done, undone=undone_by is not None)
    return Message(sentence, blocks)


def _standing(batch: Batch, mark: str, done: str, total: int) -> str:
    """The sentence at the top: who has what done, and how far it is."""
    values = {"who": _who(batch), "done": done, "total": f"{total:,}"}
    if batch.status is BatchStatus.ASKING:  # nobody has to agree that keys are disabled
        return tr(
            ":lock: {who} asks to have locked keys enabled; somebody else must agree: {done} of {total}", **values
        )
    if batch.status is BatchStatus.RUNNING:
        if batch.operation == DISABLE:
            return tr(":hourglass_flowing_sand: {who} is disabling keys: {done} of {total}", **values)
        return tr(":hourglass_flowing_sand: {who} is enabling keys: {done} of {total}", **values)
    if batch.status in {BatchStatus.DONE, BatchStatus.STOPPED}:
        return _ended(batch, mark, values, total)
    return trc("a batch that was not begun", "{who}: {done} of {total}", **values)


def _ended(batch: Batch, mark: str, values: Mapping[str, str], total: int) -> str:
    if batch.status is BatchStatus.STOPPED:
        by = mention(batch.stopped_by or "")
        return tr(":octagonal_sign: Stopped by {by}; begun by {who}: {done} of {total}", by=by, **values)
    text = trn("{who} enabled {done} of {total} key", "{who} enabled {done} of {total} keys", total, **values)
    if batch.operation == DISABLE:
        text = trn("{who} disabled {done} of {total} key", "{who} disabled {done} of {total} keys", total, **values)
    return f"{mark} {text}"


def _with_failures(sentence: str, failed: int) -> str:
    if not failed:
        return trc("how far a batch is", "{sentence}.", sentence=sentence)
    return trn("{sentence}, {count} failed.", "{sentence}, {count} failed.", failed, sentence=sentence)


def _forecast(forecast: BatchForecast) -> str:
    return trn(
        ":hourglass: {duration} more, until {time}: the gateway takes {count} call a minute.",
        ":hourglass: {duration} more, until {time}: the gateway takes {count} calls a minute.",
        forecast["per_minute"],
        duration=duration_text(forecast["seconds"]),
        time=date(forecast["until"]),
    )


def _failures(failed: Sequence[BatchKey], number: int) -> str:
    lines: list[str] = [trc("title of a list of keys", "*Failed*")]
    lines += [
        tr("• key {number} {name}: {why}", number=key.number, name=code(key.name), why=harmless(key.sentence))
        for key in failed[:FAILURES_SHOWN]
    ]
    if number > FAILURES_SHOWN:
        lines.append(trn("… and {count} more", "… and {count} more", number - FAILURES_SHOWN))
    return "\n".join(lines)


def _done_mark(batch: Batch, done: int, bad: int, proof: RevocationSummary) -> str:
    """Green only when nothing failed and every disabled key was refused by the gateway."""
    counts = proof.counts
    if bad:
        return ":warning:"
    if batch.operation != DISABLE or counts[BatchRevocation.REFUSED] >= done:
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
        mark = tr(":hourglass_flowing_sand: Now trying the keys themselves.")
    numbers = {"refused": f"{refused:,}", "total": f"{total:,}"}
    headline = tr("*Refused by the gateway: {refused} of {total}*", **numbers)
    blocks = [section(f"{mark} {headline}")]
    if counts[BatchRevocation.ACCEPTED]:
        number = f"{counts[BatchRevocation.ACCEPTED]:,}"
        blocks.append(
            context(tr("Still accepted, checking: {number}. It may remember a key for a minute.", number=number))
        )
    if going_on and proof.values_from is not None:
        text = tr(
            "The gateway shows only a few values in 20 minutes: more from {time} on.", time=date(proof.values_from)
        )
        blocks.append(context(text))
    if accepted:
        blocks.append(section(tr(":rotating_light: *Still accepted*: {keys}", keys=accepted)))
    if counts[BatchRevocation.UNTRIED]:
        why = dict.fromkeys(from_stored(key.progress.get(MARK, {}).get("why", "")) for key in proof.untried)
        text = trn(
            ":warning: {count} could not be tried: {why}",
            ":warning: {count} could not be tried: {why}",
            counts[BatchRevocation.UNTRIED],
            why=escape(" ".join(why)),
        )
        blocks.append(section(text))
    return blocks


def _names(keys: Sequence[BatchKey]) -> str:
    shown = with_commas(
        trc("a key", "key {number} {name}", number=key.number, name=code(key.name)) for key in keys[:FAILURES_SHOWN]
    )
    return f"{shown} …" if len(keys) > FAILURES_SHOWN else shown


def alarm(batch_id: int, number: int, keys: Sequence[BatchKey]) -> Message:
    """The word to the security channel about keys that were accepted to the end of the trials."""
    sentence = trn(
        ":rotating_light: One key of batch {batch} is disabled, but the gateway still accepts it.",
        ":rotating_light: {count} keys of batch {batch} are disabled, but the gateway still accepts them.",
        number,
        batch=batch_id,
    )
    advice = tr("Treat as live: delete, or call the gateway's operator.")
    return Message(sentence, [section(f"{sentence} {advice}\n{_names(keys)}")])


def owner_notice(batch: Batch, keys: Sequence[BatchKey], undone_by: Batch | None) -> Message:
    """The word to somebody whose keys these are: what was done, by whom and why, and the way to new ones."""
    sentence = _owners_sentence(batch, len(keys))
    blocks: list[Block] = [section(sentence)]
    if batch.reason:
        heading = trc("heading above a reason", "Why")
        blocks.append(section(f"*{heading}*\n{quote(batch.reason)}"))
    lost = batch.operation == DISABLE and undone_by is None
    for key in keys[:OWN_SHOWN]:
        row = str(key.key_id)
        label = tr("Request a replacement of key {number}", number=key.number)
        ask = button(tr("Request a replacement"), REPLACEMENT, value=row, label=label)
        text = f"{bold_name(key.name)} · {tr('key {number}', number=key.number)}"
        blocks.append(section(text, accessory=ask) if lost else section(text))
    small: list[str] = []
    if len(keys) > OWN_SHOWN:
        more = len(keys) - OWN_SHOWN
        small.append(
            trn(
                "{count} more is not shown; `/apikey list` has it.",
                "{count} more are not shown; `/apikey list` has them.",
                more,
            )
        )
    if undone_by is not None:
        who = mention(undone_by.requester_id)
        small.append(tr("Taken back by {who} (batch {number}).", who=who, number=undone_by.id))
    blocks.append(context(" ".join([*small, tr("Batch {number}", number=batch.id)])))
    return Message(sentence, blocks)


def _owners_sentence(batch: Batch, number: int) -> str:
    if batch.operation == DISABLE:
        return trn(
            "One of your keys was disabled by {who} in one batch.",
            "{count} of your keys were disabled by {who} in one batch.",
            number,
            who=_who(batch),
        )
    return trn(
        "One of your keys was enabled by {who} in one batch.",
        "{count} of your keys were enabled by {who} in one batch.",
        number,
        who=_who(batch),
    )


def _buttons(batch: Batch, *, done: int, undone: bool) -> list[Block]:
    row = str(batch.id)
    if batch.status is BatchStatus.ASKING:
        what = tr("The keys are put back into use at once, and it is said in this channel.")
        sure = confirm(tr("Agree?"), what, yes=trc("button", "Agree"))
        agree = button(trc("button", "Agree"), AGREE, value=row, style="primary", confirm=sure)
        return [actions(agree, button(trc("button", "Withdraw"), STOP, value=row))]
    if batch.status is BatchStatus.RUNNING:
        stop, go_on = trc("button", "Stop"), trc("button: do not stop", "Go on")
        sure = confirm(tr("Stop here?"), tr("What is done stays done; the rest is not touched."), yes=stop, no=go_on)
        return [actions(button(stop, STOP, value=row, style="danger", confirm=sure))]
    if batch.operation == DISABLE and done and not undone:
        return [actions(button(tr("Take back…"), UNDO, value=row))]
    return []


def _who(batch: Batch) -> str:
    return "Keydesk (auto_disable)" if batch.rule else mention(batch.requester_id)


def what_text(batch: Batch) -> str:
    """Which keys are meant: our own words with mentions, no names that people typed (scope.BatchScope.text)."""
    return batch.what


def said(sentence: str) -> dict[str, Any]:
    """A modal that shows one sentence."""
    return modal("said", tr("Incident mode"), [section(sentence)], close=tr("Close"))


def begun_text(batch: Batch, number: int, channel: str) -> str:
    """What whoever confirmed a batch reads. `channel`: a link."""
    if batch.status is BatchStatus.ASKING:
        return tr(
            "Nothing is done yet: somebody else must agree to batch {batch} in {channel}.",
            batch=batch.id,
            channel=channel,
        )
    if batch.operation == DISABLE:
        return trn(
            "{count} key is being disabled. Batch {batch} shows its progress in {channel}.",
            "{count} keys are being disabled. Batch {batch} shows its progress in {channel}.",
            number,
            batch=batch.id,
            channel=channel,
        )
    return trn(
        "{count} key is being enabled. Batch {batch} shows its progress in {channel}.",
        "{count} keys are being enabled. Batch {batch} shows its progress in {channel}.",
        number,
        batch=batch.id,
        channel=channel,
    )
