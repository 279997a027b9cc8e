"""One request as a line of a list, and which requests somebody may decide now: for every place that lists requests."""

import asyncio

from bot.approvals import store
from bot.approvals.models import WAITING, WORDS, ApprovalRequest
from bot.approvals.views import MARKS, withdraw_button
from bot.deps import Deps
from bot.permissions.models import Actor
from bot.slack.blocks import Block, button, date, escape, isolate, mention, section


async def decidable(deps: Deps, actor: Actor, *, limit: int = 50) -> list[ApprovalRequest]:
    """Waiting requests that this person may decide now."""
    waiting = await deps.database.read(store.waiting, limit=limit)
    people = {(request.requester_id, request.requester_team) for request in waiting}
    found = await asyncio.gather(*(deps.directory.actor(user, team) for user, team in people))
    requesters = dict(zip(people, found, strict=True))
    return [
        request
        for request in waiting
        if deps.review.may_answer(request, actor, requesters[request.requester_id, request.requester_team]).allowed
    ]


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
