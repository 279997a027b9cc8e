"""What the commands are, and how a key looks in its own window. Never its value."""

from collections.abc import Sequence
from typing import Any

from bot.approvals.models import WORDS, ApprovalRequest
from bot.features.lists.key_rows import SHOW, badge
from bot.gateway.models import Key
from bot.gateway.numbers import shown_number
from bot.keys.text import OWN_GROUP, addresses_text, models_text, quota_text
from bot.languages import said, tr, trc
from bot.operations import Description
from bot.slack.blocks import (
    actions,
    bold_name,
    button,
    code,
    context,
    date,
    dated,
    fields,
    inert,
    mention,
    modal,
    section,
)
from bot.units import format_moment, format_quota

LISTED = Description(
    name="key.list",
    command="list",
    usage="[WORDS] [PAGE]",
    help=tr("your keys; all keys, if you may see them"),
)
SHOWN = Description(name="key.show", title=tr("API key"), command="show", usage="KEY", help=tr("one key in full"))
LIST = LISTED.name


def key_window(
    key: Key,
    *,
    owner: str | None,
    mine: bool,
    requests: Sequence[ApprovalRequest],
    words: Sequence[tuple[str, str]],
    now: float,
    units_per_usd: int,
    channel: str = "",
    locked: str = "",
    refilled: str = "",
    trouble: str = "",
) -> dict[str, Any]:
    """One key whole. `words`: action id and text of what this person may do with it; `channel`: where it was asked.

    `locked`: why it is locked and what brings it back, "" = it is not. `refilled`: by its allowance. `trouble`: of
    the account behind it.
    """
    quota = quota_text(key.remain_quota, unlimited=key.unlimited_quota, units_per_usd=units_per_usd)
    billed = key.accessed_time > key.created_time
    pairs = [
        (tr("State"), badge(key.state(now))),
        (tr("Owner"), mention(owner) if owner else tr("nobody asked for it here")),
        (tr("Quota left"), quota),
        *([(trc("label: what a key is refilled with", "Allowance"), refilled)] if refilled else []),
        (trc("label: quota of a key", "Used"), format_quota(key.used_quota, units_per_usd)),
        (trc("label: when a key expires", "Expires"), dated(format_moment(key.expired_time))),
        (tr("Last billed"), date(key.accessed_time) if billed else trc("when a key was last billed", "never")),
        (tr("Models"), inert(models_text(key))),
        (tr("Allowed IPs"), inert(addresses_text(key.allowed_ips))),
        (tr("Group"), inert(key.group or OWN_GROUP)),
        (trc("label: when a key was created", "Created"), date(key.created_time)),
    ]
    blocks = [section(bold_name(key.name)), *(section(text) for text in (locked, trouble) if text), *fields(pairs)]
    if words:
        row_id = str(key.id)
        blocks.append(actions(*(button(text, action_id, value=row_id) for action_id, text in words)))
    blocks += [context(_request_line(request)) for request in requests[:5]]
    small = [tr("Key {number}", number=shown_number(key.id)), code(key.last_four), *([] if mine else [tr("not yours")])]
    blocks.append(context(" · ".join(small)))
    return modal(SHOW, tr("API key"), blocks, close=tr("Close"), private_metadata=channel)


def _request_line(request: ApprovalRequest) -> str:
    number, status = tr("Request {number}", number=request.number), said(WORDS[request.status])
    who = f"{code(request.operation)} · {status} · {mention(request.requester_id)}"
    return f"{number} · {who} · {date(request.asked_at)}"
