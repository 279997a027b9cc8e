"""parse_policy: what is read, and every mistake at its line and column, all at once."""

import hashlib

import pytest

from bot.errors import ConfigurationError
from bot.languages import find, said, speaking
from bot.permissions import Approval, Escalation, Stage, parse_policy
from bot.permissions.toml_document import MAX_BYTES
from tests.narrow import present
from tests.permissions.helpers import ROLES, approving, policy, rule


def mistakes(text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        parse_policy(text, file="p.toml")
    return caught.value.problems


def terms(text: str) -> Approval:
    approval = policy(approving(text)).rules[0].approval
    assert approval is not None
    return approval


def test_a_rule_is_read_whole() -> None:
    text = rule("n", '["engineer", "engineer"]', '["key.l*", "key.show"]', 'on = "any"\ndeny = " No. "')
    read = policy(text).rules[0]
    assert (read.name, read.who, read.do, read.any) == ("n", ("engineer",), frozenset({"key.list", "key.show"}), True)
    assert (read.outcome, read.sentence, read.approval, read.conditions) == ("deny", "No.", None, ())
    assert read.position == (7, 1)


def test_the_policy_knows_its_hash_file_and_ids() -> None:
    text = ROLES + approving('escalate = { to = ["U0DEEP"], after = "1d" }', who='["S0OTHER"]', from_='["U0ONE", "*"]')
    read = parse_policy(text, file="x.toml")
    assert (read.hash, read.file) == (hashlib.sha256(text.encode()).hexdigest(), "x.toml")
    assert read.user_ids() == {"U0BOSS", "U0ADMIN", "U0ONE", "U0DEEP"}
    assert read.group_ids() == {"S0ENG", "S0MAN", "S0SEC", "S0OTHER"}


def test_a_sentence_by_language_may_hold_the_characters_that_its_script_needs() -> None:
    (rule,) = parse_policy(HEAD + 'deny = { en = "No.", ar = "لا\u200f.", zh_hans = "不\u3000行" }').rules
    assert (rule.outcome, rule.sentence) == ("deny", "No.")
    with speaking(present(find("ar"))):
        assert said(rule.sentence) == "لا\u200f."
    with speaking(present(find("zh-Hans"))):
        assert said(rule.sentence) == "不\u3000行"
    with speaking(present(find("zh-Hant"))):
        assert said(rule.sentence) == "No."


def test_terms_have_sensible_defaults() -> None:
    read = terms("")
    assert (read.stages, read.expires, read.remind) == ((Stage(roles=("manager",)),), 3 * 86_400, None)
    assert (read.self_approval, read.counter_offer, read.break_glass) == (False, "ask", False)


def test_all_terms_are_read() -> None:
    read = terms(
        'count = 2, expires = "2w", remind = { after = "2h", factor = 3, most = 4 }, self_approval = true, '
        'counter_offer = "stand", break_glass = true, escalate = [{ to = ["admin"], after = "2d" }, { to = ["*"], after = "1d" }]'
    )
    late, early = Escalation(roles=("admin",), after=172_800), Escalation(roles=("*",), after=86_400)
    assert read.stages == (Stage(roles=("manager",), count=2, escalations=(early, late)),)
    assert (read.expires, read.remind, read.remind_factor, read.remind_most) == (1_209_600, 7_200, 3, 4)
    assert (read.self_approval, read.counter_offer, read.break_glass) == (True, "stand", True)


def test_a_plain_reminder_backs_off_as_usual() -> None:
    read = terms('remind = "4h"')
    assert (read.remind, read.remind_factor, read.remind_most) == (14_400, 2, 5)


def test_stages_have_their_own_people_and_share_the_escalation() -> None:
    stages = '[{ from = ["manager"], count = 2, escalate = { to = ["admin"], after = "2h" } }, { from = ["security"] }]'
    read = policy(rule(rest=f'approval = {{ stages = {stages}, escalate = {{ to = ["*"], after = "1d" }} }}')).rules[0]
    assert read.approval is not None
    assert [stage.roles for stage in read.approval.stages] == [("manager",), ("security",)]
    assert [len(stage.escalations) for stage in read.approval.stages] == [2, 1]
    assert read.approval.count == 3


def test_money_in_a_policy_follows_the_rate() -> None:
    text = ROLES + rule(rest='when = { remain_quota_at_most = "$5" }\nallow = true')
    assert parse_policy(text, units_per_usd=10).rules[0].conditions[0].value == 50


HEAD = '[[rules]]\nname = "r"\nwho = ["*"]\ndo = ["key.list"]\n'
YES = "allow = true\n"


def _when(text: str) -> str:
    return f"{HEAD}{YES}when = {{ {text} }}"


def _terms(text: str) -> str:
    return f"{HEAD}approval = {{ {text} }}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("rule = 1", "1:1: a policy has no key “rule”; did you mean “rules”?"),
        ("rules = 1", "1:1: rules are written as [[rules]], with two brackets each"),
        ("[rules]\nname = 'x'", "1:1: rules are written as [[rules]], with two brackets each"),
        ("rules = [1]", "1:10: a rule must be a table { … }, not a number"),
        ("rules = [" + "{}," * 1_001 + "]", "1:1: there are more than 1000 rules"),
        ("roles = 1", "1:1: roles must be a table { … }, not a number"),
        ("[roles]\nEng = []", "2:1: a role is named in lower case (a-z, 0-9, - and _), not “Eng”"),
        ("[roles]\ne = 'U01'", '2:1: a role must be a list of texts, like ["…"], not a text'),
        ("[roles]\ne = ['U01', 'bob']", '2:13: “bob” is no Slack id: a person is U…, a user group S…, every full member is "*"'),
        ("[roles]\ne = [1.5]", "2:6: a role must hold texts in quotes only, not a number with a point"),
        ("[[rules]]\nwho = ['*']\ndo = ['*']\nallow = true", "1:1: the rule has no name"),
        ("[[rules]]\nname = 'x'\ndo = ['*']\nallow = true", "1:1: the rule has no who"),
        ("[[rules]]\nname = 'x'\nwho = ['*']\nallow = true", "1:1: the rule has no do"),
        (HEAD, "1:1: the rule says neither allow, deny nor approval; it needs exactly one of them"),
        (HEAD + YES + "deny = 'x'", "6:1: the rule has both allow and deny; it needs exactly one of them"),
        (HEAD + "allow = false", '5:1: allow can only be true; to forbid, write deny = "why not"'),
        (HEAD + "deny = ''", "5:1: deny is empty"),
        (HEAD + "deny = true", "5:1: deny must be a text in quotes, not true or false"),
        (HEAD + f"deny = '{'x' * 301}'", "5:1: deny is longer than 300 characters"),
        (HEAD + "deny = 'a\\u0007b'".replace("'", '"'), "5:1: deny holds a line break or another character that cannot be shown"),
        (HEAD + 'deny = { en = "No.", fr = "Non." }', "5:22: there is no language “fr”; known are en, ar, zh-Hans, zh-Hant"),
        (HEAD + 'deny = { en = "No.", "zh-hunt" = "x" }', "5:22: there is no language “zh-hunt”; did you mean “zh-H"),
        (HEAD + 'deny = { ar = "لا." }', '5:1: deny by language needs the English one as well: en = "…"'),
        (HEAD + "deny = {}", '5:1: deny by language needs the English one as well: en = "…"'),
        (HEAD + 'deny = { en = "No.", ar = "" }', "5:22: deny.ar is empty"),
        (HEAD + 'deny = { en = "No.", ar = 1 }', "5:22: deny.ar must be a text in quotes, not a number"),
        (HEAD + 'deny = { en = "No.", ar = "a\\nb" }', "5:22: deny.ar holds a line break"),
        (HEAD + 'deny = { en = "No.", "zh-Hant" = "不", zh_hant = "不" }', "5:39: deny is there twice in the language zh-Hant"),
        (HEAD + f'deny = {{ en = "{"x" * 301}" }}', "5:10: deny.en is longer than 300 characters"),
        (HEAD + YES + HEAD + YES, "7:1: another rule, in line 2, is named “r” too"),
        (HEAD.replace('"r"', "1979-05-27") + YES, "2:1: name must be a text in quotes, not a date or time"),
        (HEAD.replace('["*"]', "[]") + YES, "3:1: who is empty, so it names nobody"),
        (HEAD.replace('["*"]', '"*"') + YES, '3:1: who must be a list of texts, like ["…"], not a text'),
        ("[roles]\neng = []\n" + HEAD.replace("*", "egn") + YES, "5:8: there is no role “egn”; did you mean “eng”?"),
        ("[roles]\neng = []\n" + HEAD.replace("*", "boss") + YES, "5:8: there is no role “boss”; known are eng"),
        (HEAD.replace("*", "boss") + YES, "3:8: there is no role “boss”"),
        (HEAD.replace("key.list", "key.lits") + YES, "4:7: there is no operation “key.lits”; did you mean “key.list”?"),
        (HEAD.replace("key.list", "keys.*") + YES, "4:7: there is no operation “keys.*”"),
        (HEAD.replace("key.list", "*" * 81) + YES, "4:7: there is no operation “" + "*" * 59 + "…”"),
        (HEAD.replace('["key.list"]', "[]") + YES, "4:1: do is empty, so the rule is about nothing"),
        (HEAD.replace('["key.list"]', "{}") + YES, '4:1: do must be a list of texts, like ["…"], not a table'),
        (HEAD + YES + "on = 'all'", "6:1: on must be “own” or “any”, not “all”"),
        (HEAD + YES + "on = ['own']", "6:1: on must be “own” or “any”, not a list"),
        (HEAD + YES + "wehn = {}", "6:1: a rule has no key “wehn”; did you mean “when”?"),
        (HEAD + YES + "when = 3", "6:1: when must be a table { … }, not a number"),
        (_when("remain_quota_most = 3"), "6:10: when has no key “remain_quota_most”; did you mean “remain_quota_at_most”?"),
        (_when("remain_quota_at_most = true"), '6:10: remain_quota_at_most must be units (500_000) or a text like "100k" or "$5", not true or false'),
        (_when("increase_at_most = -1"), "6:10: increase_at_most: “-1” has a sign"),
        (_when("lifetime_at_most = 90"), '6:10: lifetime_at_most must be a text like "30m", "4h", "3d" or "2w", not a number'),
        (_when("lifetime_over = '1y'"), "6:10: lifetime_over: “1y” is not a duration"),
        (_when("unlimited_quota = 'no'"), "6:10: unlimited_quota must be true or false, not a text"),
        (_when("models_within = 'gpt-*'"), "6:10: models_within must be a list of texts"),
        (_when("models_within = []"), "6:10: models_within is empty, so it could never hold"),
        (_when("group_in = ['a ']"), "6:22: group_in holds an empty text or one with blanks around it"),
        (_when("group_in = 'a'"), "6:10: group_in must be a list of texts"),
        (_when("gateway_in = 'a'"), "6:10: gateway_in must be a list of texts"),
        ("[addresses]\nwidest_ipv4 = 33\n", "2:1: widest_ipv4 must be 0 to 32, not 33"),
        ("[addresses]\nwidest = 3\n", "2:1: addresses has no key “widest”"),
        ("addresses = 8\n", "1:1: addresses must be a table"),
        ("[roles]\ra = ['*']\r", "1:8: the line ends in a bare carriage return"),
        (_when("models_within = ['']"), "6:27: models_within holds an empty text"),
        (_when(f"models_within = [{chr(34)}a{chr(34)}{', ' + repr('a')}{', 1' * 500}]"), "6:10: models_within has more than 500 entries"),
        (_when("allow_ips_required = false"), "6:10: allow_ips_required can only be true; leave it out"),
        (_when("reason_matches = '('"), "6:10: reason_matches: the pattern is not a valid regular expression"),
        (_when("reason_matches = 1"), "6:10: reason_matches must be a text in quotes, not a number"),
        (_when("channel_in = 'C01'"), "6:10: channel_in must be a list of texts"),
        (_when("channel_in = ['C01', 'general']"), "6:31: channel_in needs channel ids like C0123ABCD, not “general”"),
        (HEAD + "approval = true", "5:1: approval must be a table { … }, not true or false"),
        (_terms(""), '5:1: it is not said who approves: from = ["…"] is missing'),
        (_terms("from = ['*'], form = 1"), "5:28: approval has no key “form”; did you mean “from”?"),
        (_terms("from = []"), "5:14: from is empty, so it names nobody"),
        (_terms("from = [7]"), "5:22: from must hold texts in quotes only, not a number"),
        (_terms("from = ['*'], count = 0"), "5:28: count must be 1 to 20, not 0"),
        (_terms("from = ['*'], count = 2.0"), "5:28: count must be a whole number, not a number with a point"),
        (_terms("from = ['*'], expires = '91d'"), "5:28: expires must be 1 minute to 90 days"),
        (_terms("from = ['*'], expires = 3"), "5:28: expires must be a text like"),
        (_terms("from = ['*'], remind = '3d'"), "5:28: the first reminder must come after a minute or more and before the request expires"),
        (_terms("from = ['*'], remind = 4"), "5:28: remind must be a text like"),
        (_terms("from = ['*'], remind = { every = '4h' }"), "5:39: remind has no key “every”; known are after, factor, most"),
        (_terms("from = ['*'], remind = { factor = 2 }"), '5:28: remind needs the first wait: { after = "4h" }'),
        (_terms("from = ['*'], remind = { after = '4h', factor = 0 }"), "5:53: factor must be 1 to 10, not 0"),
        (_terms("from = ['*'], remind = { after = '4h', most = 99 }"), "5:53: most must be 1 to 20, not 99"),
        (_terms("from = ['*'], escalate = 'x'"), "5:28: escalate must be a table { … }, not a text"),
        (_terms("from = ['*'], escalate = { to = ['*'] }"), "5:28: escalate needs to whom and after what time"),
        (_terms("from = ['*'], escalate = [{ to = ['*'], after = '3d' }]"), "5:54: it would escalate only after the request has expired"),
        (_terms("from = ['*'], escalate = { to = ['x'], after = '1d' }"), "5:47: there is no role “x”"),
        (_terms("from = ['*'], escalate = { to = ['*'], after = '1d', if = 1 }"), "5:67: escalate has no key “if”"),
        (_terms("from = ['*'], self_approval = 'yes'"), "5:28: self_approval must be true or false, not a text"),
        (_terms("from = ['*'], break_glass = 1"), "5:28: break_glass must be true or false, not a number"),
        (_terms("from = ['*'], counter_offer = 'no'"), "5:28: counter_offer must be “ask” or “stand”, not “no”"),
        (_terms("stages = []"), "5:14: stages must be a list of 1 to 10 tables"),
        (_terms("stages = [1]"), "5:24: a stage must be a table { … }, not a number"),
        (_terms("stages = [{ from = ['*'], expires = '1d' }]"), "5:40: a stage has no key “expires”"),
        (_terms("stages = [{ count = 1 }]"), "5:24: it is not said who approves"),
        (_terms("from = ['*'], stages = [{ from = ['*'] }]"), "5:14: write either from or stages; each stage has its own from"),
        (_terms("count = 1, stages = [{ from = ['*'] }]"), "5:14: write either count or stages; each stage has its own count"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_where_it_stands(text: str, line: str) -> None:
    assert any(told.startswith(f"p.toml:{line}") for told in mistakes(text)), mistakes(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a = [", "1:6: this is not TOML"),
        ("a = 1\n\nb ==", "3:4: this is not TOML"),
        ("a = 1\r\nb ==", "2:4: this is not TOML"),
        ("a = 1\na = 2", "2:6: this is not TOML"),
        ("a = " + "[" * 10_000, "1:1: arrays or tables are nested too deep"),
        ("\na = " + "9" * 9_999, "2:5: a number is too long"),
        ("#" * (MAX_BYTES + 1), "1:1: the file is larger than 1 MB"),
        ("a = 2021-02-30", "1:5: this is not TOML"),
        ("\udcff", "1:1: this is not TOML"),
        ("\n" + "a." * 1_001 + "a = 1", "2:1: the line holds more than 1,000 points"),
    ],
)
def test_what_is_not_toml_is_told_where_it_breaks(text: str, line: str) -> None:
    (told,) = mistakes(text)
    assert told.startswith(f"p.toml:{line}")


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = "[roles]\nE = [1]\n" + HEAD.replace("key.list", "x").replace('"*"', '"y"') + "deny = ''\nmore = 1\non = 2\n"
    lines = [int(told.split(":")[1]) for told in mistakes(text)]
    assert lines == [2, 2, 5, 6, 7, 8, 9]


def test_one_mistake_does_not_make_up_others() -> None:
    assert len(mistakes(_terms("from = ['*'], expires = 'soon', remind = '80d'"))) == 1
    assert len(mistakes(HEAD + "approval = { from = ['nobody'] }")) == 1


def test_a_flood_of_mistakes_is_cut_short() -> None:
    told = mistakes("".join(f"k{number} = 1\n" for number in range(3_000)))
    assert len(told) == 1_001
    assert told[-1] == "p.toml:1001:1: here and below are 2,000 more mistakes"


def test_a_comment_of_any_bytes_is_read() -> None:
    assert parse_policy("# \udcff").rules == ()


def test_auto_disable_names_sources_of_alerts() -> None:
    assert parse_policy("").auto_disable == frozenset()
    assert parse_policy('[alerts]\nauto_disable = ["github", "slack"]').auto_disable == {"github", "slack"}


@pytest.mark.parametrize(
    ("text", "mistake"),
    [
        (
            '[alerts]\nauto_disable = ["githup"]',
            "policy.toml:2:17: no alerts come from “githup”; did you mean “github”?",
        ),
        ("[alerts]\nauto_disable = true", "policy.toml:2:1: auto_disable must be a list of texts"),
        ("[alerts]\nauto = []", "policy.toml:2:1: alerts has no key “auto”"),
        ("alerts = 7", "policy.toml:1:1: alerts must be a table"),
    ],
)
def test_mistakes_in_the_alerts_table_are_told_with_their_place(text: str, mistake: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        parse_policy(text)
    assert error.value.problems[0].startswith(mistake)


def test_what_was_looked_up_is_forgotten_before_it_is_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.permissions.rules.MAX_LOOKED_UP", 1)
    found = parse_policy(EXAMPLE_OF_TWO)
    for _ in range(2):
        assert [one.name for one in found.rules_for("key.create", frozenset({"*"}))] == ["create"]
        assert [one.name for one in found.rules_for("key.list", frozenset({"*"}))] == ["look"]
    assert len(found._looked_up) == 1


@pytest.mark.parametrize(
    ("do", "outcome", "named"),
    [
        ('["key.*"]', "allow = true", False),
        ('["*"]', 'approval = { from = ["*"] }', False),
        ('["key.adop?"]', 'deny = "No."', True),
        ('["*"]', 'deny = "No."', True),
        ('["key.*", "key.adopt"]', "allow = true", True),
    ],
)
def test_what_gives_a_key_to_somebody_is_named_in_full_and_denied_by_any_pattern(
    do: str, outcome: str, named: bool
) -> None:
    text = f'[[rules]]\nname = "r"\nwho = ["*"]\ndo = {do}\n{outcome}\n'
    assert ("key.adopt" in parse_policy(text).rules[0].do) is named


EXAMPLE_OF_TWO = """
[[rules]]
name  = "create"
who   = ["*"]
do    = ["key.create"]
allow = true

[[rules]]
name  = "look"
who   = ["*"]
do    = ["key.list"]
allow = true
"""
