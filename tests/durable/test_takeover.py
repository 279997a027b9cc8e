"""Heartbeats, and who counts as dead."""

import pytest
import sqlalchemy as sa

from bot.db.engine import Database
from bot.durable import dbos_internals
from bot.durable.takeover import SILENCE_SECONDS, TICK_SECONDS, Takeover, heartbeats


def age(c: sa.Connection, executor: str, seconds: float) -> None:
    c.execute(sa.update(heartbeats).where(heartbeats.c.executor == executor).values(at=heartbeats.c.at - seconds))


def test_what_a_dead_process_had_is_taken_over_within_ten_seconds() -> None:
    """After its last beat: the silence that makes it dead, and others' next look."""
    assert SILENCE_SECONDS + TICK_SECONDS <= 10
    # A single late beat of a living one is no death.
    assert SILENCE_SECONDS >= 3 * TICK_SECONDS


@pytest.mark.postgres
def test_a_process_is_alive_for_as_long_as_its_heart_beats(postgres_database: Database) -> None:
    one, two = (Takeover(database=postgres_database, executor_id=name, queue="q") for name in ("one", "two"))
    one.beat()
    two.beat()
    assert one._alive() == {"one", "two"}
    postgres_database.run_here(age, "two", SILENCE_SECONDS + 1)
    assert one._alive() == {"one"}
    two.beat()
    assert one._alive() == {"one", "two"}
    two.leave()
    assert one._alive() == {"one"}


@pytest.mark.postgres
def test_old_heartbeats_are_swept_away(postgres_database: Database) -> None:
    one, two = (Takeover(database=postgres_database, executor_id=name, queue="q") for name in ("one", "two"))
    two.beat()
    postgres_database.run_here(age, "two", 101 * SILENCE_SECONDS)
    one.beat()
    with postgres_database.engine.connect() as c:
        assert list(c.scalars(sa.select(heartbeats.c.executor))) == ["one"]


def test_on_sqlite_nobody_else_is_alive_and_nothing_is_written(sqlite_database: Database) -> None:
    one = Takeover(database=sqlite_database, executor_id="one", queue="q")
    one.beat()
    one.leave()
    assert one._alive() == set()


def test_work_of_the_dead_is_handed_back_at_once_and_ones_own_lost_work_at_the_second_look(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [("r1", "dead"), ("r2", "me"), ("r3", "me")]
    handed: list[str] = []

    def hand_back(row: str, executor: str, queue: str) -> bool:
        assert queue == "q"
        handed.append(f"{row} of {executor}")
        return True

    monkeypatch.setattr(dbos_internals, "started", lambda _engine: rows)
    monkeypatch.setattr(dbos_internals, "hand_back", hand_back)
    me = Takeover(database=sqlite_database, executor_id="me", queue="q")
    assert me.sweep({"r3"}) == 1
    assert handed == ["r1 of dead"]
    rows.pop(0)
    assert me.sweep({"r3"}) == 1
    assert handed == ["r1 of dead", "r2 of me"]
