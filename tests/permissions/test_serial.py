"""Decisions and facts survive a row of JSON word for word."""

import json
import math
from typing import Any

import pytest

from bot.permissions import (
    Ask,
    Count,
    Counted,
    Facts,
    decide,
    decision_from_json,
    decision_to_json,
    facts_from_json,
    facts_to_json,
)
from tests.permissions.helpers import approving, member, policy, rule

TERMS = 'expires = "2w", remind = { after = "1h", factor = 3, most = 2 }, counter_offer = "stand", break_glass = true'


@pytest.mark.parametrize(
    "text",
    [
        "",
        rule(),
        rule(rest='deny = "No."'),
        approving(f'{TERMS}, escalate = [{{ to = ["admin"], after = "1d" }}]'),
        rule(rest='approval = { stages = [{ from = ["admin"], count = 2 }, { from = ["manager"] }] }'),
        approving("self_approval = true") + approving("self_approval = false", name="n"),
    ],
)
def test_a_decision_survives_json(text: str) -> None:
    decision = decide(
        policy(rule("above", do='["key.list"]') + text), Ask(actor=member("U01", "S0ENG"), operation="key.create")
    )
    assert decision_from_json(json.loads(json.dumps(decision_to_json(decision)))) == decision


COUNTED = Facts(
    addresses=("10.0.0.1",),
    counts=(
        Counted(count=Count(what="keys"), value=3),
        Counted(count=Count(what="granted", over="role", names=("engineer",), per=60), value=None),
    ),
)


@pytest.mark.parametrize(
    "facts", [Facts(), Facts(lifetime=math.inf, models=frozenset({"b", "a"}), remain_quota=1), COUNTED]
)
def test_facts_survive_json(facts: Facts) -> None:
    text = json.dumps(facts_to_json(facts), allow_nan=False)
    assert facts_from_json(json.loads(text)) == facts


def test_facts_of_an_older_row_are_read() -> None:
    """As written before addresses, gateways and counts were kept."""
    row = {"remain_quota": 5, "unlimited_quota": False, "lifetime": "never", "models": ["o3"], "group": "",
           "allow_ips": True, "increase": 5, "extended": False, "reason": "r", "channel": "C01"}  # fmt: skip
    assert facts_from_json(row) == Facts(
        remain_quota=5, unlimited_quota=False, lifetime=math.inf, models=frozenset({"o3"}), group="", allow_ips=True,
        increase=5, reason="r", channel="C01",
    )  # fmt: skip


GOOD: dict[str, Any] = {"outcome": "allow", "rule": None, "sentence": "", "approval": None, "trail": []}
TERMS_JSON = {"stages": [], "expires": 1, "counter_offer": "ask"}


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        GOOD | {"outcome": "perhaps"},
        GOOD | {"trail": 7},
        GOOD | {"approval": {}},
        GOOD | {"approval": []},
        GOOD | {"approval": TERMS_JSON | {"counter_offer": "haggle"}},
        GOOD | {"approval": TERMS_JSON | {"more": 1}},
        GOOD | {"approval": TERMS_JSON | {"stages": [{}]}},
    ],
)
def test_what_is_no_decision_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        decision_from_json(wrong)


@pytest.mark.parametrize(
    "wrong",
    [
        {"lifetime": 1, "models": None, "more": 1},
        {"lifetime": 1, "models": 7},
        {"lifetime": 1, "models": None, "counts": [{}]},
    ],
)
def test_what_are_no_facts_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        facts_from_json(wrong)
