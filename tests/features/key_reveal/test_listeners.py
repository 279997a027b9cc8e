"""Who may see a key's value, and what the record keeps of it: that it was shown, never what."""

import json
from typing import Any

import pytest
from pydantic import SecretStr

from bot.errors import PermissionDenied
from bot.features.key_reveal.listeners import KeyRevealListeners, register
from bot.permissions import parse_policy
from bot.slack.delivery import Kind
from bot.slack.router import Router
from keydesk_sandbox import seed
from tests.approvals.kit import BEN, MIRA
from tests.features.desk import ListenerDesk, button
from tests.narrow import expect


def _unveiled(call: tuple[str, dict[str, Any]]) -> str:
    """What Slack is sent: a value stays a SecretStr up to there."""
    return json.dumps(call[1], default=lambda value: expect(SecretStr, value).get_secret_value())


async def test_the_owner_sees_the_value_and_each_look_is_counted(listener_desk: ListenerDesk) -> None:
    key = await listener_desk.owned()
    value = listener_desk.gateway.key_value(key.id)
    for times in (1, 2):
        await KeyRevealListeners(listener_desk.deps).by_key(
            listener_desk.delivery(kind=Kind.ACTION, payload=button(str(key.id)))
        )
        await listener_desk.responder.drain(grace=5)
        assert value in _unveiled(listener_desk.web.calls[-1])
        assert await listener_desk.spine.facts() == ["revealed"] * times


@pytest.mark.parametrize("user", [BEN.slack_user_id, MIRA.slack_user_id])
async def test_nobody_else_does_and_the_gateway_is_not_asked(listener_desk: ListenerDesk, user: str) -> None:
    key = await listener_desk.owned()
    listener_desk.gateway.requests.clear()
    delivery = listener_desk.delivery(user, Kind.ACTION, payload=button(str(key.id)))
    with pytest.raises(PermissionDenied, match="beyond one's own"):
        await KeyRevealListeners(listener_desk.deps).by_key(delivery)
    assert await listener_desk.spine.facts() == ["refused"]
    assert (listener_desk.gateway.requests, listener_desk.web.calls) == ([], [])


async def test_the_number_of_a_deleted_key_shows_nothing_of_the_key_that_has_it_now(
    listener_desk: ListenerDesk,
) -> None:
    key = await listener_desk.owned()
    listener_desk.gateway.edit_behind(key.id, created_time=key.created_time + 60)
    await KeyRevealListeners(listener_desk.deps).by_key(
        listener_desk.delivery(kind=Kind.ACTION, payload=button(str(key.id)))
    )
    shown = await listener_desk.window() + _unveiled(listener_desk.web.calls[-1])
    assert listener_desk.gateway.key_value(key.id) not in shown
    assert "beyond one's own" in shown


@pytest.mark.parametrize("when", ['group_in = ["vip"]', 'channel_in = ["C0KEYS"]'])
async def test_a_rule_that_keeps_a_value_from_its_owner_is_asked_about_the_key_and_the_channel(
    listener_desk: ListenerDesk, when: str
) -> None:
    desk = listener_desk
    rule = f'[[rules]]\nname = "kept"\nwho = ["*"]\ndo = ["key.reveal"]\nwhen = {{ {when} }}\ndeny = "Not this one."\n'
    desk.spine.policy = parse_policy(seed.POLICY.replace("[[rules]]", f"{rule}[[rules]]", 1))
    key = await desk.owned(group="vip")
    try:
        await KeyRevealListeners(desk.deps).by_key(desk.delivery(kind=Kind.ACTION, payload=button(str(key.id))))
    except PermissionDenied as error:
        shown = error.sentence
    else:
        shown = await desk.window() + _unveiled(desk.web.calls[-1])
    assert "Not this one." in shown
    assert desk.gateway.key_value(key.id) not in shown
    assert await desk.spine.facts() == ["refused"]


@pytest.mark.parametrize("value", ["", "7", "1; DROP", "9" * 30])
async def test_a_button_that_names_no_key_of_ours_is_refused(listener_desk: ListenerDesk, value: str) -> None:
    for by in (KeyRevealListeners(listener_desk.deps).by_key, KeyRevealListeners(listener_desk.deps).by_request):
        with pytest.raises(PermissionDenied):
            await by(listener_desk.delivery(kind=Kind.ACTION, payload=button(value)))


def test_both_buttons_are_named(listener_desk: ListenerDesk) -> None:
    router = Router()
    register(router, listener_desk.deps)
    assert router.names("action") == {"reveal", "key.reveal"}
