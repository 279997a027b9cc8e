"""Buttons of an alert and the shortcut on a message: who may, what is shown, and that the row decides."""

import asyncio
from typing import Any

import pytest

from bot.alerts import listeners as module
from bot.alerts import store
from bot.alerts.cards.modal import KEYS, WINDOW
from bot.alerts.closure import ASKS_FIRST, OWN_ALERT
from bot.alerts.listeners import MOST_REPORTS, NOTHING, register
from bot.alerts.models import AlertStatus, MoreFinding
from bot.approvals.models import Status
from bot.db.engine import Database
from bot.errors import ApprovalConflict, InputError, PermissionDenied, TooMuch
from bot.permissions.models import Actor, ActorKind
from bot.permissions.rules import parse_policy
from bot.slack.delivery import Delivery, Kind
from bot.slack.errors import ViewClosed
from bot.slack.router import Router
from keydesk_sandbox.fake_gateway import Record
from tests.alerts.room import POLICY, Room
from tests.approvals.kit import ADA, SAM, person

ASKING = POLICY.replace("allow = true", 'approval = { from = ["security"] }', 1)
GLASS = POLICY.replace("allow = true", 'approval = { from = ["security"], break_glass = true }', 1)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_PAUSE", 0.0)
    monkeypatch.setattr(module, "CORRECTION_PAUSE", 0.0)
    monkeypatch.setattr(module, "LOOKS", 3)


@pytest.fixture
def room(sqlite_database: Database) -> Room:
    return Room(sqlite_database)


def message(room: Room, who: Actor, text: str, **more: Any) -> Delivery:
    payload = {"message": {"ts": "1.5", "user": "U0BEN", "text": text, **more}}
    return room.delivery(Kind.MESSAGE_SHORTCUT, who, payload=payload)


def in_window(room: Room, who: Actor, *ticked: Record, value: str = "1") -> Delivery:
    options = [{"value": str(key.id)} for key in ticked]
    state = {"values": {KEYS: {"value": {"selected_options": options}}}}
    view = {"type": "modal", "id": "V1", "callback_id": WINDOW, "state": state}
    return room.click(who, value, view=view)


async def done(room: Room) -> str:
    await room.responder.drain(grace=20.0)
    return room.shown


async def test_a_message_with_a_key_becomes_an_alert_that_is_shown(room: Room) -> None:
    key = room.key()
    await room.listeners.shortcut(message(room, SAM, f"my key {room.value(key)}"))
    shown = await done(room)
    alert = await room.now()
    assert alert.sure_keys == (key.id,)
    assert (alert.place["by"], alert.place["shown_by"], alert.place["ts"]) == ("U0BEN", "U0SAM", "1.5")
    assert "search" in shown
    assert room.value(key) not in str(room.web.calls)


async def test_a_message_without_a_key_says_what_a_key_looks_like(room: Room) -> None:
    await room.listeners.shortcut(message(room, SAM, "good morning"))
    assert NOTHING[:20] in await done(room)
    assert await room.database.read(store.recent) == []


@pytest.mark.parametrize("holds", [True, False])
async def test_who_may_do_nothing_may_report_all_the_same(room: Room, holds: bool) -> None:
    room.people["U0NEW"] = person("U0NEW")
    key = room.key()
    text = room.value(key) if holds else "good morning"
    await room.listeners.shortcut(message(room, room.people["U0NEW"], text))
    assert ("Security is told and looks into it (alert 1)." in await done(room)) is holds
    # Nothing of the key is looked up for them.
    assert "search" not in room.shown


async def test_guests_report_nothing(room: Room) -> None:
    guest = person("U0GIL", "S0SECURITY", kind=ActorKind.GUEST)
    room.people["U0GIL"] = guest
    with pytest.raises(PermissionDenied):
        await room.listeners.shortcut(message(room, guest, "good morning"))


async def test_nobody_floods_security(room: Room) -> None:
    for _ in range(MOST_REPORTS):
        await room.listeners.shortcut(message(room, ADA, "good morning"))
    with pytest.raises(TooMuch, match="security has all of those"):
        await room.listeners.shortcut(message(room, ADA, "good morning"))
    await done(room)


async def test_one_click_disables_the_key_that_is_meant(room: Room) -> None:
    key = room.key()
    await room.alert(key)
    await room.listeners.disable(room.click(SAM))
    request = await room.request()
    assert (request.operation, request.key_id, request.requester_id) == ("key.disable", key.id, "U0SAM")
    assert room.web.calls == []


@pytest.mark.parametrize("value", ["99", "x", ""])
async def test_a_click_on_an_alert_that_is_gone_says_so(room: Room, value: str) -> None:
    with pytest.raises(ApprovalConflict, match="There is no such alert any more"):
        await room.listeners.disable(room.click(SAM, value))


async def test_whoever_may_not_is_refused(room: Room) -> None:
    await room.alert(room.key())
    with pytest.raises(PermissionDenied):
        await room.listeners.disable(room.click(ADA))
    assert (await room.now()).actions == {}


async def test_where_several_keys_may_be_meant_somebody_chooses(room: Room) -> None:
    one, other = room.key("one"), room.key("other")
    await room.alert(one, other)
    await room.listeners.disable(room.click(SAM))
    assert WINDOW in await done(room)
    with pytest.raises(InputError, match="Tick the key"):
        await room.listeners.disable(in_window(room, SAM))
    await room.listeners.disable(in_window(room, SAM, other))
    await done(room)
    assert any(f"Key {other.id} is being disabled (request #1, approved)." in str(call) for call in room.web.calls)
    assert list((await room.now()).actions) == [other.id]


async def test_a_rotation_is_chosen_in_the_window(room: Room) -> None:
    key = room.key()
    await room.alert(key)
    await room.listeners.rotate(room.click(SAM))
    assert WINDOW in await done(room)
    await room.listeners.rotate(in_window(room, SAM, key))
    await done(room)
    assert (await room.request()).operation == "key.rotate"
    assert any("gets a successor" in str(call) for call in room.web.calls)


async def test_the_window_follows_what_was_ordered(room: Room) -> None:
    one, other = room.key("one"), room.key("other")
    await room.alert(one, other)
    await room.listeners.disable(in_window(room, SAM, one, other))
    shown = await done(room)
    assert f"Key {one.id}: approved (request #1)" in shown
    assert f"Key {other.id}: approved (request #2)" in shown


async def test_what_could_not_be_ordered_is_said_beside_what_could(room: Room) -> None:
    one, other = room.key("one"), room.key("other", group="vip")
    spared = "[[rules]]\nname='spared'\nwho=['*']\ndo=['key.disable']\non='any'\nwhen={group_in=['vip']}\ndeny='Not these.'\n"
    await room.alert(one, other)
    head, first, rest = POLICY.partition("[[rules]]")
    room.spine.policy = parse_policy(head + spared + first + rest)
    await room.listeners.disable(in_window(room, SAM, one, other))
    shown = await done(room)
    assert f"Key {one.id}: approved" in shown
    assert f"Key {other.id}: Not these." in shown


async def test_an_order_that_waits_and_one_that_ended_are_called_so(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = room.key()
    await room.alert(key)
    room.spine.policy = parse_policy(ASKING)
    await room.listeners.disable(in_window(room, SAM, key))
    assert f"Key {key.id} waits for an approval (request #1, waiting)." in await done(room)
    await room.spine.actions.withdraw(1, SAM)
    room.spine.policy = parse_policy(POLICY)
    monkeypatch.setattr(module, "LOOKS", 100_000)  # to its end
    await room.listeners.disable(in_window(room, SAM, key))
    await room.settle(2, Status.SUCCEEDED)
    assert f"Key {key.id}: done (request #2)" in await done(room)


async def test_a_window_that_was_closed_is_drawn_no_more(room: Room) -> None:
    key = room.key()
    await room.alert(key)
    room.web.fail["views.update"] = ViewClosed(method="views.update", code="not_found")
    await room.listeners.disable(in_window(room, SAM, key))
    await done(room)
    assert room.web.methods == ["views.update"]
    assert (await room.request()).status is Status.APPROVED


async def test_a_leak_of_many_keys_is_ordered_as_one_batch(room: Room) -> None:
    one, other = room.key("one"), room.key("other")
    await room.alert(one, more_findings=[MoreFinding("1:ab", other.id)])
    with pytest.raises(PermissionDenied):
        await room.listeners.disable(room.click(ADA))
    await room.listeners.disable(room.click(SAM))
    assert room.web.calls == []
    await room.listeners.disable(in_window(room, SAM))
    assert "2 keys are being disabled by batch 1; its progress is in <#C0SEC>." in await done(room)
    assert len(room.batches.begun) == 1


async def test_what_could_not_be_looked_up_is_corrected_as_soon_as_it_was(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CORRECTIONS", 100_000)
    key = room.key()
    room.fake.arm("empty", times=None)
    await room.listeners.shortcut(message(room, SAM, room.value(key)))
    async with asyncio.timeout(30.0):
        while "views.update" not in room.web.methods:  # noqa: ASYNC110  # the window tells nobody
            await asyncio.sleep(0.001)
    assert "looked up yet" in room.shown
    room.fake.disarm()
    assert "search" in await done(room)


async def test_a_gateway_that_hangs_is_not_waited_for(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.0)
    monkeypatch.setattr(module, "CORRECTIONS", 1)
    key = room.key()
    await room.listeners.shortcut(message(room, SAM, room.value(key)))
    assert "looked up yet" in await done(room)


async def test_only_the_owner_is_said_of_a_key_that_one_may_not_see(room: Room) -> None:
    mine, other = room.key("mine"), room.key("other")
    await room.own(mine)
    await room.own(other, "U0BEN")
    await room.listeners.shortcut(message(room, ADA, f"{room.value(mine)} {room.value(other)}"))
    shown = await done(room)
    assert "mine" in shown
    assert "It belongs to <@U0BEN>." in shown
    assert "other" not in shown.replace("another", "")


async def test_a_false_alarm_is_said_by_whoever_could_disable_the_key(room: Room) -> None:
    await room.alert(room.key())
    with pytest.raises(PermissionDenied):
        await room.listeners.false_alarm(room.click(ADA))
    await room.listeners.false_alarm(in_window(room, SAM))
    assert "is closed as a false alarm; nothing was disabled." in await done(room)
    alert = await room.now()
    assert (alert.status, alert.closed_by) == (AlertStatus.FALSE_ALARM, "U0SAM")
    with pytest.raises(ApprovalConflict, match="<@U0SAM> has closed alert 1 already"):
        await room.listeners.false_alarm(room.click(SAM))


async def test_what_was_acted_on_is_no_false_alarm(room: Room) -> None:
    await room.alert(room.key())
    await room.listeners.disable(room.click(SAM))
    with pytest.raises(ApprovalConflict, match="Something was done about alert 1 already"):
        await room.listeners.false_alarm(room.click(SAM))


@pytest.mark.parametrize(("owner", "words"), [("U0SAM", OWN_ALERT), ("U0BEN", ASKS_FIRST)])
async def test_who_must_ask_to_stop_a_key_does_not_say_alone_that_none_needs_to_be(
    room: Room, owner: str, words: str
) -> None:
    key = room.key()
    await room.own(key, owner)
    await room.alert(key)
    room.spine.policy = parse_policy(ASKING)
    with pytest.raises(PermissionDenied) as refused:
        await room.listeners.false_alarm(room.click(SAM))
    assert refused.value.sentence == words
    room.spine.policy = parse_policy(GLASS)
    await room.listeners.false_alarm(room.click(SAM))
    assert (await room.now()).status is AlertStatus.FALSE_ALARM


async def test_an_alert_that_names_no_key_is_closed_as_well(room: Room) -> None:
    await room.alert(text="nothing")
    await room.listeners.false_alarm(room.click(SAM))
    assert (await room.now()).status is AlertStatus.FALSE_ALARM


async def test_every_way_in_has_its_name(room: Room) -> None:
    router = Router()
    register(router, room.listeners)
    assert router.names("shortcut") == {"disable_leaked_key"}
    assert router.names("action") >= {"disable", "rotate", "false_alarm"}
    assert await module._ticked(in_window(room, SAM)) is None
