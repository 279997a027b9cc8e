"""Slack's own SDK talks to the fake over loopback, by Web API and by Socket Mode."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse
from slack_sdk.web.async_client import AsyncWebClient

from keydesk_sandbox.fake_slack.server import LoopbackServer
from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import APP_TOKEN, BOT_TOKEN, modal, section, text_input


@pytest.fixture
async def served(slack: FakeSlack) -> AsyncIterator[FakeSlack]:
    async with LoopbackServer(slack.app) as server:
        slack.base_url = server.url
        yield slack


@pytest.fixture
async def sdk(served: FakeSlack) -> AsyncIterator[AsyncWebClient]:
    async with aiohttp.ClientSession() as session:
        yield AsyncWebClient(token=BOT_TOKEN, base_url=served.api_url, session=session, retry_handlers=[])


async def test_the_sdk_signs_in_and_posts(served: FakeSlack, sdk: AsyncWebClient) -> None:
    assert (await sdk.auth_test())["bot_id"] == "B0KEYDESK"
    posted = await sdk.chat_postMessage(channel="C1GENERAL", text="hi", blocks=[section()])
    assert served.messages("C1GENERAL")[-1].ts == posted["ts"]
    assert (await sdk.users_info(user="U1ALICE"))["user"]["name"] == "alice"


async def test_the_sdk_raises_what_slack_refuses(sdk: AsyncWebClient) -> None:
    with pytest.raises(SlackApiError) as caught:
        await sdk.chat_postMessage(channel="C404", text="hi")
    assert caught.value.response["error"] == "channel_not_found"


async def test_a_lost_answer_breaks_the_connection_after_the_effect(served: FakeSlack, sdk: AsyncWebClient) -> None:
    served.faults.add("chat.postMessage", "lost_answer")
    with pytest.raises(aiohttp.ClientError):
        await sdk.chat_postMessage(channel="C1GENERAL", text="once")
    assert [message.text for message in served.messages("C1GENERAL")] == ["once"]


async def test_a_reset_breaks_the_connection_before_the_effect(served: FakeSlack, sdk: AsyncWebClient) -> None:
    served.faults.add("chat.postMessage", "reset")
    with pytest.raises(aiohttp.ClientError):
        await sdk.chat_postMessage(channel="C1GENERAL", text="never")
    assert served.messages("C1GENERAL") == []


async def test_a_slack_that_refuses_connections_reaches_nobody(served: FakeSlack, sdk: AsyncWebClient) -> None:
    served.switches.down = "refused"
    with pytest.raises(aiohttp.ClientError):
        await sdk.auth_test()


async def test_the_sdks_socket_mode_client_gets_commands_and_answers_submissions(
    served: FakeSlack, sdk: AsyncWebClient
) -> None:
    client: Any = SocketModeClient(app_token=APP_TOKEN, web_client=sdk)

    async def listen(socket: SocketModeClient, request: SocketModeRequest) -> None:
        payload = None
        if request.type == "slash_commands":
            await sdk.views_open(trigger_id=request.payload["trigger_id"], view=modal(text_input()))
        elif request.payload["type"] == "view_submission":
            payload = {"response_action": "errors", "errors": {"name": "taken"}}
        await socket.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id, payload=payload))

    client.socket_mode_request_listeners.append(listen)
    await client.connect()
    try:
        assert (await served.command("U1ALICE", "C1GENERAL", "/apikey new")).ok
        view = served.top_view("U1ALICE")
        await served.type_in("U1ALICE", view, "name", "ci")
        answer = await served.submit("U1ALICE", view)
        assert answer.ok
        assert view.errors == {"name": "taken"}
        assert served.sent[-1].via == "socket"
    finally:
        await client.close()


async def test_the_sdks_socket_mode_client_comes_back_after_a_disconnect(
    served: FakeSlack, sdk: AsyncWebClient
) -> None:
    client: Any = SocketModeClient(app_token=APP_TOKEN, web_client=sdk)
    await client.connect()
    try:
        await served.hub.disconnect("refresh_requested")
        async with asyncio.timeout(30):
            seen = -1
            while served.hub.hello_count < 2:
                seen = await served.core.wait_for_change(seen=seen, seconds=1)
    finally:
        await client.close()
