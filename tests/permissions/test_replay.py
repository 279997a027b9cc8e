"""Past requests against another policy: only what would be decided otherwise, in order."""

from bot.permissions import Ask, Facts, parse_policy
from bot.permissions.replay import PastRequest, replay
from tests.permissions.helpers import member

OLD = """
[roles]
engineer = ["U01"]

[[rules]]
name = "%s"
who = ["engineer"]
do = ["key.create"]
%s
"""


def past(number: int, outcome: str, rule: str | None, quota: int = 5) -> PastRequest:
    ask = Ask(actor=member("U01"), operation="key.create", facts=Facts(remain_quota=quota, increase=quota))
    return PastRequest(id=number, at=1.0, ask=ask, outcome=outcome, rule=rule)  # type: ignore[arg-type]


def test_the_same_answer_by_the_same_rule_is_no_difference() -> None:
    assert replay(parse_policy(OLD % ("free", "allow = true")), [past(1, "allow", "free")]) == ()


def test_another_outcome_and_another_rule_are_told_apart() -> None:
    policy = parse_policy(OLD % ("no", 'deny = "Not now."'))
    found = replay(policy, [past(1, "allow", "free"), past(2, "deny", "older"), past(3, "deny", "no")])
    assert [(one.past.id, one.other_outcome, one.decision.rule) for one in found] == [(1, True, "no"), (2, False, "no")]
