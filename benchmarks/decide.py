"""How long one decision takes: 200 rules of which the last matches, and 200 for others."""

import time

from bot.permissions import Actor, Ask, Facts, Policy, decide, parse_policy

RULES = 200
ROUNDS = 200
RULE = """
[[rules]]
name = "rule {number}"
who = ["{who}"]
do = ["key.create"]
allow = true
[rules.when]
remain_quota_at_most = {limit}
lifetime_at_most = "90d"
unlimited_quota = false
models_within = ["gpt-*"]
"""


def _policy(*, who: str) -> Policy:
    roles = '[roles]\nengineer = ["S0ENG"]\nmanager = ["S0MAN"]\n'
    rules = (RULE.format(number=number, who=who, limit=number) for number in range(RULES))
    return parse_policy(roles + "".join(rules))


def _microseconds(policy: Policy, ask: Ask) -> float:
    best = float("inf")
    for _ in range(5):
        start = time.process_time()
        for _ in range(ROUNDS):
            decide(policy, ask)
        best = min(best, (time.process_time() - start) / ROUNDS)
    return best * 1e6


def measure() -> dict[str, float]:
    """Microseconds of processor for one decide() on 200 rules."""
    facts = Facts(
        remain_quota=RULES - 1, unlimited_quota=False, lifetime=86_400.0, models=frozenset({"gpt-4o", "gpt-4o-mini"})
    )
    ask = Ask(actor=Actor(slack_user_id="U0ANN", groups=frozenset({"S0ENG"})), operation="key.create", facts=facts)
    start = time.process_time()
    all_conditions = _policy(who="engineer")
    parsed = time.process_time() - start
    return {
        "decide, 200 rules, every condition looked at (µs)": _microseconds(all_conditions, ask),
        "decide, 200 rules for other people (µs)": _microseconds(_policy(who="manager"), ask),
        "parse 200 rules (ms)": parsed * 1e3,
    }
