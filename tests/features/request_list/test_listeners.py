"""Whose requests `/apikey requests` shows, and under which title."""

import pytest

from bot.errors import PermissionDenied
from bot.features.request_list.listeners import RequestListListeners, register
from bot.features.request_list.views import NEXT, PAGING
from bot.slack.delivery import Ephemeral, Kind
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


async def looked_for(desk: ListenerDesk, user: str, text: str) -> str:
    delivery = desk.delivery(user, text=text)
    return str(expect(Ephemeral, await RequestListListeners(desk.deps).list_requests(delivery)).text)


async def test_requests_are_looked_for_among_those_that_may_be_seen(listener_desk: ListenerDesk) -> None:
    spine = listener_desk.spine
    await spine.ask(ADA)
    await spine.ask(BEN)
    everybodys = SAM.slack_user_id
    assert await looked_for(listener_desk, everybodys, "waiting") == "2 requests"
    assert await looked_for(listener_desk, everybodys, f"<@{BEN.slack_user_id}>") == "1 request"
    assert await looked_for(listener_desk, everybodys, "#2") == "1 request"
    assert await looked_for(listener_desk, everybodys, "denied") == "No request is like that: Denied."
    assert await looked_for(listener_desk, everybodys, "9") == "2 requests", "a page beyond the end is the last"
    assert await looked_for(listener_desk, ADA.slack_user_id, "all") == "1 request"
    assert await looked_for(listener_desk, ADA.slack_user_id, "#2") == "No request is like that: request #2."
    assert await looked_for(listener_desk, MIRA.slack_user_id, "waiting") == "2 requests", "what waits for a decider"
    assert await looked_for(listener_desk, MIRA.slack_user_id, "mine") == "No request is like that: of <@U0MIRA>."
    with pytest.raises(PermissionDenied):
        await looked_for(listener_desk, ADA.slack_user_id, f"<@{BEN.slack_user_id}>")


async def test_a_button_of_a_list_is_judged_and_drawn_in_its_place(listener_desk: ListenerDesk) -> None:
    await listener_desk.spine.ask(BEN)
    payload = {"actions": [{"action_id": NEXT, "value": f"all <@{BEN.slack_user_id}> 1"}]}
    listeners = RequestListListeners(listener_desk.deps)
    with pytest.raises(PermissionDenied):
        await listeners.list_requests(listener_desk.delivery(ADA.slack_user_id, kind=Kind.ACTION, payload=payload))
    click = listener_desk.delivery(SAM.slack_user_id, kind=Kind.ACTION, payload=payload)
    assert expect(Ephemeral, await listeners.list_requests(click)).in_place
    help_button = {"actions": [{"action_id": "my_requests"}]}
    click = listener_desk.delivery(SAM.slack_user_id, kind=Kind.ACTION, payload=help_button)
    answer = expect(Ephemeral, await listeners.list_requests(click))
    assert not answer.in_place
    assert "Everybody's latest" in str(answer)


def test_the_command_and_its_button_are_one(listener_desk: ListenerDesk) -> None:
    router = Router()
    register(router, listener_desk.deps)
    assert router.names("command") == {"requests"}
    assert router.names("action") == {"my_requests", *PAGING}
