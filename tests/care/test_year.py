"""A year of keys with weekends, bursts, leaks, dead keys, leavers, console edits and refills: each crossing told once,
dry-outs early, hardly in vain, and no unit lost.
"""

from typing import Any

import pytest

from bot.db.engine import Database
from tests.care.year import Year

SEED = 20_261_127
NONE = (
    "marks missed", "marks doubled", "marks made up", "well off told",
    "keys not disabled", "keys disabled late", "keys disabled in vain",
    "edits missed", "edits told twice", "edits made up", "console keys missed", "console keys told twice",
    "refills lost", "refills doubled", "refills nobody expected", "units off", "units of use off", "failures told",
)  # fmt: skip


def check(figures: dict[str, Any]) -> None:
    print(figures)  # noqa: T201  # the figures of the run
    assert {name: figures[name] for name in NONE} == dict.fromkeys(NONE, 0)
    assert figures["dry told"] == figures["dry"] > 0
    assert figures["early share"] >= 0.8
    assert figures["false in a month"] <= 1
    assert figures["leaks told"] == figures["leaks"] > 0
    assert figures["told to security"] == figures["told to managers"] == figures["leavers with keys"] > 0
    assert min(figures["keys disabled"], figures["keys taken over"]) > 0
    assert figures["console edits"] == figures["edits told"] == figures["cards of edits"] > 0
    assert figures["console keys"] == figures["cards of console keys"] > 0
    assert min(figures["refills"], figures["killed"], figures["charged in a refill"]) > 0


async def test_some_weeks_are_told_once_early_and_not_in_vain(sqlite_database: Database) -> None:
    year = Year(sqlite_database, keys=24, days=24, seed=SEED)
    await year.run()
    check(await year.figures())


@pytest.mark.soak
@pytest.mark.timeout(7200)  # a quarter of an hour of processor
async def test_a_year_of_a_thousand_keys_is_told_once_early_and_not_in_vain(sqlite_database: Database) -> None:
    year = Year(sqlite_database, keys=1_000, days=365, seed=SEED, say=lambda week: print(week, flush=True))  # noqa: T201  # how far it is
    await year.run()
    check(await year.figures())
