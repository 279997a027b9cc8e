"""Policies and people for the tests, and the reader of the case tables."""

from typing import NamedTuple

import pytest
from _pytest.mark import ParameterSet

from bot.permissions import Actor, Ask, Policy, parse_policy
from bot.permissions.hypothetical import hypothetical_actor, hypothetical_facts

NOW = 1_800_000_000.0
ROLES = """
[roles]
engineer = ["S0ENG"]
manager = ["S0MAN", "U0BOSS"]
security = ["S0SEC"]
admin = ["U0ADMIN"]
"""


class Row(NamedTuple):
    """One line of a table: a sentence, then who | operation | fields | answer | rule."""

    sentence: str
    who: str
    operation: str
    fields: str
    answer: str
    rule: str


def rows(table: str) -> list[Row]:
    """The lines of a table; blank lines only structure it."""
    lines = [line for line in table.splitlines() if line.strip()]
    return [Row(*(cell.strip() for cell in line.split("|"))) for line in lines]


def cases_of(*tables: str) -> list[ParameterSet]:
    """Every line of the tables, as a case of a test."""
    listed = [row for table in tables for row in rows(table)]
    return [pytest.param(row, id=f"{number} {row.sentence}") for number, row in enumerate(listed)]


def policy(text: str) -> Policy:
    return parse_policy(ROLES + text)


def rule(name: str = "r", who: str = '["engineer"]', do: str = '["key.create"]', rest: str = "allow = true") -> str:
    return f'[[rules]]\nname = "{name}"\nwho = {who}\ndo = {do}\n{rest}\n'


def approving(terms: str = "", *, name: str = "r", who: str = '["engineer"]', from_: str = '["manager"]') -> str:
    more = f", {terms}" if terms else ""
    return rule(name, who, rest=f"approval = {{ from = {from_}{more} }}")


def fields(text: str) -> dict[str, str]:
    return dict(pair.split("=", 1) for pair in text.split() if pair)


def ask_of(policy: Policy, row: Row) -> Ask:
    operation, _, whose = row.operation.partition(" ")
    facts = hypothetical_facts(operation, fields(row.fields), now=NOW, policy=policy)
    return Ask(actor=hypothetical_actor(policy, row.who.split()), operation=operation, own=whose != "any", facts=facts)


def member(user: str, *groups: str) -> Actor:
    return Actor(slack_user_id=user, groups=frozenset(groups))
