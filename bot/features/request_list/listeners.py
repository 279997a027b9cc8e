"""`/apikey requests [WORDS] [PAGE]`: what waits for me or for my review, what I asked; with the right, everybody's."""

from dataclasses import dataclass, replace

from bot.approvals import store
from bot.approvals.models import ApprovalRequest
from bot.approvals.store import RequestFilter
from bot.deps import Deps
from bot.features.lists.request_rows import decidable, reviewable, row
from bot.features.request_list.typed_query import RequestQuery, parse
from bot.features.request_list.views import PAGE, PAGING, RequestGroup, request_list, request_page
from bot.keys.lookup import refuse_value
from bot.languages import tr
from bot.operations import Description
from bot.permissions.models import Actor
from bot.slack.blocks import Block, Message
from bot.slack.delivery import Ack, Delivery, Ephemeral, Kind
from bot.slack.router import Router

DESCRIPTION = Description(
    name="request.list",
    command="requests",
    usage="[WORDS] [PAGE]",
    help=tr("requests that wait for you, and your own"),
)
NAME = DESCRIPTION.name


@dataclass(frozen=True)
class RequestListListeners:
    """The command and its button."""

    deps: Deps

    async def list_requests(self, delivery: Delivery) -> Ack:
        """What was looked for; else four groups: to decide, to review, mine, everybody's."""
        deps = self.deps
        actor = await deps.actor(delivery)
        await deps.flow.admit(actor, NAME)
        access, channel = deps.access, delivery.channel_id
        text = delivery.text if delivery.kind is Kind.COMMAND else delivery.action_value
        refuse_value(text)
        query = parse(text, me=actor.slack_user_id) if delivery.action_id in {"", *PAGING} else None
        everybody = access.decide_unread(actor, NAME, own=False, channel=channel).allowed
        own = access.decide_unread(actor, NAME, own=True, channel=channel)
        to_decide, to_review = await decidable(deps, actor), await reviewable(deps, actor)
        if not own.allowed and not everybody and not to_decide and not to_review:
            await deps.flow.refuse(actor, NAME, own)
        if query is not None:
            if not everybody and query.requester not in {None, actor.slack_user_id}:
                await deps.flow.refuse(actor, NAME, access.decide_unread(actor, NAME, own=False, channel=channel))
            found = await self._found(actor, query, everybody=everybody, to_decide=to_decide, to_review=to_review)
            return replace(Ephemeral.of(found), in_place=delivery.kind is Kind.ACTION)
        mine = await deps.database.read(store.of_requester, actor.slack_user_id)
        groups = [
            (tr("Waiting for you"), to_decide, RequestQuery(words=frozenset({"waiting"}))),
            (tr("To review"), to_review, None),
            (tr("Your requests"), mine, RequestQuery(requester=actor.slack_user_id)),
        ]
        if everybody:
            seen = {request.id for _, group, _ in groups for request in group}
            others = await deps.database.read(store.recent)
            latest = [request for request in others if request.id not in seen]
            groups.append((tr("Everybody's latest"), latest, RequestQuery()))
        may_decide = {request.id for request in (*to_decide, *to_review)}
        message = request_list(
            [RequestGroup(title, self._rows(found, actor, may_decide), query) for title, found, query in groups]
        )
        return Ephemeral.of(message)

    async def _found(
        self,
        actor: Actor,
        query: RequestQuery,
        *,
        everybody: bool,
        to_decide: list[ApprovalRequest],
        to_review: list[ApprovalRequest],
    ) -> Message:
        """A page of what was looked for. Without the right to everybody's: one's own, and what one may decide."""
        wanted = RequestFilter(
            statuses=query.statuses,
            requester=query.requester if everybody else actor.slack_user_id,
            number=query.number,
            text=query.text,
        )
        page = await self.deps.database.read(store.page, wanted, number=query.page, rows=PAGE)
        found, total = page.requests, page.total
        if not everybody and page.number == 1 and query.requester is None:
            mine = {request.id for request in found}
            answerable = [one for one in (*to_decide, *to_review) if one.id not in mine and _is_like(one, query)]
            found, total = [*answerable, *found][:PAGE], total + len(answerable)
        may_decide = {request.id for request in (*to_decide, *to_review)}
        return request_page(self._rows(found, actor, may_decide), query, total=total, number=page.number)

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


def _is_like(request: ApprovalRequest, query: RequestQuery) -> bool:
    """Whether a request that was read already is what is looked for."""
    status = not query.statuses or request.status in query.statuses
    number = query.number is None or request.id == query.number
    return status and number and query.text.casefold() in request.key_name.casefold()


def register(router: Router, deps: Deps) -> None:
    """Name the command and the help button that does the same."""
    listeners = RequestListListeners(deps)
    router.command(DESCRIPTION.command, listeners.list_requests, usage=DESCRIPTION.usage, help=DESCRIPTION.help)
    for action_id in ("my_requests", *PAGING):
        router.action(action_id, listeners.list_requests)
