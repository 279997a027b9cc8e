"""The window of an alert: what was found, who will be told, and the choice when several keys may be meant. No clients.

Its buttons carry the alert's id; which keys are ticked is in the window's state.
"""

from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from bot.alerts.cards.card import DISABLE, KEYS_WHOLE, ROTATE, found_lines
from bot.alerts.cards.closing import closing_buttons
from bot.alerts.cards.key_blocks import (
    again_blocks,
    id_text,
    key_blocks,
    key_lines,
    lock_blocks,
    step_blocks,
    untold_blocks,
)
from bot.alerts.cards.key_state import Requests, is_out_of_use, open_keys
from bot.alerts.models import Alert, AlertStatus
from bot.approvals.models import WORDS, ApprovalRequest, Status
from bot.gateway.dollars import Dollars
from bot.gateway.numbers import shown_number
from bot.languages import joined, tr, trc, trn
from bot.languages.formats import all_of
from bot.slack.blocks import Block, actions, button, channel_link, context, mention, modal, option, section
from bot.slack.inputs import State, checkboxes, clipped, ticked

WINDOW = "disable_leaked_key"
KEYS = "keys"
TITLE = tr("Leaked key")
BOXES = 10


def alert_window(
    alert: Alert,
    requests: Requests,
    *,
    visible: Collection[int],
    channel: str,
    dollars: Dollars,
    now: float,
    untold: Mapping[int, str] = MappingProxyType({}),
    locked: Mapping[int, str] = MappingProxyType({}),
    joined_to: Collection[int] = (),
) -> dict[str, Any]:
    """What was found. `visible`: the keys this person may look at; of the others only the owner is said.

    `untold`: keys whose owner cannot be written to. `joined_to`: the alerts whose cards show its keys.
    """
    blocks: list[Block] = [section(_sentence(alert, requests))]
    seen_keys = [key_id for key_id in alert.possible_keys if key_id in visible]
    in_lines = len(seen_keys) > KEYS_WHOLE
    blocks += key_lines(alert, seen_keys, requests, now=now) if in_lines else []
    for key_id in alert.possible_keys:
        if key_id in visible and in_lines:
            blocks += again_blocks(alert, key_id, requests)
            blocks += untold_blocks(alert, key_id, untold)
        elif key_id in visible:
            blocks += key_blocks(alert, key_id, units_per_usd=dollars.of(key_id))
            blocks += step_blocks(alert, key_id, requests)
            blocks += again_blocks(alert, key_id, requests)
            blocks += untold_blocks(alert, key_id, untold)
            blocks += lock_blocks(locked.get(key_id, ""))
        else:
            seen = alert.keys.get(key_id)
            owner = mention(seen.owner) if seen and seen.owner else ""
            whose = tr("It belongs to {owner}.", owner=owner) if owner else tr("Its owner is not known here.")
            sentences = (tr("A key of this account."), whose, tr("Security is told and can disable it."))
            blocks.append(section(" ".join(sentences)))
    blocks += found_lines(alert)
    told = [
        mention(owner)
        for owner in dict.fromkeys(alert.keys[k].owner for k in alert.sure_keys if k in alert.keys and k not in untold)
        if owner
    ]
    who = all_of([channel_link(channel), *told])
    blocks.append(context(joined(tr("Told: {people}.", people=who), tr("Alert {number}.", number=alert.id))))
    keys = [key_id for key_id in open_keys(alert, requests) if key_id in visible]
    blocks += _choice(alert, keys, closable=not joined_to)
    return modal(WINDOW, TITLE, blocks, close=tr("Close"), private_metadata=str(alert.id))


def _sentence(alert: Alert, requests: Requests) -> str:
    if alert.status is not AlertStatus.OPEN:
        return _closed_sentence(alert)
    if not alert.possible_keys and alert.awaits_lookup:
        return tr(
            ":hourglass_flowing_sand: It could not be looked up yet whose key this is. This window corrects itself."
        )
    if alert.is_untellable:
        return tr(":question: It holds a masked key that cannot be identified: too little of it is shown.")
    if not alert.possible_keys:
        return tr(":question: Nothing in it is a key of this account.")
    if not alert.sure_keys:
        return tr(":warning: Only the first and last characters are there. Look before you act: it may be another key.")
    return _sure_sentence(alert, requests)


def _closed_sentence(alert: Alert) -> str:
    who = mention(alert.closed_by or "")
    if alert.status is AlertStatus.NOT_OURS:
        return tr(":white_check_mark: {who} says that this is not ours.", who=who)
    return tr(":white_check_mark: {who} says that this is a false alarm.", who=who)


def _sure_sentence(alert: Alert, requests: Requests) -> str:
    if all(is_out_of_use(alert, key_id, requests) for key_id in alert.sure_keys) and not open_keys(alert, requests):
        return tr(":lock: It holds a key of this account that is out of use: disabled or deleted.")
    if len(alert.sure_keys) > 1:
        return trn(
            ":rotating_light: It holds {total} keys of this account, and {count} of them still works. Whoever reads "
            "it can use it until the gateway refuses it.",
            ":rotating_light: It holds {total} keys of this account, and {count} of them still work. Whoever reads "
            "them can use them until the gateway refuses them.",
            len(set(open_keys(alert, requests)) & set(alert.sure_keys)),
            total=len(alert.sure_keys),
        )
    return tr(
        ":rotating_light: It holds a key of this account. Whoever reads it can use it until the gateway refuses it."
    )


def _choice(alert: Alert, keys: list[int], *, closable: bool) -> list[Block]:
    """Buttons, and boxes where it is not plain which key is meant. What is not sure is not ticked."""
    if alert.status is not AlertStatus.OPEN:
        return []
    row = str(alert.id)
    blocks: list[Block] = []
    if keys and (len(keys) > 1 or alert.the_key is None):
        # Slack takes ten boxes in one group.
        groups = {first: keys[first : first + BOXES] for first in range(0, len(keys), BOXES)}
        blocks += [_boxes(alert, some, f"{KEYS}.{first}" if first else KEYS) for first, some in groups.items()]
    elements = []
    if keys:
        elements.append(button(tr("Disable now"), DISABLE, value=row, style="danger"))
        elements.append(button(trc("button", "Rotate"), ROTATE, value=row))
        disable = tr("Disable switches the key off now, and its owner gets a button for a replacement.")
        rotate = tr("Rotate makes the new key first; the old one works until that is revealed, for a day at most.")
        blocks.append(context(f"{disable} {rotate}"))
    if closable:
        elements += closing_buttons(alert, untouched=not alert.actions)
    return [*blocks, actions(*elements)] if elements else blocks


def _boxes(alert: Alert, keys: list[int], block_id: str) -> Block:
    options = [option(clipped(_label(alert, key_id), 70), str(key_id)) for key_id in keys]
    boxes = checkboxes(options, initial=[str(key_id) for key_id in keys if key_id in alert.sure_keys])
    return {"type": "actions", "block_id": block_id, "elements": [boxes]}


def _label(alert: Alert, key_id: int) -> str:
    seen = alert.keys.get(key_id)
    if seen is None:
        return id_text(key_id)
    return f"{seen.name or tr('(no name)')} · {id_text(key_id)} · {seen.hint}"


def chosen(alert: Alert, state: State) -> list[int]:
    """The keys that somebody means: those ticked; without boxes those of the one value there is; else none."""
    if KEYS in state:
        known, groups = set(alert.possible_keys), (name for name in state if name.partition(".")[0] == KEYS)
        found = [text for name in groups for text in ticked(state, name)]
        return [int(text) for text in found if text.isdigit() and int(text) in known]
    return list(alert.the_keys)


def said(sentence: str) -> dict[str, Any]:
    """A modal that shows one sentence."""
    return modal("said", TITLE, [section(sentence)], close=tr("Close"))


def standing_text(request: ApprovalRequest) -> str:
    """How a request that was ordered here stands."""
    state = WORDS[request.status]
    return trc("state of a request", "{state} (request {number})", state=state, number=request.number)


def ordered_text(key_id: int, request: ApprovalRequest, operation: str) -> str:
    """What was ordered of a key, and how that stands."""
    number, state = request.number, WORDS[request.status]
    if request.status is Status.PENDING:
        return tr(
            "Key {key} waits for an approval (request {number}, {state}).",
            key=shown_number(key_id),
            number=number,
            state=state,
        )
    if operation == "key.disable":
        return tr(
            "Key {key} is being disabled (request {number}, {state}).",
            key=shown_number(key_id),
            number=number,
            state=state,
        )
    return tr(
        "Key {key} gets a successor (request {number}, {state}).", key=shown_number(key_id), number=number, state=state
    )
