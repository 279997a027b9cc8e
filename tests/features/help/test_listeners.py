"""Help is made from the table of commands."""

from types import SimpleNamespace
from typing import Any

from bot.features.help.listeners import message, register
from bot.slack.delivery import Delivery, Ephemeral, Kind
from bot.slack.router import Router
from tests.slack.kit import make_delivery


async def _nothing(_delivery: Delivery) -> None:
    return None


async def test_every_command_stands_in_it_and_its_answer_is_drawn_once() -> None:
    router = Router()
    router.command("new", _nothing, usage="NAME", help="ask for a key")
    deps: Any = SimpleNamespace()
    register(router, deps)
    text = str(message(router).blocks)
    assert "/apikey new NAME" in text
    assert "ask for a key" in text
    command = make_delivery(Kind.COMMAND, text="help")
    first, second = (await router.dispatch(command)).ack, (await router.dispatch(command)).ack
    assert isinstance(first, Ephemeral)
    assert first is second
