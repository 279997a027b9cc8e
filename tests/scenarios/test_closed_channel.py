"""The requests channel is archived: deciders and requester are told directly, and the card comes once it is open."""

import pytest

import bot.slack.outbox
from keydesk_sandbox import seed
from tests.scenarios.desk import Desk, text_of

ADA, MIRA = seed.ENGINEER, seed.MANAGER


def told(desk: Desk, user: str) -> str:
    """What our direct messages say to somebody."""
    found = [
        message.text
        for channel in desk.slack.workspace.channels.values()
        if channel.id.startswith("D") and user in channel.members
        for message in desk.slack.messages(channel.id, viewer=user)
    ]
    return " ".join(found)


async def test_the_card_that_must_be_read(http_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = http_desk
    monkeypatch.setattr(bot.slack.outbox, "CLOSED_RETRY", 0.5)
    await desk.slack.changes.archive(seed.KEYS_CHANNEL)
    await desk.ask(
        ADA,
        channel=seed.GENERAL_CHANNEL,
        name="big",
        remain_quota="2M",
        expired_time="90d",
        model_limits=["gpt-4o-mini"],
    )
    await desk.eventually(lambda: "request 1" in told(desk, MIRA))
    await desk.eventually(lambda: "your request 1 may wait" in told(desk, ADA))
    assert seed.KEYS_CHANNEL in " ".join(desk.app.outbox.problems())
    await desk.slack.changes.archive(seed.KEYS_CHANNEL, archived=False)
    card = await desk.eventually(lambda: desk.card(1), seconds=20)
    assert "big" in text_of(card)
    await desk.eventually(lambda: not desk.app.outbox.problems())
