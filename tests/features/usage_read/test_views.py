"""Spending in words: sums, pace, the day a key runs dry, and what is not known."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.features.usage_read.views import (
    AccountUsage,
    KeyUsage,
    PersonUsage,
    Source,
    account_usage,
    dry_text,
    key_usage,
    person_usage,
)
from bot.gateway.dollars import Dollars
from bot.gateway.models import GatewayAccount, OverPromise
from bot.gateway.usage import AccountForecast, ModelShares, ModelSpending
from bot.keys.spending import DAY, Amount, Forecast, Spending
from bot.slack.blocks import MESSAGE_BLOCKS_LIMIT, Message
from keydesk_sandbox.fake_slack.blocks.surfaces import message_problems
from tests.keys.records import record

NOW = datetime(2026, 6, 1, tzinfo=UTC).timestamp()
UNITS = 500_000
# A dollar on each of the last thirty days.
EVERY_DAY = Spending(tuple(Amount(NOW - back * DAY, NOW - (back - 1) * DAY, UNITS) for back in range(30, 0, -1)), 0.0)
KEY = record(
    7, name="ci", remain_quota=5 * UNITS, used_quota=30 * UNITS, unlimited_quota=False, expired_time=-1, status=1
)


def told(message: Message) -> str:
    assert message_problems(message.to_slack()["blocks"]) == []
    return str(message.blocks)


def of_key(**changes: Any) -> str:
    usage: dict[str, Any] = {
        "key": KEY,
        "owner": "U0ADA",
        "spending": EVERY_DAY,
        "source": Source.SAMPLES,
        "models": None,
    }
    return told(key_usage(KeyUsage(**(usage | changes)), now=NOW, units_per_usd=UNITS)[0])


def test_a_key_s_sums_pace_and_the_day_it_runs_dry() -> None:
    text = of_key()
    for words in ("$7.00", "$30.00", "$1.00 a day, $30.00 a month", "at this pace", "█", "86 % used", "does not tell"):
        assert words in text, words
    assert f"<!date^{int(NOW + 5 * DAY)}^" in text
    assert "Nothing is known before" not in text


def test_what_a_key_spent_by_model_says_where_it_comes_from_and_what_it_leaves_out() -> None:
    models = tuple(ModelSpending(f"m{number}", UNITS * (9 - number), 2) for number in range(8))
    text = of_key(models=ModelShares(models, whole=False))
    for words in (
        "log of calls under this name",
        "m0: $9.00 in 2 calls",
        "2 more models: $5.00",
        "Only the newest calls",
    ):
        assert words in text, words
    assert "does not tell" not in of_key(models=ModelShares((), whole=True))


def test_where_little_is_known_nothing_is_forecast_and_that_is_said() -> None:
    text = of_key(spending=Spending((Amount(NOW - 3600, NOW, UNITS),), NOW - DAY))
    assert "Runs dry" not in text
    assert "Nothing is known before" in text
    assert "A forecast needs three days of spending." in text


def test_sums_of_the_log_say_so() -> None:
    assert "from the gateway's log of calls under this name; days" in of_key(source=Source.LOG)


@pytest.mark.parametrize("changes", [{"status": 2}, {"unlimited_quota": True}, {"remain_quota": 0}])
def test_a_key_that_cannot_run_dry_has_no_such_day(changes: dict[str, Any]) -> None:
    key = KEY.model_copy(update=changes)
    assert "Runs dry" not in of_key(key=key)


@pytest.mark.parametrize(
    ("moments", "words"),
    [
        ((None, None, None), "not within a year at this pace"),
        ((None, 1.0, None), "not within a year at this pace"),
        ((5.0, 3.0, None), "<!date^5^{date_short}|1970-01-01 00:00 UTC> at this pace"),
    ],
)
def test_the_day_in_words(moments: tuple[float | None, float | None, float | None], words: str) -> None:
    assert dry_text(Forecast(*moments, per_day=1.0)) == words
    assert "between" in dry_text(Forecast(5.0, 3.0, 9.0, per_day=1.0))


def test_a_person_s_keys_together_the_dearest_first() -> None:
    keys = [(KEY.model_copy(update={"id": number, "name": f"k{number}"}), EVERY_DAY) for number in range(1, 12)]
    usage = PersonUsage(person="U0ADA", keys=keys, together=EVERY_DAY, more=5)
    text = told(person_usage(usage, now=NOW, dollars=Dollars(usual=UNITS))[0])
    for words in ("<@U0ADA>'s 16 keys", "k1", "key 8): $30.00, dry", "8 more keys"):
        assert words in text, words
    assert "key 9)" not in text


def test_somebody_without_keys() -> None:
    usage = PersonUsage(person="U0ADA", keys=[], together=Spending((), 0.0))
    message, chart = person_usage(usage, now=NOW, dollars=Dollars(usual=UNITS))
    assert "0 keys" in told(message)
    assert [value for _, value, _ in chart.points] == [0.0] * 14


def test_the_account_has_a_balance_and_promises() -> None:
    account = GatewayAccount(id=1, username="d", group="g", quota=10 * UNITS, used_quota=0, request_count=0)
    usage = AccountUsage(
        spending=EVERY_DAY,
        top=[(KEY, "U0ADA", 30 * UNITS), (KEY, None, UNITS)],
        models=ModelShares((ModelSpending("m", UNITS, 1),), whole=True),
        account=account,
        promise=OverPromise(promised=50 * UNITS, balance=10 * UNITS, unlimited=0),
        month=AccountForecast(calls=3, success=99.0, days_left=12.4),
    )
    message, chart = account_usage(usage, now=NOW, units_per_usd=UNITS)
    text = told(message)
    for words in (
        "5M units ($10.00)",
        "The account runs dry",
        "Keys may still spend",
        "nobody's",
        "<@U0ADA>",
        "lasts 12 days",
        "3 calls this month",
        "m: $1.00 in 1 call",
    ):
        assert words in text, words
    assert chart is not None
    assert len(message.blocks) < MESSAGE_BLOCKS_LIMIT


def test_an_account_of_which_nothing_is_known_yet() -> None:
    usage = AccountUsage(
        spending=None, top=[], models=None, account=None, promise=None, month=AccountForecast(None, None, None)
    )
    message, chart = account_usage(usage, now=NOW, units_per_usd=UNITS)
    assert chart is None
    assert "as soon as all keys were listed once" in told(message)
    assert "tells nothing of the month" in told(message)
