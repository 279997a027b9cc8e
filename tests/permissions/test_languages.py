"""What the policy says, in the language of whoever reads it."""

from dataclasses import replace
from pathlib import Path

from bot.languages import said
from bot.permissions import Ask, Facts, Lock, decide, decision_from_json, decision_to_json, parse_policy
from bot.policy_file import PolicyFile
from tests.languages.conftest import Speak
from tests.permissions.helpers import member


def test_a_decision_made_in_english_and_stored_is_read_in_another_language(speak: Speak) -> None:
    text = """
[[rules]]
name = "R"
who = ["*"]
do = ["key.quota"]
when = { increase_at_most = 5 }
approval = { from = ["S0A", "U0B", "U0C"] }
"""
    wanted = Ask(actor=member("U0A"), operation="key.quota", facts=Facts(increase=1))
    lock = Lock(cause="alert", by="", at=0.0, number=1, rule="gone")
    kept = decision_to_json(decide(parse_policy(text), wanted))
    locked = decision_to_json(decide(parse_policy(text), replace(wanted, facts=replace(wanted.facts, lock=lock))))
    refused = decision_to_json(decide(parse_policy("[roles]\ne = ['U0E']"), replace(wanted, own=False)))
    words = {
        "Rule “{rule}” wants an approval by {people}.": "«{rule}»: {people}!",
        "The key is locked.": "ZU.",
        "two sentences in a row|{first} {second}": "{second} {first}",
        "No rule is about key.unlock, and no rule lets anybody disable any key, so nobody can bring it back.": "NE.",
        "Without a role, {deed} is not allowed beyond one's own.": "{deed}: NE!",
        "changing the quota of keys": "QUOTA",
    }
    with speak(words, {}, tag="zh-Hant"):
        assert decision_from_json(kept).sentence == "«R»: S0A、U0B 或 U0C!"
        assert decision_from_json(locked).sentence == "NE. ZU."
        assert decision_from_json(refused).sentence == "QUOTA: NE!"


def test_why_a_rule_did_not_match_is_told_in_the_reader_s_language(speak: Speak) -> None:
    policy = parse_policy(
        """
[[rules]]
name = "quota"
who = ["*"]
do = ["key.quota"]
when = { increase_at_most = 5, lifetime_at_most = "1d" }
allow = true
[[rules]]
name = "other"
who = ["*"]
do = ["key.list"]
allow = true
"""
    )
    wanted = Ask(actor=member("U0A"), operation="key.quota", facts=Facts(increase=7, lifetime=3 * 86_400.0))
    decide(policy, wanted, why=True)  # what was worded in English before must not stay
    words = {
        "it is about {operations}": "PRI {operations}",
        "the key would live {duration}, longer than {most}": "{duration} > {most}",
    }
    plurals = {
        "the change is +{number} unit, more than {most}": ("{number} > {most}", "{number} > {most}"),
        "{count} day": ("{count} T", "{count} T"),
    }
    with speak(words, plurals):
        trail = dict(decide(policy, wanted, why=True).trail)
    assert trail == {"quota": "7 > 5; 3 T > 1 T", "other": "PRI key.list"}


def test_mistakes_of_the_file_are_told_to_each_reader(speak: Speak, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text("")
    file = PolicyFile(path, units_per_usd=500_000)
    path.write_text("[roles]\neng = []\n[[rules]]\nname = 'r'\nwho = ['egn']\ndo = ['key.list']\nallow = 1")
    assert not file.look()
    words = {
        "a place in a file, and the mistake there|{place}: {mistake}": "{place} → {mistake}",
        "there is no role “{typed}”": "NE «{typed}»",
        "{mistake}; did you mean “{name}”?": "{mistake}, CXU «{name}»",
        'allow can only be true; to forbid, write deny = "why not"': "NUR true",
    }
    assert file.problems[0] == f"{path}:5:8: there is no role “egn”; did you mean “eng”?"
    with speak(words):
        assert [said(problem) for problem in file.problems] == [
            f"{path}:5:8 → NE «egn», CXU «eng»",
            f"{path}:7:1 → NUR true",
        ]
