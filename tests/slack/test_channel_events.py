"""Which events say that a channel takes messages again."""

from typing import Any

import pytest

from bot.slack.channel_events import JOINED, OPENED, ChannelEvents
from bot.slack.delivery import Delivery, Kind
from bot.slack.router import Router
from tests.slack.kit import make_delivery


class Outbox:
    def __init__(self) -> None:
        self.opened: list[tuple[str, str]] = []

    async def channel_opened(self, channel: str, cause: str) -> None:
        self.opened.append((channel, cause))


def event(name: str, **more: Any) -> Delivery:
    return make_delivery(Kind.EVENT, id="Ev1", payload={"event": {"type": name, **more}})


@pytest.mark.parametrize("name", OPENED)
async def test_a_channel_that_left_the_archive_is_open(name: str) -> None:
    outbox: Any = Outbox()
    await ChannelEvents(outbox, "U0BOT").opened(event(name, channel="C1"))
    assert outbox.opened == [("C1", "Ev1")]


async def test_only_our_own_coming_opens_a_channel() -> None:
    outbox: Any = Outbox()
    events = ChannelEvents(outbox, "U0BOT")
    await events.joined(event(JOINED, channel="C1", user="U0ADA"))
    assert outbox.opened == []
    await events.joined(event(JOINED, channel="C1", user="U0BOT"))
    assert outbox.opened == [("C1", "Ev1")]


def test_all_three_events_are_listened_to() -> None:
    router = Router()
    outbox: Any = Outbox()
    ChannelEvents(outbox, "U0BOT").register(router)
    assert router.names("event") >= {*OPENED, JOINED}
