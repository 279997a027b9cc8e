"""How the weekly card is said, with the buttons that mend what it names."""

import functools
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from bot.care.messages import EXTEND
from bot.gateway.dollars import Dollars
from bot.gateway.numbers import shown_number
from bot.languages import tr, trc, trn
from bot.slack.blocks import Block, Message, bold_name, button, context, date, mention, section
from bot.slack.outbox import Drawer
from bot.slack.post_store import PostRow
from bot.units import format_money

CARD = "care_week"


def drawers(*, dollars: Dollars) -> dict[str, Drawer]:
    """Post kind → what draws it."""
    return {CARD: functools.partial(_card, dollars=dollars)}


def _card(_c: sa.Connection, row: PostRow, *, dollars: Dollars) -> Message:
    body = row.body
    title = tr(
        ":bar_chart: Keys of the people whose requests you decide cost {amount} in seven days.",
        amount=format_money(body["spent"], dollars.usual),
    )
    blocks = [section(title), context(_growth(body["spent"], body["before"], dollars.usual))]
    for units, _, name, owner in body["most_spent"]:
        text = tr(
            "{name} of {owner}: {amount}",
            name=bold_name(name),
            owner=mention(owner),
            amount=format_money(units, dollars.usual),
        )
        blocks.append(section(text))
    return Message(title, [*blocks, *_unused(body, dollars), *_ends(body), context(_why())])


def _why() -> str:
    return tr("You need not do anything. This message comes once a week, on Monday morning.")


def _growth(spent: int, before: int, units_per_usd: int) -> str:
    amount = format_money(before, units_per_usd)
    if not before:
        return tr("In the seven days before: nothing.")
    percent = f"{round(100 * (spent - before) / before):+d} %"
    return tr("In the seven days before: {amount} ({change}).", amount=amount, change=percent)


def _unused(body: Any, dollars: Dollars) -> list[Block]:
    if not body["unused_keys"]:
        return []
    title = trn(
        "*Granted and never used*: {amount} on {count} key.",
        "*Granted and never used*: {amount} on {count} keys.",
        body["unused_keys"],
        amount=format_money(body["unused"], dollars.usual),
    )
    blocks = [section(title)]
    for units, key_id, name, owner in body["most_unused"]:
        text = tr(
            "{name} of {owner}: {amount}",
            name=bold_name(name),
            owner=mention(owner),
            amount=format_money(units, dollars.usual),
        )
        label = tr("Disable key {number}", number=shown_number(key_id))
        disable = button(trc("button", "Disable"), "key.disable", value=str(key_id), label=label)
        blocks.append(section(text, accessory=disable))
    return [*blocks, *_rest(body["unused_keys"], body["most_unused"])]


def _ends(body: Any) -> list[Block]:
    if not body["ending_keys"]:
        return []
    title = trn(
        "*Expires in the next seven days*: {count} key.",
        "*Expires in the next seven days*: {count} keys.",
        body["ending_keys"],
    )
    blocks = [section(title)]
    for at, key_id, name, owner in body["next_ends"]:
        text = tr("{name} of {owner}: {moment}", name=bold_name(name), owner=mention(owner), moment=date(at))
        label = tr("Extend key {number} by 30 days", number=shown_number(key_id))
        blocks.append(section(text, accessory=button(tr("Extend 30 days"), EXTEND, value=str(key_id), label=label)))
    return [*blocks, *_rest(body["ending_keys"], body["next_ends"])]


def _rest(total: int, shown: Sequence[Any]) -> list[Block]:
    left = total - len(shown)
    return [context(trn("… and {count} more", "… and {count} more", left))] if left > 0 else []
