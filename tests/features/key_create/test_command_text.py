"""`/apikey new` and what follows it: what is understood in every language, and what is said of the rest."""

from typing import Any

import pytest

from bot.features.key_create.command_text import CommandText, gateway_in, problems_text, read_command

NOW = 1_790_000_000.0
LISTED = ("gpt-4o", "gpt-4o-mini", "claude-sonnet-4")
WEEK = {"expired_time": "7d"}


def read(text: str, *, models: tuple[str, ...] | None = LISTED) -> CommandText:
    return read_command(text, models=models, now=NOW, units_per_usd=500_000)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("", {}),
        ("nightly build", {"name": "nightly build"}),
        ("bot 2", {"name": "bot 2"}),
        ("3scale-bot", {"name": "3scale-bot"}),
        ('"bot $5" 7d', {"name": "bot $5", **WEEK}),
        ("「夜間 $5」 7d", {"name": "夜間 $5", **WEEK}),
        ("bot 100000", {"name": "bot", "remain_quota": "100000"}),
        ("bot US$5", {"name": "bot", "remain_quota": "US$5"}),
        ("bot 5 USD", {"name": "bot", "remain_quota": "5 USD"}),
        ("bot 30M", {"name": "bot", "remain_quota": "30M"}),
        ("$5 7d bot", {"name": "bot", "remain_quota": "$5", **WEEK}),
        ("bot 7 days", {"name": "bot", **WEEK}),
        ("bot 2w", {"name": "bot", "expired_time": "custom", "expired_time_at": int(NOW) + 14 * 86_400}),
        ("bot 30m", {"name": "bot", "expired_time": "custom", "expired_time_at": int(NOW) + 1800}),
        ("bot never", {"name": "bot", "expired_time": "never"}),
        ("bot unlimited 7d", {"name": "bot", "unlimited_quota": True, **WEEK}),
        ("bot GPT-4o,claude-sonnet-4 gpt-4o", {"name": "bot", "model_limits": ("gpt-4o", "claude-sonnet-4")}),
        ("because load test", {"reason": "load test"}),
        ("bot because: load test", {"name": "bot", "reason": "load test"}),
        ("because 7d", {"reason": "7d"}),
    ],
)
def test_what_is_understood(text: str, fields: dict[str, Any]) -> None:
    found = read(text)
    assert found.fields == fields
    assert problems_text(found) == []


def test_the_whole_of_it() -> None:
    found = read("staging-bot $5 30d gpt-4o because load test")
    assert found.fields == {
        "name": "staging-bot",
        "remain_quota": "$5",
        "expired_time": "30d",
        "model_limits": ("gpt-4o",),
        "reason": "load test",
    }
    assert not found.only_a_name
    assert read("staging bot").only_a_name


@pytest.mark.parametrize(
    "text",
    [
        "測試 5 美元 30 天 gpt-4o 因為 負載測試",
        "測試 ＄５ ３０天 gpt-4o 因為負載測試",
        "测试 5美元 30天 gpt-4o 因为负载测试",
        "اختبار ٥ دولارات ٣٠ يوما gpt-4o لأن نختبر التحمّل",
    ],
)
def test_amounts_times_and_reasons_of_every_language(text: str) -> None:
    found = read(text)
    assert problems_text(found) == []
    assert found.fields["name"] in {"測試", "测试", "اختبار"}
    assert found.fields["expired_time"] == "30d"
    assert found.fields["model_limits"] == ("gpt-4o",)
    assert found.fields["reason"] in {"負載測試", "负载测试", "نختبر التحمّل"}
    assert str(found.fields["remain_quota"]).startswith(("5", "$5"))


def test_an_ending_of_the_arabic_word_stays_in_the_reason() -> None:
    assert read("اختبار لأننا نختبر").fields == {"name": "اختبار", "reason": "لأننا نختبر"}


@pytest.mark.parametrize(
    ("text", "fields", "told"),
    [
        (
            "bot $5 for tests",
            {"name": "bot", "remain_quota": "$5"},
            "I did not understand “for tests” in your command.",
        ),
        ("bot $5 $7", {"name": "bot", "remain_quota": "$5"}, "I did not understand “$7”"),
        ("bot 7d 30d", {"name": "bot", **WEEK}, "I did not understand “30d”"),
        ("bot $5 gpt-9", {"name": "bot", "remain_quota": "$5"}, "I did not understand “gpt-9”"),
        ("bot 5 元 7d", {"name": "bot", **WEEK}, "does not say which money it is"),
        ("bot $1.000", {"name": "bot"}, "can be read in two ways"),
        ("bot 0d", {"name": "bot"}, "is no time at all"),
    ],
)
def test_what_is_not_understood_is_said(text: str, fields: dict[str, Any], told: str) -> None:
    found = read(text)
    assert found.fields == fields
    assert told in " ".join(problems_text(found))
    assert not found.only_a_name


def test_where_the_gateway_lists_no_models_what_looks_like_an_id_is_one() -> None:
    assert read("prod-2 $5 gpt-9 please", models=None).fields == {
        "name": "prod-2",
        "remain_quota": "$5",
        "model_limits": ("gpt-9",),
    }
    assert read("my gpt-9", models=None).fields == {"name": "my gpt-9"}


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("shop $5 30d on prod", {"name": "shop", "remain_quota": "$5", "gateway": "prod"}),
        ("shop gateway PROD $5", {"name": "shop", "remain_quota": "$5", "gateway": "prod"}),
        ("on prod shop", {"name": "shop", "gateway": "prod"}),
        ("shop on call", {"name": "shop on call"}),
        ("shop on", {"name": "shop on"}),
        ("shop on prod on lab", {"name": "shop on lab", "gateway": "prod"}),
        ("shop because on prod", {"name": "shop", "reason": "on prod"}),
        ("prod", {"name": "prod"}),
    ],
)
def test_of_several_gateways_one_may_be_named(text: str, fields: dict[str, Any]) -> None:
    found = read_command(text, models=LISTED, now=NOW, units_per_usd=1, gateways=("default", "prod"))
    assert found.fields.items() >= fields.items()
    assert gateway_in(text, ("default", "prod")) == fields.get("gateway", "")
    # Where there is one gateway the words are those of a name.
    assert "gateway" not in read(text).fields
