"""A broken policy is told once and the old one stays; a good one is recorded; the anchor drops once a day."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.audit import Fact, read
from bot.db.engine import Database
from bot.db.tables import posts
from bot.languages.sentence import from_stored
from bot.maintenance import Maintenance
from bot.policy_file import PolicyFile
from tests.languages.conftest import Speak

GOOD = """
[roles]
engineer = ["S0ENG"]

[[rules]]
name = "all"
who = ["engineer"]
do = ["key.create"]
allow = true
"""


class Wanted:
    """Keeps what was wanted, and the row that says so, as the outbox does."""

    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []

    def want(self, c: sa.Connection, **post: Any) -> None:
        if any(old["id"] == post["id"] for old in self.posts):
            return
        self.posts.append(post)
        row = {"id": post["id"], "kind": post["kind"], "subject": "", "target": post["target"]}
        c.execute(sa.insert(posts).values(**row, wanted=1, drawn=0, attempts=0, created_at=0.0))


class Clock:
    now = 86_400.0 * 20_000

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def wanted() -> Wanted:
    return Wanted()


def started_maintenance(database: Database, path: Path, wanted: Wanted, clock: Clock) -> Maintenance:
    path.write_text(GOOD)
    policy = PolicyFile(path, units_per_usd=500_000)
    return Maintenance(
        database=database, policy=policy, outbox=wanted, channel="C0SEC", anchor="C0ANCHOR", version="1", clock=clock
    )


async def test_a_broken_policy_is_told_once_with_its_place_and_never_loaded(
    database: Database, tmp_path: Path, wanted: Wanted, speak: Speak
) -> None:
    path, clock = tmp_path / "policy.toml", Clock()
    watch = started_maintenance(database, path, wanted, clock)
    path.write_text(GOOD.replace('do = ["key.create"]', 'do = ["key.craete"]'))
    await watch.look()
    await watch.look()
    told = [post for post in wanted.posts if post["id"].startswith("policy:")]
    assert len(told) == 1
    assert told[0]["target"] == "C0SEC"
    assert "policy.toml:8:" in from_stored(told[0]["body"]["text"])
    assert "old policy stays" in from_stored(told[0]["body"]["text"])
    assert "• " in from_stored(told[0]["body"]["text"])
    with speak({"there is no operation “{typed}”": "NE <{typed}>"}):  # each mistake is read in the channel's language
        assert "NE <key.craete>" in from_stored(told[0]["body"]["text"])


async def test_a_good_change_is_recorded(database: Database, tmp_path: Path, wanted: Wanted) -> None:
    path = tmp_path / "policy.toml"
    watch = started_maintenance(database, path, wanted, Clock())
    path.write_text(GOOD.replace('"all"', '"everything"'))
    await watch.look()
    lines = await database.read(read)
    assert [line["fact"] for line in lines] == [Fact.POLICY_LOADED]


async def test_a_good_policy_is_announced_once_and_recorded(database: Database, tmp_path: Path, wanted: Wanted) -> None:
    path, clock = tmp_path / "policy.toml", Clock()
    watch = started_maintenance(database, path, wanted, clock)
    other = started_maintenance(database, path, wanted, clock)
    for one in (watch, other):
        await one.look()
    assert policy_posts(wanted) == [], "the first policy is no change"
    path.write_text(GOOD.replace('"all"', '"everything"'))
    for one in (watch, other, watch):
        await one.look()
    assert [post["id"] for post in policy_posts(wanted)] == ["policy:changed:2", "policy:changed:2:difference"]
    assert [line["fact"] for line in await database.read(read)] == [Fact.POLICY_LOADED] * 2


async def test_a_policy_that_was_mended_is_good_again(database: Database, tmp_path: Path, wanted: Wanted) -> None:
    path = tmp_path / "policy.toml"
    watch = started_maintenance(database, path, wanted, Clock())
    await watch.look()
    for text in ("[", GOOD, "[", GOOD):
        path.write_text(text)
        await watch.look()
        watch.clock.now += 60  # type: ignore[attr-defined]  # the test's own clock
    kinds = [post["id"].split(":")[1] for post in policy_posts(wanted)]
    assert [kind == "good" for kind in kinds] == [False, True, False, True]


def policy_posts(wanted: Wanted) -> list[dict[str, Any]]:
    return [post for post in wanted.posts if post["id"].startswith("policy:")]


async def test_the_anchor_drops_once_a_day_whatever_the_number_of_processes(
    database: Database, tmp_path: Path, wanted: Wanted
) -> None:
    clock = Clock()
    first = started_maintenance(database, tmp_path / "policy.toml", wanted, clock)
    second = started_maintenance(database, tmp_path / "policy.toml", wanted, clock)
    for one in (first, second, first):
        await one.look()
    assert [post["target"] for post in wanted.posts] == ["C0ANCHOR"]
    clock.now += 86_400.0
    await second.look()
    assert len(wanted.posts) == 2


async def test_events_that_slack_holds_back_are_told_once_an_hour_and_are_a_problem_for_some_minutes(
    database: Database, tmp_path: Path, wanted: Wanted
) -> None:
    clock = Clock()
    maintenance = started_maintenance(database, tmp_path / "policy.toml", wanted, clock)
    assert maintenance.problem == ""
    for _ in range(3):
        await maintenance.events_held_back()
        clock.now += 60
    assert "30,000 events" in maintenance.problem
    assert [(post["target"], "30,000" in from_stored(post["body"]["text"])) for post in wanted.posts] == [
        ("C0SEC", True)
    ]
    clock.now += 3600
    assert maintenance.problem == ""
    await maintenance.events_held_back()
    assert len(wanted.posts) == 2


async def test_files_of_secrets_are_looked_at_with_the_policy(
    database: Database, tmp_path: Path, wanted: Wanted
) -> None:
    looks: list[int] = []
    maintenance = started_maintenance(database, tmp_path / "policy.toml", wanted, Clock())
    maintenance.look_at_secrets = lambda: looks.append(1)
    await maintenance.look()
    await maintenance.look()
    assert looks == [1, 1]


async def test_a_defect_does_not_end_the_looking(
    database: Database, tmp_path: Path, wanted: Wanted, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, again = list[int](), asyncio.Event()

    async def look(_self: Maintenance) -> None:
        looks.append(1)
        if len(looks) == 1:
            raise ValueError("a defect")
        again.set()

    monkeypatch.setattr(Maintenance, "look", look)
    monkeypatch.setattr("bot.maintenance.LOOK_SECONDS", 0.0)
    maintenance = started_maintenance(database, tmp_path / "policy.toml", wanted, Clock())
    await maintenance.start()
    async with asyncio.timeout(60):
        await again.wait()
    await maintenance.stop()
