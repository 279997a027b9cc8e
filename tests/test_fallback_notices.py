"""Who is told when a security alert finds its channel closed. Requests: tests/scenarios/test_closed_channel.py."""

from types import SimpleNamespace
from typing import Any

import pytest

from bot.fallback_notices import MOST_PEOPLE, FallbackNotices
from bot.permissions.rules import parse_policy

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


class Wanted:
    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []

    def want(self, _c: object, **post: Any) -> None:
        self.posts.append(post)


def told(kind: str, people: frozenset[str]) -> list[dict[str, Any]]:
    asked: list[set[str]] = []

    def members(ids: Any) -> frozenset[str]:
        asked.append(set(ids))
        return people

    wanted: Any = Wanted()
    row: Any = SimpleNamespace(id="alert:7:card", kind=kind, subject="7", target="C0SEC")
    notices = FallbackNotices(policy=lambda: POLICY, members=members, urgent=frozenset({"alert"}))
    notices.tell(None, wanted, row, "is_archived")  # type: ignore[arg-type]
    assert asked in ([], [{"S0SEC", "U0SAM"}])
    return wanted.posts


def test_those_who_may_disable_any_key_hear_of_an_alert() -> None:
    (post,) = told("alert", frozenset({"U0SAM"}))
    assert (post["target"], post["id"]) == ("dm:U0SAM", "alert:7:card:unread:U0SAM")
    assert "is_archived" in post["body"]["text"]
    assert "alert 7" in post["body"]["text"]


def test_a_large_group_is_not_flooded() -> None:
    assert len(told("alert", frozenset(f"U{number}" for number in range(500)))) == MOST_PEOPLE


@pytest.mark.parametrize("kind", ["story", "confirmation"])
def test_what_nobody_must_read_is_not_repeated(kind: str) -> None:
    assert told(kind, frozenset({"U0SAM"})) == []
