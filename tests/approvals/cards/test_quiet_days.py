"""One message a day for what needed no approval: what is counted, and what each line says."""

from typing import Any

import pytest
import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.cards.quiet_days import DAY_SECONDS, ChannelNoise, QuietDay, day_of
from bot.approvals.models import Status
from bot.db.engine import Database
from bot.features import OPERATIONS
from bot.slack.blocks import Message
from bot.slack.post_store import PostRow
from tests.approvals.kit import new_request, put

START = 20_000 * DAY_SECONDS


def drawn(database: Database, noise: ChannelNoise) -> Message:
    post: Any = type("Post", (), {"subject": str(START)})
    row: PostRow = post
    return database.run_here(lambda c: QuietDay(OPERATIONS, noise).draw(c, row))


@pytest.fixture
def day(database: Database) -> Database:
    def work(c: sa.Connection) -> None:
        for number, at in enumerate((START, START + 5, START - 1, START + DAY_SECONDS)):
            request = put(c, Status.RUNNING, f"free:{number}", key_name=f"key-{number}")
            store.move(c, request, Status.SUCCEEDED, settled_at=float(at))
        failed = put(c, Status.RUNNING, "failed")
        store.move(c, failed, Status.FAILED, settled_at=float(START))
        asked, _ = store.insert(c, new_request("asked"), status=Status.RUNNING, lapses_at=9.0)
        store.move(c, asked, Status.SUCCEEDED, settled_at=float(START))

    database.run_here(work)
    return database


def test_a_digest_has_a_line_for_each_result_of_the_day(day: Database) -> None:
    message = drawn(day, ChannelNoise.DIGEST)
    assert "2 changes that needed no approval" in message.text
    assert "key-0" in str(message.blocks)
    assert "key-1" in str(message.blocks)
    assert "key-2" not in str(message.blocks)
    assert "key-3" not in str(message.blocks)
    assert len(message.blocks) == 3


def test_a_thread_is_headed_by_their_number(day: Database) -> None:
    message = drawn(day, ChannelNoise.THREAD)
    assert "2 changes" in message.text
    assert "They are in the thread." in str(message.blocks)
    assert "key-0" not in str(message.blocks)


def test_a_day_with_very_many_results_says_how_many_more(sqlite_database: Database) -> None:
    def work(c: sa.Connection) -> None:
        for number in range(40):
            request = put(c, Status.RUNNING, f"free:{number}")
            store.move(c, request, Status.SUCCEEDED, settled_at=float(START))

    sqlite_database.run_here(work)
    message = drawn(sqlite_database, ChannelNoise.DIGEST)
    assert "10 more." in str(message.blocks)
    assert day_of(START + 5.5) == START
