"""The buttons of a card. Each asks Slack anew who clicks, then hands over to actions.py. No decisions here.

A button's `value` is a request's id; an option of the menu has a word before it (`take:12`). The card is never read:
what is shown is drawn again from the row.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from bot.approvals import store
from bot.approvals.actions import RequestActions
from bot.approvals.cards.offer_form import about, build_offer_modal, parse_offer
from bot.approvals.cards.views import RequestViews
from bot.approvals.models import WORDS, ApprovalRequest
from bot.db.engine import Database
from bot.errors import ApprovalConflict, InputError
from bot.gateway.dollars import Dollars
from bot.languages import said, tr, trc
from bot.permissions.models import Actor
from bot.slack.blocks import modal, section
from bot.slack.delivery import Ack, CloseAll, Delivery
from bot.slack.directory import Directory
from bot.slack.inputs import input_block, text_input, typed
from bot.slack.router import Router
from bot.typed_text import clean

DENY, OFFER = "request.deny", "request.offer"
REASON = "reason"

# One answer for a request that is not there and for one that is not theirs to see.
NO_REQUEST = tr("There is no such request any more.")


@dataclass(frozen=True, kw_only=True)
class CardListeners:
    """Clicks on cards and what they open."""

    database: Database
    actions: RequestActions
    directory: Directory
    drawing: RequestViews
    dollars: Dollars
    clock: Callable[[], float]

    async def _request(self, text: str) -> ApprovalRequest:
        known = text.isascii() and text.isdigit() and len(text) < 10
        request = await self.database.read(store.find, int(text)) if known else None
        if request is None:
            raise ApprovalConflict(said(NO_REQUEST))
        return request

    async def _people(self, delivery: Delivery, request: ApprovalRequest) -> tuple[Actor, Actor]:
        """Who clicks, asked of Slack now, and the requester."""
        # Together: each may take 1.2 s when Slack hangs, and Slack waits 3 s for our answer.
        return await asyncio.gather(
            self.directory.actor(delivery.user_id, delivery.user_team_id, fresh=True),
            self.directory.actor(request.requester_id, request.requester_team),
        )

    async def approve(self, delivery: Delivery) -> Ack:
        """Approve as asked."""
        request = await self._request(_row(delivery))
        return await self._done(
            delivery, await self.actions.approve(request.id, *await self._people(delivery, request))
        )

    async def take(self, delivery: Delivery) -> Ack:
        """Take it, so that others need not look."""
        request = await self._request(_row(delivery))
        return await self._done(delivery, await self.actions.take(request.id, *await self._people(delivery, request)))

    async def reviewed(self, delivery: Delivery) -> Ack:
        """A break-glass request was looked at."""
        request = await self._request(_row(delivery))
        return await self._done(
            delivery, await self.actions.reviewed(request.id, *await self._people(delivery, request))
        )

    async def withdraw(self, delivery: Delivery) -> Ack:
        """The requester takes it back."""
        return await self._by_one_person(delivery, self.actions.withdraw)

    async def accept(self, delivery: Delivery) -> Ack:
        """The requester accepts what was offered instead."""
        return await self._by_one_person(delivery, self.actions.accept)

    async def take_back(self, delivery: Delivery) -> Ack:
        """Whoever made a counter-offer takes it back."""
        return await self._by_one_person(delivery, self.actions.take_back)

    async def remind(self, delivery: Delivery) -> Ack:
        """The requester reminds the approvers."""
        return await self._by_one_person(delivery, self.actions.nudge)

    async def more(self, delivery: Delivery) -> Ack:
        """A choice from the menu of a card."""
        chosen = {
            "approve_with_changes": self.open_offer,
            "take": self.take,
            "remind": self.remind,
            "withdraw": self.withdraw,
            "take_back": self.take_back,
        }.get(delivery.action_value.partition(":")[0])
        if chosen is None:
            raise ApprovalConflict(said(NO_REQUEST))
        return await chosen(delivery)

    async def _by_one_person(self, delivery: Delivery, do: Callable[[int, Actor], Awaitable[ApprovalRequest]]) -> Ack:
        request = await self._request(_row(delivery))
        actor = await self.directory.actor(delivery.user_id, delivery.user_team_id, fresh=True)
        return await self._done(delivery, await do(request.id, actor))

    async def _done(self, delivery: Delivery, request: ApprovalRequest) -> Ack:
        """The card redraws itself; a click inside a window gets its answer there."""
        if delivery.in_modal:
            view = _answer(
                request,
                tr("Request {number} is {status} now.", number=request.number, status=WORDS[request.status]),
            )
            delivery.responder.later(delivery.responder.update_modal(delivery, view))
        return None

    async def open_deny(self, delivery: Delivery) -> Ack:
        """Ask for the reason of a denial, from those who may deny; the others are told, and it is recorded."""
        request = await self._open(delivery, "deny")
        blocks = [
            section(about(request)),
            input_block(REASON, tr("Reason"), text_input(multiline=True, max_length=1000, focus=True)),
        ]
        row, title = str(request.id), trc("title of a window", "Deny request")
        await self._show(delivery, modal(DENY, title, blocks, submit=trc("button", "Deny"), private_metadata=row))
        return None

    async def submit_deny(self, delivery: Delivery) -> Ack:
        """The reason is there: deny. The card tells how it ended, so that no window has to be closed."""
        request = await self._request(delivery.private_metadata)
        reason = clean(typed(delivery.state, REASON))
        if not reason:
            raise InputError({REASON: tr("Say why; the requester reads it.")})
        await self.actions.deny(request.id, *await self._people(delivery, request), reason=reason)
        return CloseAll()

    async def open_offer(self, delivery: Delivery) -> Ack:
        """Show what could be granted instead."""
        request = await self._open(delivery, "approve")
        await self._show(delivery, build_offer_modal(request, units_per_usd=self.dollars.at(request.gateway)))
        return None

    async def submit_offer(self, delivery: Delivery) -> Ack:
        """Approve for less. The card tells how it stands."""
        request = await self._request(delivery.private_metadata)
        offer = parse_offer(request, delivery.state, now=self.clock(), units_per_usd=self.dollars.at(request.gateway))
        people = await self._people(delivery, request)
        await self.actions.approve(request.id, *people, offer=offer)
        return CloseAll()

    async def look(self, delivery: Delivery) -> Ack:
        """The card again, in a window: from the Home or a list."""
        request = await self._request(_row(delivery))
        if not self.actions.may_look(request, *await self._people(delivery, request)):
            raise ApprovalConflict(said(NO_REQUEST))
        background = await self.database.read(self.drawing.background, request)
        message = self.drawing.card(request, background=background, details=True)
        await self._show(delivery, modal("request", _title(request), message.blocks, close=tr("Close")))
        return None

    async def _open(self, delivery: Delivery, what: str) -> ApprovalRequest:
        request = await self._request(_row(delivery))
        actor, requester = await self._people(delivery, request)
        await self.actions.check(request.id, actor, requester, what=what)
        return request

    async def _show(self, delivery: Delivery, view: dict[str, Any]) -> None:
        show = delivery.responder.push_modal if delivery.in_modal else delivery.responder.open_modal
        await show(delivery, view)


def _row(delivery: Delivery) -> str:
    return delivery.action_value.rpartition(":")[2]


def _title(request: ApprovalRequest) -> str:
    return tr("Request {number}", number=request.number)


def _answer(request: ApprovalRequest, sentence: str) -> dict[str, Any]:
    return modal("said", _title(request), [section(sentence)], close=tr("Close"))


def register(router: Router, listeners: CardListeners) -> None:
    """Name every button and window of a card."""
    router.action("approve", listeners.approve)
    router.action("deny", listeners.open_deny)
    router.action("more", listeners.more)
    router.action("withdraw", listeners.withdraw)
    router.action("accept_offer", listeners.accept)
    # Cards of an older version have a button for each of these.
    router.action("approve_with_changes", listeners.open_offer)
    router.action("take", listeners.take)
    router.action("nudge", listeners.remind)
    router.action("reviewed", listeners.reviewed)
    router.action("look_at_request", listeners.look)
    router.view(DENY, listeners.submit_deny)
    router.view(OFFER, listeners.submit_offer)
