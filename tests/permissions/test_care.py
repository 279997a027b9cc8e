"""The `[care]` table: what holds where nothing is written, what can be switched off, and the mistakes in it."""

import pytest

from bot.errors import ConfigurationError
from bot.permissions import parse_policy
from bot.permissions.care import DAY, USUAL, CareTerms

HOUR = 3600


def care(text: str) -> CareTerms:
    return parse_policy(f"[care]\n{text}\n").care


def test_without_the_table_the_usual_terms_hold() -> None:
    assert parse_policy("").care == care("") == USUAL
    written = 'expiry = ["14d", "7d", "3d", "1d"]\nquota_low = 0.2\nquota_days = 3\nquiet_hours = "20:00-08:00"'
    written += '\nidle_never = "30d"\nidle_unused = "90d"\nidle_answer = "14d"'
    written += '\nleavers = "24h"\nleavers_at_once = 20'
    written += "\nunknown_keys = true\ndrift = true"
    written += '\nanomaly_times = 3\nanomaly_per_hour = "$5"\nweekly = false'
    assert care(written) == USUAL


def test_everything_can_be_switched_off() -> None:
    found = care("expiry = []\nquota_low = false\nquota_days = false\nquiet_hours = false\nleavers = false")
    assert found == CareTerms(expiry=(), quota_low=0.0, quota_days=0, quiet=None, leavers=None)
    assert not found.of_quota
    assert not found.is_quiet(0.0, 0)
    assert care("unknown_keys = false\ndrift = false") == CareTerms(unknown_keys=False, drift=False)
    idle = care("idle_never = false\nidle_unused = false\nidle_answer = false")
    assert idle == CareTerms(idle_never=0, idle_unused=0, idle_answer=0)
    assert care("anomaly_times = false").anomaly_times == 0.0


def test_marks_are_put_in_order() -> None:
    assert care('expiry = ["12h", "30d", "12h"]').expiry == (30 * DAY, DAY // 2)


def test_keys_of_leavers_may_be_told_of_without_being_disabled() -> None:
    assert care('leavers = "tell"').leavers == 0
    assert care('leavers = "3d"\nleavers_at_once = 5') == CareTerms(leavers=3 * DAY, leavers_at_once=5)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('expiry = "7d"', "expiry must be a list"),
        ('expiry = ["soon"]', "not a duration"),
        ('expiry = ["400d"]', "longer than a year"),
        ("quota_low = true", "a share such as 0.2, or false, not True"),
        ("quota_low = 1.5", "not 1.5"),
        ('quota_low = "20%"', "not “20%”"),
        ("quota_days = 0", "quota_days must be 1 to 30"),
        ("quota_days = true", "whole number"),
        ('quiet_hours = "8-20"', "not “8-20”"),
        ('quiet_hours = "08:00-08:00"', "two different times"),
        ('quiet_hours = "24:00-08:00"', "two different times"),
        ("quiet_hours = [1]", "not a list"),
        ("idle_never = true", "idle_never must be a text like"),
        ('idle_unused = "12h"', "idle_unused must be a day to a year"),
        ('idle_answer = "400d"', "idle_answer must be a day to a year"),
        ('idle_never = "0d"', "idle_never"),
        ('leavers = "5m"', "between 1h and 30d, “tell”, or false"),
        ('leavers = "31d"', "between 1h and 30d"),
        ("leavers = true", "leavers must be a text like"),
        ('unknown_keys = "no"', "unknown_keys must be true or false, not “no”"),
        ("leavers_at_once = 0", "leavers_at_once must be 1 to"),
        ("anomaly_times = true", "anomaly_times must be a number such as 3, or false, not True"),
        ("anomaly_times = 1", "not 1"),
        ("anomaly_times = 5000", "not 5000"),
        ('anomaly_times = "3"', "not “3”"),
        ("anomaly_per_hour = false", "anomaly_per_hour must be units"),
        ('anomaly_per_hour = "much"', "anomaly_per_hour"),
        ('weekly = "yes"', "weekly must be true or false"),
        ('idle = "30d"', "care has no key “idle”"),
        ("expiry = 1\nquota_days = 99", "quota_days"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        care(text)
    assert told in str(caught.value)
    assert "policy.toml:2:" in str(caught.value) or "policy.toml:3:" in str(caught.value)


def test_care_that_is_no_table_is_a_mistake() -> None:
    with pytest.raises(ConfigurationError, match="care must be a table"):
        parse_policy("care = 3")


@pytest.mark.parametrize(
    ("hours", "hour", "offset", "quiet"),
    [
        ((20, 8), 12, 0, False),
        ((20, 8), 20, 0, True),
        ((20, 8), 7, 0, True),
        ((20, 8), 8, 0, False),
        ((20, 8), 12, 8, True),
        ((20, 8), 1, -6, False),
        ((1, 5), 3, 0, True),
        ((1, 5), 6, 0, False),
    ],
)
def test_quiet_hours_are_those_of_the_person(hours: tuple[int, int], hour: int, offset: int, *, quiet: bool) -> None:
    terms = CareTerms(quiet=(hours[0] * 60, hours[1] * 60))
    assert terms.is_quiet(1_800_000_000 // DAY * DAY + hour * HOUR, offset * HOUR) is quiet


def test_dollars_are_those_of_the_gateway() -> None:
    assert parse_policy("", units_per_usd=1_000).care.anomaly_per_hour == 5_000
    assert parse_policy('care.anomaly_per_hour = "$2"', units_per_usd=1_000).care.anomaly_per_hour == 2_000
    assert care("weekly = true").weekly
    assert care("anomaly_times = 2.5").anomaly_times == 2.5
