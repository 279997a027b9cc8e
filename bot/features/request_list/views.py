"""How requests look in a list."""

from collections.abc import Sequence

from bot.approvals.models import WAITING, WORDS, ApprovalRequest
from bot.approvals.views import MARKS, withdraw_button
from bot.slack.blocks import Block, Message, button, context, date, divider, escape, isolate, mention, section

ROWS = 12


def row(request: ApprovalRequest, *, asks: str, mine: bool, decidable: bool) -> Block:
    """One request, with the one button that makes sense for the person who looks."""
    who = "you" if mine else mention(request.requester_id)
    text = (
        f"{MARKS[request.status]} *{request.number}* {who} {escape(asks)} *{isolate(escape(request.key_name))}*"
        f" · {WORDS[request.status]} · {date(request.asked_at)}"
    )
    value = str(request.id)
    if request.status in WAITING and decidable:
        return section(
            text, accessory=button("Look", "look_at_request", value=value, label=f"Look at {request.number}")
        )
    if request.status in WAITING and mine:
        return section(text, accessory=withdraw_button(value))
    return section(text)


def request_list(sections: Sequence[tuple[str, Sequence[Block]]]) -> Message:
    """The answer to `/apikey requests`: titled groups, empty ones left out."""
    shown = [(title, rows) for title, rows in sections if rows]
    if not shown:
        text = "There are no requests yet. `/apikey new` asks for a key."
        return Message(text, [section(text)])
    blocks: list[Block] = []
    for title, rows in shown:
        blocks += [section(f"*{title}*"), *rows[:ROWS]]
        if len(rows) > ROWS:
            blocks.append(context(f"{len(rows) - ROWS} more."))
        blocks.append(divider())
    return Message(", ".join(f"{title}: {len(rows)}" for title, rows in shown), blocks[:-1])
