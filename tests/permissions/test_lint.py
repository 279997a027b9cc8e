"""lint(): each doubt is found, and what is meant is left alone."""

from pathlib import Path

import pytest

from bot.permissions import parse_policy
from bot.permissions.lint import CALLS_NOBODY, lint
from tests.permissions.helpers import approving, policy, rule

# One rule at the end under which every operation is done by somebody, so that only the doubt in question is told.
REST = approving(name="rest", who='["U0LAST"]').replace('["key.create"]', '["*"]')

# Most rules here allow freely, which has tests of its own.
FREELY = ("it gives ", "it brings any number of keys back")


def doubts(text: str, groups: dict[str, set[str]] | None = None, *, rest: str = REST) -> list[tuple[str, str]]:
    return [found for found in every_doubt(text, groups, rest=rest) if not found[1].startswith(FREELY)]


def every_doubt(text: str, groups: dict[str, set[str]] | None = None, *, rest: str = REST) -> list[tuple[str, str]]:
    found = lint(policy(text + rest), groups=groups)
    return [(one.rule, one.sentence) for one in found if one.sentence != CALLS_NOBODY]


@pytest.mark.parametrize(
    ("rest", "told"),
    [
        ("", True),
        (rule("own", do='["key.disable"]'), True),
        (rule("asked", do='["key.disable"]', rest='on = "any"\napproval = { from = ["manager"] }'), True),
        (rule("all", '["*"]', do='["key.disable"]', rest='on = "any"\nallow = true'), True),
        (rule("security", '["security"]', do='["key.disable"]', rest='on = "any"\nallow = true'), False),
    ],
)
def test_a_policy_by_which_nobody_is_called_when_a_key_leaks_is_told(rest: str, told: bool) -> None:
    assert any(one.sentence == CALLS_NOBODY for one in lint(policy(rule("create") + rest))) is told


def test_the_example_policy_is_without_doubt() -> None:
    text = (Path(__file__).parents[2] / "policy.example.toml").read_text(encoding="utf-8")
    (note,) = lint(parse_policy(text))
    assert (note.doubt, note.sentence) == (
        False,
        "S0ADMINS, S0ENGINEERS, S0MANAGERS, S0SECURITY, U0ONCALL of the example stand for your own Slack ids",
    )


def test_a_finding_names_file_line_column_and_rule() -> None:
    (finding,) = [one for one in lint(policy(rule("twin one") + rule("twin two") + REST)) if one.rule == "twin two"]
    assert finding.line("p.toml") == (
        "p.toml:12:1: rule “twin two”: it is never reached: “twin one” above always decides first"
    )


@pytest.mark.parametrize(
    "text", ["", rule(rest='deny = "No."'), "[[rules]]\nname='x'\nwho=['S0X']\ndo=['*']\ndeny='No.'\n"]
)
def test_a_policy_that_locks_everybody_out_is_doubtful(text: str) -> None:
    (told,) = doubts(text, rest="")
    assert told == ("", "nobody may do anything: this policy locks everybody out")


def test_a_policy_whose_only_giving_rule_is_dead_locks_everybody_out() -> None:
    text = rule("no", '["*"]', '["*"]', 'on = "any"\ndeny = "No."') + rule("yes")
    assert ("", "nobody may do anything: this policy locks everybody out") in doubts(text, rest="")


def test_operations_nobody_may_do_are_told() -> None:
    told = [sentence for _, sentence in doubts(rule(do='["key.*", "request.list"]'), rest="")]
    assert told == ["nobody may do audit.read", "nobody may do policy.explain", "nobody may do usage.read"]


def test_a_condition_on_a_key_gives_no_right_where_there_is_no_key() -> None:
    text = rule(do='["*"]', rest="when = { unlimited_quota = false }\nallow = true")
    told = doubts(text, rest="")
    assert told[:5] == [
        ("", f"nobody may do {one}")
        for one in ("audit.read", "key.list", "policy.explain", "request.list", "usage.read")
    ]
    never = "unlimited_quota never holds for key.list, request.list, audit.read, policy.explain, usage.read"
    assert told[5][1].startswith(never)


def test_a_condition_on_the_ask_is_fine_where_there_is_no_key() -> None:
    assert doubts(rule(do='["audit.read"]', rest='when = { reason_matches = "x" }\nallow = true')) == []


def test_a_rule_with_only_impossible_operations_is_told() -> None:
    told = doubts(rule(do='["audit.read"]', rest="when = { unlimited_quota = false }\nallow = true"))
    assert told == [("r", "it can never match: its conditions speak of a key, and its operations look at none")]


@pytest.mark.parametrize(
    "when",
    [
        "unlimited_quota = true, remain_quota_at_most = 5",
        "unlimited_quota = true, increase_at_most = 5",
        'lifetime_over = "2d", lifetime_at_most = "2d"',
    ],
)
def test_conditions_that_exclude_each_other_are_told(when: str) -> None:
    ((name, sentence),) = doubts(rule(rest=f"when = {{ {when} }}\nallow = true"))
    assert (name, sentence[:20]) == ("r", "it can never match: ")


@pytest.mark.parametrize("when", ['lifetime_over = "1d", lifetime_at_most = "2d"', "unlimited_quota = true"])
def test_conditions_that_go_together_are_fine(when: str) -> None:
    assert doubts(rule(rest=f"when = {{ {when} }}\nallow = true")) == []


def _pair(above: str, below: str) -> bool:
    """Whether the lower of two rules is told to be unreachable."""
    return any(name == "below" and "never reached" in sentence for name, sentence in doubts(above + below))


WIDE = 'on = "any"\nallow = true'


@pytest.mark.parametrize(
    ("above", "below"),
    [
        (rule("above"), rule("below")),
        (rule("above", '["*"]'), rule("below")),
        (rule("above", '["S0ENG"]'), rule("below")),
        (rule("above", '["engineer", "manager"]'), rule("below", '["U0BOSS"]')),
        (rule("above", do='["key.*"]'), rule("below")),
        (rule("above", rest=WIDE), rule("below")),
        (rule("above", do='["key.list"]') + rule("other"), rule("below", do='["key.create", "key.list"]')),
        (rule("above", '["manager"]') + rule("other"), rule("below", '["manager", "engineer"]')),
    ],
)
def test_a_rule_that_is_never_reached_is_told(above: str, below: str) -> None:
    assert _pair(above, below)


@pytest.mark.parametrize(
    ("above", "below"),
    [
        (rule("above", '["manager"]'), rule("below")),
        (rule("above"), rule("below", '["*"]')),
        (rule("above"), rule("below", '["engineer", "manager"]')),
        (rule("above"), rule("below", do='["key.create", "key.list"]')),
        (rule("above"), rule("below", rest=WIDE)),
    ],
)
def test_a_rule_to_which_something_is_left_is_fine(above: str, below: str) -> None:
    assert not _pair(above, below)


@pytest.mark.parametrize(
    ("wide", "narrow", "follows"),
    [
        ("remain_quota_at_most = 10", "remain_quota_at_most = 10", True),
        ("remain_quota_at_most = 10", "remain_quota_at_most = 5", True),
        ("remain_quota_at_most = 5", "remain_quota_at_most = 10", False),
        ("increase_at_most = 10", "increase_at_most = 5", True),
        ('lifetime_at_most = "2d"', 'lifetime_at_most = "1d"', True),
        ('lifetime_over = "1d"', 'lifetime_over = "2d"', True),
        ('lifetime_over = "2d"', 'lifetime_over = "1d"', False),
        ("unlimited_quota = true", "unlimited_quota = true", True),
        ("unlimited_quota = true", "unlimited_quota = false", False),
        ('models_within = ["a", "b"]', 'models_within = ["a"]', True),
        ('models_within = ["*"]', 'models_within = ["a"]', True),
        ('group_in = ["*"]', 'group_in = ["a"]', False),
        ('group_in = ["a"]', 'group_in = ["a", "b"]', False),
        ('channel_in = ["C01"]', 'channel_in = ["C01"]', True),
        ("allow_ips_required = true", "allow_ips_required = true", True),
        ('reason_matches = "a"', 'reason_matches = "a"', True),
        ('reason_matches = "a"', 'reason_matches = "ab"', False),
        ("remain_quota_at_most = 10", "increase_at_most = 5", False),
        ("remain_quota_at_most = 10", 'remain_quota_at_most = 5, group_in = ["a"]', True),
        ('remain_quota_at_most = 10, group_in = ["a"]', "remain_quota_at_most = 5", False),
        ("remain_quota_at_most = 10", "", False),
        ("", "remain_quota_at_most = 10", True),
    ],
)
def test_a_narrower_condition_below_a_wider_one_is_never_reached(wide: str, narrow: str, *, follows: bool) -> None:
    above = rule("above", rest=f"when = {{ {wide} }}\nallow = true")
    assert _pair(above, rule("below", rest=f"when = {{ {narrow} }}\nallow = true")) is follows


def test_a_rule_for_nobody_is_told() -> None:
    text = "none = []\n" + rule(who='["none"]')
    assert doubts(text) == [("r", "nobody has none, so it never matches")]
    assert doubts(rule(who='["S0X"]'), {"S0X": set()}) == [("r", "nobody has S0X, so it never matches")]
    assert doubts(rule(who='["S0X"]')) == []


ALONE = "approves alone what they ask for"


@pytest.mark.parametrize(
    ("terms", "who", "from_", "alone"),
    [
        ("self_approval = true", '["engineer"]', '["manager"]', True),
        ("self_approval = true", '["*"]', '["admin"]', True),
        ("self_approval = true", '["U01"]', '["U01", "U02"]', True),
        ('self_approval = true, escalate = { to = ["U01"], after = "1d" }', '["U01"]', '["U02"]', True),
        ("self_approval = true", '["U01"]', '["U02"]', False),
        ("self_approval = true, count = 2", '["engineer"]', '["manager"]', False),
        ("", '["engineer"]', '["engineer"]', False),
    ],
)
def test_approving_alone_what_one_asks_for_is_told(terms: str, who: str, from_: str, *, alone: bool) -> None:
    told = [sentence for _, sentence in doubts(approving(terms, who=who, from_=from_))]
    assert any(ALONE in sentence for sentence in told) is alone


def test_known_groups_settle_whether_somebody_is_both() -> None:
    text = approving("self_approval = true", who='["S0X"]', from_='["S0Y"]')
    assert doubts(text, {"S0X": {"U01"}, "S0Y": {"U02"}}) == []
    assert len(doubts(text, {"S0X": {"U01"}, "S0Y": {"U01"}})) == 1


FEW = "nobody could approve: the people it names are fewer than it asks for"


@pytest.mark.parametrize(
    ("terms", "who", "told"),
    [
        ('from = ["U01"], count = 2', "engineer", FEW),
        ('stages = [{ from = ["U01"] }, { from = ["U01"] }]', "engineer", FEW),
        ('stages = [{ from = ["U01", "U02"] }, { from = ["U01"] }]', "engineer", None),
        ('stages = [{ from = ["U01", "U02"] }, { from = ["U01"] }, { from = ["U02"] }]', "engineer", FEW),
        ('stages = [{ from = ["U01"] }, { from = ["manager"] }]', "engineer", None),
        ('from = ["U01"], count = 2, escalate = { to = ["U02"], after = "1d" }', "engineer", None),
        ('from = ["manager"], count = 20', "engineer", None),
        ('from = ["U01"]', "engineer", None),
        ('from = ["U01"]', "*", "nobody could approve what U01 asks for, because nobody approves an own request"),
        ('from = ["U01"]', "U01", "nobody could approve what U01 asks for, because nobody approves an own request"),
        ('from = ["U01", "U02"]', "U01", None),
        ('from = ["U01", "U02"], count = 2, self_approval = true', "U01", None),
    ],
)
def test_requests_nobody_could_approve_are_told(terms: str, who: str, told: str | None) -> None:
    found = doubts(rule(who=f'["{who}"]', rest=f"approval = {{ {terms} }}"))
    assert found == ([("r", told)] if told else [])


def test_known_groups_settle_whether_somebody_is_left() -> None:
    text = approving(who='["S0X"]', from_='["S0Y"]')
    assert doubts(text, {"S0X": {"U01"}, "S0Y": {"U01"}}) == [
        ("r", "nobody could approve what U01 asks for, because nobody approves an own request")
    ]
    assert doubts(text, {"S0X": {"U01"}, "S0Y": {"U01", "U02"}}) == []
    assert doubts(text, {"S0Y": set()}) == [("r", FEW)]


WITHOUT_SUM = "it gives {} freely without a sum, as often as somebody likes: add granted_at_most"
BACK = "it brings any number of keys back: add keys_at_most or granted_at_most to key.enable"


@pytest.mark.parametrize("operation", ["key.create", "key.quota", "key.enable"])
def test_what_is_given_freely_without_counting_is_told(operation: str) -> None:
    told = BACK if operation == "key.enable" else WITHOUT_SUM.format(operation)
    assert every_doubt(rule(do=f'["{operation}"]')) == [("r", told)]
    small = "when = { remain_quota_at_most = 1 }"
    assert every_doubt(rule(do=f'["{operation}"]', rest=f"{small}\nallow = true")) == [("r", told)]
    for counted in ('granted_at_most = "$20", per = "30d"', 'granted_at_most = 9, per = "1d", counted_over = "team"'):
        assert every_doubt(rule(do=f'["{operation}"]', rest=f"when = {{ {counted} }}\nallow = true")) == []


def test_a_number_of_keys_is_no_sum() -> None:
    few = "when = { keys_at_most = 5 }\nallow = true"
    assert every_doubt(rule(do='["key.create", "key.quota"]', rest=few)) == [
        ("r", WITHOUT_SUM.format("key.create, key.quota"))
    ]
    assert every_doubt(rule(do='["key.enable"]', rest=few)) == []


def test_what_is_approved_or_gives_nothing_needs_no_counting() -> None:
    assert every_doubt(approving() + rule("s", do='["key.disable", "key.list", "key.rotate"]')) == []


def test_an_allowance_that_never_holds_is_told() -> None:
    when = 'when = { allowance_at_most = "$5", per = "30d" }\nallow = true'
    told = "it can never match: allowance_at_most speaks of an allowance, and its operations set none"
    assert ("r", told) in every_doubt(rule(do='["key.quota"]', rest=when))
    assert every_doubt(rule(do='["key.allowance", "key.quota"]', rest=when)) == []


def test_everybody_and_power_over_others_is_told() -> None:
    own = rule(who='["*"]', do='["key.reveal", "key.list"]')
    assert every_doubt(own) == []
    any_ = own.replace("allow = true", 'on = "any"\nallow = true')
    told = ("r", "every member may do key.reveal to what belongs to somebody else")
    assert every_doubt(any_) == [told]
    assert every_doubt(
        any_.replace('["*"]', '["everyone"]').replace("[[rules]]", 'everyone = ["*"]\n[[rules]]', 1)
    ) == [told]
    assert every_doubt(any_.replace('["*"]', '["engineer"]')) == []
    assert every_doubt(any_.replace("key.reveal", "key.show")) == []


@pytest.mark.parametrize("name", ["widest_ipv4", "widest_ipv6"])
def test_a_prefix_that_allows_the_world_is_told(name: str) -> None:
    told = ("", f"addresses.{name} = 0 lets everybody in, so allow_ips_required asks for nothing")
    assert every_doubt(f"[addresses]\n{name} = 0\n") == [told]
    assert every_doubt(f"[addresses]\n{name} = 1\n") == []


def test_ids_of_the_example_are_noted() -> None:
    note, _ = lint(policy(approving(who='["S0ENGINEERS"]') + REST))
    assert (note.doubt, note.sentence) == (False, "S0ENGINEERS of the example stand for your own Slack ids")


@pytest.mark.parametrize(
    ("line", "told", "doubt"),
    [
        ("quota_low = 0.6", "while more than half is left", True),
        ("expiry = []", "nobody is told before a key expires", False),
        ("quota_low = false\nquota_days = false", "before a key has used up its quota", False),
    ],
)
def test_care_that_tells_too_early_or_not_at_all_is_told(line: str, told: str, *, doubt: bool) -> None:
    found = [one for one in lint(parse_policy(f"[care]\n{line}\n")) if told in one.sentence]
    assert [one.doubt for one in found] == [doubt]


@pytest.mark.parametrize(
    ("role", "told"),
    [
        ('members = ["pagerduty:P0ABC12"]', True),
        ('members = ["pagerduty:P0ABC12", "pagerduty:P0OTHER"]', True),
        ('members = ["pagerduty:P0ABC12"]\nfallback = ["security"]', False),
        ('members = ["pagerduty:P0ABC12", "U0LEAD"]', False),
    ],
)
def test_a_role_that_nobody_has_while_pagerduty_is_silent_is_doubtful(role: str, told: bool) -> None:
    found = doubts(f"[roles.oncall]\n{role}\n" + rule("on call", '["oncall"]'))
    sentence = (
        "the role oncall has only a schedule, so nobody has it while PagerDuty does not tell who is on call: "
        "add a fallback"
    )
    assert (("", sentence) in found) is told


UNITS = """
[roles]
engineer = ["S0ENG"]
%s
[[rules]]
name  = "small"
who   = ["engineer"]
do    = ["key.create"]
when  = { %s, granted_at_most = "$5", per = "30d" }
allow = true
"""
OTHER = '[gateways.prod]\nbase_url = "https://prod.example.com"\naccess_token = "TOKEN_PROD"\nunits_per_usd = 1\n'


@pytest.mark.parametrize(
    ("gateways", "limit", "doubtful"),
    [
        (OTHER, "remain_quota_at_most = 500_000", True),
        (OTHER, 'remain_quota_at_most = "100k"', True),
        (OTHER, 'remain_quota_at_most = "$1"', False),
        (OTHER, "remain_quota_at_most = 0", False),
        (OTHER, 'remain_quota_at_most = 500_000, gateway_in = ["default"]', False),
        (OTHER.replace("= 1\n", "= 500_000\n"), "remain_quota_at_most = 500_000", False),
        ("", "remain_quota_at_most = 500_000", False),
    ],
)
def test_a_limit_in_units_is_doubtful_where_gateways_count_dollars_otherwise(
    gateways: str, limit: str, doubtful: bool
) -> None:
    """500,000 units are one dollar at one gateway and half a million dollars at the other."""
    found = [one.sentence for one in lint(parse_policy(UNITS % (gateways, limit))) if "in dollars" in one.sentence]
    assert bool(found) is doubtful
    assert not doubtful or "is another amount of money at prod" in found[0]
