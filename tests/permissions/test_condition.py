"""A condition is a value: its name, its limit, and why it does not hold."""

from typing import Any

from bot.permissions import Facts
from tests.permissions.helpers import policy, rule


def conditions(when: str) -> Any:
    return policy(rule(rest=f"when = {{ {when} }}\nallow = true")).rules[0].conditions


def test_a_condition_that_holds_says_nothing_and_one_that_does_not_says_why() -> None:
    [most] = conditions("remain_quota_at_most = 10")
    assert (most.name, most.value, most.count) == ("remain_quota_at_most", 10, None)
    assert most.why_not(Facts(remain_quota=10)) is None
    why = most.why_not(Facts(remain_quota=11))
    assert why is not None
    assert "11" in why()
