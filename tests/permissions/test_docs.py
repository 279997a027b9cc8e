"""The handbook is complete, and its examples are read as they stand."""

import json
import re
from pathlib import Path

import pytest

from bot.languages import find, languages, speaking
from bot.permissions import (
    OPERATIONS,
    Actor,
    Ask,
    Facts,
    decide,
    decision_from_json,
    decision_to_json,
    parse_policy,
)
from bot.permissions.cases import parse_cases, run_cases
from bot.permissions.conditions import NAMES
from bot.permissions.counting import MODIFIERS
from bot.permissions.hypothetical import FIELDS
from bot.permissions.models import RIGHTS
from bot.permissions.rules import RULE_KEYS
from bot.permissions.terms import KEYS
from tests.narrow import present
from tests.permissions.helpers import NOW

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", TEXT, re.DOTALL)
ROLES = "[roles]\nengineer = ['S0ENG']\nmanager = ['S0MAN']\nsecurity = ['S0SEC']\nadmin = ['S0ADM']\n"


@pytest.mark.parametrize("block", [block for block in BLOCKS if "[[cases]]" not in block])
def test_every_example_is_read(block: str) -> None:
    parse_policy(block if "[roles]" in block else ROLES + block)


def test_the_sentence_by_language_is_the_one_of_the_reader_also_out_of_a_row() -> None:
    (block,) = [block for block in BLOCKS if "deny = {" in block]
    wanted = Ask(actor=Actor(slack_user_id="U0ADA"), operation="key.create", facts=Facts(unlimited_quota=True))
    kept = json.loads(json.dumps(decision_to_json(decide(parse_policy(block), wanted))))
    for tag, begins in {
        "en": "Ask for a number",
        "zh-Hant": "請填寫",
        "zh-Hans": "Ask for a number",
        "ar": "اكتب",
    }.items():
        with speaking(present(find(tag))):
            assert decision_from_json(kept).sentence.startswith(begins), tag
            assert decide(parse_policy(block), wanted).sentence.startswith(begins), tag


def test_the_languages_of_a_sentence_are_those_that_exist() -> None:
    (said,) = [line for line in TEXT.splitlines() if line.startswith("The languages are")]
    assert set(re.findall(r"`([^`]+)`", said.split(";")[0])) == set(languages())


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
