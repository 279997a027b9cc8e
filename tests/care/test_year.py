"""A year of keys with weekends, bursts, leaks and dead keys: each crossing told once, dry-outs early, hardly in vain."""

from typing import Any

import pytest

from bot.db.engine import Database
from tests.care.year import Year


def check(figures: dict[str, Any]) -> None:
    print(figures)  # noqa: T201  # the figures of the run
    assert (figures["marks missed"], figures["marks doubled"], figures["marks made up"]) == (0, 0, 0)
    assert figures["dry told"] == figures["dry"] > 0
    assert figures["early share"] >= 0.8
    assert figures["false in a month"] <= 1
    assert figures["leaks told"] == figures["leaks"] > 0
    assert figures["well off told"] == 0


async def test_a_month_is_told_once_early_and_not_in_vain(sqlite_database: Database) -> None:
    year = Year(sqlite_database, keys=24, days=30)
    await year.run()
    check(year.figures())


@pytest.mark.soak
@pytest.mark.timeout(7200)  # half an hour of processor
async def test_a_year_of_a_thousand_keys_is_told_once_early_and_not_in_vain(sqlite_database: Database) -> None:
    year = Year(sqlite_database, keys=1_000, days=365)
    await year.run()
    check(year.figures())
