"""What a request changes, as the facts of a card: new values, or before → after. Pure."""

from bot.languages import trc
from bot.operations import OWNER_FIELD, Change
from bot.slack.blocks import Block, dated, fields, inert, mention


def change_value(change: Change, value: str) -> str:
    """One side of a change as mrkdwn: a person as a mention, a moment in the reader's own zone."""
    return mention(value) if change.field == OWNER_FIELD else dated(inert(value))


def change_text(change: Change) -> str:
    """The new value, or before → after, as mrkdwn."""
    after = change_value(change, change.after)
    if change.before is None:
        return after
    before = change_value(change, change.before)
    return trc("a value before and after, in a list", "{before} → *{after}*", before=before, after=after)


def change_lines(changes: tuple[Change, ...]) -> list[Block]:
    """The facts of a card: new values, or before → after."""
    pairs = [(change.label, change_text(change)) for change in changes]
    return fields(pairs) if pairs else []
