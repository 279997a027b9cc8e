"""Test cases in TOML, loading from disk, and replay."""

from typing import Literal

import pytest

from bot.errors import ConfigurationError
from bot.permissions import Ask, Facts
from bot.permissions.cases import parse_cases, run_cases
from bot.permissions.replay import PastRequest, replay
from tests.permissions.helpers import NOW, approving, member, policy, rule

POLICY = policy(
    rule("small", rest='when = { remain_quota_at_most = "100k", models_within = ["o3"] }\nallow = true')
    + approving(name="rest")
)
CASES = """
[[cases]]
as = "engineer"
do = "key.create"
with = { remain_quota = 5, unlimited_quota = false, model_limits = ["o3"] }
expect = "allow"
rule = "small"
[[cases]]
as = ["engineer", "U0ANN"]
do = "key.create"
with = { unlimited_quota = true }
expect = "approval"
[[cases]]
as = "engineer"
do = "key.create"
on = "any"
expect = "deny"
[[cases]]
as = "engineer"
do = "key.create"
expect = "approval"
rule = "small"
"""


def test_cases_are_read_and_run() -> None:
    results = run_cases(POLICY, parse_cases(CASES, POLICY, now=NOW))
    assert [result.passed for result in results] == [True, True, True, False]
    assert [result.case.position.line for result in results] == [2, 8, 13, 18]
    assert results[3].decision.rule == "rest"


CASE = '[[cases]]\nas = "engineer"\ndo = "key.create"\nexpect = "deny"\n'


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "1:1: there must be 1 to 10,000 cases, each written as [[cases]]"),
        ("cases = 3", "1:1: there must be 1 to 10,000 cases"),
        ("cases = [3]", "1:10: a case must be a table { … }, not a number"),
        ("case = []", "1:1: a file of cases has no key “case”; did you mean “cases”?"),
        ("[[cases]]", "1:1: the case has no as and no do and no expect"),
        (CASE + "to = 1", "5:1: a case has no key “to”"),
        (CASE.replace("key.create", "key.crate"), "3:1: there is no operation “key.crate”; did you mean “key.create”?"),
        (CASE.replace('"key.create"', "1"), "3:1: there is no operation “”"),
        (CASE.replace("deny", "no"), "4:1: expect must be “allow”, “deny” or “approval”, not “no”"),
        (CASE + 'on = "all"', "5:1: on must be “own” or “any”, not “all”"),
        (CASE + 'rule = "smal"', "5:1: the policy has no rule of this name"),
        (CASE + "rule = 3", "5:1: the policy has no rule of this name"),
        (CASE.replace('"engineer"', "3"), '2:1: as must be a list of texts, like ["…"], not a number'),
        (
            CASE.replace("engineer", "enginer"),
            "2:1: “enginer” is no role of the policy and no Slack id; did you mean “engineer”?",
        ),
        (CASE + "with = 3", "5:1: with must be a table { … }, not a number"),
        (CASE + 'with = { remain = "1" }', "5:1: key.create has no field “remain”"),
        (CASE + "with = { model_limits = [1] }", "5:26: model_limits must hold texts in quotes only"),
        (CASE + "with = { reason = 1.5 }", "5:10: reason must be a list of texts"),
        ("x = [", "1:6: this is not TOML"),
    ],
)
def test_a_mistake_in_cases_is_told_where_it_stands(text: str, line: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_cases(text, POLICY, file="c.toml", now=NOW)
    assert any(told.startswith(f"c.toml:{line}") for told in caught.value.problems), caught.value.problems


def test_replay_tells_what_would_differ() -> None:
    ask = Ask(actor=member("U01", "S0ENG"), operation="key.create", facts=Facts(remain_quota=500_000))

    def past(number: int, outcome: Literal["allow", "deny", "needs_approval"], rule: str | None) -> PastRequest:
        return PastRequest(id=number, at=0, ask=ask, outcome=outcome, rule=rule)

    found = replay(
        POLICY, [past(1, "needs_approval", "rest"), past(2, "allow", "small"), past(3, "needs_approval", "old")]
    )
    assert [(one.past.id, one.decision.rule, one.other_outcome) for one in found] == [
        (2, "rest", True),
        (3, "rest", False),
    ]
