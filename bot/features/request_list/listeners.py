"""`/apikey requests`: what waits for me or for my review, what I asked for; with the right, everybody's."""

from dataclasses import dataclass

from bot.approvals import store
from bot.approvals.models import ApprovalRequest
from bot.deps import Deps
from bot.features.lists.request_rows import decidable, reviewable, row
from bot.features.request_list.views import request_list
from bot.languages import tr
from bot.operations import Description
from bot.permissions.models import Actor
from bot.slack.blocks import Block
from bot.slack.delivery import Ack, Delivery, Ephemeral
from bot.slack.router import Router

DESCRIPTION = Description(name="request.list", command="requests", help=tr("requests that wait for you, and your own"))
NAME = DESCRIPTION.name


@dataclass(frozen=True)
class RequestListListeners:
    """The command and its button."""

    deps: Deps

    async def list_requests(self, delivery: Delivery) -> Ack:
        """Four groups: to decide, to review, mine, everybody's."""
        deps = self.deps
        actor = await deps.actor(delivery)
        await deps.flow.admit(actor, NAME)
        access, channel = deps.access, delivery.channel_id
        everybody = access.decide_unread(actor, NAME, own=False, channel=channel).allowed
        own = access.decide_unread(actor, NAME, own=True, channel=channel)
        to_decide, to_review = await decidable(deps, actor), await reviewable(deps, actor)
        if not own.allowed and not everybody and not to_decide and not to_review:
            await deps.flow.refuse(actor, NAME, own)
        mine = await deps.database.read(store.of_requester, actor.slack_user_id)
        groups = [
            (tr("Waiting for you"), to_decide),
            (tr("To review"), to_review),
            (tr("Your requests"), mine),
        ]
        if everybody:
            seen = {request.id for _, group in groups for request in group}
            others = await deps.database.read(store.recent)
            groups.append((tr("Everybody's latest"), [request for request in others if request.id not in seen]))
        may_decide = {request.id for request in (*to_decide, *to_review)}
        message = request_list([(title, self._rows(group, actor, may_decide)) for title, group in groups])
        return Ephemeral.of(message)

    def _rows(self, group: list[ApprovalRequest], actor: Actor, may_decide: set[int]) -> list[Block]:
        return [
            row(
                request,
                self.deps.operations[request.operation],
                mine=request.requester_id == actor.slack_user_id,
                decidable=request.id in may_decide,
            )
            for request in group
        ]


def register(router: Router, deps: Deps) -> None:
    """Name the command and the help button that does the same."""
    listeners = RequestListListeners(deps)
    router.command(DESCRIPTION.command, listeners.list_requests, usage=DESCRIPTION.usage, help=DESCRIPTION.help)
    router.action("my_requests", listeners.list_requests)
