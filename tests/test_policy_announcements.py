"""What the security channel hears of the policy file: what a change means, without paths of the server."""

import os
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from bot.db.engine import Database
from bot.languages.sentence import from_stored
from bot.policy_announcements import PolicyAnnouncements, difference, owner_of, rule_lines
from bot.policy_file import PolicyFile
from bot.slack.blocks import TEXT_LIMIT

GOOD = """
[roles]
engineer = ["S0ENG"]

[[rules]]
name = "all"
who = ["engineer"]
do = ["key.create"]
allow = true
"""
MORE = (
    GOOD
    + """
[[rules]]
name = "more"
who = ["engineer"]
do = ["key.list"]
allow = true
"""
)


class Wanted:
    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []

    def want(self, c: sa.Connection, **post: Any) -> None:
        del c
        self.posts.append(post)


def said(post: dict[str, Any]) -> str:
    return str(from_stored(post["body"]["text"]))


def written(path: Path, text: str) -> None:
    path.write_text(text)


def started_with(path: Path, text: str) -> PolicyFile:
    """A new process, as after a restart: what was announced last is in the database."""
    written(path, text)
    return PolicyFile(path, units_per_usd=500_000)


async def announced(database: Database, path: Path, *texts: str) -> list[dict[str, Any]]:
    wanted = Wanted()
    for number, text in enumerate(texts):
        policy = started_with(path, text)
        news = PolicyAnnouncements(policy=policy, outbox=wanted, channel="C0SEC", clock=lambda: float(number))  # noqa: B023  # used at once
        await database.run(news.in_force)
    return wanted.posts


async def test_a_change_is_announced_with_its_rules_and_lines(database: Database, tmp_path: Path) -> None:
    headline, lines = await announced(database, tmp_path / "policy.toml", GOOD, MORE, MORE)
    assert "Another policy is in force" in said(headline)
    assert "New: `more`" in said(headline)
    assert lines["thread_of"] == headline["id"]
    assert '+name = "more"' in said(lines)
    assert str(tmp_path) not in said(headline) + said(lines)


async def test_back_and_forth_is_told_each_time(database: Database, tmp_path: Path) -> None:
    posts = await announced(database, tmp_path / "policy.toml", GOOD, MORE, GOOD, MORE)
    ids = [post["id"] for post in posts]
    assert len(ids) == len(set(ids)) == 6


async def test_mistakes_are_told_by_the_name_of_the_file_alone(database: Database, tmp_path: Path) -> None:
    path, wanted = tmp_path / "policy.toml", Wanted()
    policy = started_with(path, GOOD)
    news = PolicyAnnouncements(policy=policy, outbox=wanted, channel="C0SEC", clock=lambda: 1.0)
    written(path, GOOD.replace("key.create", "<!channel>"))
    policy.look()
    for _ in range(2):
        await database.run(news.broken)
    (post,) = wanted.posts
    assert "policy.toml:8:" in said(post)
    assert str(tmp_path) not in said(post)
    assert "<!channel>" not in said(post)


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        (GOOD, GOOD, []),
        (GOOD, MORE, ["New: `more`"]),
        (MORE, GOOD, ["Gone: `more`"]),
        (GOOD, GOOD.replace("key.create", "key.list"), ["Changed: `all`"]),
        (GOOD, GOOD.replace("S0ENG", "S0OTHER"), ["Changed: `[roles]`"]),
        ("not toml [", GOOD, ["New: `[roles]`, `all`"]),
        (GOOD, GOOD + "\n[[rules]]\nx = 1\n", ["New: `[[rules]] 2`"]),
    ],
)
def test_parts_are_named(before: str, after: str, lines: list[str]) -> None:
    assert rule_lines(before, after) == lines


def test_a_difference_stays_one_block_of_code_however_long_it_is() -> None:
    shown = difference("a", "```\n<!here>\n" * 2_000)
    assert shown.count("```") == 2
    assert "<!here>" not in shown
    assert shown.endswith("\n…```")
    assert len(shown) < TEXT_LIMIT


def test_the_user_a_file_belongs_to_is_told_where_it_is_another_one(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("")
    assert owner_of(path) == ""
    assert owner_of(tmp_path / "none") == ""
    if os.getuid() == 0:
        os.chown(path, 1, -1)
        assert owner_of(path) not in {"", "root"}
