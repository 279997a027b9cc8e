"""One request as a line of a list, and which somebody may decide or review now: for every place that lists requests."""

import asyncio

from bot.approvals import store
from bot.approvals.cards.again import again_button
from bot.approvals.cards.buttons import withdraw_button
from bot.approvals.cards.views import mark_of
from bot.approvals.cards.waiting import until_text
from bot.approvals.models import FINAL, WAITING, WORDS, ApprovalRequest, OriginKind, Status
from bot.deps import Deps
from bot.languages import said, tr, trc
from bot.operations import Operation
from bot.permissions.models import Actor
from bot.slack.blocks import Block, bold_name, button, date, mention, section


async def decidable(deps: Deps, actor: Actor, *, limit: int = 50) -> list[ApprovalRequest]:
    """Waiting requests that this person may decide now."""
    return await _answerable(deps, actor, await deps.database.read(store.waiting, limit=limit), "approve")


async def reviewable(deps: Deps, actor: Actor) -> list[ApprovalRequest]:
    """What was done by break-glass, nobody has looked at since, and this person may review."""
    return await _answerable(deps, actor, await deps.database.read(store.to_review), "review")


async def _answerable(deps: Deps, actor: Actor, requests: list[ApprovalRequest], what: str) -> list[ApprovalRequest]:
    people = {(request.requester_id, request.requester_team) for request in requests}
    found = await asyncio.gather(*(deps.directory.actor(user, team) for user, team in people))
    requesters = dict(zip(people, found, strict=True))
    return [
        request
        for request in requests
        if deps.actions.may_answer(
            request, actor, requesters[request.requester_id, request.requester_team], what=what
        ).allowed
    ]


def _what(request: ApprovalRequest, operation: Operation, *, mine: bool) -> str:
    name = bold_name(request.key_name)
    if not request.origin.by_person:
        # Nobody asked for it: it follows from something else, such as the end of a rotation.
        return operation.asks("Keydesk", name)
    return operation.you_ask(name) if mine else operation.asks(mention(request.requester_id), name)


def row(request: ApprovalRequest, operation: Operation, *, mine: bool, decidable: bool) -> Block:
    """One request, with the one button that makes sense for the person who looks. `decidable`: or to be reviewed."""
    what = _what(request, operation, mine=mine)
    asked = tr("asked {when}", when=date(request.asked_at))
    # For whom it waits says that it waits.
    until = until_text(request)
    stands = "" if until and request.status is Status.PENDING else f" · {said(WORDS[request.status])}"
    text = f"{mark_of(request)} *{request.number}* {what}{stands} · {asked}{until}"
    value = str(request.id)
    if decidable:
        return section(
            text,
            accessory=button(
                trc("button: look at a request", "Review"),
                "look_at_request",
                value=value,
                label=tr("Review {number}", number=request.number),
            ),
        )
    if request.status in WAITING and mine:
        return section(text, accessory=withdraw_button(value))
    if request.status in FINAL and mine and request.origin.kind is OriginKind.PERSON:
        return section(text, accessory=again_button(request, operation))
    return section(text)
