"""A card says before and after of each key, and how it ended."""

from typing import Any

import pytest

from bot.approvals.models import Status
from bot.care.drift import store
from bot.care.drift.messages import ACCEPT, CARD, PUT_BACK, drawers
from bot.db.engine import Database
from bot.gateway.dollars import Dollars
from bot.slack.blocks import Message
from tests.care.drift.test_rounds import Drifting, request
from tests.care.leavers.test_messages import actions_of
from tests.narrow import present
from tests.scenarios.desk import text_of
from tests.slack.outboxes import post_row


def draw(office: Drifting) -> Message | None:
    return office.database.run_here(drawers(dollars=Dollars())[CARD], post_row(CARD))


@pytest.fixture
async def office(database: Database) -> Drifting:
    made = Drifting(database)
    made.own(1, listed=False)
    await made.read()
    await made.again()
    return made


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"remain_quota": 5_001_000}, "1k units (under $0.01) → *5.001M units ($10.00)*"),
        ({"remain_quota": 100}, "1k units (under $0.01) → *100 units (under $0.01)*"),
        ({"unlimited_quota": True}, "a limit → *no limit*"),
        ({"status": 2}, "in use → *disabled*"),
        ({"group": "vip"}, "*vip*"),
    ],
)
async def test_before_and_after(office: Drifting, changes: dict[str, Any], words: str) -> None:
    assert draw(office) is None
    await office.read(**changes)
    await office.again()
    message = present(draw(office))
    assert words in text_of(message)
    assert "*Accept* keeps a key as it is now" in text_of(message)
    assert [name for name, _ in actions_of(message)] == [ACCEPT, PUT_BACK]


async def test_how_it_ends_is_said(office: Drifting) -> None:
    await office.read(name="x")
    await office.again()
    number = await request(office, Status.PENDING)
    await office.database.run(store.put, 1, requests={"key.update": number, "key.quota": 0}, answered_by="U0SAM")
    message = present(draw(office))
    assert "<@U0SAM> wants it put back. Request #1: Waiting." in text_of(message)
    assert not actions_of(message)
    assert "*Accept*" not in text_of(message)
    for outcome, words in (
        ("accepted", "<@U0SAM> accepts it"),
        ("put_back", "as <@U0SAM> asked"),
        ("back", "as it was"),
    ):
        await office.database.run(store.put, 1, outcome=outcome)
        assert words in text_of(present(draw(office)))
        assert not actions_of(present(draw(office)))
