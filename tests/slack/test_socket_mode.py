import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from pydantic import SecretStr

from bot.slack.delivery import Ack, Delivery, Ephemeral, FieldErrors
from bot.slack.directory import Directory
from bot.slack.edge import Edge, Identity
from bot.slack.responder import Responder
from bot.slack.router import Router
from bot.slack.socket_mode import SocketMode
from bot.slack.web_client import SlackWebClient
from keydesk_sandbox.fake_slack import FakeSlack
from keydesk_sandbox.fake_slack.sockets import Reason
from tests.keydesk_sandbox.fake_slack.kit import APP_TOKEN, Clock, modal, text_input
from tests.narrow import present
from tests.slack.kit import make_seal
from tests.tools.stubborn import Stubborn

# Half of it is how long aiohttp waits for a pong before it gives a link up: not for less than a busy machine may take.
PING = 0.4


async def until(condition: Callable[[], object], *, seconds: float = 30.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 a real socket has no event to wait for
            await asyncio.sleep(0.005)


async def answered(fake: FakeSlack) -> None:
    """Until a command is answered. The SDK opens a new link for the goodbye and perhaps another for the closed socket,
    and closes the first of the two, so one command may still fall between them."""
    async with asyncio.timeout(30):
        while not (await fake.command("U1ALICE", "C1GENERAL", "/apikey")).ok:  # noqa: ASYNC110 as above
            await asyncio.sleep(0.005)


@pytest.fixture
def router(fake: FakeSlack) -> Router:
    return Router()


@pytest.fixture
def counted() -> list[str]:
    return []


@pytest.fixture
async def link(
    fake: FakeSlack, web: SlackWebClient, directory: Directory, router: Router, clock: Clock, counted: list[str]
) -> AsyncIterator[SocketMode]:
    responder = Responder(web=web, dm_channel=directory.dm_channel, view_seal=make_seal())
    edge = Edge(router=router, responder=responder, clock=clock, me=Identity(team_id=fake.workspace.team.id))
    link = SocketMode(edge=edge, web=web, app_token=SecretStr(APP_TOKEN), ping=PING, watch=0.01, count=counted.append)
    await link.start()
    await until(lambda: fake.hub.links and link.connected)
    yield link
    await link.stop()
    await responder.drain(grace=1)


async def test_a_command_is_answered(fake: FakeSlack, link: SocketMode, router: Router) -> None:
    async def help_(delivery: Delivery) -> Ack:
        return Ephemeral("our help")

    router.command("help", help_)
    answer = await fake.command("U1ALICE", "C1GENERAL", "/apikey")
    assert answer.ok
    assert fake.messages("C1GENERAL", viewer="U1ALICE")[-1].text == "our help"


async def test_a_submission_is_answered(fake: FakeSlack, link: SocketMode, router: Router) -> None:
    async def open_modal(delivery: Delivery) -> None:
        await delivery.responder.open_modal(delivery, modal(text_input()) | {"callback_id": "key.create"})

    async def submit(delivery: Delivery) -> Ack:
        return FieldErrors({"name": "Taken."})

    router.command("new", open_modal)
    router.view("key.create", submit)
    await fake.command("U1ALICE", "C1GENERAL", "/apikey new")
    view = fake.top_view("U1ALICE")
    await fake.type_in("U1ALICE", view, "name", "ci")
    await fake.submit("U1ALICE", view)
    assert view.errors == {"name": "Taken."}


async def test_what_nobody_can_read_is_acknowledged_too(fake: FakeSlack, link: SocketMode, counted: list[str]) -> None:
    answer = await fake.hub.send("interactive", {"type": "block_actions", "user": 5})
    assert (answer.status, answer.body) == (200, None)
    odd = {"type": "event_callback", "event_id": "Ev1", "team_id": fake.workspace.team.id, "event": {"type": "odd"}}
    assert (await fake.hub.send("events_api", odd)).status == 200
    assert (await fake.hub.send("events_api", odd | {"team_id": "T0OTHER"})).status == 200
    assert counted == ["malformed", "stranger"]


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "link_disabled", "too_many_websockets"])
async def test_the_link_comes_back_whatever_the_reason(fake: FakeSlack, link: SocketMode, reason: Reason) -> None:
    await fake.hub.disconnect(reason)
    await until(lambda: fake.hub.hello_count >= 2)
    await answered(fake)


async def test_a_spent_url_is_not_tried_for_ever(
    fake: FakeSlack, link: SocketMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    redeem = fake.hub.redeem
    spent: list[str] = []

    def lose_two(ticket: str) -> Any:
        # The handshake breaks after Slack has taken the ticket.
        if len(set(spent)) < 2 or ticket in spent:
            spent.append(ticket)
            return False
        return redeem(ticket)

    monkeypatch.setattr(fake.hub, "redeem", lose_two)
    await fake.hub.links[0].end()
    await until(lambda: fake.hub.hello_count >= 2)
    assert len(set(spent)) == 2


async def test_slack_being_away_for_a_while_is_survived(fake: FakeSlack, link: SocketMode) -> None:
    fake.switches.down = "503"
    await fake.hub.links[0].end()
    await until(lambda: not link.connected)
    fake.switches.down = "up"
    await until(lambda: fake.hub.hello_count >= 2 and link.connected)


async def test_stopping_waits_for_what_is_being_answered(fake: FakeSlack, link: SocketMode, router: Router) -> None:
    gate = asyncio.Event()

    async def slow(delivery: Delivery) -> Ack:
        gate.set()
        await asyncio.sleep(0.02)
        return Ephemeral("in time")

    router.command("slow", slow)
    asking = asyncio.create_task(fake.command("U1ALICE", "C1GENERAL", "/apikey slow"))
    await gate.wait()
    await link.stop()
    assert (await asking).ok
    assert not link.connected


async def test_who_is_cancelled_while_waiting_for_the_end_stays_cancelled(link: SocketMode) -> None:
    stubborn = Stubborn()
    present(link._client).message_processor.cancel()
    present(link._client).message_processor = stubborn.task
    await asyncio.sleep(0)
    stopping = asyncio.create_task(link.stop())
    await stubborn.refused.wait()
    # Its first look at the end is over once nothing else is left to do.
    await until(lambda: not link._keeper or all(task.done() for task in link._keeper))
    stopping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await stopping
    assert stubborn.task.done()


async def test_stopping_does_not_wait_for_a_slack_that_says_no_goodbye(
    link: SocketMode, monkeypatch: pytest.MonkeyPatch
) -> None:
    client: Any = link._client
    disconnect = client.disconnect

    async def hangs() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await disconnect()

    monkeypatch.setattr(client, "disconnect", hangs)
    monkeypatch.setattr("bot.slack.socket_mode.CLOSE_SECONDS", 0.01)
    async with asyncio.timeout(60):
        await link.stop()
    assert client.aiohttp_client_session.closed
    for end in (client.message_processor, client.message_receiver, client.current_session_monitor):
        assert end.done()
