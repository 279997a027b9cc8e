"""G10, G11: Socket Mode links, envelopes, acks and disconnects, through links held in the test's hand."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from keydesk_sandbox.fake_slack.slack import FakeSlack
from keydesk_sandbox.fake_slack.sockets import Link, Reason
from tests.keydesk_sandbox.fake_slack.kit import APP_TOKEN, Bot, Caller, Clock, MakeSlack, actions, button


class Held:
    """A link whose app answers every envelope with `payload`, or not at all."""

    def __init__(self, slack: FakeSlack, *, answers: bool = True, payload: dict[str, str] | None = None) -> None:
        self.slack, self.answers, self.payload = slack, answers, payload
        self.got: list[dict[str, Any]] = []
        self.ended = self.broken = self.joined = False
        self.link = Link(id="L", send=self.send, end=self.end, cut=self.cut)

    async def send(self, text: str) -> None:
        message = json.loads(text)
        self.got.append(message)
        if self.answers and "envelope_id" in message:
            ack = {"envelope_id": message["envelope_id"]} | ({"payload": self.payload} if self.payload else {})
            self.slack.hub.receive(self.link, json.dumps(ack))

    async def end(self) -> None:
        self.ended = True

    def cut(self) -> None:
        self.broken = True

    async def join(self, *, debug: bool = False) -> bool:
        return await self.slack.hub.join(self.link, debug_reconnects=debug)


@pytest.fixture
def hold(slack: FakeSlack) -> Callable[..., Any]:
    async def hold_one(**options: Any) -> Held:
        held = Held(slack, **options)
        held.joined = await held.join()
        return held

    return hold_one


async def test_hello_comes_first_with_an_estimate(slack: FakeSlack, hold: Callable[..., Any]) -> None:
    held = await hold()
    assert held.got[0]["type"] == "hello"
    assert held.got[0]["debug_info"]["approximate_connection_time"] == 3600
    debug = Held(slack)
    await debug.join(debug=True)
    assert debug.got[0]["debug_info"]["approximate_connection_time"] == 360


async def test_the_url_is_good_once_and_not_for_long(slack: FakeSlack, api: Caller, clock: Clock) -> None:
    url = (await api.ok("apps.connections.open", token=APP_TOKEN))["url"]
    assert url.startswith("ws://127.0.0.1:4999/socket/")
    ticket = url.rsplit("/", 1)[1]
    assert slack.hub.redeem(ticket)
    assert not slack.hub.redeem(ticket)
    late = slack.hub.ticket()
    clock.now += 60
    assert not slack.hub.redeem(late)


async def test_with_a_link_open_nothing_comes_over_http(slack: FakeSlack, bot: Bot, hold: Callable[..., Any]) -> None:
    held = await hold()
    assert (await slack.command("U1ALICE", "C1GENERAL", "/apikey new")).ok
    assert bot.got == []
    envelope = held.got[-1]
    assert (envelope["type"], envelope["accepts_response_payload"]) == ("slash_commands", True)
    assert envelope["payload"]["text"] == "new"


async def test_each_payload_goes_to_one_of_the_links(slack: FakeSlack, hold: Callable[..., Any]) -> None:
    links = [await hold() for _ in range(3)]
    for _ in range(12):
        await slack.shortcut("U1ALICE", "new_key")
    counts = [len(held.got) - 1 for held in links]
    assert sum(counts) == 12
    assert all(counts)


async def test_the_eleventh_link_is_sent_away(hold: Callable[..., Any]) -> None:
    links = [await hold() for _ in range(11)]
    assert [held.joined for held in links] == [True] * 10 + [False]
    assert links[-1].got == [{"type": "disconnect", "reason": "too_many_websockets", "debug_info": {"host": "sandbox"}}]


async def test_an_ack_payload_counts_only_where_it_is_accepted(
    slack: FakeSlack, api: Caller, hold: Callable[..., Any]
) -> None:
    await api.ok("chat.postMessage", channel="C1GENERAL", text="t", blocks=[actions(button())])
    held = await hold(payload={"text": "answer"})
    answer = await slack.click("U1ALICE", slack.messages("C1GENERAL")[0], "go")
    assert held.got[-1]["accepts_response_payload"] is False
    assert answer.body is None
    assert (await slack.command("U1ALICE", "C1GENERAL", "/apikey")).body == {"text": "answer"}


async def test_no_ack_is_a_timeout_and_a_lost_link_is_unreachable(make_slack: MakeSlack) -> None:
    slack = make_slack(ack_seconds=0.01)
    mute = Held(slack, answers=False)
    await mute.join()
    assert (await slack.command("U1ALICE", "C1GENERAL", "/apikey")).failure == "timeout"
    slack.hub.leave(mute.link)
    await slack.settle()

    class Broken(Held):
        async def send(self, text: str) -> None:
            if "envelope_id" in text:
                raise OSError("gone")

    await Broken(slack).join()
    assert (await slack.command("U1ALICE", "C1GENERAL", "/apikey")).failure == "unreachable"
    assert slack.hub.links == []


async def test_events_carry_retry_attempt_and_reason(slack: FakeSlack, hold: Callable[..., Any]) -> None:
    held = await hold(answers=False)
    slack.deliveries.ack_seconds = 0.01
    await slack.say("U1ALICE", "C1GENERAL", "hello")
    held.answers = True
    unacknowledged = held.got[-1]["envelope_id"]
    slack.hub.receive(held.link, json.dumps({"envelope_id": unacknowledged}))
    await slack.settle()
    events = [message for message in held.got if message["type"] == "events_api"]
    assert [(event["retry_attempt"], event["retry_reason"]) for event in events] == [(0, ""), (1, "timeout")]
    assert len({event["payload"]["event_id"] for event in events}) == 1


@pytest.mark.parametrize("reason", ["warning", "refresh_requested", "link_disabled"])
async def test_disconnects_name_their_reason_and_only_a_warning_leaves_the_link(
    slack: FakeSlack, hold: Callable[..., Any], reason: Reason
) -> None:
    held = await hold()
    await slack.hub.disconnect(reason)
    assert held.got[-1]["reason"] == reason
    assert held.ended is (reason != "warning")
    assert bool(slack.hub.links) is (reason == "warning")


async def test_an_ack_can_be_lost_with_its_link(slack: FakeSlack, hold: Callable[..., Any]) -> None:
    held = await hold()
    slack.hub.lose_acks = 1
    assert (await slack.command("U1ALICE", "C1GENERAL", "/apikey")).failure == "unreachable"
    assert (held.broken, slack.hub.links, slack.hub.lose_acks) == (True, [], 0)
    await hold()
    assert (await slack.command("U1ALICE", "C1GENERAL", "/apikey")).ok


async def test_links_can_be_cut_without_a_goodbye(slack: FakeSlack, hold: Callable[..., Any]) -> None:
    links = [await hold() for _ in range(2)]
    slack.hub.cut(links[0].link)
    assert ([held.broken for held in links], slack.hub.links) == ([True, False], [links[1].link])
    slack.hub.cut()
    assert (links[1].broken, links[1].ended, slack.hub.links) == (True, False, [])


async def test_socket_mode_in_the_manifest_never_uses_http(make_slack: MakeSlack, bot: Bot) -> None:
    slack = make_slack(manifest={"socket_mode": True})
    assert (await slack.command("U1ALICE", "C1GENERAL", "/apikey")).failure == "unreachable"
    assert bot.got == []


async def test_nonsense_from_the_app_is_ignored(slack: FakeSlack, hold: Callable[..., Any]) -> None:
    held = await hold()
    for text in ("not json", "[]", '{"envelope_id": 5}', '{"envelope_id": "unknown"}'):
        slack.hub.receive(held.link, text)
    assert slack.hub.links == [held.link]


async def test_a_link_that_the_app_has_just_closed_takes_nothing_and_is_gone(
    slack: FakeSlack, hold: Callable[..., Any]
) -> None:
    held = await hold()

    async def closed(_text: str) -> None:
        raise ConnectionError

    held.link.send = closed
    assert (await slack.hub.send("interactive", {"type": "block_actions"})).failure == "unreachable"
    assert slack.hub.links == []


async def test_a_goodbye_to_a_link_that_the_app_has_just_closed_still_ends_it(
    slack: FakeSlack, hold: Callable[..., Any]
) -> None:
    held = await hold()

    async def closed(_text: str) -> None:
        raise ConnectionError

    held.link.send = closed
    await slack.hub.disconnect("refresh_requested")
    assert held.ended
    assert slack.hub.links == []
