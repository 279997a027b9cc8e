"""The rows behind messages: wanted anew, in the order of their thread, refused by their channel."""

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from bot.db.engine import Database
from bot.slack import post_store
from tests.narrow import present


def want(c: sa.Connection, post_id: str, *, target: str = "C1", thread_of: str | None = None, now: float = 1.0) -> int:
    return post_store.upsert(
        c, post_id=post_id, kind="card", subject="7", target=target, thread_of=thread_of, body=None, now=now
    )


async def test_a_post_that_is_wanted_again_is_one_row_with_a_higher_number(database: Database) -> None:
    assert [await database.run(want, "p1") for _ in range(3)] == [1, 2, 3]
    row = await database.read(post_store.load, "p1")
    assert row is not None
    assert (row.wanted, row.drawn, row.ts, row.dm_user) == (3, 0, None, "")
    assert await database.read(post_store.load, "none") is None


def overtaken(c: sa.Connection, post_id: str) -> bool:
    row = post_store.load(c, post_id)
    assert row is not None
    return post_store.overtakes(c, row)


def test_messages_of_a_thread_come_in_their_order(sqlite_database: Database) -> None:
    run = sqlite_database.run_here
    run(lambda c: want(c, "p1", thread_of="card", now=1.0))
    run(lambda c: want(c, "p2", thread_of="card", now=2.0))
    run(lambda c: want(c, "p3", thread_of="other", now=3.0))
    assert [run(overtaken, post) for post in ("p1", "p2", "p3")] == [False, True, False]
    run(lambda c: post_store.change(c, "p1", channel="C1", ts="1.0", drawn=1))
    assert not run(overtaken, "p2")


def test_a_channel_that_refuses_is_known_with_what_waits_for_it(sqlite_database: Database) -> None:
    run = sqlite_database.run_here

    def refuse(c: sa.Connection, post_id: str, **more: Any) -> None:
        want(c, post_id, **more)
        post_store.change(c, post_id, error="is_archived")

    run(lambda c: refuse(c, "p1", target="C1", now=2.0))
    run(lambda c: refuse(c, "p2", target="C1", now=1.0))
    run(lambda c: refuse(c, "p3", target="dm:U1"))
    assert run(post_store.refused_channels) == [("C1", "is_archived")]
    assert [row.id for row in run(post_store.refused_in, "C1")] == ["p2", "p1"]


async def test_a_reply_waits_for_the_card_above_it(database: Database) -> None:
    """Also when both are redrawn: else a thread says that something is over while its card says that it is not."""
    await database.run(want, "p1")
    await database.run(want, "p2", thread_of="p1")
    card, reply = [present(await database.read(post_store.load, post_id)) for post_id in ("p1", "p2")]
    waits = post_store.waits_for_its_parent
    assert waits(reply, card)
    reply, card = replace(reply, ts="1.2"), replace(card, ts="1.1")
    assert waits(reply, card)
    # One that Slack did not take when it was tried last is not waited for, nor one that is as it should be.
    assert not waits(reply, replace(card, attempts=1))
    assert not waits(reply, replace(card, drawn=card.wanted))
    assert not waits(card, None)
