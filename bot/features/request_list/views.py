"""How requests look in a list."""

from collections.abc import Sequence

from bot.languages import said, tr, trn
from bot.slack.blocks import Block, Message, context, divider, section

ROWS = 12


def request_list(sections: Sequence[tuple[str, Sequence[Block]]]) -> Message:
    """The answer to `/apikey requests`: titled groups, empty ones left out."""
    shown = [(title, rows) for title, rows in sections if rows]
    if not shown:
        text = tr("There are no requests yet. `/apikey new` asks for a key.")
        return Message(text, [section(text)])
    blocks: list[Block] = []
    for title, rows in shown:
        blocks += [section(f"*{said(title)}*"), *rows[:ROWS]]
        if len(rows) > ROWS:
            blocks.append(context(trn("{count} more.", "{count} more.", len(rows) - ROWS)))
        blocks.append(divider())
    return Message(" · ".join(f"{said(title)}: {len(rows)}" for title, rows in shown), blocks[:-1])
