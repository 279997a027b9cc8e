"""The `[gateways]` table: what it may say, the mistakes in it, and the names that conditions use."""

import pytest

from bot.errors import ConfigurationError
from bot.languages import english
from bot.permissions import Actor, Ask, Counted, Facts, Policy, decide, parse_policy
from bot.permissions.gateways import MOST, GatewayTerms
from bot.permissions.lint import lint

PROD = '[gateways.prod]\nbase_url = "https://prod.example.com/"\naccess_token = "GATEWAY_TOKEN_PROD"\n'
RULE = '[[rules]]\nname = "r"\nwho = ["*"]\ndo = ["key.create"]\nwhen = { gateway_in = %s }\nallow = true\n'


def problems(text: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        parse_policy(text)
    return "\n".join(map(english, caught.value.problems))


def test_a_gateway_has_an_address_and_the_name_of_its_secret() -> None:
    assert parse_policy("").gateways == ()
    [prod] = parse_policy(PROD).gateways
    assert prod == GatewayTerms(name="prod", base_url="https://prod.example.com", access_token="GATEWAY_TOKEN_PROD")
    [more] = parse_policy(PROD + "user_id = 7\nunits_per_usd = 1_000_000\n").gateways
    assert (more.user_id, more.units_per_usd) == ("7", 1_000_000)


def test_two_accounts_may_have_one_address() -> None:
    other = PROD.replace("gateways.prod", "gateways.second").replace("TOKEN_PROD", "TOKEN_SECOND")
    assert [one.name for one in parse_policy(PROD + other).gateways] == ["prod", "second"]
    again = PROD.replace("gateways.prod", "gateways.second").replace(".com/", ".com")
    assert "the gateway “prod” once more" in problems(PROD + again)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("gateways = 3", "gateways must be a table"),
        ("[gateways]\nprod = 3", "prod must be a table"),
        ("[gateways.default]", "which is the gateway of the settings"),
        ("[gateways.Prod]", "cannot name a gateway"),
        ("[gateways.prod]", "the gateway has no base_url"),
        ("[gateways.prod]", "the gateway has no access_token"),
        (PROD + "secret = 1", "prod has no key “secret”"),
        (PROD + "user_id = 0", "user_id must be 1 to"),
        (PROD + "user_id = true", "user_id must be a whole number"),
        (PROD + "units_per_usd = 0", "units_per_usd must be 1 to"),
        (PROD.replace("https://prod.example.com/", "prod.example.com"), "base_url is not an address"),
        (PROD.replace("https://prod.example.com/", "https://h:port"), "base_url is not an address"),
        (PROD.replace("example.com/", "example.com/v1"), "scheme and host only"),
        (PROD.replace("https:", "http:"), "must be https"),
        (PROD.replace('"https://prod.example.com/"', "3"), "base_url must be a text"),
        (PROD.replace('"GATEWAY_TOKEN_PROD"', "3"), "access_token must be a text"),
        ("".join(PROD.replace("prod]", f"g{n}]") for n in range(MOST + 1)), "more than 20 gateways"),
        (PROD + RULE % '["prdo"]', "there is no gateway “prdo”; did you mean “prod”?"),
    ],
)
def test_mistakes(text: str, told: str) -> None:
    assert told in problems(text)


def test_a_token_in_the_file_is_refused_and_not_repeated() -> None:
    told = problems(PROD.replace("GATEWAY_TOKEN_PROD", "sEcReT0123456789abcdef"))
    assert "the token itself does not belong in this file" in told
    assert "sEcReT" not in told


def test_http_is_for_this_machine() -> None:
    [prod] = parse_policy(PROD.replace("https://prod.example.com/", "http://127.0.0.1:9")).gateways
    assert prod.base_url == "http://127.0.0.1:9"


def test_conditions_name_gateways_that_there_are() -> None:
    assert len(parse_policy(PROD + RULE % '["prod", "default"]').rules) == 1
    # Without the table nothing is known of names; lint says that such a rule never holds.
    assert len(parse_policy(RULE % '["prod"]').rules) == 1
    assert "must hold texts" in problems(PROD + RULE % "[3]")
    assert "gateway_in must be a list" in problems(PROD + RULE % "3")
    assert "when must be a table" in problems(PROD + '[[rules]]\nname = "r"\nwhen = 3\n')
    assert "rules are written as" in problems("rules = 3\n" + PROD)
    assert "a rule must be a table" in problems("rules = [3]\n" + PROD)


def test_lint_says_that_a_rule_about_gateways_needs_several() -> None:
    [finding] = [one for one in lint(parse_policy(RULE % '["prod"]')) if "gateway_in" in one.sentence]
    assert finding.sentence == "it can never match: gateway_in names gateways, and the policy has no [gateways]"
    assert not [one for one in lint(parse_policy(PROD + RULE % '["prod"]')) if "gateway_in" in one.sentence]


DOLLARS = """
[[rules]]
name = "small"
who = ["*"]
do = ["key.create"]
when = { remain_quota_at_most = "$20", granted_at_most = "$30", per = "30d" }
allow = true

[gateways.prod]
base_url = "https://prod.example.com"
access_token = "TOKEN_PROD"
units_per_usd = 100

[gateways.lab]
base_url = "https://lab.example.com"
access_token = "TOKEN_LAB"
"""


def limits(policy: Policy) -> list[object]:
    found = {condition.name: condition.value for condition in policy.rules[0].conditions}
    return [found["remain_quota_at_most"], found["granted_at_most"]]


def test_amounts_of_money_are_read_by_the_gateway_of_the_key() -> None:
    policy = parse_policy(DOLLARS)
    assert limits(policy) == limits(policy.at("")) == limits(policy.at("lab")) == [10_000_000, 15_000_000]
    assert limits(policy.at("prod")) == [2_000, 3_000]
    assert policy.at("prod").care.anomaly_per_hour == 500
    assert policy.at("prod").hash == policy.hash
    # What a gateway tells itself counts more than what the file says.
    told = parse_policy(DOLLARS, units_per_usd=10, told={"lab": 7, "prod": 10, "default": 10})
    assert [limits(told.at(name)) for name in ("", "lab", "prod")] == [[200, 300], [140, 210], [200, 300]]


def test_a_decision_goes_by_the_units_of_the_gateway() -> None:
    policy, actor = parse_policy(DOLLARS), Actor(slack_user_id="U0ADA")
    counts = tuple(Counted(count=count, value=0) for count in policy.counts_needed("key.create"))

    def outcome(gateway: str, units: int) -> str:
        facts = Facts(gateway=gateway, remain_quota=units, increase=units, unlimited_quota=False, counts=counts)
        return decide(policy, Ask(actor=actor, operation="key.create", facts=facts)).outcome

    assert [outcome("prod", 2_000), outcome("prod", 2_001)] == ["allow", "deny"]
    assert [outcome("default", 2_001), outcome("default", 10_000_001)] == ["allow", "deny"]
