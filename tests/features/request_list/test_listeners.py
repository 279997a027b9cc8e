"""Whose requests `/apikey requests` shows, and under which title."""

from bot.features.request_list.listeners import RequestListListeners, register
from bot.slack.delivery import Ephemeral
from bot.slack.router import Router
from tests.approvals.kit import ADA, BEN, MIRA, SAM
from tests.features.desk import ListenerDesk
from tests.narrow import expect


async def shown(desk: ListenerDesk, user: str) -> str:
    return str(expect(Ephemeral, await RequestListListeners(desk.deps).list_requests(desk.delivery(user))))


async def test_a_request_stands_with_those_who_decide_it_with_its_requester_and_with_those_who_see_all(
    listener_desk: ListenerDesk,
) -> None:
    await listener_desk.spine.ask(ADA)
    assert "Waiting for you" in await shown(listener_desk, MIRA.slack_user_id)
    mine = await shown(listener_desk, ADA.slack_user_id)
    assert "Your requests" in mine
    assert "Waiting for you" not in mine
    assert "Everybody's latest" in await shown(listener_desk, SAM.slack_user_id)
    assert "#1" not in await shown(listener_desk, BEN.slack_user_id)


def test_the_command_and_its_button_are_one(listener_desk: ListenerDesk) -> None:
    router = Router()
    register(router, listener_desk.deps)
    assert router.names("command") == {"requests"}
    assert router.names("action") == {"my_requests"}
