"""How an alert looks in the security channel. Functions of rows; no clients.

Nothing here ever held a key's value: rows have masked texts only. Buttons carry the alert's id.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from bot.alerts.call_times import CallPlan, paused_until
from bot.alerts.cards.call_lines import call_blocks
from bot.alerts.cards.closing import closing_buttons
from bot.alerts.cards.headline import first_line
from bot.alerts.cards.key_blocks import (
    again_blocks,
    key_blocks,
    key_lines,
    key_name,
    lock_blocks,
    step_blocks,
    untold_blocks,
)
from bot.alerts.cards.key_state import Requests, came_to_nothing, is_enabled_again, is_out_of_use, open_keys
from bot.alerts.cards.origin import source_text, title_text, where_text
from bot.alerts.cards.sightings import Sightings, elsewhere_blocks, sighting_blocks
from bot.alerts.cards.standing import DisabledCount, Standing, standing_of
from bot.alerts.detection.key_index import MatchKind
from bot.alerts.models import REMOVED, Alert, AlertStatus, KeyFinding
from bot.gateway.dollars import Dollars
from bot.gateway.numbers import shown_number
from bot.languages import tr, trc, trn
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
    link,
    section,
)

DISABLE, ROTATE, ACKNOWLEDGE, ALL_KEYS = "disable", "rotate", "acknowledge", "alert_keys"
# So many keys stand on a card; of more than `KEYS_WHOLE` each is a line.
KEYS_SHOWN, KEYS_WHOLE = 8, 3
# A key that was used so long after the alert came in was used since, also where the gateway's clock is ahead of ours.
CLOCKS_DIFFER = 60.0
UNKNOWN_SHOWN = 10
EVENTS_SHOWN = 5


def card(
    alert: Alert,
    requests: Requests,
    *,
    dollars: Dollars,
    plan: CallPlan,
    batch: DisabledCount | None = None,
    untold: Mapping[int, str] = MappingProxyType({}),
    locked: Mapping[int, str] = MappingProxyType({}),
    seen: Sightings | None = None,
) -> Message:
    """The card in the security channel, whole, for the rows as they are.

    `plan`: who is called. `untold`: see notifications.py. `locked`: words about the keys that are locked. `seen`: later
    alerts about its keys. What must be done by whom stands first, then what makes the key suspicious, then the rest.
    """
    standing = standing_of(alert, requests, batch, now=plan.now)
    first = first_line(alert, requests, batch, now=plan.now)
    blocks = [section(first), *call_blocks(alert, standing, plan)]
    blocks += _evidence(alert, seen)
    if len(alert.possible_keys) > KEYS_WHOLE:
        shown = alert.possible_keys[:KEYS_SHOWN]
        blocks += key_lines(alert, shown, requests, now=plan.now)
        for key_id in shown:
            blocks += again_blocks(alert, key_id, requests)
            blocks += untold_blocks(alert, key_id, untold)
        blocks += _more_keys(alert)
    else:
        for key_id in alert.possible_keys:
            blocks += key_blocks(alert, key_id, units_per_usd=dollars.of(key_id))
            blocks += step_blocks(alert, key_id, requests)
            blocks += again_blocks(alert, key_id, requests)
            blocks += untold_blocks(alert, key_id, untold)
            blocks += lock_blocks(locked.get(key_id, ""))
        blocks += _more_keys(alert)
    blocks += elsewhere_blocks(alert)
    blocks += found_lines(alert)
    blocks += _away(alert)
    blocks.append(context(_small_line(alert)))
    blocks += card_buttons(alert, requests, batch, standing=standing, now=plan.now)
    return Message(first, blocks)


def _evidence(alert: Alert, seen: Sightings | None) -> list[Block]:
    """What makes its keys suspicious: where they were seen, and that they were used since."""
    blocks: list[Block] = []
    if alert.source == "slack":
        blocks.append(section(where_text(alert)))
    elif alert.title:
        text = f"\n{inert(alert.text)}" if alert.text and alert.text != alert.title else ""
        blocks.append(section(f"{title_text(alert)}{text}"))
    blocks += sighting_blocks(seen)
    used = [
        tr(
            ":warning: *{key} was used since this alert came in*: last {time}.",
            key=key_name(alert, key_id),
            time=date(alert.keys[key_id].accessed_time),
        )
        for key_id in alert.possible_keys[:KEYS_SHOWN]
        if key_id in alert.keys and alert.keys[key_id].accessed_time > alert.received_at + CLOCKS_DIFFER
    ]
    return [*blocks, *([section("\n".join(used))] if used else [])]


def _more_keys(alert: Alert) -> list[Block]:
    """How many of its keys do not stand on the card, and where they do."""
    more = number_of_keys(alert) - min(len(alert.possible_keys), KEYS_SHOWN)
    if more <= 0:
        return []
    text = trn(
        "… and {count} more key: *All keys* shows each.", "… and {count} more keys: *All keys* shows each.", more
    )
    return [context(text)]


def number_of_keys(alert: Alert) -> int:
    """How many keys it may mean in all, as far as its own card shows them."""
    return len(dict.fromkeys((*alert.possible_keys, *(alert.all_sure_keys if alert.is_mass_leak else ()))))


def _away(alert: Alert) -> list[Block]:
    """Which gateways could not be asked about its keys; they are asked again until they answer."""
    if alert.status is not AlertStatus.OPEN:
        return []
    gone = () if alert.removed else alert.place.get(REMOVED, ())
    lost = [
        tr(
            ":warning: The gateway {gateway} is not in the policy any more, so its keys can neither be read nor "
            "disabled here. Disable them at that gateway itself.",
            gateway=name,
        )
        for name in gone
    ]
    return [*(context(f":hourglass_flowing_sand: {_away_text(name)}") for name in alert.away), *map(context, lost)]


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


def _is_ended(alert: Alert, key_id: int, requests: Requests) -> bool:
    """Whether the key is disabled and still there, so that it can be brought back."""
    seen = alert.keys.get(key_id)
    here = seen is not None and not seen.gone
    return here and is_out_of_use(alert, key_id, requests) and not is_enabled_again(alert, key_id, requests)


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
                "{masks} is a masked key that cannot be identified: as far as shown it fits none of ours.",
                "{masks} are masked keys that cannot be identified: as far as shown they fit none of ours.",
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
    elif alert.url:
        parts.append(link(alert.url, tr("open it at its source")))
    if alert.deliveries > 1:
        parts.append(trn("delivered {count} time", "delivered {count} times", alert.deliveries))
    return " · ".join(parts)


def card_buttons(
    alert: Alert, requests: Requests, batch: DisabledCount | None, *, standing: Standing, now: float
) -> list[Block]:
    """What can be done now."""
    row, elements = str(alert.id), list[Block]()
    if alert.status is AlertStatus.OPEN:
        elements += _acting_buttons(alert, requests, batch, standing=standing, now=now)
        if alert.the_key is not None and _is_ended(alert, alert.the_key, requests):
            elements.append(button(tr("Enable again…"), "key.enable", value=str(alert.the_key)))
    if number_of_keys(alert) > KEYS_SHOWN:
        elements.append(button(tr("All keys"), ALL_KEYS, value=row))
    if alert.status is AlertStatus.OPEN:
        untouched = alert.batch_id is None and all(came_to_nothing(request) for request in requests.values())
        elements += closing_buttons(alert, untouched=untouched)
    return [actions(*elements)] if elements else []


def _acting_buttons(
    alert: Alert, requests: Requests, batch: DisabledCount | None, *, standing: Standing, now: float
) -> list[Block]:
    """What stops its keys, and what says that somebody is about to. Keys of a gateway that is gone cannot be."""
    row, elements = str(alert.id), list[Block]()
    if alert.removed:
        return []
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
    if standing.living and not is_taken(alert, now=now):
        elements.append(button(tr("I am on it"), ACKNOWLEDGE, value=row))
    return elements


def is_taken(alert: Alert, *, now: float) -> bool:
    """Whether somebody said that they are on it, and the calls pause for that."""
    return alert.acknowledged_by is not None and now < (paused_until(alert) or 0.0)
