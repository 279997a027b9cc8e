"""How an alert looks: the card, the answer in the thread, the word to the owner. Functions of rows; no clients.

Nothing here ever held a key's value: rows have masked texts only. Buttons carry the alert's id.
"""

from collections.abc import Mapping

from bot.alerts.index import How
from bot.alerts.models import Action, Alert, AlertStatus, SeenKey
from bot.approvals.models import IN_HAND, WORDS, ApprovalRequest, Status
from bot.approvals.views import MARKS
from bot.gateway.models import EffectiveState
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
    fields,
    isolate,
    link,
    mention,
    section,
)
from bot.units import format_duration, format_quota

Requests = Mapping[int, ApprovalRequest]
"""The requests behind an alert's actions, by their id."""

DISABLE, ROTATE, FALSE_ALARM, REPLACEMENT = "disable", "rotate", "false_alarm", "request_replacement"
KEYS_SHOWN = 8
UNKNOWN_SHOWN = 10
SOURCES = {
    "generic": "a signed webhook",
    "github": "GitHub secret scanning",
    "gitguardian": "GitGuardian",
    "alertmanager": "Alertmanager",
    "slack": "a Slack message",
}


def card(alert: Alert, requests: Requests, *, units_per_usd: int) -> Message:
    """The card in the security channel, whole, for the rows as they are."""
    headline = _headline(alert, requests)
    blocks = [section(headline)]
    if alert.source == "slack":
        blocks.append(section(_where(alert)))
    elif alert.title:
        title = link(alert.url, alert.title) if alert.url else f"*{escape(alert.title)}*"
        text = f"\n{escape(alert.text)}" if alert.text and alert.text != alert.title else ""
        blocks.append(section(f"{title}{text}"))
    for key_id in alert.possible_keys[:KEYS_SHOWN]:
        blocks += key_blocks(alert, key_id, units_per_usd=units_per_usd)
        blocks += step_blocks(alert.actions.get(key_id), requests)
        blocks += again_blocks(alert, key_id, requests)
    blocks += found_lines(alert)
    blocks.append(context(_small_line(alert)))
    blocks += card_buttons(alert, requests)
    return Message(headline, blocks)


def _headline(alert: Alert, requests: Requests) -> str:
    names = [_name(alert, key_id) for key_id in alert.sure_keys] or [_name(alert, i) for i in alert.possible_keys]
    which = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    if alert.status is AlertStatus.FALSE_ALARM:
        return f":white_check_mark: False alarm, says {mention(alert.closed_by or '')}."
    if not alert.possible_keys:
        where = " of this account" if alert.unknown else ""
        return f":grey_question: An alert came in; it names no key{where}."
    if not alert.sure_keys:
        return f":warning: An alert may mean key {which}. Only its first and last characters are known."
    dead = [key_id for key_id in alert.sure_keys if refused_at(alert.actions.get(key_id), requests) is not None]
    plural = "s" if len(names) > 1 else ""
    again = [_name(alert, key_id) for key_id in alert.sure_keys if _enabled_again(alert, key_id, requests)]
    standing = f":rotating_light: Leaked key{plural}: {which}."
    if again:
        whole = len(again) == len(alert.sure_keys)
        standing = f":rotating_light: Leaked key{plural}, enabled again: {which if whole else ', '.join(again[:3])}."
    elif len(dead) == len(alert.sure_keys):
        standing = f":lock: Leaked key{plural} {which}: dead, refused by the gateway."
    elif all(_is_out_of_use(alert, key_id, requests) for key_id in alert.sure_keys):
        standing = f":no_entry_sign: Leaked key{plural} {which}: out of use."
    return standing


def _where(alert: Alert) -> str:
    """The message, as a link; who wrote it, and who showed it to us."""
    channel, ts = str(alert.place.get("channel", "")), str(alert.place.get("ts", ""))
    message = link(f"https://slack.com/app_redirect?channel={channel}&message_ts={ts}", "A message")
    author, shown_by = str(alert.place.get("by", "")), str(alert.place.get("shown_by", ""))
    parts = [f"{message} in {channel_link(channel)}"]
    parts += [f"by {mention(author)}"] if author else []
    return " ".join(parts) + (f", reported by {mention(shown_by)}" if shown_by else "") + "."


def _is_out_of_use(alert: Alert, key_id: int, requests: Requests) -> bool:
    action = alert.actions.get(key_id)
    request = requests.get(action.request_id) if action is not None else None
    if request is not None and action is not None and action.operation == "key.disable":
        return request.status is Status.SUCCEEDED
    seen = alert.keys.get(key_id)
    return seen is not None and (seen.gone or seen.state == EffectiveState.DISABLED.value)


def _enabled_again(alert: Alert, key_id: int, requests: Requests) -> bool:
    """Whether the key was seen active after the order to disable it was done: its refusal is history then."""
    action, seen = alert.actions.get(key_id), alert.keys.get(key_id)
    request = requests.get(action.request_id) if action is not None and action.operation == "key.disable" else None
    if seen is None or seen.gone or seen.state != EffectiveState.ACTIVE.value or request is None:
        return False
    done_at = request.settled_at if request.status is Status.SUCCEEDED else None
    return done_at is not None and seen.looked_at > done_at


def again_blocks(alert: Alert, key_id: int, requests: Requests) -> list[Block]:
    """That a key disabled from this alert works again, and how to end it."""
    if not _enabled_again(alert, key_id, requests):
        return []
    how = code(f"/apikey disable {key_id}")
    return [section(f":rotating_light: *Since then it was enabled again, so it works.* {how} takes it out of use.")]


def key_blocks(alert: Alert, key_id: int, *, units_per_usd: int) -> list[Block]:
    """What is known of one key: name, id, owner, state, last use, quota left."""
    seen = alert.keys.get(key_id)
    if seen is None:
        return [context(f"Key {key_id}: asking the gateway…")]
    if seen.gone:
        return [context(f"Key {key_id} is gone from the gateway: it was deleted, so it works no more.")]
    how = {finding.how for finding in alert.findings if key_id in finding.key_ids}
    sure = "whole value matched" if How.FULL in how else "first and last characters fit"
    pairs = [
        ("Key", f"{_name(alert, key_id)} · id {key_id} · {code(seen.hint)}"),
        ("Owner", mention(seen.owner) if seen.owner else "nobody known here"),
        ("State", seen.state + f" (at {date(seen.looked_at, style='{time_secs}')})"),
        ("Last paid use", _last_use(seen)),
        ("Quota left", "unlimited" if seen.unlimited_quota else format_quota(seen.remain_quota, units_per_usd)),
        ("Match", sure),
    ]
    return fields(pairs)


def _last_use(seen: SeenKey) -> str:
    return "none" if seen.accessed_time <= seen.created_time else date(seen.accessed_time)


def step_blocks(action: Action | None, requests: Requests) -> list[Block]:
    """What was done about one key, each step with its time, and the total from the order to the refusal."""
    request = requests.get(action.request_id) if action is not None else None
    if action is None or request is None:
        return []
    who = mention(action.by) if action.by else "Keydesk (auto_disable)"
    verb = "disabled" if action.operation == "key.disable" else "replaced"
    lines = [f"{_time(action.clicked_at)} {who} ordered it to be {verb} (request {request.number})"]
    if request.status is Status.SUCCEEDED and request.settled_at is not None:
        lines.append(f"{_time(request.settled_at)} the gateway's record was read back: {verb}")
    else:
        lines.append(f"{MARKS[request.status]} {_standing(request, verb)}")
    lines += _proof_lines(action, request)
    return [section("\n".join(lines))]


def _standing(request: ApprovalRequest, verb: str) -> str:
    held = request.progress.get("held")
    if request.status in IN_HAND - {Status.UNKNOWN} and held:
        return f"*not {verb} yet*: {escape(str(held.get('why', '')))} We keep trying; nothing is lost."
    why = f": {escape(request.outcome.sentence)}" if request.outcome else ""
    return f"{WORDS[request.status]}{why}"


def _proof_lines(action: Action, request: ApprovalRequest) -> list[str]:
    probe = request.progress.get("probe")
    if not isinstance(probe, dict):
        return []
    refused, accepted = probe.get("refused_at"), probe.get("accepted_last")
    lines = []
    if accepted is not None:
        lines.append(f"{_time(accepted)} the gateway still accepted the key")
    if refused is not None:
        total = seconds_text(float(refused) - action.clicked_at)
        lines.append(f":lock: {_time(refused)} *the gateway refused the key: dead {total} after the order*")
    elif probe.get("ended") and accepted is not None:
        lines.append(":rotating_light: *It is still accepted. Treat it as live and delete it.*")
    elif probe.get("ended"):
        lines.append(f":warning: the key itself could not be tried: {escape(str(probe.get('why', '')))}")
    else:
        lines.append(":hourglass_flowing_sand: trying the key itself")
    return lines


def refused_at(action: Action | None, requests: Requests) -> float | None:
    """When the gateway refused the key itself, None = not yet."""
    request = requests.get(action.request_id) if action is not None else None
    probe = request.progress.get("probe") if request is not None else None
    refused = probe.get("refused_at") if isinstance(probe, dict) else None
    return float(refused) if isinstance(refused, int | float) else None


def seconds_text(seconds: float) -> str:
    """`0.4 s`, `12.3 s`, `2 minutes 5 seconds`."""
    return f"{max(0.0, seconds):.1f} s" if seconds < 60 else format_duration(seconds)


def found_lines(alert: Alert) -> list[Block]:
    """What was found beside the keys shown: ambiguous ones, unknown ones, what was left out."""
    lines = []
    for finding in alert.findings:
        if finding.how is How.AMBIGUOUS:
            ids = ", ".join(str(key_id) for key_id in finding.key_ids[:KEYS_SHOWN])
            what = f"{code(finding.masked_text)} fits {len(finding.key_ids)} keys ({ids})"
            lines.append(f":warning: {what}. None of them was touched; *Disable* lets you choose.")
    unknown = alert.unknown
    if unknown:
        shown = ", ".join(code(finding.masked_text) for finding in unknown[:UNKNOWN_SHOWN])
        more = f" and {len(unknown) - UNKNOWN_SHOWN} more" if len(unknown) > UNKNOWN_SHOWN else ""
        one = "If it is a key, it is another account's."
        theirs = one if len(unknown) == 1 else "If they are keys, they are another account's."
        lines.append(f"Unknown here, so not touched: {shown}{more}. {theirs}")
    lines += [f":information_source: {escape(note)}" for note in alert.notes]
    return [context(line) for line in lines[:12]]


def _small_line(alert: Alert) -> str:
    parts = [f"Alert {alert.id}", f"from {SOURCES.get(alert.source, alert.source)}", date(alert.received_at)]
    if alert.source == "slack":
        parts.append(f"in {channel_link(str(alert.place.get('channel', '')))}")
    elif not alert.their_id.startswith("sha256:"):
        parts.append(code(alert.their_id[:80]))
    if alert.deliveries > 1:
        parts.append(f"delivered {alert.deliveries:,} times")
    return " · ".join(parts)


def open_keys(alert: Alert, requests: Requests) -> list[int]:
    """Keys of the alert about which something can still be done."""
    return [
        key_id
        for key_id in alert.possible_keys
        if _enabled_again(alert, key_id, requests)
        or (not _is_out_of_use(alert, key_id, requests) and not _in_hand(alert.actions.get(key_id), requests))
    ]


def _in_hand(action: Action | None, requests: Requests) -> bool:
    request = requests.get(action.request_id) if action is not None else None
    return request is not None and request.status not in {
        Status.FAILED,
        Status.DENIED,
        Status.EXPIRED,
        Status.WITHDRAWN,
    }


def card_buttons(alert: Alert, requests: Requests) -> list[Block]:
    """What can be done now."""
    if alert.status is not AlertStatus.OPEN:
        return []
    row = str(alert.id)
    elements = []
    if open_keys(alert, requests):
        doubt = alert.the_key is None
        elements.append(button("Disable…" if doubt else "Disable now", DISABLE, value=row, style="danger"))
        elements.append(button("Rotate…", ROTATE, value=row))
    if not alert.actions:
        sure = confirm("Is it a false alarm?", "No key is touched. The record keeps that you said so.", yes="It is")
        elements.append(button("False alarm", FALSE_ALARM, value=row, confirm=sure))
    return [actions(*elements)] if elements else []


def thread_answer(alert: Alert, requests: Requests) -> Message:
    """Below the message that holds the key. Never repeats it."""
    keys = [key_id for key_id in alert.sure_keys if key_id in alert.keys] or list(alert.sure_keys)
    names = ", ".join(f"{_name(alert, key_id)} (key {key_id})" for key_id in keys)
    if alert.status is AlertStatus.FALSE_ALARM:
        return _said(f":white_check_mark: A false alarm, says {mention(alert.closed_by or '')}.")
    sentence = f":rotating_light: The message above holds a live key of our gateway: {names}."
    again = [key_id for key_id in keys if _enabled_again(alert, key_id, requests)]
    dead = [key_id for key_id in keys if refused_at(alert.actions.get(key_id), requests) is not None]
    if not again and keys and len(dead) == len(keys):
        return _said(
            f":lock: The message above holds key {names}. It is dead: the gateway refuses it. Delete it still."
        )
    if not again and keys and all(_is_out_of_use(alert, key_id, requests) for key_id in keys):
        return _said(f":no_entry_sign: The message above holds key {names}. It is out of use. Delete it still.")
    advice = "Please delete the message. Whoever copied the key can use it until it is disabled. Security is told."
    blocks = [section(f"{sentence} {advice}")]
    if again:
        how = ", ".join(code(f"/apikey disable {key_id}") for key_id in again)
        blocks.append(context(f"It was disabled, and enabled again since: {how}."))
    elif alert.actions:
        blocks.append(context("It is being disabled; the card in the security channel shows each step."))
    elif open_keys(alert, requests):
        blocks.append(actions(button("Disable now", DISABLE, value=str(alert.id), style="danger")))
    return Message(sentence, blocks)


def owner_notice(alert: Alert, key_id: int, requests: Requests) -> Message:
    """The word to whoever owns the key: what happened, and the way to a new one."""
    name, source = _name(alert, key_id), SOURCES.get(alert.source, alert.source)
    if alert.status is AlertStatus.FALSE_ALARM:
        says = f"A false alarm, says {mention(alert.closed_by or '')}."
        return _said(f"Your key {name} was named in an alert ({source}). {says}")
    action = alert.actions.get(key_id)
    refused = refused_at(action, requests)
    small = context(f"Alert {alert.id} · key {key_id}")
    if not _is_out_of_use(alert, key_id, requests):
        sentence = f":rotating_light: Your key {name} was seen where it should not be: {source}."
        return Message(sentence, [section(f"{sentence} Security is told, and decides what becomes of it."), small])
    by = f" by {mention(action.by)}" if action is not None and action.by else ""
    since = f" The gateway refuses it since {_time(refused)}." if refused is not None else ""
    sentence = f":lock: Your key {name} was leaked ({source}), so it was disabled{by}.{since}"
    ask = button("Request a replacement", REPLACEMENT, value=str(key_id), style="primary")
    text = f"{sentence} What used it stops working now. A replacement with the same settings is one click away."
    return Message(sentence, [section(text), small, actions(ask)])


def _name(alert: Alert, key_id: int) -> str:
    seen = alert.keys.get(key_id)
    return f"*{isolate(escape(seen.name))}*" if seen is not None and seen.name else f"*{key_id}*"


def _said(sentence: str) -> Message:
    return Message(sentence, [section(sentence)])


def _time(at: float) -> str:
    return date(at, style="{time_secs}")
