"""One key of an alert as blocks: what is known of it, what was done about it, what was seen since. No clients."""

from collections.abc import Mapping

from bot.alerts.cards.key_state import Requests, is_enabled_again, is_out_of_use
from bot.alerts.detection.key_index import MatchKind
from bot.alerts.models import ROTATION_OVERLAP, Alert, AlertAction, KeySnapshot
from bot.approvals.cards.views import MARKS
from bot.approvals.models import IN_HAND, WORDS, ApprovalRequest, Status
from bot.slack.blocks import (
    Block,
    bold_name,
    code,
    context,
    date,
    escape,
    fields,
    harmless,
    mention,
    section,
    time_text,
)
from bot.units import format_duration, format_quota


def key_name(alert: Alert, key_id: int) -> str:
    """The key in bold for a sentence: its name as last read, its number when it has none or was never read."""
    seen = alert.keys.get(key_id)
    return f"{bold_name(seen.name)}" if seen is not None and seen.name else f"*{key_id}*"


def key_blocks(alert: Alert, key_id: int, *, units_per_usd: int) -> list[Block]:
    """What is known of one key: name, id, owner, state, last use, quota left."""
    seen = alert.keys.get(key_id)
    if seen is None:
        return [context(f"Key {key_id}: asking the gateway…")]
    if seen.gone:
        return [context(f"Key {key_id} is gone from the gateway: it was deleted.")]
    how = {finding.how for finding in alert.findings if key_id in finding.key_ids}
    sure = "whole value matched" if MatchKind.FULL in how else "first and last characters fit"
    pairs = [
        ("Key", f"{key_name(alert, key_id)} · id {key_id} · {code(seen.hint)}"),
        ("Owner", mention(seen.owner) if seen.owner else "nobody known here"),
        ("State", seen.state + f" (at {time_text(seen.looked_at)})"),
        ("Last paid use", _last_use(seen)),
        ("Quota left", "unlimited" if seen.unlimited_quota else format_quota(seen.remain_quota, units_per_usd)),
        ("Match", sure),
    ]
    return fields(pairs)


def _last_use(seen: KeySnapshot) -> str:
    return "none" if seen.accessed_time <= seen.created_time else date(seen.accessed_time)


def step_blocks(alert: Alert, key_id: int, requests: Requests) -> list[Block]:
    """What was done about one key, each step with its time, and the total from the order to the refusal."""
    action, out_of_use = alert.actions.get(key_id), is_out_of_use(alert, key_id, requests)
    request = requests.get(action.request_id) if action is not None else None
    if action is None or request is None:
        return []
    who = mention(action.by) if action.by else "Keydesk (auto_disable)"
    verb = "disabled" if action.operation == "key.disable" else "replaced"
    lines = [f"{time_text(action.clicked_at)} {who} ordered it to be {verb} (request {request.number})"]
    if request.status is Status.SUCCEEDED and request.settled_at is not None:
        lines.append(f"{time_text(request.settled_at)} the gateway's record was read back: {verb}")
    else:
        lines.append(f"{MARKS[request.status]} {_standing(request, verb)}")
    if action.operation == "key.rotate" and request.status is Status.SUCCEEDED and not out_of_use:
        until = date((request.settled_at or request.asked_at) + ROTATION_OVERLAP)
        lines.append(
            f":warning: *The leaked key still works*, so that what uses it can change over: until its successor is "
            f"revealed, at the latest {until}. *Disable now* does not wait; its owner is then offered a replacement."
        )
    lines += _proof_lines(action, request)
    return [section("\n".join(lines))]


def _standing(request: ApprovalRequest, verb: str) -> str:
    postponed = request.progress.postponed
    if request.status in IN_HAND - {Status.UNKNOWN} and postponed is not None:
        return f"*not {verb} yet*: {escape(postponed.why)} We keep trying; nothing is lost."
    why = f": {harmless(request.outcome.sentence)}" if request.outcome else ""
    return f"{WORDS[request.status]}{why}"


def _proof_lines(action: AlertAction, request: ApprovalRequest) -> list[str]:
    seen = request.progress.revocation
    if seen is None:
        return []
    refused, accepted = seen.refused_at, seen.accepted_last
    lines = []
    if accepted is not None:
        lines.append(f"{time_text(accepted)} the gateway still accepted the key")
    if refused is not None:
        total = seconds_text(refused - action.clicked_at)
        lines.append(f":lock: {time_text(refused)} *the gateway refused the key: dead {total} after the order*")
    elif seen.ended and accepted is not None:
        lines.append(":rotating_light: *It is still accepted. Treat it as live and delete it.*")
    elif seen.ended:
        lines.append(f":warning: the key itself could not be tried: {escape(seen.why)}")
    else:
        lines.append(":hourglass_flowing_sand: trying the key itself")
    return lines


def again_blocks(alert: Alert, key_id: int, requests: Requests) -> list[Block]:
    """That a key disabled from this alert works again, and how to end it."""
    if not is_enabled_again(alert, key_id, requests):
        return []
    how = code(f"/apikey disable {key_id}")
    return [section(f":rotating_light: *Since then it was enabled again, so it works.* {how} takes it out of use.")]


def untold_blocks(alert: Alert, key_id: int, untold: Mapping[int, str]) -> list[Block]:
    """That the owner was not told, since Slack takes no direct message for them. `untold`: key → Slack's word."""
    seen = alert.keys.get(key_id)
    if seen is None or not seen.owner or key_id not in untold:
        return []
    why = f"Slack takes no direct message for them ({code(untold[key_id])})"
    return [section(f":warning: *Its owner {mention(seen.owner)} was not told*: {why}. Please tell them another way.")]


def lock_blocks(locked: str) -> list[Block]:
    """Why the key is locked and what brings it back; `locked` "" = it is not."""
    return [context(locked)] if locked else []


def seconds_text(seconds: float) -> str:
    """`0.4 s`, `12.3 s`, `2 minutes 5 seconds`."""
    return f"{max(0.0, seconds):.1f} s" if seconds < 60 else format_duration(seconds)
