"""What a hundred more operations cost a request that needs none of them: the same app with and without, in process."""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import SecretStr
from starlette.types import Message, Scope

from benchmarks import payloads
from bot.slack.delivery import Ack, Delivery, Ephemeral
from bot.slack.edge import Edge, Identity
from bot.slack.http_endpoint import PATH, SlackEndpoint
from bot.slack.responder import Responder
from bot.slack.router import Router
from bot.slack.view_seal import ViewSeal

MORE = 100
REQUESTS = 2_000
ROUNDS = 9


def measure() -> tuple[float, int]:
    """(rate with a hundred more ÷ rate without, answers that were not a sound 200). Processor time, medians."""
    requests = [_split(payloads.command("ping", port=80, number=number)) for number in range(REQUESTS)]
    with asyncio.Runner() as runner:
        taken: dict[int, list[float]] = {0: [], MORE: []}
        wrong = 0
        # By turns, so that both see the same machine; the first round warms up.
        for _ in range(ROUNDS + 1):
            for more, times in taken.items():
                seconds, failed = runner.run(_drive(_app(more), requests))
                times.append(seconds)
                wrong += failed
    without, with_more = (statistics.median(times[1:]) for times in taken.values())
    return without / with_more, wrong


def _app(more: int) -> SlackEndpoint:
    router = Router()

    async def answer(_delivery: Delivery) -> Ack:
        return Ephemeral("pong")

    router.command("ping", answer)
    for number in range(more):
        name = f"bench.operation{number}"
        router.command(name, answer)
        for add in (router.action, router.modal_action, router.view, router.shortcut, router.options):
            add(name, answer)

    async def nobody(_user_id: str) -> str:
        raise NotImplementedError

    seal = ViewSeal.of(SecretStr(payloads.SECRET), clock=time.time)
    responder = Responder(web=_Silent(), dm_channel=nobody, view_seal=seal)
    me = Identity(team_id=payloads.TEAM, bot_user_id="U0BOT")
    edge = Edge(router=router, responder=responder, clock=time.time, me=me)
    return SlackEndpoint(edge=edge, signing_secret=SecretStr(payloads.SECRET), clock=time.time)


class _Silent:
    """A Slack that nobody calls here."""

    async def write(self, method: str, *, interactive: bool = False, **arguments: Any) -> dict[str, Any]:
        raise NotImplementedError

    async def respond(self, response_url: str, body: object) -> None:
        raise NotImplementedError


def _split(request: bytes) -> tuple[Scope, bytes]:
    head, _, body = request.partition(b"\r\n\r\n")
    pairs = [line.split(b": ", 1) for line in head.split(b"\r\n")[1:]]
    headers = [(name.lower(), value) for name, value in pairs]
    return {"type": "http", "method": "POST", "path": PATH, "headers": headers}, body


async def _drive(endpoint: SlackEndpoint, requests: list[tuple[Scope, bytes]]) -> tuple[float, int]:
    answered = 0

    async def send(message: Message) -> None:
        nonlocal answered
        answered += message.get("status") == 200 or b"pong" in message.get("body", b"")

    begun = time.process_time()
    for scope, body in requests:
        await endpoint(scope, _receiver(body), send)
    return time.process_time() - begun, len(requests) - answered // 2


def _receiver(body: bytes) -> Callable[[], Awaitable[Message]]:
    async def receive() -> Message:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive
