"""Who decides is whoever the policy lets disable any key at once; a card mentions them once a day, whichever it is."""

from types import SimpleNamespace
from typing import Any

from bot.care.deciders import A_DAY, deciders
from bot.db.engine import Database
from bot.permissions.rules import parse_policy

POLICY = """
[roles]
security = ["S0SECURITY"]
admin = ["S0ADMINS"]
[[rules]]
name = "plug"
who = ["security", "admin"]
do = ["key.disable"]
on = "any"
allow = true
"""


def parts(policy: str, now: float) -> Any:
    directory = SimpleNamespace(schedules=SimpleNamespace(called=frozenset))
    deps = SimpleNamespace(policy=lambda: parse_policy(policy), clock=lambda: now, directory=directory)
    return SimpleNamespace(deps=deps)


def test_they_are_mentioned_once_a_day_and_named_always(sqlite_database: Database) -> None:
    found = [sqlite_database.run_here(deciders, parts(POLICY, A_DAY * 9 + at)) for at in (0, 60, A_DAY)]
    assert [one["called"] for one in found] == [["S0SECURITY"], [], ["S0SECURITY"]]
    assert [one["deciders"] for one in found] == [["security"]] * 3
    assert [one["others"] for one in found] == [["admin"]] * 3


def test_where_the_policy_names_nobody_nobody_is(sqlite_database: Database) -> None:
    nobody = parts("[roles]\n", A_DAY * 9)
    assert sqlite_database.run_here(deciders, nobody) == {"deciders": [], "others": [], "called": []}
    assert sqlite_database.run_here(deciders, parts(POLICY, A_DAY * 9))["called"] == ["S0SECURITY"]
