"""The buttons of a review. A button's value is the id of a row, or the number of a page; everything is judged anew."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any

from bot.deps import Deps
from bot.errors import ApprovalConflict
from bot.languages import tr
from bot.permissions.models import Decision
from bot.permissions.reviewers import may_review
from bot.review import store
from bot.review.cards import OPEN, PAGE, WINDOW, WindowPage, load_page, window
from bot.review.decisions import ReviewDecisions
from bot.review.key_blocks import DISABLE, KEEP, SHRINK, UNDO
from bot.review.models import RULE, Verdict
from bot.slack.delivery import Ack, Delivery
from bot.slack.errors import ViewClosed
from bot.slack.router import Router

_SHOW = "key.show"
# So often a window is drawn anew after a click, while the gateway is at it; then it stays as it is.
LOOKS, LOOK_PAUSE = 10, 0.7


@dataclass(frozen=True, kw_only=True)
class ReviewListeners:
    """What a click does: in a window, the window is drawn anew afterwards; a card follows by itself."""

    deps: Deps
    decisions: ReviewDecisions

    async def keep(self, delivery: Delivery) -> Ack:
        """The key stays as it is."""
        return await self._decide(delivery, Verdict.KEEP)

    async def shrink(self, delivery: Delivery) -> Ack:
        """Its quota is lowered to what the button says."""
        return await self._decide(delivery, Verdict.SHRINK)

    async def disable(self, delivery: Delivery) -> Ack:
        """It is taken out of use."""
        return await self._decide(delivery, Verdict.DISABLE)

    async def _decide(self, delivery: Delivery, verdict: Verdict) -> Ack:
        actor = await self.deps.actor(delivery, fresh=True)
        deadline = self.deps.left(delivery)
        try:
            await self.decisions.decide(_row(delivery.action_value), actor, verdict, deadline=deadline)
        finally:
            self._redraw(delivery)
        return None

    async def undo(self, delivery: Delivery) -> Ack:
        """A disable is taken back."""
        actor = await self.deps.actor(delivery, fresh=True)
        try:
            await self.decisions.undo(_row(delivery.action_value), actor, deadline=self.deps.left(delivery))
        finally:
            self._redraw(delivery)
        return None

    async def open(self, delivery: Delivery) -> Ack:
        """Show the keys of a card to somebody who decides about them."""
        page = await self._page(delivery, _row(delivery.action_value), None)
        await delivery.responder.open_modal(delivery, self._window(page))
        return None

    async def turn(self, delivery: Delivery) -> Ack:
        """Another page of the window."""
        card, _ = _remembered(delivery)
        page = await self._page(delivery, card, _row(delivery.action_value))
        delivery.responder.later(delivery.responder.update_modal(delivery, self._window(page)), delivery=delivery)
        return None

    async def _page(self, delivery: Delivery, card_id: int, number: int | None) -> WindowPage:
        """A page of a card's keys, for somebody who decides about them now."""
        actor = await self.deps.actor(delivery, fresh=True)
        await self.deps.flow.admit(actor, _SHOW)
        page = await self.deps.database.read(load_page, card_id, number, viewer=actor.slack_user_id)
        if page is None:
            raise ApprovalConflict(tr("There is no such review any more."))
        if not may_review(self.deps.policy(), actor, page.card.roles):
            sentence = tr("Only those whom key review {number} asks may look at this list.", number=page.review.id)
            await self.deps.flow.refuse(actor, _SHOW, Decision(outcome="deny", rule=RULE, sentence=sentence))
        return page

    def _window(self, page: WindowPage) -> dict[str, Any]:
        return window(page, now=self.deps.clock(), dollars=self.deps.dollars)

    def _redraw(self, delivery: Delivery) -> None:
        if delivery.in_modal and delivery.callback_id == WINDOW:
            delivery.responder.later(self._follow(delivery), delivery=delivery)

    async def _follow(self, delivery: Delivery) -> None:
        """Show in the window what was decided, and for a while what becomes of it."""
        shown = None
        with contextlib.suppress(ViewClosed):
            for _ in range(LOOKS):
                row = await self.deps.database.read(store.find_key, _row(delivery.action_value))
                if row is None or row.version != shown:
                    await self._show(delivery)
                if row is None or not row.is_moving:
                    return
                shown = row.version
                await asyncio.sleep(LOOK_PAUSE)

    async def _show(self, delivery: Delivery) -> None:
        """Draw the window of this delivery anew, at the page that it shows."""
        card, number = _remembered(delivery)
        page = await self.deps.database.read(load_page, card, number, viewer=delivery.user_id)
        if page is not None:
            await delivery.responder.update_modal(delivery, self._window(page))


def _remembered(delivery: Delivery) -> tuple[int, int]:
    """The card and the page of a window. Only what we wrote into it ourselves says which list somebody is shown."""
    card, _, number = (delivery.private_metadata if delivery.written_at is not None else "").partition(":")
    return _row(card), _row(number)


def _row(text: str) -> int:
    """The id in a value; 0, which no row has, when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0


def register(router: Router, listeners: ReviewListeners) -> None:
    """Name every button."""
    router.action(KEEP, listeners.keep)
    router.action(SHRINK, listeners.shrink)
    router.action(DISABLE, listeners.disable)
    router.action(UNDO, listeners.undo)
    router.action(OPEN, listeners.open)
    router.action(f"{PAGE}.back", listeners.turn)
    router.action(f"{PAGE}.next", listeners.turn)
