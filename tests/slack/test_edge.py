"""The whole edge between the fake Slack and a handler: over HTTP, and down to a card posted by the durable engine."""

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

import bot.slack.edge
from bot.db.engine import Database
from bot.durable import Again, Engine
from bot.permissions.models import ActorKind
from bot.slack.blocks import Message, actions, button, modal, section
from bot.slack.delivery import Ack, Delivery, Ephemeral, FieldErrors, Replace
from bot.slack.directory import Directory
from bot.slack.edge import Edge, Identity
from bot.slack.http_endpoint import SlackEndpoint, http_app
from bot.slack.inputs import input_block, text_input, typed
from bot.slack.outbox import JOB, Outbox
from bot.slack.responder import Responder
from bot.slack.router import Router
from bot.slack.web_client import SlackWebClient
from keydesk_sandbox.fake_slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import SECRET, Clock
from tests.slack.kit import make_seal

FORM = modal("key.create", "New key", [input_block("name", "Name", text_input())], submit="Ask")


@pytest.fixture
async def app(
    fake: FakeSlack, web: SlackWebClient, directory: Directory, clock: Clock
) -> AsyncIterator[SimpleNamespace]:
    router = Router()
    responder = Responder(web=web, dm_channel=directory.dm_channel, view_seal=make_seal())
    me = Identity(team_id=fake.workspace.team.id, bot_user_id="U0KEYDESK")
    edge = Edge(router=router, responder=responder, clock=clock, me=me)
    endpoint = SlackEndpoint(edge=edge, signing_secret=SecretStr(SECRET), clock=time.time)
    directory.register(router)
    fake.core.app = _over_http(fake)
    fake.bot_url = "http://127.0.0.1:1/slack/events"
    fake.deliveries.use_transport(httpx.ASGITransport(app=http_app(endpoint=endpoint)))
    yield SimpleNamespace(router=router, responder=responder, directory=directory)
    await responder.drain(grace=1)


def _over_http(fake: FakeSlack) -> Any:
    return dataclasses.replace(fake.core.app, socket_mode=False)


async def test_a_form_is_opened_refused_and_taken(fake: FakeSlack, app: SimpleNamespace) -> None:
    async def new(delivery: Delivery) -> None:
        await delivery.responder.open_modal(delivery, FORM)

    async def submit(delivery: Delivery) -> Ack:
        if typed(delivery.state, "name") == "taken":
            return FieldErrors({"name": "Taken."})
        delivery.responder.later(delivery.responder.tell(delivery, "Asked."), delivery=delivery)
        return None

    app.router.command("new", new)
    app.router.view("key.create", submit)
    await fake.command("U1ALICE", "C1GENERAL", "/apikey new")
    view = fake.top_view("U1ALICE")
    await fake.type_in("U1ALICE", view, "name", "taken")
    await fake.submit("U1ALICE", view)
    assert view.errors == {"name": "Taken."}
    await fake.type_in("U1ALICE", view, "name", "ci")
    await fake.submit("U1ALICE", view)
    assert fake.open_views("U1ALICE") == []
    await app.responder.drain(grace=1)
    assert [message.text for message in fake.dm("U1ALICE")] == ["Asked."]


async def test_a_view_is_filled_later_and_an_error_reaches_the_window(fake: FakeSlack, app: SimpleNamespace) -> None:
    async def show(delivery: Delivery) -> None:
        async def work() -> dict[str, Any]:
            if delivery.text == "bad":
                raise RuntimeError("boom")
            return modal("key.show", "Key", [section("here it is")])

        await delivery.responder.fill(delivery, modal("key.show", "Key", [section("Loading…")]), work)

    app.router.command("show", show)
    for text, shown in [("good", "here it is"), ("bad", "Something went wrong on our side.")]:
        await fake.command("U1ALICE", "C1GENERAL", f"/apikey show {text}")
        await app.responder.drain(grace=1)
        assert fake.top_view("U1ALICE").body["blocks"][0]["text"]["text"].startswith(shown)


async def test_an_expired_trigger_is_told_beside_the_command(
    fake: FakeSlack, app: SimpleNamespace, clock: Clock
) -> None:
    async def slow(delivery: Delivery) -> None:
        clock.now += 4
        await delivery.responder.open_modal(delivery, FORM)

    app.router.command("new", slow)
    await fake.command("U1ALICE", "C1GENERAL", "/apikey new")
    assert "after 3 seconds" in fake.messages("C1GENERAL", viewer="U1ALICE")[-1].text


async def test_a_copy_of_a_command_or_a_click_that_opens_a_form_is_answered_with_nothing(
    fake: FakeSlack, app: SimpleNamespace, web: SlackWebClient
) -> None:
    async def new(delivery: Delivery) -> None:
        await delivery.responder.open_modal(delivery, FORM)

    async def slow(delivery: Delivery) -> None:
        delivery.responder.later(delivery.responder.open_modal(delivery, FORM), delivery=delivery)

    app.router.command("new", new)
    app.router.action("look", slow)
    await web.write("chat.postMessage", channel="C1GENERAL", text="card", blocks=[actions(button("Look", "look"))])
    await fake.command("U1ALICE", "C1GENERAL", "/apikey new")
    await fake.click("U1ALICE", fake.messages("C1GENERAL")[0], "look")
    await app.responder.drain(grace=1)
    shown = fake.top_view("U1ALICE").id
    for sent in list(fake.sent):
        answer = await fake.deliveries.send(sent.kind, sent.payload)
        assert (answer.status, answer.body) == (200, None)
    await app.responder.drain(grace=1)
    assert [view.id for view in fake.open_views("U1ALICE")] == [shown]
    assert [message.text for message in fake.messages("C1GENERAL", viewer="U1ALICE")] == ["card"]


async def test_an_outsider_may_click_and_is_known_as_one(
    fake: FakeSlack, app: SimpleNamespace, web: SlackWebClient
) -> None:
    seen = []

    async def approve(delivery: Delivery) -> Ack:
        seen.append(await app.directory.actor(delivery.user_id, delivery.user_team_id, fresh=True))
        return Ephemeral("You are not from here.")

    app.router.action("approve", approve)
    await web.write(
        "chat.postMessage", channel="C4SHARED", text="card", blocks=[actions(button("Approve", "approve", value="7"))]
    )
    await fake.click("U5OUT", fake.messages("C4SHARED")[0], "approve")
    await app.responder.drain(grace=1)
    assert [actor.kind for actor in seen] == [ActorKind.OUTSIDER]
    assert fake.messages("C4SHARED", viewer="U5OUT")[-1].text == "You are not from here."
    assert fake.messages("C4SHARED")[0].text == "card"


async def test_a_click_in_a_modal_draws_it_anew(fake: FakeSlack, app: SimpleNamespace) -> None:
    async def new(delivery: Delivery) -> None:
        await delivery.responder.open_modal(delivery, modal("key.list", "Keys", [actions(button("More", "more"))]))

    async def more(delivery: Delivery) -> Ack:
        return Replace(modal("key.list", "Keys", [section("page 2")]))

    app.router.command("list", new)
    app.router.modal_action("key.list", more)
    await fake.command("U1ALICE", "C1GENERAL", "/apikey list")
    await fake.click("U1ALICE", fake.top_view("U1ALICE"), "more")
    await app.responder.drain(grace=1)
    assert fake.top_view("U1ALICE").body["blocks"][0]["text"]["text"] == "page 2"


async def test_events_of_slack_reach_the_directory(fake: FakeSlack, app: SimpleNamespace) -> None:
    home = fake.workspace.team.id
    assert (await app.directory.actor("U1ALICE", home)).groups == {"S1ENG"}
    await fake.changes.set_group("S1ENG", ["U2BOB"])
    await fake.changes.change_person("U2BOB", kind=type(fake.workspace.people["U2BOB"].kind).GUEST)
    await fake.settle()
    assert (await app.directory.actor("U1ALICE", home)).groups == frozenset()
    assert (await app.directory.actor("U2BOB", home)).kind is ActorKind.GUEST


async def test_a_command_that_takes_too_long_is_answered_later(
    fake: FakeSlack, app: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.slack.edge, "PATIENCE_SECONDS", 0.01)

    async def slow(delivery: Delivery) -> Ack:
        await asyncio.sleep(0.03)
        return Ephemeral("There you are.")

    app.router.command("slow", slow)
    assert (await fake.command("U1ALICE", "C1GENERAL", "/apikey slow")).ok
    assert fake.messages("C1GENERAL", viewer="U1ALICE") == []
    await app.responder.drain(grace=1)
    assert fake.messages("C1GENERAL", viewer="U1ALICE")[-1].text == "There you are."


async def test_a_click_that_waits_for_a_hanging_slack_is_answered_in_time(
    fake: FakeSlack, app: SimpleNamespace, web: SlackWebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bot.slack.edge, "PATIENCE_SECONDS", 0.01)
    answered_while_waiting: list[Any] = []

    async def slow(delivery: Delivery) -> Ack:
        await go_on.wait()
        answered_while_waiting.append(True)
        return Ephemeral("There you are.")

    go_on = asyncio.Event()
    app.router.action("look", slow)
    await web.write("chat.postMessage", channel="C1GENERAL", text="card", blocks=[actions(button("Look", "look"))])
    async with asyncio.timeout(30):
        await fake.click("U1ALICE", fake.messages("C1GENERAL")[0], "look")
    assert not answered_while_waiting
    go_on.set()
    await app.responder.drain(grace=1)
    await app.responder.drain(grace=1)
    assert fake.messages("C1GENERAL", viewer="U1ALICE")[-1].text == "There you are."


async def test_the_durable_engine_posts_and_redraws_a_card(
    fake: FakeSlack, web: SlackWebClient, directory: Directory, clock: Clock, database: Database
) -> None:
    async def post(argument: str) -> Again | None:
        again = await outbox.deliver(argument)
        delivered.set()
        return again

    delivered = asyncio.Event()
    engine = Engine(database=database, jobs={JOB: post}, executor_id="edge-test")
    outbox = Outbox(
        database=database,
        engine=engine,
        web=web,
        directory=directory,
        drawers={"card": lambda c, row: Message(f"version {row.wanted}")},
        clock=clock,
    )
    await engine.launch()
    try:
        for number in (1, 2):
            delivered.clear()
            await database.run(lambda c: outbox.want(c, id="req:7:card", kind="card", subject="7", target="C1GENERAL"))
            async with asyncio.timeout(30):
                await delivered.wait()
            assert [message.text for message in fake.messages("C1GENERAL")] == [f"version {number}"]
    finally:
        await engine.stop(grace=0.1)
