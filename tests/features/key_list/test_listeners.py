"""Whose keys a list shows, by pages, and what the window of one key offers."""

import pytest

from bot.errors import InputError, PermissionDenied
from bot.features.key_list.listeners import KeyListListeners, register
from bot.features.key_list.views import SHOWN
from bot.slack.delivery import Ephemeral
from bot.slack.router import Router
from tests.approvals.kit import ADA, BEN, MIRA, SAM
from tests.features.desk import ListenerDesk
from tests.narrow import expect


async def listed(desk: ListenerDesk, user: str, text: str = "") -> str:
    return str(expect(Ephemeral, await KeyListListeners(desk.deps).list_keys(desk.delivery(user, text=text))))


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


@pytest.mark.parametrize("text", ["0", "-1", "two", "1234567", "production"])
async def test_what_is_no_page_is_said_with_the_command_that_shows_one_key(
    listener_desk: ListenerDesk, text: str
) -> None:
    with pytest.raises(InputError, match="/apikey show KEY"):
        await listed(listener_desk, ADA.slack_user_id, text)


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
    assert router.names("action") == {"my_keys", SHOWN.name}
