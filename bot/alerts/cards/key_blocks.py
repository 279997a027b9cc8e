"""One key of an alert as blocks: what is known of it, what was done about it, what was seen since. No clients."""

from collections.abc import Mapping, Sequence

from bot.alerts.cards.key_state import (
    Requests,
    is_being_tried,
    is_enabled_again,
    is_out_of_use,
    is_still_accepted,
    is_stopping,
    refused_at,
)
from bot.alerts.detection.key_index import MatchKind
from bot.alerts.models import ROTATION_OVERLAP, Alert, AlertAction, KeySnapshot
from bot.approvals.cards.views import MARKS
from bot.approvals.models import IN_HAND, WORDS, ApprovalRequest, Status
from bot.gateway.models import EffectiveState
from bot.gateway.numbers import shown_number
from bot.keys.text import quota_text, state_text
from bot.languages import said, tr, trc
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
from bot.units import format_duration

# Keys in one block.
_LINES = 10


def key_name(alert: Alert, key_id: int) -> str:
    """The key in bold for a sentence: its name as last read, its number when it has none or was never read."""
    seen = alert.keys.get(key_id)
    return f"{bold_name(seen.name)}" if seen is not None and seen.name else f"*{shown_number(key_id)}*"


def key_blocks(alert: Alert, key_id: int, *, units_per_usd: int) -> list[Block]:
    """What is known of one key: name, id, owner, state, last use, quota left."""
    seen = alert.keys.get(key_id)
    if seen is None:
        return [context(tr("Key {number}: asking the gateway…", number=shown_number(key_id)))]
    if seen.gone:
        return [context(tr("Key {number} is gone from the gateway: it was deleted.", number=shown_number(key_id)))]
    how = {finding.how for finding in alert.findings if key_id in finding.key_ids}
    sure = MatchKind.FULL in how
    state = state_text(EffectiveState(seen.state or EffectiveState.UNKNOWN))
    at = time_text(seen.looked_at)
    quota = quota_text(seen.remain_quota, unlimited=seen.unlimited_quota, units_per_usd=units_per_usd)
    pairs: list[tuple[str, str]] = [
        (tr("Key"), f"{key_name(alert, key_id)} · {id_text(key_id)} · {code(seen.hint)}"),
        (tr("Owner"), mention(seen.owner) if seen.owner else trc("the owner of a key", "nobody known here")),
        (tr("State"), trc("state of a key, when it was seen", "{state} (at {time})", state=state, time=at)),
        (tr("Last paid use"), _last_use(seen)),
        (tr("Quota left"), quota),
        (
            trc("label: how surely a key was recognised", "Match"),
            trc("how surely a key was recognised", "whole value matched")
            if sure
            else trc("how surely a key was recognised", "first and last characters fit"),
        ),
    ]
    return fields(pairs)


def key_lines(alert: Alert, key_ids: Sequence[int], requests: Requests, *, now: float) -> list[Block]:
    """Many keys, a line each: name, number, owner, and how it stands."""
    lines = [_key_line(alert, key_id, requests, now=now) for key_id in key_ids]
    return [section("\n".join(lines[at : at + _LINES])) for at in range(0, len(lines), _LINES)]


def _key_line(alert: Alert, key_id: int, requests: Requests, *, now: float) -> str:
    seen = alert.keys.get(key_id)
    parts: list[str] = [key_name(alert, key_id), id_text(key_id)]
    if seen is not None and seen.hint:
        parts.append(code(seen.hint))
    if seen is not None and seen.owner:
        parts.append(mention(seen.owner))
    return " · ".join([*parts, standing_text(alert, key_id, requests, now=now)])


def standing_text(alert: Alert, key_id: int, requests: Requests, *, now: float) -> str:
    """How one of many keys stands, in a few words."""
    seen = alert.keys.get(key_id)
    if acted := _acted_text(alert, key_id, requests):
        return acted
    if seen is None or not (seen.state or seen.gone):
        return trc("how a leaked key stands", ":hourglass_flowing_sand: not read yet")
    if is_out_of_use(alert, key_id, requests):
        disabled = trc("how a leaked key stands", ":no_entry_sign: disabled")
        return trc("how a leaked key stands", ":no_entry_sign: deleted") if seen.gone else disabled
    if is_stopping(alert, key_id, requests, now=now):
        return trc("how a leaked key stands", ":hourglass_flowing_sand: works, being taken out of use")
    if seen.may_work:
        return trc("how a leaked key stands", ":rotating_light: *works*")
    return state_text(EffectiveState(seen.state))


def _acted_text(alert: Alert, key_id: int, requests: Requests) -> str:
    """What became of a key that was disabled from this alert; "" = nothing."""
    action = alert.actions.get(key_id)
    if is_enabled_again(alert, key_id, requests):
        return trc("how a leaked key stands", ":rotating_light: *enabled again*, it works")
    if refused_at(action, requests) is not None:
        return trc("how a leaked key stands", ":lock: dead, refused by the gateway")
    if is_being_tried(action, requests):
        return trc("how a leaked key stands", ":hourglass_flowing_sand: disabled, now trying the key itself")
    if is_still_accepted(action, requests):
        return trc("how a leaked key stands", ":rotating_light: disabled, but *still accepted* by the gateway")
    return ""


def id_text(key_id: int) -> str:
    """`id 12`, for a line about a key."""
    return trc("the number of a key", "id {number}", number=shown_number(key_id))


def _last_use(seen: KeySnapshot) -> str:
    return trc("the last use of a key", "none") if seen.accessed_time <= seen.created_time else date(seen.accessed_time)


def step_blocks(alert: Alert, key_id: int, requests: Requests) -> list[Block]:
    """What was done about one key, each step with its time, and the total from the order to the refusal."""
    action, out_of_use = alert.actions.get(key_id), is_out_of_use(alert, key_id, requests)
    request = requests.get(action.request_id) if action is not None else None
    if action is None or request is None:
        return []
    disables = action.operation == "key.disable"
    lines = [_order_line(action, request, disables=disables), _state_line(request, disables=disables)]
    if action.operation == "key.rotate" and request.status is Status.SUCCEEDED and not out_of_use:
        until = date((request.settled_at or request.asked_at) + ROTATION_OVERLAP)
        lines.append(
            tr(
                ":warning: *The leaked key still works*, so that what uses it can change over: until its successor is "
                "revealed, at the latest {time}. *Disable now* does not wait; its owner is then offered a replacement.",
                time=until,
            )
        )
    lines += _proof_lines(action, request)
    return [section("\n".join(lines))]


def _order_line(action: AlertAction, request: ApprovalRequest, *, disables: bool) -> str:
    who, at = mention(action.by) if action.by else "Keydesk (auto_disable)", time_text(action.clicked_at)
    if disables:
        return tr("{time} {who} ordered it to be disabled (request {number})", time=at, who=who, number=request.number)
    return tr("{time} {who} ordered it to be replaced (request {number})", time=at, who=who, number=request.number)


def _state_line(request: ApprovalRequest, *, disables: bool) -> str:
    if request.status is not Status.SUCCEEDED or request.settled_at is None:
        return f"{MARKS[request.status]} {_standing(request, disables=disables)}"
    at = time_text(request.settled_at)
    if disables:
        return tr("{time} the gateway's record was read back: disabled", time=at)
    return tr("{time} the gateway's record was read back: replaced", time=at)


def _standing(request: ApprovalRequest, *, disables: bool) -> str:
    postponed = request.progress.postponed
    if request.status in IN_HAND - {Status.UNKNOWN} and postponed is not None:
        why = escape(postponed.why)
        if disables:
            return tr("*not disabled yet*: {why} We keep trying; nothing is lost.", why=why)
        return tr("*not replaced yet*: {why} We keep trying; nothing is lost.", why=why)
    if request.outcome is None:
        return said(WORDS[request.status])
    why = harmless(request.outcome.sentence)
    return trc("state of a request, and why", "{state}: {why}", state=WORDS[request.status], why=why)


def _proof_lines(action: AlertAction, request: ApprovalRequest) -> list[str]:
    seen = request.progress.revocation
    if seen is None:
        return []
    refused, accepted = seen.refused_at, seen.accepted_last
    lines: list[str] = []
    if accepted is not None:
        lines.append(tr("{time} the gateway still accepted the key", time=time_text(accepted)))
    if refused is not None:
        total = seconds_text(refused - action.clicked_at)
        lines.append(
            tr(
                ":lock: {time} *the gateway refused the key: dead {duration} after the order*",
                time=time_text(refused),
                duration=total,
            )
        )
    elif seen.ended and accepted is not None:
        lines.append(tr(":rotating_light: *It is still accepted. Treat it as live and delete it.*"))
    elif seen.ended:
        lines.append(tr(":warning: the key itself could not be tried: {why}", why=escape(seen.why)))
    else:
        lines.append(tr(":hourglass_flowing_sand: trying the key itself"))
    return lines


def again_blocks(alert: Alert, key_id: int, requests: Requests) -> list[Block]:
    """That a key disabled from this alert works again, and how to end it."""
    if not is_enabled_again(alert, key_id, requests):
        return []
    how = code(f"/apikey disable {shown_number(key_id)}")
    return [
        section(
            tr(
                ":rotating_light: *Since then it was enabled again, so it works.* {command} takes it out of use.",
                command=how,
            )
        )
    ]


def untold_blocks(alert: Alert, key_id: int, untold: Mapping[int, str]) -> list[Block]:
    """That the owner was not told, since Slack takes no direct message for them. `untold`: key → Slack's word."""
    seen = alert.keys.get(key_id)
    if seen is None or not seen.owner or key_id not in untold:
        return []
    sentence = tr(
        ":warning: *Its owner {owner} was not told*: Slack takes no direct message for them ({code}). "
        "Please tell them another way.",
        owner=mention(seen.owner),
        code=code(untold[key_id]),
    )
    return [section(sentence)]


def lock_blocks(locked: str) -> list[Block]:
    """Why the key is locked and what brings it back; `locked` "" = it is not."""
    return [context(locked)] if locked else []


def seconds_text(seconds: float) -> str:
    """`0.4 s`, `12.3 s`, `2 minutes 5 seconds`."""
    if seconds >= 60:
        return format_duration(seconds)
    return trc("a length of time in seconds", "{number} s", number=f"{max(0.0, seconds):.1f}")
