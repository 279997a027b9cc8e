"""What care asks of the flow: a click on a button of its messages, and what the `[care]` table does without a person.

A click is judged like any change, for whoever clicks. What the policy's table does by itself is a granted request, as
with `[alerts]`: it runs, is read back and stands in the record like every other.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.cards.views import notice_sentence
from bot.approvals.flow import Asked
from bot.approvals.granted import GrantedRequests
from bot.approvals.models import FINAL, ApprovalRequest, Judgement, NewRequest, Origin, OriginKind, Status
from bot.deps import Deps
from bot.gateway.models import Key
from bot.languages import joined, tr
from bot.permissions.models import Decision, Facts
from bot.slack.delivery import Delivery

_CAME_TO_NOTHING = frozenset({Status.FAILED, Status.DENIED, Status.EXPIRED, Status.WITHDRAWN})


@dataclass(frozen=True, kw_only=True)
class CareRequests:
    """`bot_user_id`, `team_id`: who Keydesk is in Slack."""

    deps: Deps
    granted: GrantedRequests
    bot_user_id: str
    team_id: str

    async def by_click(self, delivery: Delivery, operation: str, *, reason: str, key_id: int) -> ApprovalRequest:
        """Somebody clicked a button that asks for `operation` on this key at once, without a form.

        A double click is one request, and so is a click while it waits; what came to nothing may be asked again. Of
        two people each asks for themselves. Raises what the flow raises.

        The outcome comes as with every request; that it waits is said at once.
        """
        deps, asks = self.deps, self.deps.operations[operation]
        actor = await deps.actor(delivery, fresh=True)
        await deps.flow.admit(actor, operation)
        click, over = f"{delivery.id}:{actor.slack_user_id}", _CAME_TO_NOTHING
        if delivery.view is not None:
            # The Home stays, and each click there has an id of its own: what is over may be asked for again.
            click, over = f"home:{delivery.team_id}:{delivery.action_id}:{key_id}:{actor.slack_user_id}", FINAL
        click = await deps.database.read(_unanswered, click, over)
        request = await deps.flow.submit(
            Asked(
                actor=actor,
                operation=asks,
                wanted=asks.input_model.model_validate({"key_id": key_id}),
                reason=reason,
                channel_id=delivery.channel_id,
                delivery_id=click,
                deadline=deps.left(delivery),
            )
        )
        if request.status is Status.PENDING:
            number = tr("(Request {number}.)", number=request.number)
            waits = joined(notice_sentence(request, asks), number)
            delivery.responder.later(delivery.responder.tell(delivery, waits), delivery=delivery)
        return request

    def by_policy(
        self,
        c: sa.Connection,
        operation: str,
        key: Key,
        /,
        *,
        delivery_id: str,
        rule: str,
        sentence: str,
        reason: str,
        own: bool,
        **wanted: Any,
    ) -> ApprovalRequest:
        """What the table says happens by itself, once per `delivery_id`: stored as granted, in this transaction.

        `rule`: as the record names it, such as "[care] idle". `own`: in the name of the owner, so that the owner may
        take it back; else a key that is disabled is locked.
        """
        wanted = {"key_id": int(key.id), **wanted}
        new = NewRequest(
            delivery_id=delivery_id,
            origin=Origin(kind=OriginKind.CARE),
            operation=operation,
            requester_id=self.bot_user_id,
            requester_team=self.team_id,
            channel_id=self.deps.channel,
            key_id=int(key.id),
            key_name=key.name,
            reason=reason,
            input=self.deps.operations[operation].input_model.model_validate(wanted).model_dump(mode="json"),
            before=None,
            summary=(),
            judgement=Judgement(
                decision=Decision(outcome="allow", rule=rule, sentence=sentence), facts=Facts(), own=own
            ),
            asked_at=self.deps.clock(),
        )
        return self.granted.insert(c, new)[0]


def _unanswered(c: sa.Connection, click: str, over: frozenset[Status]) -> str:
    """The id of this click, or of its next try where the one before stands at one of `over`."""
    number, name = 1, click
    while (request := store.by_delivery(c, name)) is not None and request.status in over:
        number += 1
        name = f"{click}:{number}"
    return name
