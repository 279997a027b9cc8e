"""What `why` shows when no key is named: how much at once, and who decides the rest."""

import json

from bot.features import OPERATIONS
from bot.features.policy_explain.listeners import deciding_rules, explanation
from bot.permissions import Actor, Ask, decide, parse_policy
from keydesk_sandbox import seed

POLICY = parse_policy(seed.POLICY)
ADA = Actor(slack_user_id="U0ADA", groups=frozenset({"S0ENGINEERS"}))
GUS = Actor(slack_user_id="U0GUS")


def shown(actor: Actor, operation: str) -> str:
    ask = Ask(actor=actor, operation=operation)
    described = OPERATIONS.descriptions[operation]
    message = explanation(ask, decide(POLICY, ask), None, described, rules=deciding_rules(POLICY, ask))
    return json.dumps(message.blocks, ensure_ascii=False)


def test_without_values_the_rules_say_how_much_is_free_and_who_decides_the_rest() -> None:
    told = shown(ADA, "key.create")
    assert "*What decides, from top to bottom*" in told
    assert (
        "• `small keys are free`: at once if remain_quota_at_most = 500k, lifetime_at_most = 90 days, "
        "unlimited_quota = false\\n• `a manager decides the rest`: 1 person of manager decides" in told
    )


def test_what_hangs_on_no_value_needs_no_list() -> None:
    assert "What decides" not in shown(ADA, "key.disable")


def test_whoever_may_do_nothing_gets_no_rules() -> None:
    assert "What decides" not in shown(GUS, "key.quota")
    assert deciding_rules(POLICY, Ask(actor=GUS, operation="key.quota")) == ()
