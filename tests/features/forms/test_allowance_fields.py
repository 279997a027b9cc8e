"""An allowance as a command says it, in four languages, and as it is said back."""

import pytest

from bot.features.forms.allowance_fields import TypedAllowance, as_typed, parse_typed
from bot.operations import AllowanceTerms
from bot.periods import Period


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("", TypedAllowance()),
        ("$20", TypedAllowance(amount="$20")),
        ("$20 per month", TypedAllowance(amount="$20")),
        ("$20 per day for tests", TypedAllowance(amount="$20", choice="day", reason="for tests")),
        ("5k weekly rollover", TypedAllowance(amount="5k", choice="week", rollover=True)),
        ("5k weekly +rollover why", TypedAllowance(amount="5k", choice="week", rollover=True, reason="why")),
        ("5k weekly rollovers", TypedAllowance(amount="5k", choice="week", reason="rollovers")),
        ("$5 每月 結轉 測試", TypedAllowance(amount="$5", rollover=True, reason="測試")),
        ("$5每周", TypedAllowance(amount="$5", choice="week")),
        ("$5 يوميًا ترحيل", TypedAllowance(amount="$5", choice="day", rollover=True)),
        ("off", TypedAllowance(choice="never")),
        ("OFF no longer needed", TypedAllowance(choice="never", reason="no longer needed")),
        ("offset 5", TypedAllowance(amount="offset 5")),
        ("關閉", TypedAllowance(choice="never")),
        ("停止 测试", TypedAllowance(choice="never", reason="测试")),
        ("إيقاف", TypedAllowance(choice="never")),
    ],
)
def test_what_is_typed_fills_the_form(text: str, typed: TypedAllowance) -> None:
    assert parse_typed(text) == typed


@pytest.mark.parametrize("period", list(Period))
@pytest.mark.parametrize("rollover", [False, True])
def test_what_is_said_back_is_read_as_it_was(period: Period, *, rollover: bool) -> None:
    text = as_typed(AllowanceTerms(amount=10_000_000, period=period, rollover=rollover))
    assert parse_typed(text) == TypedAllowance(amount="10M", choice=str(period), rollover=rollover)
