"""What it takes to bring back a locked key: the policy's rules about key.unlock, and the default without any."""

from typing import Any

import pytest

from bot.permissions.lint import lint
from bot.permissions.models import REVIVING, Actor, Ask, Facts, Given, Lock
from bot.permissions.policy import binding_terms, decide, may_approve
from bot.permissions.rules import Policy, parse_policy
from bot.permissions.serial import facts_from_json, facts_to_json
from bot.permissions.unlocking import DEFAULT, unlock_words

ROLES = """
[roles]
engineer = ["S0ENG"]
manager  = ["S0MAN"]
security = ["S0SEC"]
"""
PLUG = """
[[rules]]
name  = "security pulls the plug"
who   = ["security"]
do    = ["key.disable"]
on    = "any"
allow = true
"""
FREE = """
[[rules]]
name  = "own keys are free"
who   = ["engineer", "security"]
do    = ["key.*"]
allow = true
"""
SECURITY_DECIDES = """
[[rules]]
name     = "security unlocks"
who      = ["engineer"]
do       = ["key.unlock"]
approval = { from = ["security"] }
"""
SECURITY_ALONE = """
[[rules]]
name  = "security unlocks alone"
who   = ["security"]
do    = ["key.unlock"]
on    = "any"
allow = true
"""
MANAGER_DECIDES = """
[[rules]]
name     = "a manager decides"
who      = ["engineer"]
do       = ["key.*"]
approval = { from = ["manager"] }
"""
ADA = Actor(slack_user_id="U0ADA", groups=frozenset({"S0ENG"}))
MIRA = Actor(slack_user_id="U0MIRA", groups=frozenset({"S0MAN"}))
SAM = Actor(slack_user_id="U0SAM", groups=frozenset({"S0SEC"}))
SUE = Actor(slack_user_id="U0SUE", groups=frozenset({"S0SEC"}))
LOCK = Lock(cause="alert", by="U0SAM", at=1.0, number=3, rule="security pulls the plug")
LOCKED = Facts(lock=LOCK)


def policy(*rules: str) -> Policy:
    return parse_policy(ROLES + "".join(rules))


def enable(actor: Actor = ADA, *, operation: str = "key.enable", own: bool = True, facts: Facts = LOCKED) -> Ask:
    return Ask(actor=actor, operation=operation, own=own, facts=facts)


@pytest.mark.parametrize("operation", sorted(REVIVING - {"key.allowance"}))
def test_whatever_could_bring_a_locked_key_back_needs_a_second_person(operation: str) -> None:
    rules = policy(PLUG, FREE)
    assert decide(rules, enable(operation=operation, facts=Facts())).allowed
    decision = decide(rules, enable(operation=operation))
    assert (decision.outcome, decision.rule) == ("needs_approval", DEFAULT)
    assert decision.approval is not None
    assert [stage.roles for stage in decision.approval.stages] == [("security",)]
    assert "locked" in decision.sentence
    assert unlock_words(rules, LOCK) == (
        "To bring it back, somebody asks with /apikey enable, and security agrees, not who asks."
    )


@pytest.mark.parametrize("operation", ["key.disable", "key.end", "key.delete", "key.reveal", "key.show", "key.list"])
def test_a_lock_hinders_nothing_else(operation: str) -> None:
    rules = policy(PLUG, FREE)
    assert decide(rules, enable(operation=operation)) == decide(rules, enable(operation=operation, facts=Facts()))


def test_by_default_nobody_unlocks_alone_also_not_somebody_of_the_rule_that_killed_it() -> None:
    rules, ask = policy(PLUG, FREE), enable(SAM)
    decision = decide(rules, ask)
    assert decision.approval is not None
    terms: dict[str, Any] = {"ask": ask, "approval": decision.approval, "asked_at": 0.0, "now": 1.0}
    assert not may_approve(rules, approver=SAM, **terms).allowed
    assert not may_approve(rules, approver=MIRA, **terms).allowed
    assert may_approve(rules, approver=SUE, **terms).allowed


@pytest.mark.parametrize("rule", ["[alerts] auto_disable", "a rule of last year", ""])
def test_a_kill_by_no_rule_with_people_is_undone_by_those_who_disable_any_key(rule: str) -> None:
    lock = Lock(cause="alert", by="", at=1.0, number=3, rule=rule)
    decision = decide(policy(PLUG, FREE), enable(facts=Facts(lock=lock)))
    assert decision.approval is not None
    assert decision.approval.stages[0].roles == ("security",)
    nobody = decide(policy(FREE), enable(facts=Facts(lock=lock)))
    assert (nobody.outcome, nobody.rule) == ("deny", DEFAULT)
    assert "nobody" in unlock_words(policy(FREE), lock).lower()


def test_by_default_the_colleagues_of_an_owner_do_not_agree_to_a_leaked_key() -> None:
    rules = policy(PLUG, FREE)
    lock = Lock(cause="alert", by="U0ADA", at=1.0, number=3, rule="own keys are free")
    decision = decide(rules, enable(facts=Facts(lock=lock)))
    assert decision.approval is not None
    assert decision.approval.stages[0].roles == ("security",)


def test_by_default_those_agree_who_decided_that_the_key_be_disabled() -> None:
    asking = PLUG.replace("allow = true", 'approval = { from = ["manager"] }').replace(
        'who   = ["security"]', 'who = ["*"]'
    )
    decision = decide(policy(asking, FREE), enable())
    assert decision.approval is not None
    assert decision.approval.stages[0].roles == ("manager",)


def test_a_rule_about_it_takes_the_place_of_the_default() -> None:
    rules = policy(PLUG, FREE, SECURITY_DECIDES)
    assert decide(rules, enable()).rule == "security unlocks"
    # What no rule allows is denied, as everywhere.
    assert decide(rules, enable(SAM)).outcome == "deny"
    assert decide(rules, enable(own=False)).outcome == "deny"
    assert "security agrees" in unlock_words(rules, LOCK)


def test_the_right_to_unlock_gives_no_right_to_the_operation() -> None:
    rules = policy(PLUG, SECURITY_ALONE)
    assert decide(rules, enable(SAM)).outcome == "deny"
    allowed = policy(PLUG, FREE, SECURITY_ALONE)
    assert decide(allowed, enable(SAM)).allowed
    assert decide(allowed, enable(ADA)).outcome == "deny"
    assert unlock_words(allowed, LOCK) == "Only security can bring it back."


def test_approvals_of_both_are_needed() -> None:
    rules = policy(MANAGER_DECIDES, SECURITY_DECIDES)
    decision = decide(rules, enable())
    assert decision.approval is not None
    assert [stage.roles for stage in decision.approval.stages] == [("security",), ("manager",)]
    plain = decide(rules, enable(facts=Facts()))
    assert plain.approval is not None
    # A request that waits for a manager when its key is locked needs security as well from then on.
    given = (Given(by="U0MIRA", at=0.5),)
    assert binding_terms(rules, ask=enable(), approval=plain.approval, given=given).count == 2


def test_counting_rules_about_unlocking_are_counted() -> None:
    counting = SECURITY_ALONE.replace("allow", "when = { keys_at_most = 3 }\nallow")
    assert policy(FREE, counting).counts_needed("key.quota")


def test_facts_keep_the_lock() -> None:
    assert facts_from_json(facts_to_json(LOCKED)) == LOCKED
    plain = facts_to_json(Facts())
    assert "lock" not in plain  # the version before refuses fields that it does not know
    assert facts_from_json(plain).lock is None


@pytest.mark.parametrize(
    ("rules", "note"),
    [
        ((PLUG, FREE), "no rule is about key.unlock"),
        ((PLUG, FREE, SECURITY_ALONE), "security alone brings back a key"),
        ((PLUG, FREE, SECURITY_ALONE.replace("allow = true", 'deny = "Never."')), "allows key.unlock to nobody"),
        ((PLUG, FREE, SECURITY_DECIDES), ""),
    ],
)
def test_lint_notes_who_unlocks(rules: tuple[str, ...], note: str) -> None:
    found = [one for one in lint(policy(*rules)) if "unlock" in one.sentence or "disabled as leaked" in one.sentence]
    assert bool(found) == bool(note)
    assert all(note in one.sentence and not one.doubt for one in found)


def test_a_policy_that_allows_it_to_nobody_says_so() -> None:
    deny = '[[rules]]\nname = "never"\nwho = ["*"]\ndo = ["key.unlock"]\ndeny = "A leaked key stays dead."\n'
    words = unlock_words(parse_policy(ROLES + PLUG + deny), LOCK)
    assert words == "Nobody can bring it back: the policy allows key.unlock to nobody."


def test_one_approval_that_serves_both_is_said_once() -> None:
    enabling = SECURITY_DECIDES.replace("security unlocks", "security enables").replace("key.unlock", "key.enable")
    decision = decide(policy(SECURITY_DECIDES, enabling), enable())
    assert decision.approval is not None
    assert [stage.roles for stage in decision.approval.stages] == [("security",)]
    assert decision.sentence == ("The key is locked. Rule “security unlocks” wants an approval by security.")
