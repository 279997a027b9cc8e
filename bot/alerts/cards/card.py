"""How an alert looks in the security channel. Functions of rows; no clients.

Nothing here ever held a key's value: rows have masked texts only. Buttons carry the alert's id.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import sqlalchemy as sa

from bot.alerts.cards.key_blocks import (
    again_blocks,
    key_blocks,
    key_name,
    lock_blocks,
    step_blocks,
    untold_blocks,
)
from bot.alerts.cards.key_state import (
    Requests,
    came_to_nothing,
    is_being_tried,
    is_enabled_again,
    is_out_of_use,
    is_still_accepted,
    living_keys,
    open_keys,
    refused_at,
)
from bot.alerts.detection.key_index import MatchKind
from bot.alerts.models import UNFETCHED, Alert, AlertStatus, KeyFinding
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
    mention,
    section,
)

DISABLE, ROTATE, ACKNOWLEDGE, FALSE_ALARM = "disable", "rotate", "acknowledge", "false_alarm"
KEYS_SHOWN = 8
UNKNOWN_SHOWN = 10
EVENTS_SHOWN = 5
SOURCES = {
    "generic": "a signed webhook",
    "github": "GitHub secret scanning",
    "gitlab": "GitLab",
    "gitguardian": "GitGuardian",
    "alertmanager": "Alertmanager",
    "slack": "a Slack message",
}


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
    units_per_usd: int,
    batch: DisabledCount | None = None,
    untold: Mapping[int, str] = MappingProxyType({}),
    locked: Mapping[int, str] = MappingProxyType({}),
) -> Message:
    """The card in the security channel, whole, for the rows as they are.

    `untold`: see notifications.py. `locked`: words about the keys that are locked.
    """
    headline = _mass_headline(alert, batch) or _headline(alert, requests)
    blocks = [section(headline)]
    if alert.source == "slack":
        blocks.append(section(_where(alert)))
    elif alert.title:
        title = link(alert.url, alert.title) if alert.url else f"*{inert(alert.title)}*"
        text = f"\n{inert(alert.text)}" if alert.text and alert.text != alert.title else ""
        blocks.append(section(f"{title}{text}"))
    for key_id in alert.possible_keys[:KEYS_SHOWN]:
        blocks += key_blocks(alert, key_id, units_per_usd=units_per_usd)
        blocks += step_blocks(alert, key_id, requests)
        blocks += again_blocks(alert, key_id, requests)
        blocks += untold_blocks(alert, key_id, untold)
        blocks += lock_blocks(locked.get(key_id, ""))
    blocks += found_lines(alert)
    blocks += _on_it(alert, requests)
    blocks.append(context(_small_line(alert)))
    blocks += card_buttons(alert, requests, batch)
    return Message(headline, blocks)


def _on_it(alert: Alert, requests: Requests) -> list[Block]:
    """Who said that they act, while there is something to act on."""
    if alert.acknowledged_by is None or alert.acknowledged_at is None or not living_keys(alert, requests):
        return []
    return [context(f":eyes: {mention(alert.acknowledged_by)} is on it since {date(alert.acknowledged_at)}.")]


def _mass_headline(alert: Alert, batch: DisabledCount | None) -> str:
    """Of a leak of more keys than are shown: how many of how many are disabled, and refused."""
    if not alert.is_mass_leak or alert.status is AlertStatus.FALSE_ALARM:
        return ""
    total = len(alert.all_sure_keys)
    if batch is None:
        return f":rotating_light: {total:,} leaked keys. None of them is disabled yet."
    said = f"{batch.done:,} of {total:,} disabled, {batch.refused:,} refused by the gateway (batch {alert.batch_id})."
    return (":lock:" if batch.refused >= total else ":rotating_light:") + f" {total:,} leaked keys: {said}"


def _headline(alert: Alert, requests: Requests) -> str:
    names = [key_name(alert, key_id) for key_id in alert.sure_keys] or [key_name(alert, i) for i in alert.possible_keys]
    which = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    if alert.status is AlertStatus.FALSE_ALARM:
        return f":white_check_mark: False alarm, says {mention(alert.closed_by or '')}."
    if not alert.possible_keys:
        return _keyless_headline(alert)
    if not alert.sure_keys:
        return f":warning: An alert may mean key {which}. Only its first and last characters are known."
    plural = "s" if len(names) > 1 else ""
    again = [key_name(alert, key_id) for key_id in alert.sure_keys if is_enabled_again(alert, key_id, requests)]
    if again:
        whole = len(again) == len(alert.sure_keys)
        return f":rotating_light: Leaked key{plural}, enabled again: {which if whole else ', '.join(again[:3])}."
    return _standing(alert, requests, f"Leaked key{plural} {which}") or f":rotating_light: Leaked key{plural}: {which}."


def _standing(alert: Alert, requests: Requests, which: str) -> str:
    """How far all of its keys are out of use; "" while one is not. Only a refusal that was seen is called death."""
    actions_of = [alert.actions.get(key_id) for key_id in alert.sure_keys]
    if all(refused_at(action, requests) is not None for action in actions_of):
        return f":lock: {which}: dead, refused by the gateway."
    if not all(is_out_of_use(alert, key_id, requests) for key_id in alert.sure_keys):
        return ""
    if any(is_being_tried(action, requests) for action in actions_of):
        return f":hourglass_flowing_sand: {which}: disabled; now trying the key itself."
    if any(is_still_accepted(action, requests) for action in actions_of):
        return f":rotating_light: {which}: disabled, but the gateway still accepts a key."
    deleted = all(key_id in alert.keys and alert.keys[key_id].gone for key_id in alert.sure_keys)
    return f":no_entry_sign: {which}: {'deleted' if deleted else 'disabled'}. The gateway was not seen to refuse it."


def _keyless_headline(alert: Alert) -> str:
    if alert.place.get(UNFETCHED):
        return ":rotating_light: GitHub found a secret that could not be fetched. Look at it there."
    if alert.awaits_lookup:
        return ":hourglass_flowing_sand: An alert came in; what it names was not looked up yet. We keep trying."
    if alert.is_untellable:
        return ":grey_question: An alert came in; it names a masked key that cannot be told."
    where = " of this account" if alert.unknown else ""
    return f":grey_question: An alert came in; it names no key{where}."


def _where(alert: Alert) -> str:
    """The message, as a link; who wrote it, and who showed it to us."""
    channel, ts = str(alert.place.get("channel", "")), str(alert.place.get("ts", ""))
    message = link(f"https://slack.com/app_redirect?channel={channel}&message_ts={ts}", "A message")
    author, shown_by = str(alert.place.get("by", "")), str(alert.place.get("shown_by", ""))
    parts = [f"{message} in {channel_link(channel)}"]
    parts += [f"by {mention(author)}"] if author else []
    return " ".join(parts) + (f", reported by {mention(shown_by)}" if shown_by else "") + "."


def found_lines(alert: Alert) -> list[Block]:
    """What was found beside the keys shown: ambiguous ones, unknown ones, what was left out."""
    lines = []
    for finding in alert.findings:
        if finding.how is MatchKind.AMBIGUOUS:
            ids = ", ".join(str(key_id) for key_id in finding.key_ids[:KEYS_SHOWN])
            what = f"{code(finding.masked_text)} fits {len(finding.key_ids)} keys ({ids})"
            lines.append(f":warning: {what}. None of them was touched; *Disable* lets you choose.")
    if alert.awaits_lookup and alert.unknown:
        lines.append(f"Not looked up yet: {_masks(alert.unknown)}. The gateway is being asked.")
    elif alert.unknown:
        lines += _unknown_lines(alert)
    lines += [f":information_source: {escape(note)}" for note in alert.notes]
    said = [event for event in alert.events if event.sentence][-EVENTS_SHOWN:]
    if len(said) > 1:
        lines.append(" · ".join(f"{date(event.at)} {inert(event.sentence)}" for event in said))
    return [context(line) for line in lines[:12]]


def _unknown_lines(alert: Alert) -> list[str]:
    """Of a whole value it is known that it is nobody's here; of a mask only that it fits none as far as it is shown."""
    masks = alert.untellable
    whole = [finding for finding in alert.unknown if finding not in masks]
    lines = []
    if whole:
        theirs = "If it is a key, it is" if len(whole) == 1 else "If they are keys, they are"
        lines.append(f"Unknown here, so not touched: {_masks(whole)}. {theirs} another account's.")
    if len(masks) == 1:
        lines.append(f"{_masks(masks)} is a masked key that cannot be told: as far as shown it fits none of ours.")
    elif masks:
        lines.append(f"{_masks(masks)} are masked keys that cannot be told: as far as shown they fit none of ours.")
    return lines


def _masks(findings: Sequence[KeyFinding]) -> str:
    shown = ", ".join(code(finding.masked_text) for finding in findings[:UNKNOWN_SHOWN])
    return shown + (f" and {len(findings) - UNKNOWN_SHOWN} more" if len(findings) > UNKNOWN_SHOWN else "")


def _small_line(alert: Alert) -> str:
    parts = [f"Alert {alert.id}", f"from {SOURCES.get(alert.source, alert.source)}", date(alert.received_at)]
    if alert.source == "slack":
        parts.append(f"in {channel_link(str(alert.place.get('channel', '')))}")
    elif not alert.their_id.startswith("sha256:"):
        parts.append(code(alert.their_id[:80]))
    if alert.deliveries > 1:
        parts.append(f"delivered {alert.deliveries:,} times")
    return " · ".join(parts)


def card_buttons(alert: Alert, requests: Requests, batch: DisabledCount | None) -> list[Block]:
    """What can be done now."""
    if alert.status is not AlertStatus.OPEN:
        return []
    row = str(alert.id)
    elements = []
    if alert.is_mass_leak:
        if batch is None or batch.total < len(alert.all_sure_keys) or (batch.over and batch.done < batch.total):
            number = f"{len(alert.all_sure_keys):,}"
            sure = confirm("Disable all?", f"{number} keys, each if the policy lets it be disabled.", yes="Disable")
            elements.append(button(f"Disable all {number}", DISABLE, value=row, style="danger", confirm=sure))
    elif open_keys(alert, requests):
        doubt = alert.the_key is None
        elements.append(button("Disable…" if doubt else "Disable now", DISABLE, value=row, style="danger"))
        elements.append(button("Rotate…", ROTATE, value=row))
        if living_keys(alert, requests):
            elements.append(button("I am on it", ACKNOWLEDGE, value=row))
    if alert.batch_id is None and all(came_to_nothing(request) for request in requests.values()):
        sure = confirm("Is it a false alarm?", "No key is touched. The record keeps that you said so.", yes="It is")
        elements.append(button("False alarm", FALSE_ALARM, value=row, confirm=sure))
    return [actions(*elements)] if elements else []
