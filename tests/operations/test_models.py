"""What an operation is judged by: the policy's view of an outcome, and what its description implies."""

import math
from typing import Any

from bot.features import OPERATIONS
from bot.operations import facts_of
from tests.gateway.kit import wanted


def test_the_facts_of_an_outcome() -> None:
    after = wanted(models=["b", "a"], allowed_ips=["10.0.0.1"], expired_time=1_100)
    facts = facts_of(after, now=1_000.0, increase=5, reason="r", channel="C1")
    assert (facts.lifetime, facts.models, facts.increase) == (100.0, frozenset({"a", "b"}), 5)
    assert (facts.allow_ips, facts.addresses, facts.channel) == (True, ("10.0.0.1",), "C1")


def test_a_lifetime_without_end_is_infinite_and_a_past_one_is_nothing() -> None:
    told: dict[str, Any] = {"now": 1_000.0, "increase": 0, "reason": "", "channel": ""}
    assert facts_of(wanted(expired_time=-1), **told).lifetime == math.inf
    assert facts_of(wanted(expired_time=900), **told).lifetime == 0.0


def test_what_a_description_implies() -> None:
    described = OPERATIONS.descriptions
    assert {name for name, one in described.items() if one.creates} == {"key.create", "key.rotate"}
    assert {name for name, one in described.items() if one.changes_quota} == {"key.enable", "key.quota"}
    assert not described["key.disable"].judged_by_values
    assert described["key.create"].judged_by_values
