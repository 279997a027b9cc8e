"""Who is told when a message finds its channel closed. Over the wire: tests/scenarios/test_closed_channel.py."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from bot.db.engine import Database
from bot.durable.engine import Again
from bot.fallback_notices import JOB, LONGEST_PAUSE, MOST_PEOPLE, FallbackNotices
from bot.languages import tr
from bot.languages.sentence import from_stored
from bot.permissions.rules import parse_policy
from bot.slack import post_store
from bot.slack.post_store import PostRow

POLICY = parse_policy(
    """
[roles]
engineer = ["S0ENG"]
security = ["S0SEC", "U0SAM"]

[[rules]]
name = "security kills"
who = ["security"]
do = ["key.disable"]
on = "any"
allow = true

[[rules]]
name = "own keys"
who = ["engineer"]
do = ["key.disable"]
allow = true
"""
)


NOW = 1_800_000_000.0


class Engine:
    def __init__(self) -> None:
        self.started: list[tuple[str, str]] = []

    def start(self, _c: sa.Connection, job: str, _id: str, argument: str) -> None:
        self.started.append((job, argument))


class Wanted:
    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []

    def want(self, _c: object, **post: Any) -> None:
        self.posts.append(post)


class Desk:
    """The notices with everything around them; `people`: what Slack says, one answer after the other."""

    def __init__(self, database: Database, *people: frozenset[str]) -> None:
        self.database, self.people, self.now = database, list(people), NOW
        engine: Any = Engine()
        self.engine = engine
        self.outbox: Any = Wanted()
        self.asked: list[set[str]] = []
        self.redrawn: list[str] = []
        self.notices = FallbackNotices(
            database=database,
            engine=engine,
            policy=lambda: POLICY,
            members=self.members,
            security={"alert": tr("security alert {number}")},
            retold={"alert_owner": lambda _c, _outbox, subject: self.redrawn.append(subject)},
            clock=lambda: self.now,
        )

    async def members(self, ids: Iterable[str]) -> frozenset[str]:
        self.asked.append(set(ids))
        return self.people.pop(0)

    async def post(self, kind: str, *, target: str = "C0SEC", **changes: Any) -> PostRow:
        def stored(c: sa.Connection) -> PostRow:
            post_store.upsert(
                c, post_id="p1", kind=kind, subject="7", target=target, thread_of=None, body=None, now=NOW
            )
            post_store.change(c, "p1", error="is_archived", **changes)
            row = post_store.load(c, "p1")
            assert row is not None
            return row

        return await self.database.run(stored)

    async def tell(self, row: PostRow, code: str | None = "is_archived") -> None:
        await self.database.run(self.notices.tell, self.outbox, row, code)


async def test_those_who_may_disable_any_key_hear_of_an_alert(sqlite_database: Database) -> None:
    desk = Desk(sqlite_database, frozenset({"U0SAM"}))
    await desk.tell(await desk.post("alert"))
    assert desk.engine.started == [(JOB, "p1")]
    assert await desk.notices.run(desk.outbox, "p1") is None
    assert desk.asked == [{"S0SEC", "U0SAM"}]
    (post,) = desk.outbox.posts
    assert (post["target"], post["id"]) == ("dm:U0SAM", "p1:unread:1:U0SAM")
    assert "is_archived" in from_stored(post["body"]["text"])
    assert "nobody there sees security alert 7" in from_stored(post["body"]["text"])


async def test_what_is_new_on_a_card_that_is_there_is_said_so(sqlite_database: Database) -> None:
    desk = Desk(sqlite_database, frozenset({"U0SAM"}))
    await desk.post("alert", ts="1.1")
    await desk.notices.run(desk.outbox, "p1")
    assert "what is new about security alert 7" in from_stored(desk.outbox.posts[0]["body"]["text"])


async def test_who_they_are_is_asked_again_until_slack_tells_or_the_message_came(sqlite_database: Database) -> None:
    desk = Desk(sqlite_database, frozenset(), frozenset(), frozenset({"U0SAM"}))
    await desk.post("alert")
    again = await desk.notices.run(desk.outbox, "p1")
    assert isinstance(again, Again)
    assert again.seconds <= 5
    desk.now += 1_000_000
    assert await desk.notices.run(desk.outbox, "p1") == Again(LONGEST_PAUSE)
    await desk.notices.run(desk.outbox, "p1")
    assert len(desk.outbox.posts) == 1
    await sqlite_database.run(post_store.change, "p1", error=None)
    assert await desk.notices.run(desk.outbox, "p1") is None
    assert await desk.notices.run(desk.outbox, "p404") is None
    assert len(desk.outbox.posts) == 1


async def test_a_large_group_is_not_flooded(sqlite_database: Database) -> None:
    desk = Desk(sqlite_database, frozenset(f"U{number}" for number in range(500)))
    await desk.post("alert")
    await desk.notices.run(desk.outbox, "p1")
    assert len(desk.outbox.posts) == MOST_PEOPLE


@pytest.mark.parametrize(("kind", "code"), [("story", "is_archived"), ("confirmation", "is_archived"), ("alert", None)])
async def test_what_nobody_must_read_or_what_came_is_not_repeated(
    sqlite_database: Database, kind: str, code: str | None
) -> None:
    desk = Desk(sqlite_database)
    await desk.tell(await desk.post(kind), code)
    assert desk.engine.started == []


async def test_a_word_to_one_person_is_retold_where_others_see_it_and_taken_back(sqlite_database: Database) -> None:
    desk = Desk(sqlite_database)
    row = await desk.post("alert_owner", target="dm:U0ADA")
    for code in ("messages_tab_disabled", None):
        await desk.tell(row, code)
    await desk.tell(replace(row, kind="notice"))
    assert desk.redrawn == ["7", "7"]
    assert (desk.outbox.posts, desk.engine.started) == ([], [])
