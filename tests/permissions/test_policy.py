"""decide(): the tables of cases, the order of rules, sentences and trail."""

from pathlib import Path

import pytest

from bot.permissions import ActorKind, Ask, Facts, decide, parse_policy
from bot.permissions.models import Actor
from tests.permissions import table_example
from tests.permissions.helpers import Row, approving, ask_of, cases_of, member, policy, rule

EXAMPLE = parse_policy((Path(__file__).parents[2] / "policy.example.toml").read_text(encoding="utf-8"))
ANSWERS = {"allow": "allow", "deny": "deny", "approval": "needs_approval"}


EXAMPLE_ROWS = cases_of(
    table_example.CREATING,
    table_example.CHANGING,
    table_example.KEEPING,
    table_example.GUARDING,
    table_example.NOT_MEMBERS,
)


@pytest.mark.parametrize("row", EXAMPLE_ROWS)
def test_the_example_policy_says(row: Row) -> None:
    decision = decide(EXAMPLE, ask_of(EXAMPLE, row))
    assert (decision.outcome, decision.rule or "-") == (ANSWERS[row.answer], row.rule)


def test_the_first_matching_rule_decides() -> None:
    two = policy(rule("first", rest='deny = "No."') + rule("second"))
    assert decide(two, Ask(actor=member("U01", "S0ENG"), operation="key.create")).rule == "first"


def test_an_empty_policy_denies_everything() -> None:
    decision = decide(parse_policy(""), Ask(actor=member("U01"), operation="key.list"))
    assert (decision.outcome, decision.rule, decision.trail) == ("deny", None, ())
    assert decision.sentence == "Without a role, listing keys is not allowed."


def test_an_unknown_operation_is_denied_with_a_sentence() -> None:
    decision = decide(EXAMPLE, Ask(actor=member("U01"), operation="key.steal"))
    assert (decision.outcome, decision.sentence) == ("deny", "There is no operation “key.steal”.")


@pytest.mark.parametrize("kind", [kind for kind in ActorKind if kind is not ActorKind.MEMBER])
def test_only_full_members_have_a_role_and_the_sentence_says_so(kind: ActorKind) -> None:
    actor = Actor(slack_user_id="U0BOSS", kind=kind, groups=frozenset({"S0ENG"}), assumed_roles=frozenset({"admin"}))
    open_to_all = policy(rule(who='["*", "U0BOSS", "S0ENG", "admin"]', do='["*"]', rest='on = "any"\nallow = true'))
    decision = decide(open_to_all, Ask(actor=actor, operation="key.list"))
    assert decision.outcome == "deny"
    assert "have no role" in decision.sentence


@pytest.mark.parametrize("who", ['["engineer"]', '["S0ENG"]', '["U01"]', '["*"]', '["admin", "engineer"]'])
def test_people_are_named_by_role_group_id_or_all(who: str) -> None:
    named = policy(rule(who=who))
    assert decide(named, Ask(actor=member("U01", "S0ENG"), operation="key.create")).allowed


def test_a_role_may_be_everybody() -> None:
    everybody = parse_policy('[roles]\nall = ["*"]\n' + rule(who='["all"]'))
    assert decide(everybody, Ask(actor=member("U01"), operation="key.create")).allowed


def test_globs_name_operations() -> None:
    many = policy(rule(do='["key.*"]'))
    actor = member("U01", "S0ENG")
    assert decide(many, Ask(actor=actor, operation="key.rotate")).allowed
    assert not decide(many, Ask(actor=actor, operation="audit.read")).allowed


def test_the_trail_says_for_each_earlier_rule_why_it_did_not_match() -> None:
    text = (
        rule("other work", do='["key.list", "key.show"]')
        + rule("other people", who='["manager", "admin"]')
        + rule("own only")
        + rule(
            "too big", rest='on = "any"\nwhen = { remain_quota_at_most = 10, lifetime_at_most = "1d" }\nallow = true'
        )
        + rule("last", rest='on = "any"\ndeny = "Not like this."')
        + rule("never seen")
    )
    facts = Facts(remain_quota=11, unlimited_quota=False, lifetime=90_000)
    ask = Ask(actor=member("U01", "S0ENG"), operation="key.create", own=False, facts=facts)
    assert decide(policy(text), ask).trail == (), "only when somebody asks"
    decision = decide(policy(text), ask, why=True)
    assert (decision.rule, decision.sentence) == ("last", "Not like this.")
    assert decision.trail == (
        ("other work", "it is about key.list, key.show"),
        ("other people", "it is for manager, admin"),
        ("own only", "it is about one's own only"),
        (
            "too big",
            "the key would have 11 units, more than 10; the key would live 1 day 1 hour, longer than 1 day",
        ),
    )


def test_the_sentence_of_no_rule_names_roles_and_whose_key_it_is() -> None:
    both = Ask(actor=member("U0BOSS", "S0ENG"), operation="key.delete", own=False)
    assert decide(policy(""), both).sentence == (
        "The roles engineer and manager do not allow deleting keys beyond one's own."
    )
    one = Ask(actor=member("U01", "S0ENG"), operation="key.delete")
    assert decide(policy(""), one).sentence == "The role engineer does not allow deleting keys."


def test_an_explicit_no_to_self_approval_in_a_lower_matching_rule_wins() -> None:
    ask = Ask(actor=member("U0BOSS", "S0ENG"), operation="key.create", facts=Facts(remain_quota=5))
    above = approving("self_approval = true", name="open")
    for rest, wins in (("", True), ("when = { remain_quota_at_most = 1 }\n", False)):
        below = rule("closed", rest=f'{rest}approval = {{ from = ["admin"], self_approval = false }}')
        approval = decide(policy(above + below), ask).approval
        assert approval is not None
        assert approval.self_approval is not wins
        assert approval.self_approval_rule == ("closed" if wins else None)


def test_a_silent_lower_rule_does_not_forbid_self_approval() -> None:
    ask = Ask(actor=member("U0BOSS", "S0ENG"), operation="key.create")
    approval = decide(policy(approving("self_approval = true") + approving(name="silent")), ask).approval
    assert approval is not None
    assert approval.self_approval


BREAKING = 'approval = { from = ["security"], break_glass = true }'
ASKING = 'approval = { from = ["manager"] }'


@pytest.mark.parametrize(
    ("enabling", "quota", "time", "by"),
    [
        (BREAKING, ASKING, "allow = true", "quota"),
        (BREAKING, "allow = true", 'deny = "No."', "time"),
        (BREAKING, BREAKING, "allow = true", "enabling"),
        ("allow = true", BREAKING, ASKING, "time"),
        ("allow = true", BREAKING, "allow = true", "quota"),
        (ASKING, BREAKING, "allow = true", "enabling"),
    ],
)
def test_what_enabling_adds_is_not_done_at_once_for_breaking_glass(
    enabling: str, quota: str, time: str, by: str
) -> None:
    text = "".join(
        rule(name, do=f'["{operation}"]', rest=rest)
        for name, operation, rest in (
            ("enabling", "key.enable", enabling),
            ("quota", "key.quota", quota),
            ("time", "key.update", time),
        )
    )
    ask = Ask(actor=member("U01", "S0ENG"), operation="key.enable", facts=Facts(increase=5, extended=True))
    assert decide(policy(text), ask).rule == by


def test_break_glass_is_said_to_act_at_once_with_a_reason() -> None:
    ask = Ask(actor=member("U01", "S0ENG"), operation="key.create")
    broken = decide(policy(approving("break_glass = true")), ask)
    assert broken.outcome == "needs_approval"
    assert "at once with a reason" in broken.sentence


def test_the_right_to_unlock_is_given_in_full_only() -> None:
    ask = Ask(actor=member("U01", "S0ENG"), operation="key.unlock")
    for patterns in ('["*"]', '["key.*"]'):
        assert decide(policy(rule(do=patterns)), ask).outcome == "deny"
    assert decide(policy(rule(do='["key.unlock"]')), ask).allowed
    decision = decide(policy(rule(do='["key.unlock"]')), Ask(actor=ask.actor, operation="key.create"), why=True)
    assert decision.trail == (("r", "it is about key.unlock"),)


GROUPS_DENIED = rule("no vip", '["*"]', rest='when = { group_in = ["vip"] }\ndeny = "No vip."') + rule(who='["*"]')
GROUPS_ALLOWED = rule("vip", '["*"]', rest='when = { group_in = ["vip"] }\nallow = true')
GROUPS_ASKED = approving(who='["*"]', name="vip asks").replace(
    "approval", 'when = { group_in = ["vip"] }\napproval'
) + rule(who='["*"]')
# The group of the form, the account's own (None: not known), and what each of the three policies says.
OWN_GROUPS = [
    ("vip", None, "deny", "allow", "needs_approval"),
    ("default", None, "allow", "deny", "allow"),
    ("", "vip", "deny", "allow", "needs_approval"),
    ("", "default", "allow", "deny", "allow"),
    # What is not known gives nothing: a rule that takes away holds, one that gives does not.
    ("", None, "deny", "deny", "needs_approval"),
    ("auto", "default", "deny", "deny", "needs_approval"),
]


@pytest.mark.parametrize(("group", "own", "denied", "allowed", "asked"), OWN_GROUPS)
def test_the_account_s_own_group_is_judged_as_what_it_is(
    group: str, own: str | None, denied: str, allowed: str, asked: str
) -> None:
    facts = Facts(group=group, account_group=own)
    ask = Ask(actor=member("U0ADA", "S0ENG"), operation="key.create", facts=facts)
    said = [decide(policy(text), ask).outcome for text in (GROUPS_DENIED, GROUPS_ALLOWED, GROUPS_ASKED)]
    assert said == [denied, allowed, asked]


def test_a_rule_that_may_hold_says_that_it_is_in_doubt_and_what_to_do() -> None:
    ask = Ask(actor=member("U0ADA", "S0ENG"), operation="key.create", facts=Facts(group=""))
    decision = decide(policy(GROUPS_DENIED), ask, why=True)
    assert decision.rule == "no vip"
    assert "name a group to be sure" in decision.sentence
    trail = decide(policy(GROUPS_ALLOWED), ask, why=True).trail
    assert trail == (("vip", "the group would be the account's own, which the gateway has not told, not one of vip"),)


def test_two_approvals_of_which_one_is_in_doubt_are_both_wanted() -> None:
    text = approving(who='["*"]', name="vip", from_='["security"]').replace(
        "approval", 'when = { group_in = ["vip"] }\napproval'
    ) + approving(who='["*"]', name="rest")
    decision = decide(policy(text), Ask(actor=member("U0ADA"), operation="key.create", facts=Facts(group="")))
    assert decision.approval is not None
    assert [stage.roles for stage in decision.approval.stages] == [("security",), ("manager",)]


def test_a_rule_in_doubt_for_others_keys_or_with_another_condition_that_fails_says_nothing() -> None:
    ask = Ask(actor=member("U0ADA"), operation="key.create", own=False, facts=Facts(group="", remain_quota=5))
    rest = rule(who='["*"]', rest='on = "any"\nallow = true')
    assert decide(policy(GROUPS_DENIED.partition('[[rules]]\nname = "r"')[0] + rest), ask).allowed
    more = rule(
        "few", '["*"]', rest='on = "any"\nwhen = { group_in = ["vip"], remain_quota_at_most = 4 }\ndeny = "No."'
    )
    assert decide(policy(more + rest), ask).allowed


def test_self_approval_falls_where_a_rule_that_may_hold_forbids_it() -> None:
    text = approving("self_approval = true", who='["*"]') + approving(
        "self_approval = false", who='["*"]', name="no"
    ).replace("approval = {", 'when = { group_in = ["vip"] }\napproval = {')
    decision = decide(policy(text), Ask(actor=member("U0ADA"), operation="key.create", facts=Facts(group="")))
    assert decision.approval is not None
    assert (decision.approval.self_approval, decision.approval.self_approval_rule) == (False, "no")
