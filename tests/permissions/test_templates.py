"""The `[[templates]]` of the policy: what they fill in, and every mistake with its line."""

import pytest

from bot.errors import ConfigurationError
from bot.languages import find, speaking
from bot.permissions import parse_policy
from bot.permissions.templates import MOST, Template


def templates(text: str) -> tuple[Template, ...]:
    return parse_policy(text).templates


def one(fields: str) -> Template:
    [found] = templates(f'[[templates]]\nname = "ci"\nfields = {{ {fields} }}\n')
    return found


def test_without_the_table_there_are_none() -> None:
    assert templates("") == ()


def test_every_field_of_the_form_is_read() -> None:
    found = one(
        'name = "ci-", remain_quota = "$5", unlimited_quota = false, expired_time = "45d", model_limits = ["gpt-4o"], '
        'allow_ips = ["10.0.0.0/8", "::1"], group = "vip", cross_group_retry = true, reason = "checks"'
    )
    assert (found.name, found.words) == ("ci", "ci")
    assert dict(found.fields) == {
        "name": "ci-",
        "remain_quota": "$5",
        "unlimited_quota": False,
        "expired_time": "45d",
        "model_limits": ("gpt-4o",),
        "allow_ips": ("10.0.0.0/8", "::1"),
        "group": "vip",
        "cross_group_retry": True,
        "reason": "checks",
    }


@pytest.mark.parametrize(
    ("written", "quota"), [("500_000", "500k"), ('" 100k "', "100k"), ("0, unlimited_quota = true", "0")]
)
def test_a_quota_is_units_or_a_text(written: str, quota: str) -> None:
    assert one(f"remain_quota = {written}").fields["remain_quota"] == quota


def test_a_key_may_have_no_end() -> None:
    assert one('expired_time = "never"').fields == {"expired_time": "never"}


def test_it_may_be_refilled() -> None:
    assert one('remain_quota = "$5", refill = "month"').fields["refill"] == "month"


def test_its_words_are_those_of_the_reader() -> None:
    text = '[[templates]]\nname = "a"\nwords = { en = "Load test", zh-Hant = "負載測試" }\nfields = {}\n'
    [found] = templates(text)
    chinese = find("zh-Hant")
    assert chinese is not None
    with speaking(chinese):
        assert found.words.again() == "負載測試"  # type: ignore[attr-defined]
    assert found.words == "Load test"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("templates = 1", ":1:1: templates are written as [[templates]]"),
        ("templates = [1]", "a template must be a table"),
        ('[[templates]]\nname = "x"', ":1:1: the template has no fields"),
        ("[[templates]]\nfields = {}", "the template has no name"),
        ('[[templates]]\nname = ""\nfields = {}', "name is empty"),
        ('[[templates]]\nname = "x"\nwords = { ar = "x" }\nfields = {}', "needs the English one as well"),
        ('[[templates]]\nname = "x"\ncolour = 1\nfields = {}', "a template has no key “colour”"),
        ('[[templates]]\nname = "x"\nfields = 3', "fields must be a table"),
        ('[[templates]]\nname = "x"\nfields = { model_limit = ["a"] }', "did you mean “model_limits”"),
        ('[[templates]]\nname = "x"\nfields = { expired_time_at = 1 }', "fields has no key “expired_time_at”"),
        ('[[templates]]\nname = "x"\nfields = { remain_quota = "a lot" }', "“a lot” is not an amount"),
        ('[[templates]]\nname = "x"\nfields = { remain_quota = "$0" }', "with a quota of 0 the key could not be used"),
        ('[[templates]]\nname = "x"\nfields = { expired_time = "soon" }', "“soon” is not a duration"),
        ('[[templates]]\nname = "x"\nfields = { expired_time = 3 }', "expired_time must be a text"),
        ('[[templates]]\nname = "x"\nfields = { model_limits = "a" }', "model_limits must be a list"),
        ('[[templates]]\nname = "x"\nfields = { model_limits = ["a,b"] }', "“a,b” is no model id"),
        ('[[templates]]\nname = "x"\nfields = { allow_ips = ["10.0.0.0/99"] }', "is no IP address and no CIDR"),
        ('[[templates]]\nname = "x"\nfields = { unlimited_quota = "on" }', "must be true or false"),
        ('[[templates]]\nname = "x"\nfields = { refill = "yearly" }', "refill must be"),
        ('[[templates]]\nname = "x"\nfields = { group = 1 }', "group must be a text"),
        ('[[templates]]\nname = "x"\nfields = { reason = 1 }', "reason must be a text"),
        ('[[templates]]\nname = "x"\nfields = { name = 1 }', "name must be a text"),
        ('[[templates]]\nname = "x"\nfields = {}\n' * 2, ":5:1: another template is named “x” too"),
        ("[[templates]]\n" * (MOST + 1), "there are more than 25 templates"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        templates(text)
    assert told in str(error.value)


GATEWAYS = '[gateways.prod]\nbase_url = "https://prod.example.com"\naccess_token = "TOKEN_PROD"\n'


def test_it_may_be_of_one_gateway() -> None:
    text = '[[templates]]\nname = "a"\ngateway = "prod"\nfields = {}\n'
    assert templates(text + GATEWAYS)[0].gateway == "prod"
    assert templates(text.replace("prod", "default"))[0].gateway == "default"
    for wrong, told in (('"pord"', "there is no gateway “pord”; did you mean “prod”"), ("7", "gateway must be a text")):
        with pytest.raises(ConfigurationError) as caught:
            templates(text.replace('"prod"', wrong) + GATEWAYS)
        assert told in str(caught.value.problems[0])
    with pytest.raises(ConfigurationError):
        templates(text)
