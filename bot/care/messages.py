"""How care is said: a direct message to the owner, with the button that mends it, and a word in the channel at dry.

Drawn from the row of the message, in its reader's language.
"""

import functools
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from bot.care.judgement import Crossing, Notice
from bot.keys.spending import DAY
from bot.languages import joined, tr, trn
from bot.slack.blocks import Block, Message, actions, bold_name, button, code, context, date, mention, section
from bot.slack.outbox import Drawer
from bot.slack.post_store import PostRow
from bot.units import format_money

OWNER, CHANNEL = "care_owner", "care_channel"
# Buttons of key_update and key_quota, whose forms come filled in.
EXTEND, MORE = "key.extend", "key.more"
# Whoever has so many at once gets one message.
DIGEST = 3
SHOWN = 20


def drawers(*, units_per_usd: int) -> dict[str, Drawer]:
    """Post kind → what draws it."""
    return {OWNER: functools.partial(_owner, units_per_usd=units_per_usd), CHANNEL: _channel}


def notice_text(notice: Notice, *, units_per_usd: int) -> str:
    """One crossing in a sentence or two."""
    name = bold_name(notice.name)
    if notice.kind is Crossing.EXPIRES:
        days, moment = max(1, round(notice.mark / DAY)), date(notice.expires)
        return trn(
            ":hourglass: Key {name} expires in {count} day or less: {moment}.",
            ":hourglass: Key {name} expires in {count} days or less: {moment}.",
            days,
            name=name,
            moment=moment,
        )
    if notice.kind is Crossing.ENDED:
        return tr(
            ":no_entry: Key {name} has expired and no longer works: {moment}.", name=name, moment=date(notice.expires)
        )
    if notice.kind is Crossing.DRY:
        return tr(":no_entry: Key {name} has used up its quota and no longer works.", name=name)
    left = format_money(notice.left, units_per_usd)
    granted = format_money(notice.granted, units_per_usd)
    text = tr(":warning: Key {name} has {left} left of {granted}.", name=name, left=left, granted=granted)
    if notice.dry_at is None:
        return text
    return joined(text, tr("At this pace it runs dry about {moment}.", moment=date(notice.dry_at)))


def _button(notice: Notice) -> Block:
    key, number = str(notice.key_id), notice.key_id
    if notice.kind in {Crossing.EXPIRES, Crossing.ENDED}:
        label = tr("Extend key {number} by 30 days", number=number)
        return button(tr("Extend 30 days"), EXTEND, value=key, label=label)
    return button(tr("More quota"), MORE, value=key, label=tr("More quota for key {number}", number=number))


def _owner(_c: sa.Connection, row: PostRow, *, units_per_usd: int) -> Message:
    notices = _notices(row)
    texts = [notice_text(notice, units_per_usd=units_per_usd) for notice in notices]
    if row.body["count"] < DIGEST:
        parts = [
            block
            for text, notice in zip(texts, notices, strict=True)
            for block in (section(text), actions(_button(notice)))
        ]
        return Message(joined(*texts), parts)
    title = trn("{count} of your keys needs care.", "{count} of your keys need care.", row.body["count"])
    shown = zip(texts, notices, strict=True)
    blocks = [section(title), *(section(text, accessory=_button(notice)) for text, notice in shown)]
    return Message(title, [*blocks, *_rest(row.body["count"])])


def _channel(_c: sa.Connection, row: PostRow) -> Message:
    notices, owners = _notices(row), row.body["owners"]
    if row.body["count"] < DIGEST:
        texts = [_dry(notice, owners) for notice in notices]
        return Message(joined(*texts), [section(text) for text in texts])
    title = trn(
        "{count} key has used up its quota and no longer works.",
        "{count} keys have used up their quota and no longer work.",
        row.body["count"],
    )
    lines = [section(_dry(notice, owners)) for notice in notices]
    return Message(title, [section(title), *lines, *_rest(row.body["count"])])


def _dry(notice: Notice, owners: Mapping[str, str]) -> str:
    owner = mention(owners[str(notice.key_id)])
    return tr(
        ":no_entry: Key {name} of {owner} has used up its quota and no longer works.",
        name=bold_name(notice.name),
        owner=owner,
    )


def _notices(row: PostRow) -> Sequence[Notice]:
    return [Notice.of_stored(kept) for kept in row.body["notices"]]


def _rest(total: int) -> list[Block]:
    left, where = total - SHOWN, code("/apikey list")
    if left <= 0:
        return []
    return [context(trn("… and {count} more: {where}", "… and {count} more: {where}", left, where=where))]
