"""*All keys* of an alert: whoever may look at any key sees each, its owner only their own, anybody else none."""

from dataclasses import replace

import pytest

from bot.alerts import all_keys
from bot.alerts.all_keys import AllKeys
from bot.alerts.cards.all_keys import BACK, NEXT, ON_PAGE, WINDOW
from bot.alerts.cards.card import ALL_KEYS
from bot.db.engine import Database
from bot.errors import ApprovalConflict, PermissionDenied
from bot.slack.router import Router
from tests.alerts.room import SECURITY_CHANNEL, Room
from tests.approvals.kit import ADA, BEN, SAM


@pytest.fixture
def room(sqlite_database: Database) -> Room:
    return Room(sqlite_database)


@pytest.fixture
def listeners(room: Room) -> AllKeys:
    return AllKeys(room.listeners.deps, SECURITY_CHANNEL)


async def test_security_sees_every_key_and_turns_pages(room: Room, listeners: AllKeys) -> None:
    keys = [room.key(f"worker {number:02}") for number in range(ON_PAGE + 1)]
    alert = await room.alert(*keys, source="github")
    await listeners.open(room.click(SAM))
    assert f"{ON_PAGE + 1} keys are named by this alert." in room.shown
    view = {"type": "modal", "id": "V1", "callback_id": WINDOW, "private_metadata": f"{alert.id}:0"}
    turned = room.click(SAM, "1", view=view)
    with pytest.raises(ApprovalConflict):
        await listeners.turn(turned)  # not a window of ours
    await listeners.turn(replace(turned, written_at=1.0))
    await room.responder.drain(grace=20.0)
    assert "Page 2 of 2" in room.shown


async def test_an_owner_sees_the_own_key_and_somebody_else_none(room: Room, listeners: AllKeys) -> None:
    mine, other = room.key("mine"), room.key("other")
    await room.own(mine)
    await room.alert(mine, other, source="github")
    await listeners.open(room.click(ADA))
    assert "mine" in room.shown
    assert "other" not in room.shown
    with pytest.raises(PermissionDenied):
        await listeners.open(room.click(BEN))


async def test_an_alert_that_is_not_there_is_said(room: Room, listeners: AllKeys) -> None:
    for value in ("9", "x", ""):
        with pytest.raises(ApprovalConflict, match="no such alert"):
            await listeners.open(room.click(SAM, value))


def test_its_buttons_are_named(listeners: AllKeys) -> None:
    router = Router()
    all_keys.register(router, listeners)
    assert router.names("action") >= {ALL_KEYS, BACK, NEXT}
