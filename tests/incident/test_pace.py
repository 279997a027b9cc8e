"""How many keys a round has, and what the card says of the rest."""

import pytest

from bot.db import named_values
from bot.db.engine import Database
from bot.gateway.limiter import CallLimiter, Limit, Priority
from bot.incident.models import forecast_name
from bot.incident.pace import READS, ROUND, WORTH_IT, BatchPace
from tests.gateway.answers import Sleeper
from tests.narrow import present


async def pace(spent: int, *, limited: bool | None) -> tuple[BatchPace, Sleeper]:
    clock = Sleeper()
    limiter = CallLimiter(clock=clock, sleep=clock.sleep)
    if limited is not None:
        limiter.presume(limited=limited)
    for _ in range(spent):
        await limiter.turn((Limit.CALLS,), Priority.KILL, patience=0.0)
    return BatchPace(limiter=limiter, clock=clock), clock


@pytest.mark.parametrize(
    ("spent", "limited", "ready", "number"),
    [
        (0, True, 500, ROUND),
        (60, True, 500, ROUND),
        (120, True, 500, 180 - 120 - READS),
        (160, True, 500, 0),
        (160, True, 5, 5),
        (160, None, 500, 1),
        (180, None, 500, 1),
        (500, False, 500, ROUND),
        (500, False, 3, 3),
    ],
)
async def test_a_round_is_as_large_as_can_be_read_back(
    spent: int, limited: bool | None, ready: int, number: int
) -> None:
    found, _ = await pace(spent, limited=limited)
    assert found.number(ready) == number


async def test_a_pause_ends_when_a_round_is_worth_it() -> None:
    found, clock = await pace(180, limited=True)
    assert found.pause(500) == 180.0
    clock.now += found.pause(500)
    assert found.number(500) >= WORTH_IT


async def test_a_long_wait_is_foretold_kept_and_taken_back(sqlite_database: Database) -> None:
    found, clock = await pace(180, limited=True)
    assert sqlite_database.run_here(found.foretell, 7, 500)
    noted = await sqlite_database.read(named_values.get, forecast_name(7))
    assert (present(noted)["seconds"], present(noted)["per_minute"]) == (3 * 180.0, 60)
    assert not sqlite_database.run_here(found.foretell, 7, 500)
    clock.now += 1_000
    assert sqlite_database.run_here(found.foretell, 7, 5)
    assert await sqlite_database.read(named_values.get, forecast_name(7)) is None


async def test_nothing_is_foretold_where_there_is_no_limit(sqlite_database: Database) -> None:
    found, _ = await pace(500, limited=False)
    assert not sqlite_database.run_here(found.foretell, 7, 5_000)
