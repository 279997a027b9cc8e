"""How care is said: a direct message to the owner, with the button that mends it, and a word in the channel at dry.

Drawn from the row of the message, in its reader's language. What is over says so and has no button any more.
"""

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from bot.care import told
from bot.care.notice import CareOutcome, Crossing, Notice
from bot.care.notice_text import notice_text, outcome_text
from bot.care.told import Wants
from bot.gateway.dollars import Dollars
from bot.gateway.numbers import shown_number
from bot.languages import joined, tr, trc, trn
from bot.slack import post_store
from bot.slack.blocks import (
    Block,
    Message,
    actions,
    bold_name,
    button,
    code,
    confirm,
    context,
    mention,
    mention_all,
    section,
)
from bot.slack.delivery import Delivery
from bot.slack.outbox import Drawer
from bot.slack.post_store import PostRow

OWNER, CHANNEL, UNREAD = "care_owner", "care_channel", "care_unread"
# Buttons of key_update and key_quota, whose forms come filled in.
EXTEND, MORE = "key.extend", "key.more"
# Buttons about idle keys.
KEEP, ENABLE_AGAIN = "key.keep", "key.enable_again"
# Buttons about unusual spending.
DISABLE_NOW, MINE = "key.disable_now", "key.mine"
# Whoever has so many at once gets one message.
DIGEST = 3
SHOWN = 20

Outcomes = Mapping[tuple[int, Crossing], CareOutcome]


def drawers(*, dollars: Dollars) -> dict[str, Drawer]:
    """Post kind → what draws it."""
    return {
        OWNER: functools.partial(_owner, dollars=dollars),
        CHANNEL: _channel,
        UNREAD: functools.partial(_unread, dollars=dollars),
    }


def buttons_of(notice: Notice) -> list[Block]:
    """What mends it."""
    key, number = str(notice.key_id), shown_number(notice.key_id)
    if notice.kind in {Crossing.EXPIRES, Crossing.ENDED}:
        label = tr("Extend key {number} by 30 days", number=number)
        return [button(tr("Extend 30 days"), EXTEND, value=key, label=label)]
    if notice.kind is Crossing.UNANSWERED:
        return [
            button(tr("Enable again"), ENABLE_AGAIN, value=key, label=tr("Enable key {number} again", number=number))
        ]
    if notice.kind is Crossing.IDLE:
        return [
            button(
                trc("button", "Keep"), KEEP, value=key, label=tr("Keep key {number}", number=number), style="primary"
            ),
            button(trc("button", "Disable"), "key.disable", value=key, label=tr("Disable key {number}", number=number)),
            button(trc("button", "Delete"), "key.delete", value=key, label=tr("Delete key {number}", number=number)),
        ]
    if notice.kind is Crossing.ANOMALY:
        mine = tr("Say nothing about key {number} for 24 hours", number=number)
        return [disable_now(notice), button(tr("It is me (mute 24 h)"), MINE, value=key, label=mine)]
    return [button(tr("More quota"), MORE, value=key, label=tr("More quota for key {number}", number=number))]


def disable_now(notice: Notice) -> Block:
    """The button that takes a key out of use without a form."""
    number = shown_number(notice.key_id)
    sure = confirm(
        tr("Disable this key now?"),
        tr("Whatever uses key {number} stops working. It can be enabled again.", number=number),
        yes=trc("button", "Disable"),
    )
    label = tr("Disable key {number}", number=number)
    return button(tr("Disable now"), DISABLE_NOW, value=str(notice.key_id), label=label, style="danger", confirm=sure)


def key_number(delivery: Delivery) -> int:
    """The key in the value of a button; 0, which no key has, when it is none."""
    text = delivery.action_value
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _owner(c: sa.Connection, row: PostRow, *, dollars: Dollars) -> Message | None:
    notices, over = _notices(row), told.outcomes(c, row.id)
    if row.ts is None and _all_over(row, over):
        return None  # it was mended before anybody could read it
    texts = [notice_text(notice, units_per_usd=dollars.of(notice.key_id)) for notice in notices]
    few = row.body["count"] < DIGEST
    parts = [
        block for text, notice in zip(texts, notices, strict=True) for block in _part(text, notice, over, wide=few)
    ]
    if few:
        return Message(joined(*texts), parts)
    title = trn("{count} of your keys needs care.", "{count} of your keys need care.", row.body["count"])
    return Message(title, [section(title), *parts, *_rest(row.body["count"])])


def _part(text: str, notice: Notice, over: Outcomes, *, wide: bool) -> list[Block]:
    """A crossing with its buttons, below it or (not `wide`) beside it; with what came of it once it is over."""
    outcome = over.get((notice.key_id, notice.kind))
    if outcome is not None:
        return [section(text), context(outcome_text(outcome))]
    elements = buttons_of(notice)
    if wide or len(elements) > 1:
        return [section(text), actions(*elements)]
    return [section(text, accessory=elements[0])]


def _channel(c: sa.Connection, row: PostRow) -> Message | None:
    notices, owners, over = _notices(row), row.body["owners"], told.outcomes(c, row.id)
    if row.ts is None and _all_over(row, over):
        return None
    lines = [(_dry(notice, owners), over.get((notice.key_id, notice.kind))) for notice in notices]
    parts = [
        block
        for text, outcome in lines
        for block in ([section(text)] if outcome is None else [section(text), context(outcome_text(outcome))])
    ]
    if row.body["count"] < DIGEST:
        return Message(joined(*(text for text, _ in lines)), parts)
    title = trn(
        "{count} key has used up its quota and no longer works.",
        "{count} keys have used up their quota and no longer work.",
        row.body["count"],
    )
    return Message(title, [section(title), *parts, *_rest(row.body["count"])])


def _dry(notice: Notice, owners: Mapping[str, str]) -> str:
    owner = mention(owners[str(notice.key_id)])
    return tr(
        ":no_entry: Key {name} of {owner} has used up its quota and no longer works.",
        name=bold_name(notice.name),
        owner=owner,
    )


def _unread(c: sa.Connection, row: PostRow, *, dollars: Dollars) -> Message | None:
    """In the channel: what people could not be told in person, each with whose key it is."""
    owners, over = row.body["owners"], told.outcomes(c, row.id)
    people = mention_all(sorted(set(owners.values())))
    title = tr(
        ":mailbox_closed: Slack takes no direct message from me to {people}, so what their keys need stands here.",
        people=people,
    )
    parts: list[Block] = []
    for notice in _notices(row):
        sentence = notice_text(notice, units_per_usd=dollars.of(notice.key_id))
        text = tr("{who}: {sentence}", who=mention(owners[str(notice.key_id)]), sentence=sentence)
        parts += _part(text, notice, over, wide=False)
    return Message(title, [section(title), *parts, *_rest(row.body["count"])])


def say_unread(c: sa.Connection, outbox: Wants, subject: str, *, channel: str, now: float) -> None:
    """Slack does not take the direct message of this subject: the channel is told, in one message a day for all."""
    row = post_store.load(c, f"{OWNER}:{subject}")
    if row is None or row.error is None or row.ts is not None:
        return  # Slack has taken it after all
    day = int(now // 86_400)
    post_id = f"{UNREAD}:{day}"
    before = post_store.load(c, post_id)
    known = told.in_post(c, post_id, [one.key_id for one in _notices(row)])
    fresh = [(one, row.dm_user) for one in _notices(row) if (one.key_id, one.kind) not in known]
    if not fresh:
        return
    owners: Mapping[str, str] = {} if before is None else before.body["owners"]
    stands = [] if before is None else [(one, owners[str(one.key_id)]) for one in _notices(before)]
    count = (0 if before is None else before.body["count"]) + row.body["count"] - len(known)
    body = body_of(count, [*stands, *fresh][:SHOWN])
    outbox.want(c, id=post_id, kind=UNREAD, subject=str(day), target=channel, body=body)
    told.note(c, post_id, fresh, at=now)


def body_of(count: int, shown: Sequence[tuple[Notice, str]]) -> dict[str, Any]:
    """What the row of a message holds: how many it tells of, and those that it shows, each with whose key it is."""
    return {
        "count": count,
        "notices": [notice.stored() for notice, _ in shown],
        "owners": {str(notice.key_id): owner for notice, owner in shown},
    }


def _all_over(row: PostRow, over: Outcomes) -> bool:
    return row.body["count"] <= SHOWN and all((one.key_id, one.kind) in over for one in _notices(row))


def _notices(row: PostRow) -> Sequence[Notice]:
    return [Notice.of_stored(kept) for kept in row.body["notices"]]


def _rest(total: int) -> list[Block]:
    left, where = total - SHOWN, code("/apikey list")
    if left <= 0:
        return []
    return [context(trn("… and {count} more: {where}", "… and {count} more: {where}", left, where=where))]
