"""Clicks on cards: who clicked is asked anew, the row decides, and the answer goes where the person looks."""

from typing import Any

import pytest

from bot.approvals.cards import listeners
from bot.approvals.cards.buttons import MORE
from bot.approvals.cards.listeners import DENY, OFFER, REASON, CardListeners
from bot.approvals.cards.offer_form import EXPIRY, KEEP, QUOTA
from bot.approvals.cards.views import RequestViews
from bot.approvals.models import Status
from bot.errors import ApprovalConflict, InputError, PermissionDenied
from bot.features import OPERATIONS
from bot.gateway.dollars import Dollars
from bot.permissions.models import Actor
from bot.slack.delivery import CloseAll, Delivery, Kind
from tests.approvals.kit import ADA, BEN, MIRA, SAM, TEAM, Spine, policy
from tests.slack.kit import NotingWeb, make_delivery, make_responder

UNITS = 500_000
HALF = {QUOTA: {"value": {"value": "1M"}}, EXPIRY: {"value": {"selected_option": {"value": KEEP}}}}


class Directory:
    """Who somebody is, and of whom Slack was asked anew."""

    def __init__(self) -> None:
        self.fresh: list[str] = []

    async def actor(self, user: str, team: str, *, fresh: bool = False) -> Actor:
        if fresh:
            self.fresh.append(user)
        return next(one for one in (ADA, BEN, MIRA, SAM) if (one.slack_user_id, one.team_id) == (user, team))


class Card:
    """A waiting request, and people who click on its card."""

    def __init__(self, spine: Spine) -> None:
        self.spine = spine
        self.web = NotingWeb()
        directory: Any = Directory()
        self.directory = directory
        self.responder = make_responder(self.web)
        clock = spine.clock
        self.listeners = CardListeners(
            database=spine.database,
            actions=spine.actions,
            directory=directory,
            drawing=RequestViews(operations=OPERATIONS, dollars=Dollars(usual=UNITS), clock=clock),
            dollars=Dollars(usual=UNITS),
            clock=clock,
        )

    def click(self, who: Actor, value: str = "1", *, modal: bool = False, **changes: Any) -> Delivery:
        payload: dict[str, Any] = {"actions": [{"action_id": "a", "value": value}]}
        if modal:
            payload["view"] = {"type": "modal", "id": "V1"}
        values = {"user_id": who.slack_user_id, "user_team_id": TEAM, "payload": payload, "responder": self.responder}
        return make_delivery(Kind.ACTION, **values | changes)

    def sent(self, who: Actor, state: dict[str, Any], metadata: str = "1") -> Delivery:
        view = {"type": "modal", "id": "V1", "private_metadata": metadata, "state": {"values": state}}
        return self.click(who, payload={"view": view})

    @property
    def opened(self) -> dict[str, Any]:
        """The view that was shown last."""
        return dict(self.web.calls[-1][1]["view"])


@pytest.fixture
async def card(sqlite_spine: Spine) -> Card:
    await sqlite_spine.ask(models=())
    return Card(sqlite_spine)


async def test_a_click_is_judged_with_the_person_as_slack_shows_them_now(card: Card) -> None:
    assert await card.listeners.approve(card.click(MIRA)) is None
    assert (await card.spine.row()).status is Status.APPROVED
    assert card.directory.fresh == ["U0MIRA"]
    with pytest.raises(ApprovalConflict, match="approved already"):
        await card.listeners.approve(card.click(MIRA))


async def test_whoever_may_not_is_refused(card: Card) -> None:
    with pytest.raises(PermissionDenied):
        await card.listeners.approve(card.click(BEN))
    with pytest.raises(PermissionDenied):
        await card.listeners.open_deny(card.click(BEN))
    assert card.web.methods == []
    assert (await card.spine.row()).status is Status.PENDING


@pytest.mark.parametrize("value", ["99", "", "one", "1234567890", "¹"])
async def test_a_value_that_names_no_request_gets_one_answer(card: Card, value: str) -> None:
    with pytest.raises(ApprovalConflict, match="There is no such request any more"):
        await card.listeners.approve(card.click(MIRA, value))


@pytest.mark.parametrize(
    ("choice", "who", "status"),
    [("take", MIRA, Status.PENDING), ("remind", ADA, Status.PENDING), ("withdraw", ADA, Status.WITHDRAWN)],
)
async def test_a_choice_from_the_menu_does_what_it_says(card: Card, choice: str, who: Actor, status: Status) -> None:
    assert choice in MORE
    assert await card.listeners.more(card.click(who, f"{choice}:1")) is None
    assert (await card.spine.row()).status is status
    if choice == "take":
        assert (await card.spine.row()).taken_by == "U0MIRA"


async def test_an_offer_is_taken_back_from_the_menu_of_its_card(card: Card) -> None:
    await card.listeners.submit_offer(card.sent(MIRA, HALF | {REASON: {"value": {"value": "Half is plenty."}}}))
    offer = (await card.spine.row()).counter_offer
    assert offer is not None
    assert offer.reason == "Half is plenty."
    assert await card.listeners.more(card.click(MIRA, "take_back:1")) is None
    assert (await card.spine.row()).status is Status.PENDING


async def test_a_choice_that_is_not_in_the_menu_does_nothing(card: Card) -> None:
    with pytest.raises(ApprovalConflict):
        await card.listeners.more(card.click(MIRA, "approve:1"))
    assert (await card.spine.row()).status is Status.PENDING


async def test_a_click_inside_a_window_is_answered_there(card: Card) -> None:
    await card.listeners.withdraw(card.click(ADA, modal=True))
    await card.responder.drain(grace=1.0)
    [(method, arguments)] = card.web.calls
    assert (method, arguments["view_id"]) == ("views.update", "V1")
    assert "Request #1 is withdrawn now." in str(arguments["view"])


async def test_a_denial_asks_for_a_reason_and_stores_it(card: Card) -> None:
    assert await card.listeners.open_deny(card.click(MIRA)) is None
    assert (card.web.methods, card.opened["callback_id"]) == (["views.open"], DENY)
    with pytest.raises(InputError) as wrong:
        await card.listeners.submit_deny(card.sent(MIRA, {REASON: {"value": {"value": " "}}}))
    assert set(wrong.value.fields) == {REASON}
    # The card tells; no second window has to be closed.
    answer = await card.listeners.submit_deny(card.sent(MIRA, {REASON: {"value": {"value": "Too much."}}}))
    assert isinstance(answer, CloseAll)
    row = await card.spine.row()
    assert (row.status, row.denial) == (Status.DENIED, "Too much.")


async def test_a_window_opens_on_top_of_the_one_that_was_clicked_in(card: Card) -> None:
    await card.listeners.more(card.click(MIRA, "approve_with_changes:1", modal=True))
    assert (card.web.methods, card.opened["callback_id"]) == (["views.push"], OFFER)


async def test_less_is_offered_and_the_requester_accepts(card: Card) -> None:
    answer = await card.listeners.submit_offer(card.sent(MIRA, HALF))
    assert isinstance(answer, CloseAll)
    assert (await card.spine.row()).status is Status.OFFERED
    with pytest.raises(PermissionDenied):
        await card.listeners.accept(card.click(BEN))
    await card.listeners.accept(card.click(ADA))
    assert (await card.spine.row()).status is Status.APPROVED


async def test_less_that_stands_at_once_is_approved(sqlite_database: Any) -> None:
    spine = Spine(sqlite_database, policy('from = ["manager"], expires = "3d", counter_offer = "stand"'))
    await spine.ask(models=())
    card = Card(spine)
    await card.listeners.submit_offer(card.sent(MIRA, HALF))
    assert (await spine.row()).status is Status.APPROVED


async def test_the_card_is_shown_to_whoever_may_look(card: Card) -> None:
    await card.listeners.look(card.click(ADA))
    assert (card.web.methods, card.opened["callback_id"]) == (["views.open"], "request")
    assert "search" in str(card.opened["blocks"])
    with pytest.raises(ApprovalConflict, match="There is no such request any more"):
        await card.listeners.look(card.click(SAM))


async def test_what_was_done_at_once_is_reviewed_afterwards(sqlite_database: Any) -> None:
    spine = Spine(sqlite_database, policy('from = ["manager"], expires = "3d", break_glass = true'))
    await spine.ask(reason="the site is down", urgent=True)
    card = Card(spine)
    await card.listeners.reviewed(card.click(MIRA))
    assert (await spine.row()).reviewed_by == "U0MIRA"


class Registered:
    """What a router would be told."""

    def __init__(self) -> None:
        self.actions: dict[str, Any] = {}
        self.views: dict[str, Any] = {}

    def action(self, name: str, handler: Any) -> None:
        self.actions[name] = handler

    def view(self, name: str, handler: Any) -> None:
        self.views[name] = handler


def test_every_button_and_window_of_a_card_has_its_listener(sqlite_spine: Spine) -> None:
    card, registered = Card(sqlite_spine), Registered()
    listeners.register(registered, card.listeners)  # type: ignore[arg-type]
    assert registered.actions["accept_offer"] == card.listeners.accept
    # Cards of an older version are still in their channels.
    old = {"approve_with_changes", "take", "nudge"}
    shown = {"approve", "deny", "more", "withdraw", "accept_offer", "reviewed", "look_at_request"}
    assert set(registered.actions) == shown | old
    assert set(registered.views) == {DENY, OFFER}
