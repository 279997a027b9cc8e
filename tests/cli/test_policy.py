"""`keydesk policy …`: what is printed and the exit code."""

import io
from pathlib import Path
from typing import Any, Literal

import pytest

from bot.cli.check.report import Report
from bot.cli.policy import FoundKey, Question, check_cases, explain_policy, lint_policy, replay_policy, what_can
from bot.errors import UserError
from bot.permissions import Actor, Ask, Facts
from bot.permissions.lint import CALLS_NOBODY
from bot.permissions.replay import PastRequest

NOW = 1_800_000_000.0
EXAMPLE = Path(__file__).parents[2] / "policy.example.toml"
ENGINEER = Actor(slack_user_id="U0ANN", groups=frozenset({"S0ENGINEERS"}), name="Ann")


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.toml"
    path.write_text("[[rules]]\nnam = 'x'\nwho = ['*']\ndo = ['*']\nallow = true\n")
    return path


ASSUMED = "$1 is taken to be 500,000 units (KEYDESK_UNITS_PER_USD); the gateway was not asked."


def explain(out: io.StringIO, question: Question, path: Path = EXAMPLE, **more: Any) -> int:
    return explain_policy(path, question, out=out, now=NOW, **more)


def test_lint_is_content_with_the_example(out: io.StringIO) -> None:
    assert lint_policy(EXAMPLE, out=out) == 0
    note, last = out.getvalue().splitlines()
    assert note.startswith(f"note: {EXAMPLE}:1:1: S0ADMINS, S0ENGINEERS")
    assert last == f"{EXAMPLE}: 16 rules, no mistake and no doubt."


def test_lint_prints_mistakes(out: io.StringIO, broken: Path) -> None:
    assert lint_policy(broken, out=out) == 1
    assert out.getvalue().splitlines() == [
        f"{broken}:1:1: the rule has no name",
        f"{broken}:2:1: a rule has no key “nam”; did you mean “name”?",
        "2 mistakes",
    ]


def test_lint_prints_doubts(out: io.StringIO, tmp_path: Path) -> None:
    (tmp_path / "p.toml").write_text("")
    assert lint_policy(tmp_path / "p.toml", out=out) == 1
    assert out.getvalue().splitlines() == [
        f"note: {tmp_path}/p.toml:1:1: {CALLS_NOBODY}",
        f"{tmp_path}/p.toml:1:1: nobody may do anything: this policy locks everybody out",
        "1 doubt",
    ]


def test_what_nobody_may_do_is_a_note_and_fails_nothing(out: io.StringIO, tmp_path: Path) -> None:
    text = '[[rules]]\nname = "all but the record"\nwho = ["*"]\ndo = ["key.*", "request.list", "policy.explain"]\n'
    (tmp_path / "p.toml").write_text(text + 'approval = { from = ["S0BOSSES"] }\n')
    assert lint_policy(tmp_path / "p.toml", out=out) == 0
    assert out.getvalue().splitlines() == [
        f"note: {tmp_path}/p.toml:1:1: {CALLS_NOBODY}",
        f"note: {tmp_path}/p.toml:1:1: nobody may do audit.read",
        f"note: {tmp_path}/p.toml:1:1: nobody may do usage.read",
        f"{tmp_path}/p.toml: 1 rule, no mistake and no doubt.",
    ]


def test_lint_uses_the_members_of_groups_where_they_are_known(out: io.StringIO) -> None:
    assert lint_policy(EXAMPLE, out=out, groups={"S0ENGINEERS": []}) == 1
    assert "nobody has engineer, so it never matches" in out.getvalue()


def test_explain_names_the_rule_the_terms_and_the_trail(out: io.StringIO) -> None:
    question = Question(operation="key.create", who="engineer", fields=["remain_quota=$5", "expired_time=30d"])
    assert explain(out, question) == 0
    assert out.getvalue().splitlines()[1:] == [
        "key.create on their own, by engineer (engineer)",
        "needs approval: Rule “a manager decides the rest” wants an approval by manager.",
        "  expires after 3 days",
        "  after 1 day in stage 1 also admin",
        "  reminders after 4 hours, 12 hours, 1 day 4 hours, 2 days 12 hours",
        "  nobody approves an own request",
        "Rules above it that did not match:",
        "  “security pulls the plug”: it is about key.disable, key.list, key.show",
        "  “no eternal unlimited keys”: the key would not be unlimited; the key would live 30 days, not over 365 days",
        "  “small keys are free”: the key would have 2.5M units, more than 500k",
        "  “unlimited keys need two signatures”: the key would not be unlimited",
        "  “few keys come back freely”: it is about key.enable, key.rotate",
        "  “security decides about locked keys”: it is about key.unlock",
        "  “small allowances are free”: it is about key.allowance",
        "  “what a budget holds is free”: there is no budget",
        "  “a manager decides about budgets”: it is about budget.change",
        "Counted before this: other allowances of this person in 30 days: 0 units ($0.00).",
        "Counted before this: granted to this person in 30 days: 0 units ($0.00).",
        "Counted before this: living keys of this person: 0.",
        ASSUMED,
    ]


def test_explain_takes_the_first_rule_without_a_trail(out: io.StringIO) -> None:
    assert explain(out, Question(operation="key.disable", who="security", on="any")) == 0
    assert out.getvalue().splitlines() == [
        "key.disable on what belongs to somebody else, by security (security)",
        "allowed: Rule “security pulls the plug” allows it.",
    ]


def test_explain_says_that_groups_are_unknown_offline(out: io.StringIO) -> None:
    assert explain(out, Question(operation="key.list", who="U0ANN")) == 0
    assert out.getvalue().splitlines()[:3] == [
        "Slack is not asked here, so U0ANN is taken to be in no group; name groups with --in.",
        "key.list on their own, by U0ANN (no role)",
        "denied: Without a role, listing keys is not allowed. \
Whoever has the role security, engineer, manager or admin can.",
    ]
    assert "All rules that did not match:" in out.getvalue()


def test_explain_takes_groups_that_are_named(out: io.StringIO) -> None:
    assert explain(out, Question(operation="key.list", who="U0ANN", groups=["S0ENGINEERS"])) == 0
    assert out.getvalue().startswith("key.list on their own, by U0ANN and S0ENGINEERS (engineer)\nallowed: ")


DOLLARS = """
[gateways.prod]
base_url = "https://prod.example.com"
access_token = "PROD_TOKEN"
units_per_usd = 200

[[rules]]
name = "a dollar"
who = ["*"]
do = ["key.quota"]
when = { increase_at_most = "$1" }
allow = true
"""


@pytest.mark.parametrize("gateway", ["default", "prod"])
def test_a_dollar_is_what_the_gateway_of_the_key_says(out: io.StringIO, tmp_path: Path, gateway: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(DOLLARS)
    usual = 200 if gateway == "prod" else 500_000
    assumed = (
        f"$1 is taken to be {usual:,} units (KEYDESK_UNITS_PER_USD; "
        "further gateways as the policy file says: prod 200); the gateway does not say."
    )
    says = "$1 = 1,000 units, as the gateway of the key says."
    for told, fits, last in ((1_000, "1000", says), (None, str(usual), assumed)):
        key = FoundKey(label="ci", own=True, facts=Facts(gateway=gateway), units_per_usd=told)
        for delta, word in ((fits, "allowed"), (f"{int(fits) + 1}", "denied"), ("$1", "allowed")):
            question = Question(operation="key.quota", who="nobody", key="ci", fields=[f"delta=+{delta}"])
            assert explain(out, question, path, find_key=lambda *_, key=key: key) == 0
            lines = out.getvalue().splitlines()
            assert [line for line in lines if line.startswith(("allowed", "denied"))][-1].startswith(word)
            assert lines[-1] == last


@pytest.mark.parametrize(("on", "own"), [(None, False), ("own", True), ("any", False)])
def test_explain_asks_slack_and_the_gateway_where_it_can(out: io.StringIO, on: str | None, own: bool) -> None:
    key = FoundKey(label="ci", own=False, facts=Facts(remain_quota=5, unlimited_quota=False))
    question = Question(operation="key.quota", who="U0ANN", key="ci", on=on, fields=["delta=+1k"])
    assert explain(out, question, find_actor=lambda _: ENGINEER, find_key=lambda *_: key) == 0
    whose = "their own" if own else "what belongs to somebody else"
    assert out.getvalue().startswith(f"key.quota on {whose}, by Ann (engineer)\n")


@pytest.mark.parametrize(
    ("question", "told"),
    [
        (Question(operation="key.crate", who="engineer"), "There is no operation “key.crate”; did you mean “key.create”?"),
        (Question(operation="key.show", who="enginer"), "“enginer” is no role of the policy and no Slack id; did you mean “engineer”?"),
        (Question(operation="key.show", who="engineer", key="ci"), "--key needs the gateway, which is not asked here; use --on and --with instead."),
        (Question(operation="key.create", who="engineer", fields=["x"]), "--with takes FIELD=VALUE, not “x”"),
        (Question(operation="key.create", who="engineer", fields=["name=x", "name=y"]), "--with name is given twice"),
        (Question(operation="key.create", who="engineer", fields=["remain_quota=1e5"]), "remain_quota: “1e5” is not an amount. Write units like 100000, 100k or 1.5M, or money like $5 or 5 USD."),
    ],
)  # fmt: skip
def test_explain_says_what_is_wrong_with_the_question(out: io.StringIO, question: Question, told: str) -> None:
    assert explain(out, question) == 2
    assert out.getvalue() == f"{told}\n"


def test_explain_passes_on_what_slack_or_the_gateway_say(out: io.StringIO) -> None:
    def unknown(_: str) -> Actor:
        raise UserError("Slack knows no U0ANN.")

    assert explain(out, Question(operation="key.show", who="U0ANN"), find_actor=unknown) == 2
    assert out.getvalue() == "Slack knows no U0ANN.\n"


def test_explain_refuses_a_broken_policy(out: io.StringIO, broken: Path) -> None:
    assert explain(out, Question(operation="key.show", who="engineer"), broken) == 2
    assert "the rule has no name" in out.getvalue()


CASE = '[[cases]]\nas = "engineer"\ndo = "key.list"\non = "{on}"\nexpect = "{expect}"\n'


def test_cases_get_a_line_each(out: io.StringIO, tmp_path: Path) -> None:
    path = tmp_path / "c.toml"
    rule = 'rule = "security pulls the plug"\n'
    path.write_text(
        CASE.format(on="own", expect="allow")
        + CASE.format(on="any", expect="approval")
        + CASE.format(on="own", expect="allow")
        + rule
    )
    assert check_cases(EXAMPLE, path, out=out, now=NOW) == 1
    assert out.getvalue().splitlines() == [
        f"ok   {path}:1: engineer key.list on own: allow by “own keys are one's own business”",
        f"FAIL {path}:6: engineer key.list on any: deny because no rule matches, but approval was expected",
        (
            f"FAIL {path}:11: engineer key.list on own: allow by “own keys are one's own business”, "
            "but allow by “security pulls the plug” was expected"
        ),
        ASSUMED,
        "3 cases, 2 failed.",
    ]


def test_cases_that_agree_are_fine(out: io.StringIO, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(CASE.format(on="own", expect="allow"))
    assert check_cases(EXAMPLE, tmp_path / "c.toml", out=out, now=NOW) == 0
    assert out.getvalue().endswith("1 case, 0 failed.\n")


def test_a_person_of_a_case_comes_with_the_groups_of_now(out: io.StringIO, tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(
        CASE.format(on="own", expect="allow").replace("engineer", "U0ADA")
        + CASE.format(on="own", expect="deny").replace("engineer", "U0BEN")
    )
    ada = Actor(slack_user_id="U0ADA", groups=frozenset({"S0ENGINEERS"}), name="ada")
    found = check_cases(
        EXAMPLE, tmp_path / "c.toml", out=out, now=NOW, find_people=lambda _policy, _users: {"U0ADA": ada}
    )
    assert found == 0
    assert out.getvalue().startswith("note: taken to be members in no user group: U0BEN.\nok ")


def test_cases_that_cannot_be_read_are_told(out: io.StringIO, tmp_path: Path) -> None:
    assert check_cases(EXAMPLE, tmp_path / "none.toml", out=out, now=NOW) == 2
    assert "there is no such file" in out.getvalue()


def test_replay_prints_what_would_be_decided_otherwise(out: io.StringIO) -> None:
    def past(
        number: int,
        outcome: Literal["allow", "deny", "needs_approval"],
        rule: str | None,
        operation: str = "key.list",
        actor: Actor = ENGINEER,
    ) -> PastRequest:
        return PastRequest(id=number, at=NOW, ask=Ask(actor=actor, operation=operation), outcome=outcome, rule=rule)

    stranger = Actor(slack_user_id="U0NEW")
    requests = [
        past(1, "allow", "own keys are one's own business"),
        past(2, "allow", "an old rule"),
        past(3, "deny", None),
        past(4, "allow", "an old rule", "audit.read", stranger),
    ]
    assert replay_policy(EXAMPLE, iter(requests), out=out) == 0
    assert out.getvalue().splitlines() == [
        "#3 2027-01-15 08:00 UTC Ann key.list: was denied (no rule), would be allowed (“own keys are one's own business”)",
        "#4 2027-01-15 08:00 UTC U0NEW audit.read: was allowed (“an old rule”), would be denied (no rule)",
        "4 past requests: 2 would be decided otherwise, 1 the same by another rule.",
    ]


def test_replay_refuses_a_broken_policy(out: io.StringIO, broken: Path) -> None:
    assert replay_policy(broken, [], out=out) == 2
    assert "the rule has no name" in out.getvalue()


def test_explain_tells_whether_one_may_approve_oneself(out: io.StringIO, tmp_path: Path) -> None:
    path = tmp_path / "p.toml"
    rules = (
        '[[rules]]\nname = "{0}"\nwho = ["*"]\ndo = ["key.{1}"]\napproval = {{ from = ["*"], self_approval = {2} }}\n'
    )
    path.write_text(
        rules.format("a", "list", "true") + rules.format("b", "show", "true") + rules.format("c", "list", "false")
    )
    assert explain(out, Question(operation="key.show", who="nobody"), path) == 0
    assert "  an own request may be approved by oneself\n" in out.getvalue()
    assert explain(out, Question(operation="key.list", who="nobody"), path) == 0
    assert "  nobody approves an own request (rule “c” says self_approval = false)\n" in out.getvalue()


def test_what_a_role_can_do_is_told_with_conditions_and_deciders(out: io.StringIO) -> None:
    assert what_can(EXAMPLE, "engineer", out=out) == 0
    told = out.getvalue()
    assert told.startswith(
        "key.create (own):\n"
        "  at once: up to 500k units ($1.00), for at most 90 days if keys_at_most = 5, "
        "granted_at_most = 10M per 30 days (“small keys are free”)\n"
        "  at once: more than 0 units ($0.00), for at most 90 days if within_budget = true "
        "(“what a budget holds is free”)\n"
        "  refused if unlimited_quota = true, lifetime_over = 365 days (“no eternal unlimited keys”)\n"
        "  decided by manager, then security if unlimited_quota = true "
        "(“unlimited keys need two signatures”)\n"
        "  decided by manager (“a manager decides the rest”)\n"
    )
    assert "key.reveal (own):\n  at once (“own keys are one's own business”)\n" in told
    assert "key.update (own):\n  nothing at once\n" in told
    assert "key.unlock (anybody's):\n  decided by security" in told
    assert "audit.read" not in told


def test_what_can_says_what_it_cannot(out: io.StringIO, broken: Path) -> None:
    assert what_can(EXAMPLE, "guest", out=out) == 0
    assert out.getvalue() == "guest: nothing.\n"
    assert what_can(EXAMPLE, "enginer", out=out) == 2
    assert "“enginer” is no role of the policy and no Slack id; did you mean “engineer”?" in out.getvalue()
    assert what_can(broken, "engineer", out=out) == 2
    assert "the rule has no name" in out.getvalue()


def test_explain_says_what_it_takes_for_counted(out: io.StringIO) -> None:
    small = ["remain_quota=100k", "expired_time=30d"]
    assert explain(out, Question(operation="key.create", who="engineer", fields=small)) == 0
    first = out.getvalue().splitlines()[0]
    told = "keys_so_far, granted_so_far, allowances_so_far"
    assert first == f"note: nothing is taken to have been given before this; tell it with {told}."
    assert "allowed" in out.getvalue()
    out.truncate(0)
    assert explain(out, Question(operation="key.create", who="engineer", fields=[*small, "keys_so_far=5"])) == 0
    assert "note:" not in out.getvalue()
    assert "“small keys are free”: keys_at_most = 5: this would be key number 6 of this person" in out.getvalue()


def test_no_name_of_a_person_moves_a_terminals_cursor(tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('[roles]\na = ["U0A"]\n', encoding="utf-8")
    ask = Ask(actor=Actor(slack_user_id="U0A", name="a\x1b[2J\u202e"), operation="key.list")
    out = io.StringIO()
    replay_policy(path, [PastRequest(id=1, at=NOW, ask=ask, outcome="allow", rule="old")], out=out)
    assert "a\\u001b[2J\\u202e" in out.getvalue()
    assert not {"\x1b", "\u202e"} & set(out.getvalue())


def test_no_name_in_a_check_moves_a_terminals_cursor() -> None:
    out = io.StringIO()
    Report(out=out, secrets=()).ok("channel", "#a\x1b[2J\u202e")
    assert out.getvalue() == "ok    channel: #a\\u001b[2J\\u202e\n"


def test_explain_says_that_the_account_s_group_is_not_known_and_takes_it(out: io.StringIO, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    rules = 'name = "no vip"\nwho = ["*"]\ndo = ["key.create"]\nwhen = { group_in = ["vip"] }\ndeny = "No vip."\n'
    free = 'name = "free"\nwho = ["*"]\ndo = ["key.create"]\nallow = true\n'
    path.write_text(f"[roles]\nengineer = ['S0ENG']\n[[rules]]\n{rules}[[rules]]\n{free}", encoding="utf-8")
    assert explain(out, Question(operation="key.create", who="engineer"), path) == 0
    assert out.getvalue().startswith(
        "note: the account's own group is taken to be unknown; tell it with account_group.\n"
    )
    assert "No vip." in out.getvalue()
    out.truncate(0)
    assert explain(out, Question(operation="key.create", who="engineer", fields=["account_group=default"]), path) == 0
    assert "note:" not in out.getvalue()
    assert "allowed" in out.getvalue()
