"""What the Home shows to whom: own keys and requests, what waits for a decision, and what needs care."""

from typing import Any

import pytest

from bot.features.home.listeners import HomeListeners
from bot.slack.delivery import Kind
from tests.approvals.kit import ADA, MIRA
from tests.features.desk import ALEX, ListenerDesk


async def opened(desk: ListenerDesk, user: str) -> str:
    event = {"event": {"type": "app_home_opened", "tab": "home"}}
    await HomeListeners(desk.deps).opened(desk.delivery(user, Kind.EVENT, payload=event))
    return await desk.window()


async def test_own_keys_and_requests_are_there_and_those_of_others_are_not(listener_desk: ListenerDesk) -> None:
    await listener_desk.owned(name="mine")
    await listener_desk.owned(MIRA.slack_user_id, name="hers")
    await listener_desk.spine.ask(ADA)
    home = await opened(listener_desk, ADA.slack_user_id)
    assert "mine" in home
    assert "hers" not in home
    assert "#1" in home


async def test_what_waits_is_on_the_home_of_those_who_decide_it(listener_desk: ListenerDesk) -> None:
    await listener_desk.spine.ask(ADA)
    assert "#1" in await opened(listener_desk, MIRA.slack_user_id)


@pytest.mark.parametrize(
    ("settings", "words", "button"),
    [
        ({"remain_quota": 0}, "has used up its quota", "key.more"),
        ({"expired_time": 1}, "has expired", "key.extend"),
        ({"expired_time": "soon"}, "stops working <!date", "key.extend"),
    ],
)
async def test_a_key_that_needs_care_says_so_with_the_button_that_mends_it(
    listener_desk: ListenerDesk, settings: dict[str, Any], words: str, button: str
) -> None:
    if settings.get("expired_time") == "soon":
        settings = {"expired_time": int(listener_desk.gateway.clock.now()) + 2 * 86_400}
    await listener_desk.owned(**settings)
    home = await opened(listener_desk, ADA.slack_user_id)
    assert words in home
    assert button in home


async def test_what_hinders_keydesk_is_told_to_those_who_can_mend_it(listener_desk: ListenerDesk) -> None:
    assert "The policy file is broken." in await opened(listener_desk, ALEX.slack_user_id)
    assert "The policy file is broken." not in await opened(listener_desk, ADA.slack_user_id)


async def test_a_gateway_that_is_away_is_not_the_same_as_no_keys(listener_desk: ListenerDesk) -> None:
    await listener_desk.owned()
    listener_desk.gateway.arm("refused", times=None)
    assert "your key is not shown" in await opened(listener_desk, ADA.slack_user_id)


async def test_the_switch_turns_messages_off_and_on_again(listener_desk: ListenerDesk) -> None:
    seen = []
    for _ in range(2):
        await HomeListeners(listener_desk.deps).quiet(listener_desk.delivery(MIRA.slack_user_id, Kind.ACTION))
        seen.append("You get no direct messages" in await listener_desk.window())
    assert seen == [True, False]


async def test_another_tab_draws_nothing(listener_desk: ListenerDesk) -> None:
    event = {"event": {"type": "app_home_opened", "tab": "messages"}}
    await HomeListeners(listener_desk.deps).opened(listener_desk.delivery(kind=Kind.EVENT, payload=event))
    await listener_desk.responder.drain(grace=5)
    assert listener_desk.web.calls == []
