"""How an alert looks in the security channel. Functions of rows; no clients.

Nothing here ever held a key's value: rows have masked texts only. Buttons carry the alert's id.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import sqlalchemy as sa

from bot.alerts.call_times import next_call
from bot.alerts.cards.headline import headline
from bot.alerts.cards.key_blocks import (
    again_blocks,
    key_blocks,
    lock_blocks,
    step_blocks,
    untold_blocks,
)
from bot.alerts.cards.key_state import (
    Requests,
    came_to_nothing,
    is_enabled_again,
    is_out_of_use,
    living_keys,
    open_keys,
)
from bot.alerts.cards.origin import source_text, title_text, where_text
from bot.alerts.cards.sightings import Sightings, elsewhere_blocks, sighting_blocks
from bot.alerts.detection.key_index import MatchKind
from bot.alerts.models import Alert, AlertStatus, KeyFinding
from bot.gateway.dollars import Dollars
from bot.gateway.numbers import shown_number
from bot.languages import joined, tr, trc, trn
from bot.languages.formats import some_of, with_commas
from bot.slack.blocks import (
    Block,
    Message,
    actions,
    button,
    channel_link,
    code,
    confirm,
    context,
    date,
    escape,
    inert,
    mention,
    section,
)

DISABLE, ROTATE, ACKNOWLEDGE, FALSE_ALARM = "disable", "rotate", "acknowledge", "false_alarm"
NOT_OURS = "not_ours"
KEYS_SHOWN = 8
UNKNOWN_SHOWN = 10
EVENTS_SHOWN = 5


class DisabledCount(NamedTuple):
    """How far a batch is: keys disabled, of how many, and how many of these the gateway refused when tried."""

    done: int
    total: int
    refused: int
    over: bool = False


BatchProgress = Callable[[sa.Connection, int], tuple[int, int, int, bool]]
"""The same numbers of a batch, by its id (bot/incident)."""


def card(
    alert: Alert,
    requests: Requests,
    *,
    dollars: Dollars,
    batch: DisabledCount | None = None,
    untold: Mapping[int, str] = MappingProxyType({}),
    locked: Mapping[int, str] = MappingProxyType({}),
    seen: Sightings | None = None,
    called: str = "",
) -> Message:
    """The card in the security channel, whole, for the rows as they are.

    `untold`: see notifications.py. `locked`: words about the keys that are locked. `seen`: later alerts about its keys.
    `called`: who is called next.
    """
    first = _mass_headline(alert, batch) or headline(alert, requests)
    blocks = [section(first)]
    if alert.source == "slack":
        blocks.append(section(where_text(alert)))
    elif alert.title:
        text = f"\n{inert(alert.text)}" if alert.text and alert.text != alert.title else ""
        blocks.append(section(f"{title_text(alert)}{text}"))
    blocks += sighting_blocks(seen)
    for key_id in alert.possible_keys[:KEYS_SHOWN]:
        blocks += key_blocks(alert, key_id, units_per_usd=dollars.of(key_id))
        blocks += step_blocks(alert, key_id, requests)
        blocks += again_blocks(alert, key_id, requests)
        blocks += untold_blocks(alert, key_id, untold)
        blocks += lock_blocks(locked.get(key_id, ""))
    blocks += elsewhere_blocks(alert)
    blocks += found_lines(alert)
    blocks += _away(alert)
    blocks += _call_lines(alert, requests, called)
    blocks.append(context(_small_line(alert)))
    blocks += card_buttons(alert, requests, batch)
    return Message(first, blocks)


def _away(alert: Alert) -> list[Block]:
    """Which gateways could not be asked about its keys; they are asked again until they answer."""
    if alert.status is not AlertStatus.OPEN:
        return []
    return [context(f":hourglass_flowing_sand: {_away_text(name)}") for name in alert.away]


def _away_text(gateway: str) -> str:
    if not gateway:
        return tr(
            "The gateway does not answer now. It is asked again until it does, and this card is brought up to date."
        )
    return tr(
        "The gateway {gateway} does not answer now, so its keys could not be looked up. It is asked again until it "
        "does, and this card is brought up to date.",
        gateway=gateway,
    )


def _call_lines(alert: Alert, requests: Requests, called: str) -> list[Block]:
    """Who said that they act, and who is called again and when, while there is something to act on."""
    if not living_keys(alert, requests):
        return []
    lines = []
    if alert.acknowledged_by is not None and alert.acknowledged_at is not None:
        who, since = mention(alert.acknowledged_by), date(alert.acknowledged_at)
        lines.append(tr(":eyes: {who} is on it since {time}.", who=who, time=since))
    at = next_call(alert)
    if at is not None and called and alert.status is AlertStatus.OPEN:
        time = date(at)
        pause = tr("The calls pause until {time}; the next one goes to {people}.", time=time, people=called)
        goes_on = tr(":bell: Unless somebody acts, the next call goes to {people}, {time}.", time=time, people=called)
        lines.append(pause if lines else goes_on)
    return [context(joined(*lines))] if lines else []


def _is_ended(alert: Alert, key_id: int, requests: Requests) -> bool:
    """Whether the key is disabled and still there, so that it can be brought back."""
    seen = alert.keys.get(key_id)
    here = seen is not None and not seen.gone
    return here and is_out_of_use(alert, key_id, requests) and not is_enabled_again(alert, key_id, requests)


def over_call(alert: Alert, requests: Requests) -> Message:
    """A call that needs nobody any more: how it ended."""
    if alert.is_mass_leak or alert.is_sighting:
        sentence = tr("This call is over; the card above says how it ended.")
        return Message(sentence, [context(sentence)])
    ended = joined(headline(alert, requests), tr("This call is over."))
    return Message(ended, [context(ended)])


def _mass_headline(alert: Alert, batch: DisabledCount | None) -> str:
    """Of a leak of more keys than are shown: how many of how many are disabled, and refused."""
    if not alert.is_mass_leak or alert.status is AlertStatus.FALSE_ALARM:
        return ""
    total = len(alert.all_sure_keys)
    if batch is None:
        return trn(
            ":rotating_light: {count} leaked key. It is not disabled yet.",
            ":rotating_light: {count} leaked keys. None of them is disabled yet.",
            total,
        )
    sentence = trn(
        "{count} leaked key: {done} of {count} disabled, {refused} refused by the gateway (batch {batch}).",
        "{count} leaked keys: {done} of {count} disabled, {refused} refused by the gateway (batch {batch}).",
        total,
        done=f"{batch.done:,}",
        refused=f"{batch.refused:,}",
        batch=alert.batch_id,
    )
    return f"{':lock:' if batch.refused >= total else ':rotating_light:'} {sentence}"


def found_lines(alert: Alert) -> list[Block]:
    """What was found beside the keys shown: ambiguous ones, unknown ones, what was left out."""
    doubtful = (finding for finding in alert.findings if finding.how is MatchKind.AMBIGUOUS)
    lines: list[str] = [_doubt_line(finding) for finding in doubtful]
    if alert.awaits_lookup and alert.unknown:
        lines.append(tr("Not looked up yet: {masks}. The gateway is being asked.", masks=_masks(alert.unknown)))
    elif alert.unknown:
        lines += _unknown_lines(alert)
    lines += [f":information_source: {escape(note)}" for note in alert.notes]
    told = [event for event in alert.events if event.sentence][-EVENTS_SHOWN:]
    if len(told) > 1:
        lines.append(" · ".join(f"{date(event.at)} {inert(event.sentence)}" for event in told))
    return [context(line) for line in lines[:12]]


def _doubt_line(finding: KeyFinding) -> str:
    return trn(
        ":warning: {mask} fits {count} key ({keys}). It was not touched; *Disable* lets you choose.",
        ":warning: {mask} fits {count} keys ({keys}). None of them was touched; *Disable* lets you choose.",
        len(finding.key_ids),
        mask=code(finding.masked_text),
        keys=with_commas(str(shown_number(key_id)) for key_id in finding.key_ids[:KEYS_SHOWN]),
    )


def _unknown_lines(alert: Alert) -> list[str]:
    """Of a whole value it is known that it is nobody's here; of a mask only that it fits none as far as it is shown."""
    masks = alert.untellable
    whole = [finding for finding in alert.unknown if finding not in masks]
    lines: list[str] = []
    if whole:
        lines.append(
            trn(
                "Unknown here, so not touched: {masks}. If it is a key, it is another account's.",
                "Unknown here, so not touched: {masks}. If they are keys, they are another account's.",
                len(whole),
                masks=_masks(whole),
            )
        )
    if masks:
        lines.append(
            trn(
                "{masks} is a masked key that cannot be told: as far as shown it fits none of ours.",
                "{masks} are masked keys that cannot be told: as far as shown they fit none of ours.",
                len(masks),
                masks=_masks(masks),
            )
        )
    return lines


def _masks(findings: Sequence[KeyFinding]) -> str:
    return some_of([code(finding.masked_text) for finding in findings], UNKNOWN_SHOWN)


def _small_line(alert: Alert) -> str:
    came = trc("where an alert came from", "from {source}", source=source_text(alert))
    parts: list[str] = [tr("Alert {number}", number=alert.id), came, date(alert.received_at)]
    if alert.source == "slack":
        channel = channel_link(str(alert.place.get("channel", "")))
        parts.append(trc("where the message of an alert is", "in {channel}", channel=channel))
    elif not alert.their_id.startswith("sha256:"):
        parts.append(code(alert.their_id[:80]))
    if alert.deliveries > 1:
        parts.append(trn("delivered {count} time", "delivered {count} times", alert.deliveries))
    return " · ".join(parts)


def card_buttons(alert: Alert, requests: Requests, batch: DisabledCount | None) -> list[Block]:
    """What can be done now."""
    if alert.status is not AlertStatus.OPEN:
        return []
    row = str(alert.id)
    elements = []
    if alert.is_mass_leak:
        if batch is None or batch.total < len(alert.all_sure_keys) or (batch.over and batch.done < batch.total):
            number = len(alert.all_sure_keys)
            what = trn(
                "{count} key, if the policy lets it be disabled.",
                "{count} keys, each if the policy lets it be disabled.",
                number,
            )
            sure = confirm(tr("Disable all?"), what, yes=trc("button", "Disable"))
            text = tr("Disable all {number}", number=f"{number:,}")
            elements.append(button(text, DISABLE, value=row, style="danger", confirm=sure))
    elif open_keys(alert, requests):
        text = tr("Disable now") if alert.the_keys else trc("button", "Disable…")
        elements.append(button(text, DISABLE, value=row, style="danger"))
        elements.append(button(trc("button", "Rotate…"), ROTATE, value=row))
        if living_keys(alert, requests):
            elements.append(button(tr("I am on it"), ACKNOWLEDGE, value=row))
    if alert.the_key is not None and _is_ended(alert, alert.the_key, requests):
        elements.append(button(tr("Enable again…"), "key.enable", value=str(alert.the_key)))
    if alert.is_foreign:
        elements.append(button(tr("Not ours"), NOT_OURS, value=row))
    if alert.batch_id is None and all(came_to_nothing(request) for request in requests.values()):
        sure = confirm(
            tr("Is it a false alarm?"),
            tr("No key is touched. The record keeps that you said so."),
            yes=trc("button: yes, it is a false alarm", "It is"),
        )
        elements.append(button(tr("False alarm"), FALSE_ALARM, value=row, confirm=sure))
    return [actions(*elements)] if elements else []
