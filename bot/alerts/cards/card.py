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
from bot.languages import said, tr, trc, trn
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
    mention,
    section,
)

DISABLE, ROTATE, ACKNOWLEDGE, FALSE_ALARM = "disable", "rotate", "acknowledge", "false_alarm"
KEYS_SHOWN = 8
UNKNOWN_SHOWN = 10
EVENTS_SHOWN = 5
_SOURCES = {
    "generic": trc("where an alert came from", "a signed webhook"),
    "github": trc("where an alert came from", "GitHub secret scanning"),
    "gitlab": "GitLab",
    "gitguardian": "GitGuardian",
    "alertmanager": "Alertmanager",
    "slack": trc("where an alert came from", "a Slack message"),
}


def source_text(alert: Alert) -> str:
    """From where the alert came, for a sentence."""
    return said(_SOURCES.get(alert.source, alert.source))


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
    who, since = mention(alert.acknowledged_by), date(alert.acknowledged_at)
    return [context(tr(":eyes: {who} is on it since {time}.", who=who, time=since))]


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


def _headline(alert: Alert, requests: Requests) -> str:
    names = [key_name(alert, key_id) for key_id in alert.sure_keys] or [key_name(alert, i) for i in alert.possible_keys]
    if alert.status is AlertStatus.FALSE_ALARM:
        return tr(":white_check_mark: False alarm, says {who}.", who=mention(alert.closed_by or ""))
    if not alert.possible_keys:
        return _keyless_headline(alert)
    which = some_of(names, 3)
    if not alert.sure_keys:
        return tr(":warning: An alert may mean key {keys}. Only its first and last characters are known.", keys=which)
    again = [key_name(alert, key_id) for key_id in alert.sure_keys if is_enabled_again(alert, key_id, requests)]
    if again:
        return trn(
            ":rotating_light: Leaked key, enabled again: {keys}.",
            ":rotating_light: Leaked keys, enabled again: {keys}.",
            len(names),
            keys=which if len(again) == len(alert.sure_keys) else with_commas(again[:3]),
        )
    return _standing(alert, requests, which, len(names)) or trn(
        ":rotating_light: Leaked key: {keys}.", ":rotating_light: Leaked keys: {keys}.", len(names), keys=which
    )


def _standing(alert: Alert, requests: Requests, which: str, number: int) -> str:
    """How far all of its keys are out of use; "" while one is not. Only a refusal that was seen is called death."""
    actions_of = [alert.actions.get(key_id) for key_id in alert.sure_keys]
    if all(refused_at(action, requests) is not None for action in actions_of):
        return trn(
            ":lock: Leaked key {keys}: dead, refused by the gateway.",
            ":lock: Leaked keys {keys}: dead, refused by the gateway.",
            number,
            keys=which,
        )
    if not all(is_out_of_use(alert, key_id, requests) for key_id in alert.sure_keys):
        return ""
    if any(is_being_tried(action, requests) for action in actions_of):
        return trn(
            ":hourglass_flowing_sand: Leaked key {keys}: disabled; now trying the key itself.",
            ":hourglass_flowing_sand: Leaked keys {keys}: disabled; now trying the key itself.",
            number,
            keys=which,
        )
    if any(is_still_accepted(action, requests) for action in actions_of):
        return trn(
            ":rotating_light: Leaked key {keys}: disabled, but the gateway still accepts a key.",
            ":rotating_light: Leaked keys {keys}: disabled, but the gateway still accepts a key.",
            number,
            keys=which,
        )
    if all(key_id in alert.keys and alert.keys[key_id].gone for key_id in alert.sure_keys):
        return trn(
            ":no_entry_sign: Leaked key {keys}: deleted. The gateway was not seen to refuse it.",
            ":no_entry_sign: Leaked keys {keys}: deleted. The gateway was not seen to refuse it.",
            number,
            keys=which,
        )
    return trn(
        ":no_entry_sign: Leaked key {keys}: disabled. The gateway was not seen to refuse it.",
        ":no_entry_sign: Leaked keys {keys}: disabled. The gateway was not seen to refuse it.",
        number,
        keys=which,
    )


def _keyless_headline(alert: Alert) -> str:
    if alert.place.get(UNFETCHED):
        return tr(":rotating_light: GitHub found a secret that could not be fetched. Look at it there.")
    if alert.awaits_lookup:
        return tr(":hourglass_flowing_sand: An alert came in; what it names was not looked up yet. We keep trying.")
    if alert.is_untellable:
        return tr(":grey_question: An alert came in; it names a masked key that cannot be told.")
    if alert.unknown:
        return tr(":grey_question: An alert came in; it names no key of this account.")
    return tr(":grey_question: An alert came in; it names no key.")


def _where(alert: Alert) -> str:
    """The message, as a link; who wrote it, and who showed it to us."""
    channel, ts = str(alert.place.get("channel", "")), str(alert.place.get("ts", ""))
    message = link(f"https://slack.com/app_redirect?channel={channel}&message_ts={ts}", tr("A message"))
    where = channel_link(channel)
    author, shown_by = mention(str(alert.place.get("by", ""))), mention(str(alert.place.get("shown_by", "")))
    if author and shown_by:
        return tr(
            "{message} in {channel} by {author}, reported by {who}.",
            message=message,
            channel=where,
            author=author,
            who=shown_by,
        )
    if author:
        return tr("{message} in {channel} by {author}.", message=message, channel=where, author=author)
    if shown_by:
        return tr("{message} in {channel}, reported by {who}.", message=message, channel=where, who=shown_by)
    return tr("{message} in {channel}.", message=message, channel=where)


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
        keys=with_commas(str(key_id) for key_id in finding.key_ids[:KEYS_SHOWN]),
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
        text = trc("button", "Disable…") if alert.the_key is None else tr("Disable now")
        elements.append(button(text, DISABLE, value=row, style="danger"))
        elements.append(button(trc("button", "Rotate…"), ROTATE, value=row))
        if living_keys(alert, requests):
            elements.append(button(tr("I am on it"), ACKNOWLEDGE, value=row))
    if alert.batch_id is None and all(came_to_nothing(request) for request in requests.values()):
        sure = confirm(
            tr("Is it a false alarm?"),
            tr("No key is touched. The record keeps that you said so."),
            yes=trc("button: yes, it is a false alarm", "It is"),
        )
        elements.append(button(tr("False alarm"), FALSE_ALARM, value=row, confirm=sure))
    return [actions(*elements)] if elements else []
