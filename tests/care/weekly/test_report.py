"""What keys cost in a week, added up, of the same size however many they are."""

import json
from typing import Any

from bot.care.weekly.report import WeekReport, merged
from bot.gateway.dollars import USUAL
from bot.keys.inventory_store import KnownKey
from bot.keys.spending import Amount, Spending
from tests.care.kit import ADA, DAY, NOON, key


def known(number: int, **changes: Any) -> KnownKey:
    one = key(number, **{"born": NOON - 60 * DAY, "used_quota": 1, **changes})
    return KnownKey(
        key=one, read_at=NOON, known_since=NOON, gone_at=None, owner_id=ADA, owner_team=None, owner_roles=None
    )


def spent(*amounts: tuple[float, int]) -> Spending:
    return Spending(tuple(Amount(NOON + at * DAY, NOON + at * DAY + 60, units) for at, units in amounts), 0.0)


def names(lines: list[Any]) -> list[int]:
    return [line[1] for line in lines]


def test_this_week_and_the_one_before() -> None:
    report = WeekReport()
    report.add(known(1), spent((-20, 9), (-10, 3), (-1, 5)), now=NOON, dollars=USUAL)
    report.add(known(2), None, now=NOON, dollars=USUAL)
    assert (report.spent, report.before, names(report.stored()["most_spent"])) == (5, 3, [1])
    assert report.says_something


def test_what_was_never_used_is_limited_works_and_is_not_new() -> None:
    report = WeekReport()
    for one in (
        known(1, used_quota=0, remain_quota=7),
        known(2, used_quota=0, remain_quota=7, status=2),
        known(3, used_quota=0, unlimited_quota=True),
        known(4, used_quota=0, born=NOON - DAY),
        known(5),
    ):
        report.add(one, None, now=NOON, dollars=USUAL)
    assert (report.unused, report.unused_keys, names(report.stored()["most_unused"])) == (7, 1, [1])


def test_the_next_ends_come_first() -> None:
    report = WeekReport()
    for number in range(1, 10):
        report.add(known(number, ends=NOON + number * DAY), None, now=NOON, dollars=USUAL)
    assert report.ending_keys == 7
    ends = report.stored()["next_ends"]
    assert names(ends) == [1, 2, 3, 4, 5]
    assert ends[0][0] == int(NOON + DAY)


def test_nothing_is_nothing_to_say() -> None:
    report = WeekReport()
    report.add(known(1), spent((-30, 5)), now=NOON, dollars=USUAL)
    assert not report.says_something
    assert not merged([]).says_something


def test_several_are_added_and_stay_small() -> None:
    parts = []
    for part in range(3):
        report = WeekReport()
        for number in range(100):
            one = known(part * 100 + number, used_quota=0, ends=NOON + DAY + number, remain_quota=number + 1)
            report.add(one, spent((-1, number)), now=NOON, dollars=USUAL)
        parts.append(report)
    whole = merged(parts)
    assert (whole.spent, whole.unused_keys, whole.ending_keys) == (3 * 4950, 300, 300)
    assert names(whole.stored()["most_spent"]) == [299, 199, 99, 298, 198]
    assert names(whole.stored()["next_ends"])[:3] == [200, 100, 0]
    assert len(json.dumps(whole.stored())) < 2_000
