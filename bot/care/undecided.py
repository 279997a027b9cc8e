"""What waits for a decision about keys of nobody, of leavers or changed outside: on the Home of those who decide."""

import sqlalchemy as sa

from bot.care.drift import store as drift
from bot.care.kind import CareParts
from bot.care.leavers import store as leavers
from bot.care.unknown_keys import store as unknown_keys
from bot.languages import trc, trn
from bot.permissions.models import Actor, Ask
from bot.permissions.policy import decide
from bot.slack.blocks import Block, button, channel_link, date, section

SHOW = "my_keys"


def home_rows(c: sa.Connection, actor: Actor, parts: CareParts) -> list[Block]:
    """For the Home of those who may disable any key: how many keys wait for somebody to decide."""
    if decide(parts.deps.policy(), Ask(actor=actor, operation="key.disable", own=False)).outcome == "deny":
        return []
    where = channel_link(parts.security_channel)
    rows: list[Block] = []
    if number := unknown_keys.count_undecided(c):
        text = trn(
            ":mag: {count} key that works has no owner: give it one, disable it or ignore it. There is no time limit, "
            "and it keeps working.",
            ":mag: {count} keys that work have no owner: give them one, disable or ignore them. There is no time "
            "limit, and they keep working.",
            number,
        )
        rows.append(section(text, accessory=button(trc("button: show these keys", "Show"), SHOW, value="ownerless")))
    if number := drift.count_open(c):
        text = trn(
            ":mag: {count} key was changed outside Keydesk: accept it or put it back, in {channel}.",
            ":mag: {count} keys were changed outside Keydesk: accept them or put them back, in {channel}.",
            number,
            channel=where,
        )
        rows.append(section(text))
    number, due_at = leavers.waiting(c)
    if number and due_at is not None:
        text = trn(
            ":wave: {count} person has left and has keys that work: take them over in {channel}; what nobody has taken "
            "over is disabled from {time} on.",
            ":wave: {count} people have left and have keys that work: take them over in {channel}; what nobody has "
            "taken over is disabled from {time} on.",
            number,
            channel=where,
            time=date(due_at),
        )
        rows.append(section(text))
    return rows
