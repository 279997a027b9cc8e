"""What an answer costs before it leaves, as Python calls: the same on every machine, however busy it is."""

import asyncio
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any
from urllib.parse import urlencode

import pytest

from bot.redaction import redact_all
from bot.slack import signature
from bot.slack.delivery import Delivery, Ephemeral
from bot.slack.edge import Edge, Identity
from bot.slack.http_endpoint import SlackEndpoint
from bot.slack.router import Router
from tests.slack import kit

LINES = [{"type": "section", "text": {"type": "mrkdwn", "text": f"`/apikey word{n}`  does it"}} for n in range(16)]
# There are 190. With Bolt in between there were 600, before every text of an answer was looked at for secrets.
MOST_CALLS = 250


def calls(work: Callable[[], Any]) -> int:
    """How many Python functions and coroutine steps `work` runs through."""
    found = 0

    def count(_frame: FrameType, event: str, _arg: object) -> None:
        nonlocal found
        found += event == "call"

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return found


def test_an_answer_that_is_always_the_same_is_written_once() -> None:
    answer = Ephemeral("what can be done", tuple(LINES), fixed=True)
    router = Router()

    async def help_(_delivery: Delivery) -> Ephemeral:
        return answer

    router.command("help", help_)
    responder = kit.make_responder()
    edge = Edge(router=router, responder=responder, me=Identity(team_id=kit.TEAM), clock=lambda: kit.NOW)
    endpoint = SlackEndpoint(edge=edge, signing_secret=kit.SECRET, clock=lambda: kit.NOW)
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    def ask(number: int) -> Callable[[], Any]:
        body = urlencode(kit.command("help", trigger_id=f"1.{number}")).encode()
        timestamp = str(int(kit.NOW))
        headers = [
            (b"content-type", kit.FORM.encode()),
            (b"x-slack-request-timestamp", timestamp.encode()),
            (b"x-slack-signature", signature.sign(kit.SECRET, timestamp, body).encode()),
        ]

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        return lambda: loop.run_until_complete(endpoint({"headers": headers}, receive, send))

    with asyncio.Runner() as runner:
        loop = runner.get_loop()
        ask(0)()
        assert calls(ask(1)) < MOST_CALLS
    assert [message.get("status", message.get("body")) for message in sent] == [200, sent[1]["body"]] * 2
    assert b"word15" in sent[1]["body"]


@pytest.mark.parametrize("blocks", [LINES, LINES * 3])
def test_texts_without_a_secret_are_looked_at_together(blocks: list[Any]) -> None:
    assert redact_all(blocks) is blocks
    texts = 7 * len(blocks)
    assert calls(lambda: redact_all(blocks)) < 4 * texts
