"""How a key looks in a list and in its own window. Never its value."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.approvals.models import WORDS, ApprovalRequest
from bot.features.lists.key_rows import BADGES, SHOW, row
from bot.gateway.models import Key
from bot.keys.text import OWN_GROUP, addresses_text, models_text, quota_text
from bot.languages import tr
from bot.operations import Description
from bot.slack.blocks import (
    Message,
    actions,
    bold_name,
    button,
    code,
    context,
    date,
    divider,
    fields,
    inert,
    mention,
    modal,
    section,
)
from bot.units import format_moment, format_quota

LISTED = Description(
    name="key.list", command="list", usage="[PAGE]", help=tr("your keys; all keys, if you may see them")
)
SHOWN = Description(name="key.show", title=tr("API key"), command="show", usage="KEY", help=tr("one key in full"))
LIST = LISTED.name
ROWS = 20


def pages(number: int) -> int:
    """How many pages hold that many keys."""
    return max(1, -(-number // ROWS))


def key_list(
    keys: Sequence[Key],
    *,
    everybody: bool,
    owners: Mapping[int, str],
    locked: Mapping[int, str] = {},
    now: float,
    units_per_usd: int,
    page: int = 1,
) -> Message:
    """The answer to `/apikey list [PAGE]`: 20 keys to a page, so that each fits into one message of Slack.

    `locked`: of locked keys, why they are and what brings them back.
    """
    if not keys:
        text = "There are no keys yet." if everybody else "You have no keys yet. `/apikey new` asks for one."
        return Message(text, [section(text), actions(button("Ask for a key", "key.create", style="primary"))])
    count = "1 key" if len(keys) == 1 else f"{len(keys)} keys"
    headline = f"All {count} of the account" if everybody else f"Your {count}"
    blocks = [section(f"*{headline}*"), divider()]
    first = (page - 1) * ROWS
    shown = keys[first : first + ROWS]
    for key in shown:
        owner = owners.get(key.id) if everybody else None
        blocks.append(row(key, now=now, owner=owner, units_per_usd=units_per_usd, locked=locked.get(key.id, "")))
    if len(keys) > ROWS:
        following = f" · `/apikey list {page + 1}` shows the next" if page < pages(len(keys)) else ""
        small = f"{first + 1} to {first + len(shown)} of {len(keys)}, newest first{following}"
        blocks.append(context(f"{small} · `/apikey show KEY` finds each"))
    return Message(f"{headline}.", blocks)


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
    trouble: str = "",
) -> dict[str, Any]:
    """One key whole. `words`: action id and text of what this person may do with it; `channel`: where it was asked.

    `locked`: why it is locked and what brings it back, "" = it is not. `trouble`: of the account behind it.
    """
    quota = quota_text(key.remain_quota, unlimited=key.unlimited_quota, units_per_usd=units_per_usd)
    pairs = [
        ("State", BADGES[key.state(now)]),
        ("Owner", mention(owner) if owner else "nobody asked for it here"),
        ("Quota left", quota),
        ("Used", format_quota(key.used_quota, units_per_usd)),
        ("Expires", format_moment(key.expired_time)),
        ("Last billed", date(key.accessed_time) if key.accessed_time > key.created_time else "never"),
        ("Models", inert(models_text(key))),
        ("Allowed IPs", inert(addresses_text(key.allowed_ips))),
        ("Group", inert(key.group or OWN_GROUP)),
        ("Created", date(key.created_time)),
    ]
    blocks = [section(bold_name(key.name)), *(section(text) for text in (locked, trouble) if text), *fields(pairs)]
    if words:
        row_id = str(key.id)
        blocks.append(actions(*(button(text, action_id, value=row_id) for action_id, text in words)))
    blocks += [context(_request_line(request)) for request in requests[:5]]
    blocks.append(context(f"Key {key.id} · {code(key.last_four)}" + ("" if mine else " · not yours")))
    return modal(SHOW, "API key", blocks, close="Close", private_metadata=channel)


def _request_line(request: ApprovalRequest) -> str:
    who = f"{code(request.operation)} · {WORDS[request.status]} · {mention(request.requester_id)}"
    return f"Request {request.number} · {who} · {date(request.asked_at)}"
