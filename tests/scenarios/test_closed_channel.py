"""A channel takes no message: its people are told directly, readiness and Home name it, the message comes when it is open."""

import pytest
import sqlalchemy as sa

import bot.slack.outbox
from bot.db.tables import posts
from keydesk_sandbox import seed
from tests.narrow import present
from tests.scenarios.alerting import SAM, cards, learned, send
from tests.scenarios.desk import Desk, text_of

pytestmark = pytest.mark.thorough

ADA, MIRA, ALEX = seed.ENGINEER, seed.MANAGER, seed.ADMIN
BIG = {"name": "big", "remain_quota": "2M", "expired_time": "90d", "model_limits": ["gpt-4o-mini"]}


def told(desk: Desk, user: str) -> str:
    """What our direct messages say to somebody."""
    return " ".join(text_of(message) for message in desk.slack.dm(user))


async def home_of(desk: Desk, user: str) -> str:
    await desk.slack.open_home(user)
    return str(await desk.eventually(lambda: present(desk.slack.home(user)).body))


@pytest.mark.parametrize("code", ["is_archived", "restricted_action", "not_in_channel", "channel_not_found"])
async def test_the_requests_channel_takes_no_message(http_desk: Desk, code: str) -> None:
    desk = http_desk
    desk.slack.switches.refused_channels = {seed.KEYS_CHANNEL: code}
    begun = desk.clock()
    await desk.ask(ADA, channel=seed.GENERAL_CHANNEL, **BIG)
    await desk.eventually(lambda: "request 1" in told(desk, MIRA))
    await desk.eventually(lambda: "your request 1 may wait" in told(desk, ADA))
    assert desk.clock() - begun < 30
    (problem,) = await desk.app.outbox.problems()
    assert seed.KEYS_CHANNEL in problem
    assert f"({code})" in await home_of(desk, ALEX)
    assert f"({code})" not in await home_of(desk, ADA)
    desk.slack.switches.refused_channels = {}
    opened = desk.clock()
    card = await desk.eventually(lambda: desk.card(1))
    assert desk.clock() - opened < 60
    assert "big" in text_of(card)

    async def well() -> bool:
        return await desk.app.outbox.problems() == []

    await desk.until(well, otherwise="the channel is still named")


@pytest.mark.parametrize("trouble", ["archived", "left"])
async def test_slack_says_that_the_channel_is_open_again(
    http_desk: Desk, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    """Long before the next try."""
    desk = http_desk
    monkeypatch.setattr(bot.slack.outbox, "CLOSED_RETRY", 100_000.0)
    changes = desk.slack.changes
    await (changes.archive(seed.KEYS_CHANNEL) if trouble == "archived" else changes.remove_bot(seed.KEYS_CHANNEL))
    await desk.ask(ADA, channel=seed.GENERAL_CHANNEL, **BIG)
    await desk.eventually(lambda: "request 1" in told(desk, MIRA))
    if trouble == "archived":
        await changes.archive(seed.KEYS_CHANNEL, archived=False)
    else:
        await changes.join(ADA, seed.KEYS_CHANNEL)
        await changes.join(seed.BOT_USER, seed.KEYS_CHANNEL)
    assert "big" in text_of(await desk.eventually(lambda: desk.card(1)))


async def test_the_security_channel_takes_no_message(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    desk.slack.switches.refused_channels = {seed.SECURITY_CHANNEL: "restricted_action"}
    begun = desk.clock()
    await send(desk, "generic", desk.gateway.key_value(desk.key("production").id))
    await desk.eventually(lambda: "security alert 1" in told(desk, SAM))
    assert desk.clock() - begun < 30
    assert "restricted_action" in await home_of(desk, ALEX)
    desk.slack.switches.refused_channels = {}
    opened = desk.clock()
    await desk.eventually(lambda: cards(desk, "production"))
    assert desk.clock() - opened < 60


async def test_an_owner_whose_direct_message_cannot_be_opened_is_named_on_the_card(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    record = await desk.own(ADA, desk.key("production"))
    desk.slack.switches.refused_people = {ADA: "messages_tab_disabled"}
    await send(desk, "generic", desk.gateway.key_value(record.id))
    card = (await desk.eventually(lambda: cards(desk, "was not told")))[0]
    assert ADA in text_of(card)
    assert "messages_tab_disabled" in text_of(card)

    def error(c: sa.Connection) -> str | None:
        return c.scalar(sa.select(posts.c.error).where(posts.c.id == f"alert:1:owner:{record.id}"))

    assert await desk.app.database.read(error) == "messages_tab_disabled"
    desk.slack.switches.refused_people = {}
    await desk.pass_time(400)
    await desk.eventually(lambda: "production" in told(desk, ADA))
    await desk.eventually(lambda: not cards(desk, "was not told"))
