"""The handbook is complete, and its examples are read as they stand."""

import re
from pathlib import Path

import pytest

from bot.permissions import OPERATIONS, parse_policy
from bot.permissions.cases import parse_cases, run_cases
from bot.permissions.conditions import NAMES
from bot.permissions.counting import MODIFIERS
from bot.permissions.hypothetical import FIELDS
from bot.permissions.models import RIGHTS
from bot.permissions.rules import RULE_KEYS
from bot.permissions.terms import KEYS
from tests.permissions.helpers import NOW

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
ROLES = "[roles]\nengineer = ['S0ENG']\nmanager = ['S0MAN']\nsecurity = ['S0SEC']\nadmin = ['S0ADM']\n"


@pytest.mark.parametrize("block", [block for block in BLOCKS if "[[cases]]" not in block])
def test_every_example_is_read(block: str) -> None:
    parse_policy(block if "[roles]" in block else ROLES + block)


def test_the_cases_hold_for_the_example_policy() -> None:
    policy = parse_policy((ROOT / "policy.example.toml").read_text(encoding="utf-8"))
    (block,) = [block for block in BLOCKS if "[[cases]]" in block]
    assert all(result.passed for result in run_cases(policy, parse_cases(block, policy, now=NOW)))


# Two fields of the form about which no rule can speak.
@pytest.mark.parametrize(
    "word",
    sorted({*OPERATIONS, *NAMES, *MODIFIERS, *RIGHTS, *RULE_KEYS, *KEYS, *FIELDS} - {"name", "cross_group_retry"}),
)
def test_every_word_of_the_grammar_is_explained(word: str) -> None:
    assert re.search(rf"`{re.escape(word)}\b", TEXT)
