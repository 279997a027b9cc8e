"""What is said of an alert outside of the security channel: below the message, and to the owner. No clients."""

from bot.alerts.cards.card import DISABLE
from bot.alerts.cards.key_blocks import key_name
from bot.alerts.cards.key_state import (
    Requests,
    is_being_tried,
    is_enabled_again,
    is_out_of_use,
    is_still_accepted,
    open_keys,
    refused_at,
)
from bot.alerts.cards.origin import source_text
from bot.alerts.cards.sightings import seen_text
from bot.alerts.models import Alert, AlertStatus
from bot.gateway.numbers import shown_number
from bot.languages import joined, tr
from bot.languages.formats import with_commas
from bot.slack.blocks import (
    Message,
    actions,
    button,
    channel_link,
    code,
    context,
    mention,
    section,
    time_text,
)

# The button of features/key_create that asks for a replacement.
REPLACEMENT = "request_replacement"


def thread_answer(alert: Alert, requests: Requests) -> Message:
    """The answer in the thread of the message that holds the key. It never repeats the value."""
    keys = [key_id for key_id in alert.sure_keys if key_id in alert.keys] or list(alert.sure_keys)
    names = with_commas(
        tr("{name} (key {number})", name=key_name(alert, key_id), number=shown_number(key_id)) for key_id in keys
    )
    if alert.status is not AlertStatus.OPEN:
        return _said(tr(":white_check_mark: A false alarm, says {who}.", who=mention(alert.closed_by or "")))
    sentence = tr(":rotating_light: The message above holds a live key of our gateway: {keys}.", keys=names)
    again = [key_id for key_id in keys if is_enabled_again(alert, key_id, requests)]
    dead = [key_id for key_id in keys if refused_at(alert.actions.get(key_id), requests) is not None]
    if not again and keys and len(dead) == len(keys):
        return _said(
            tr(
                ":lock: The message above holds key {keys}. It is dead: the gateway refuses it. Delete it still.",
                keys=names,
            )
        )
    if not again and keys and any(is_being_tried(alert.actions.get(key_id), requests) for key_id in keys):
        return _said(
            tr(
                ":hourglass_flowing_sand: The message above holds key {keys}. It is being disabled. Delete it still.",
                keys=names,
            )
        )
    if not again and keys and all(is_out_of_use(alert, key_id, requests) for key_id in keys):
        return _said(
            tr(":no_entry_sign: The message above holds key {keys}. It is disabled. Delete it still.", keys=names)
        )
    advice = tr(
        "Please delete the message. Whoever copied the key can use it until the gateway refuses it. Security is told."
    )
    blocks = [section(f"{sentence} {advice}")]
    if again:
        how = with_commas(code(f"/apikey disable {shown_number(key_id)}") for key_id in again)
        blocks.append(context(tr("It was disabled, and enabled again since: {commands}.", commands=how)))
    elif alert.actions:
        blocks.append(context(tr("It is being disabled; the card in the security channel shows each step.")))
    elif open_keys(alert, requests):
        blocks.append(actions(button(tr("Disable now"), DISABLE, value=str(alert.id), style="danger")))
    return Message(sentence, blocks)


def author_notice(alert: Alert, requests: Requests) -> Message:
    """To whoever wrote the message, alone: in a channel shared with another company nothing is confirmed."""
    del requests
    where = channel_link(str(alert.place.get("channel", "")))
    sentence = tr(
        ":rotating_light: Your message in {channel} holds a live key of our gateway. Security is told.", channel=where
    )
    advice = tr("Please delete the message: another company reads that channel.")
    return Message(sentence, [section(f"{sentence} {advice}")])


def owner_notice(
    alert: Alert, key_id: int, requests: Requests, *, locked: str = "", sightings: int = 0, last_seen: float = 0.0
) -> Message:
    """The word to whoever owns the key: what happened, and the way to a new one. `locked`: what brings it back.

    `sightings`: later alerts about the same key.
    """
    name, source = key_name(alert, key_id), source_text(alert)
    if alert.status is not AlertStatus.OPEN:
        says = tr("A false alarm, says {who}.", who=mention(alert.closed_by or ""))
        named = tr("Your key {name} was named in an alert ({source}).", name=name, source=source)
        return _said(f"{named} {says}")
    action = alert.actions.get(key_id)
    refused = refused_at(action, requests)
    parts: list[str] = [tr("Alert {number}", number=alert.id), tr("key {number}", number=shown_number(key_id))]
    parts += [seen_text(sightings, last_seen)] if sightings else []
    small = context(" · ".join(parts))
    if not is_out_of_use(alert, key_id, requests):
        sentence = tr(
            ":rotating_light: Your key {name} was seen where it should not be: {source}.", name=name, source=source
        )
        so = tr("Security is told and decides what becomes of it. You need not do anything about the key itself.")
        return Message(sentence, [section(joined(sentence, so, _take_out())), small])
    mark, end = ":no_entry_sign:", tr("Whether the gateway refuses it was not seen yet.")
    if refused is not None:
        mark, end = (
            ":lock:",
            tr("The gateway refuses it since {time}: what used it no longer works.", time=time_text(refused)),
        )
    elif is_still_accepted(action, requests):
        mark, end = ":rotating_light:", tr("The gateway still accepts it; security is told.")
    elif is_being_tried(action, requests):
        end = tr("The gateway may still accept it for some minutes; this message says when it refuses it.")
        mark = ":hourglass_flowing_sand:"
    gone = key_id in alert.keys and alert.keys[key_id].gone
    by = mention(action.by) if action is not None and action.by else ""
    told = f"{mark} {_done_sentence(name, source, gone=gone, by=by)}"
    ask = button(tr("Request a replacement"), REPLACEMENT, value=str(key_id), style="primary")
    text = joined(told, end, _take_out(), tr("A replacement with the same settings is one click away."))
    return Message(told, [section(text), *([context(locked)] if locked else []), small, actions(ask)])


def _take_out() -> str:
    return tr("Please remove the value from the place where it was seen.")


def _done_sentence(name: str, source: str, *, gone: bool, by: str) -> str:
    if gone and by:
        return tr(
            "Your key {name} was leaked ({source}), so it was deleted by {who}.", name=name, source=source, who=by
        )
    if gone:
        return tr("Your key {name} was leaked ({source}), so it was deleted.", name=name, source=source)
    if by:
        return tr(
            "Your key {name} was leaked ({source}), so it was disabled by {who}.", name=name, source=source, who=by
        )
    return tr("Your key {name} was leaked ({source}), so it was disabled.", name=name, source=source)


def _said(sentence: str) -> Message:
    return Message(sentence, [section(sentence)])
