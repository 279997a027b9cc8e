"""Whose keys a list shows, by pages, and what the window of one key offers."""

from typing import Any

import pytest

from bot.errors import InputError, PermissionDenied
from bot.features.key_list.list_views import NEXT, PAGING
from bot.features.key_list.listeners import KeyListListeners, register
from bot.features.key_list.views import SHOWN
from bot.keys import inventory_store
from bot.keys.inventory_store import PassMark
from bot.slack.delivery import Ephemeral, Kind
from bot.slack.router import Router
from tests.approvals.kit import ADA, BEN, MIRA, SAM
from tests.features.desk import ListenerDesk
from tests.narrow import expect


async def listed(desk: ListenerDesk, user: str, text: str = "") -> str:
    return str(expect(Ephemeral, await KeyListListeners(desk.deps).list_keys(desk.delivery(user, text=text))))


async def full(desk: ListenerDesk) -> None:
    """All keys were listed once."""
    mark = PassMark(started_at=desk.spine.now, finished_at=desk.spine.now, keys=1, settled=True)
    await desk.deps.database.run(inventory_store.finish_pass, mark)


def clicked(action_id: str, value: str) -> dict[str, Any]:
    """The payload of a click."""
    return {"actions": [{"action_id": action_id, "value": value}]}


async def test_an_engineer_sees_the_own_keys_and_security_everybodys(listener_desk: ListenerDesk) -> None:
    await listener_desk.owned(name="adas")
    await listener_desk.owned(BEN.slack_user_id, name="bens")
    assert "adas" in await listed(listener_desk, ADA.slack_user_id)
    assert "bens" not in await listed(listener_desk, ADA.slack_user_id)
    everything = await listed(listener_desk, SAM.slack_user_id)
    assert "adas" in everything
    assert "bens" in everything


async def test_whoever_has_no_right_is_refused_and_the_gateway_not_asked(listener_desk: ListenerDesk) -> None:
    with pytest.raises(PermissionDenied):
        await listed(listener_desk, "U0NOBODY")
    assert listener_desk.gateway.requests == []


async def test_other_peoples_keys_are_looked_for_with_the_right_only(listener_desk: ListenerDesk) -> None:
    await listener_desk.owned(BEN.slack_user_id, name="bens")
    await full(listener_desk)
    assert "bens" in await listed(listener_desk, SAM.slack_user_id, f"<@{BEN.slack_user_id}>")
    for text in ("bens", "ownerless", "unlimited", "disabled"):
        assert "bens" not in (await listed(listener_desk, ADA.slack_user_id, text)).replace(text, "")
    with pytest.raises(PermissionDenied):
        await listed(listener_desk, ADA.slack_user_id, f"<@{BEN.slack_user_id}>")


async def test_the_value_of_a_key_is_looked_for_nowhere(listener_desk: ListenerDesk) -> None:
    key = await listener_desk.owned()
    with pytest.raises(InputError, match="That is the value of a key") as raised:
        await listed(listener_desk, ADA.slack_user_id, f"unlimited {listener_desk.gateway.key_value(key.id)}")
    assert listener_desk.gateway.key_value(key.id) not in str(raised.value)


async def test_a_button_of_a_list_is_judged_like_what_is_typed_and_drawn_in_its_place(
    listener_desk: ListenerDesk,
) -> None:
    desk = listener_desk
    await desk.owned(BEN.slack_user_id, name="bens")
    await full(desk)
    forged = desk.delivery(ADA.slack_user_id, kind=Kind.ACTION, payload=clicked(NEXT, f"<@{BEN.slack_user_id}> 1"))
    with pytest.raises(PermissionDenied):
        await KeyListListeners(desk.deps).list_keys(forged)
    click = desk.delivery(SAM.slack_user_id, kind=Kind.ACTION, payload=clicked(NEXT, f"<@{BEN.slack_user_id}> 1"))
    answer = expect(Ephemeral, await KeyListListeners(desk.deps).list_keys(click))
    assert answer.in_place
    assert "bens" in str(answer)
    help_button = desk.delivery(SAM.slack_user_id, kind=Kind.ACTION, payload=clicked("my_keys", ""))
    assert not expect(Ephemeral, await KeyListListeners(desk.deps).list_keys(help_button)).in_place


async def test_a_page_beyond_the_end_is_the_last(listener_desk: ListenerDesk) -> None:
    await listener_desk.owned(name="only")
    assert "only" in await listed(listener_desk, ADA.slack_user_id, "99")


async def test_the_window_of_a_key_offers_its_owner_what_the_rules_allow(listener_desk: ListenerDesk) -> None:
    key = await listener_desk.owned()
    listeners = KeyListListeners(listener_desk.deps)
    mine = str(await listeners.show(listener_desk.delivery(), ADA, key, ""))
    assert "key.reveal" in mine
    assert "key.quota" in mine
    hers = str(await listeners.show(listener_desk.delivery(MIRA.slack_user_id), MIRA, key, ""))
    assert "key.reveal" not in hers
    assert listener_desk.gateway.key_value(key.id) not in mine + hers


def test_both_commands_and_the_button_of_the_help_page_are_named(listener_desk: ListenerDesk) -> None:
    router = Router()
    register(router, listener_desk.deps)
    assert router.names("command") == {"list", "show"}
    assert router.names("action") == {"my_keys", SHOWN.name, *PAGING}
