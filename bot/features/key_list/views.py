"""How a key looks in a list and in its own window. Never its value."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.approvals.models import WORDS, ApprovalRequest
from bot.features.lists.key_rows import SHOW, badge, row
from bot.gateway.models import Key
from bot.keys.known_keys import KeyPage
from bot.keys.text import OWN_GROUP, addresses_text, age_text, models_text, quota_text
from bot.languages import said, tr, trc, trn
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


def key_list(
    page: KeyPage,
    *,
    everybody: bool,
    locked: Mapping[int, str] = {},
    now: float,
    asked_at: float,
    units_per_usd: int,
    trouble: str = "",
) -> Message:
    """The answer to `/apikey list [PAGE]`: 20 keys to a page, so that each fits into one message of Slack.

    `locked`: of locked keys, why they are and what brings them back. `now` is by the gateway's clock, `asked_at` ours.
    `trouble`: of the account behind them.
    """
    if not page.keys:
        none, none_of_yours = tr("There are no keys yet."), tr("You have no keys yet. `/apikey new` asks for one.")
        text = none if everybody else none_of_yours
        return Message(text, [section(text), actions(button(tr("Ask for a key"), "key.create", style="primary"))])
    if everybody:
        headline = trn("The account's {count} key", "All {count} keys of the account", page.total)
    else:
        headline = trn("Your {count} key", "Your {count} keys", page.total)
    blocks = [section(f"*{headline}*"), *([section(trouble)] if trouble else []), divider()]
    for known in page.keys:
        key, owner = known.key, known.owner_id if everybody else None
        blocks.append(row(key, now=now, owner=owner, units_per_usd=units_per_usd, locked=locked.get(key.id, "")))
    return Message(headline, [*blocks, context(*_small_lines(page, asked_at))])


def _small_lines(page: KeyPage, now: float) -> list[str]:
    """Where in the list this is, how to go on, and how old it is."""
    age, last = age_text(page.as_of, now), (page.number - 1) * ROWS + len(page.keys)
    if page.total <= ROWS:
        return [age]
    lines = [
        tr(
            "{first} to {last} of {total}, newest first",
            first=(page.number - 1) * ROWS + 1,
            last=last,
            total=page.total,
        ),
        tr("`/apikey show KEY` finds each"),
        age,
    ]
    if last < page.total:
        lines.insert(1, tr("{command} shows the next", command=f"`/apikey list {page.number + 1}`"))
    return lines


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
    billed = key.accessed_time > key.created_time
    pairs = [
        (tr("State"), badge(key.state(now))),
        (tr("Owner"), mention(owner) if owner else tr("nobody asked for it here")),
        (tr("Quota left"), quota),
        (trc("label: quota of a key", "Used"), format_quota(key.used_quota, units_per_usd)),
        (trc("label: when a key expires", "Expires"), format_moment(key.expired_time)),
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
    small = [tr("Key {number}", number=key.id), code(key.last_four), *([] if mine else [tr("not yours")])]
    blocks.append(context(" · ".join(small)))
    return modal(SHOW, tr("API key"), blocks, close=tr("Close"), private_metadata=channel)


def _request_line(request: ApprovalRequest) -> str:
    number, status = tr("Request {number}", number=request.number), said(WORDS[request.status])
    who = f"{code(request.operation)} · {status} · {mention(request.requester_id)}"
    return f"{number} · {who} · {date(request.asked_at)}"
