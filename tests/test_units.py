"""Amounts and times as people type them, good and bad."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.units import MAX_QUOTA, format_duration, format_quota, parse_delta, parse_duration, parse_quota, short_quota


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("0", 0), ("100000", 100_000), ("100k", 100_000), ("100K", 100_000), ("100 k", 100_000), ("1.5M", 1_500_000),
        ("1m", 1_000_000), ("2B", 2_000_000_000), ("0.5k", 500), ("1,000,000", 1_000_000), ("1_000_000", 1_000_000),
        ("1,000.5k", 1_000_500), ("  7 ", 7), ("7 units", 7), ("1 unit", 1), ("100k units", 100_000),
        ("$5", 2_500_000), ("$ 5", 2_500_000), ("5 USD", 2_500_000), ("5USD", 2_500_000), ("5 usd", 2_500_000),
        ("5$", 2_500_000), ("$0.50", 250_000), ("$0.000002", 1), ("$1,000", 500_000_000), ("$1k", 500_000_000),
        ("1.0", 1), ("000", 0), ("1 000 000", 1_000_000), ("1'000'000", 1_000_000), ("1’000", 1_000),
        ("1\u00a0000\u202f000", 1_000_000), ("5 dollars", 2_500_000), ("1 dollar", 500_000), ("US$5", 2_500_000),
        ("USD 5", 2_500_000), ("５００", 500), ("＄５", 2_500_000), ("٥٠٠k", 500_000), ("1\u200b00k", 100_000),
        ("\ufeff$5\u202c", 2_500_000), ("0.125k", 125), ("500000000000000", MAX_QUOTA), ("$1,000,000,000", MAX_QUOTA),
    ],
)  # fmt: skip
def test_an_amount_is_read(text: str, units: int) -> None:
    assert parse_quota(text) == units


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("10 美元", 5_000_000), ("10美元", 5_000_000), ("10 美金", 5_000_000), ("１０　美元", 5_000_000), ("US$10", 5_000_000),
        ("$10", 5_000_000), ("٥ دولار", 2_500_000), ("10 دولارات", 5_000_000), ("١٠ دولارًا", 5_000_000), ("دولار 5", 2_500_000),
        ("١٠ دولارات أمريكية", 5_000_000), ("5 US dollars", 2_500_000), ("5k USD", 2_500_000_000),
        ("10 萬", 100_000), ("10万", 100_000), ("1.5 萬", 15_000), ("0.125萬", 1_250), ("2 十萬", 200_000), ("3 百萬", 3_000_000),
        ("3百万", 3_000_000), ("1千万", 10_000_000), ("1 億", 100_000_000), ("5 千", 5_000), ("10 單位", 10), ("10 萬单位", 100_000),
        ("10 萬美元", 50_000_000_000), ("$1.5萬", 7_500_000_000), ("1,000萬", 10_000_000),
        ("٥ مليون", 2_500_000 * 2), ("3 ملايين", 3_000_000), ("٣ آلاف", 3_000), ("٣٠ ألفًا", 30_000), ("10 الف", 10_000),
        ("٥٠٫٥ ألف", 50_500), ("٣ وحدات", 3), ("5 آلاف دولار", 2_500_000_000), ("١٬٠٠٠", 1_000), ("٥٠٠", 500), ("５００", 500),
        ("１，０００，０００", 1_000_000), ("\u200f٥٠٠\u200f ألف", 500_000), ("۵۰۰ ألف", 500_000),
    ],
)  # fmt: skip
def test_an_amount_is_read_as_people_of_each_language_type_it(text: str, units: int) -> None:
    assert parse_quota(text) == units
    assert parse_delta(f"-{text}") == -units
    assert parse_delta(f"＋{text}") == units


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("10 元", "which money"), ("10塊", "which money"), ("1 萬元", "which money"), ("１．０００，５０", "two ways"),
        ("١.٠٠٠,٥٠", "two ways"), ("1.000,50 美元", "two ways"), ("1.000 دولار", "two ways"), ("1.250 萬", "two ways"),
        ("1，5 萬", "comma"), ("1,50 美元", "comma"), ("٢,٥ مليون", "comma"), ("1.00005 萬", "whole units"), ("1,0000", "not an"),
        ("十萬", "not an"), ("مليون", "not an"), ("10 萬 萬", "not an"), ("$10 美元", "not an"), ("10 美元 單位", "not an"),
        ("10 ريال", "not an"), ("1。5 萬", "not an"), ("10 萬k", "not an"), ("5،000", "not an"), ("½ 萬", "not an"),
        ("9,999,999 億", "more than"),
    ],
)  # fmt: skip
def test_what_is_not_clear_in_other_languages_is_refused_with_the_reason(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_quota(text)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "No amount"), ("   ", "No amount"), ("1e5", "not an amount"), ("ten", "not an amount"), ("k", "not an"),
        ("-5", "sign"), ("+5", "sign"), ("−5", "sign"), ("$-5", "not an amount"), ("1.5", "whole units"),
        ("0.0001k", "whole units"), ("$0.0000001", "whole units"), ("500000000000001", "more than"),
        ("$1,000,000,001", "more than"), ("9" * 59, "more than"), ("9" * 61, "too long"), ("1,00", "comma"),
        ("1,0000", "not an"), ("1__0", "not an"), ("_1", "not an"), ("1_", "not an"), (".5", "not an"), ("5.", "not an"),
        ("1.2.3", "not an"), ("1.000", "two ways"), ("1.000.000", "two ways"), ("$1.500", "two ways"),
        ("1.000,50", "two ways"), ("1,5M", "comma"), ("$2,50", "comma"), ("²", "not an"), ("0x10", "not an"),
        ("1k k", "not an"), ("$5 USD", "not an"), ("5 EUR", "not an"), ("inf", "not an"), ("NaN", "not an"),
        ("5\n5", "not an"), ("100kk", "not an"), ("$", "not an"), ("USD", "not an"), ("1 00", "not an"), ("1 000,000", "not an"),
    ],
)  # fmt: skip
def test_a_bad_amount_gets_a_sentence(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        parse_quota(text)


def test_money_follows_the_rate() -> None:
    assert parse_quota("$5", 1_000) == 5_000
    with pytest.raises(ValueError, match="whole units"):
        parse_quota("$0.0001", 1_000)


@pytest.mark.parametrize(
    ("text", "units"),
    [
        ("+100k", 100_000),
        ("100k", 100_000),
        ("-100k", -100_000),
        ("−$5", -2_500_000),
        ("+ 5", 5),
        ("–5k", -5_000),
        ("—5k", -5_000),
        ("＋5k", 5_000),
        ("－５k", -5_000),
    ],
)
def test_a_change_has_a_sign(text: str, units: int) -> None:
    assert parse_delta(text) == units


@pytest.mark.parametrize("text", ["", "+", "-", "0", "+0", "-0", "--5", "+-5", "1.5", "abc"])
def test_a_bad_change_gets_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match=r"\."):
        parse_delta(text)


@pytest.mark.parametrize(
    ("units", "text"),
    [
        (0, "0 units ($0.00)"), (1, "1 unit (under $0.01)"), (1_500_000, "1.5M units ($3.00)"),
        (100_000, "100k units ($0.20)"), (123_456, "123,456 units ($0.25)"), (-100_000, "-100k units (-$0.20)"),
        (-1, "-1 unit (under $0.01)"), (2_650_000, "2.65M units ($5.30)"), (12_340, "12,340 units ($0.02)"),
        (2_000_000_000, "2B units ($4,000.00)"), (5_000, "5k units ($0.01)"), (9 * 10**15, "9,000,000,000,000,000 units ($18,000,000,000.00)"),
    ],
)  # fmt: skip
def test_an_amount_is_shown_with_its_money(units: int, text: str) -> None:
    assert format_quota(units) == text


@given(st.integers(min_value=0, max_value=MAX_QUOTA))
def test_what_is_shown_short_is_read_back(units: int) -> None:
    assert parse_quota(short_quota(units)) == units


@given(st.text(max_size=80))
def test_reading_raises_nothing_but_value_error(text: str) -> None:
    for read in (parse_quota, parse_delta, parse_duration):
        try:
            assert isinstance(read(text), int)
        except ValueError as error:
            assert str(error).endswith((".", ")"))  # noqa: PT017  # the sentence is the point, whichever was raised


@pytest.mark.parametrize(
    ("text", "seconds"), [("30m", 1_800), ("4h", 14_400), ("3d", 259_200), ("2w", 1_209_600), (" 1 d ", 86_400)]
)
def test_a_duration_is_read(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30 天", 2_592_000), ("30日", 2_592_000), ("３０　天", 2_592_000), ("3 小時", 10_800), ("3小时", 10_800),
        ("3 個小時", 10_800), ("2 週", 1_209_600), ("2周", 1_209_600), ("1 星期", 604_800), ("30 分鐘", 1_800), ("30分", 1_800),
        ("٣٠ يوم", 2_592_000), ("٣٠ يومًا", 2_592_000), ("٣ أيام", 259_200), ("3 ايام", 259_200), ("١ ساعة", 3_600),
        ("٣ ساعات", 10_800), ("٢ أسبوع", 1_209_600), ("3 أسابيع", 1_814_400), ("٥ دقيقة", 300), ("5 دقائق", 300),
        ("３０ｄ", 2_592_000), ("٣٠d", 2_592_000),
    ],
)  # fmt: skip
def test_a_duration_is_read_as_people_of_each_language_type_it(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["三天", "1 個月", "1.5 天", "٠ يوم", "يومين", "-٣ أيام", "3 天 2 小時", "36501 天"])
def test_a_duration_that_is_not_one_gets_a_sentence_in_every_script(text: str) -> None:
    with pytest.raises(ValueError, match="30m, 4h, 3d, 2w"):
        parse_duration(text)


@pytest.mark.parametrize(
    "text", ["", "3", "d", "3 days", "1.5h", "-1d", "0d", "3s", "3D", "1d1h", "9999999w", "1" * 50 + "d"]
)
def test_a_bad_duration_gets_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="30m, 4h, 3d, 2w"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 seconds"), (1, "1 second"), (59.9, "59 seconds"), (5_400, "1 hour 30 minutes"), (259_200, "3 days"),
        (90_061, "1 day 1 hour"), (math.inf, "no end"), (-3_600, "minus 1 hour"), (86_400 * 1_000, "1,000 days"),
    ],
)  # fmt: skip
def test_a_duration_is_shown(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text
