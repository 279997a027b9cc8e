"""Waiting for a server. Our cursor: rows go in whatever their number, and the server's clock for idle transactions runs afterwards."""

import logging
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from bot.db import named_values
from bot.db.engine import Database
from bot.db.postgres import FEW, Cursor, wait_for_server
from bot.errors import CannotStart
from tests.narrow import present

URL = sa.make_url("postgresql://keydesk:pa55word@db.test:5433/keydesk?sslmode=require")


class Server:
    """Refuses connections with these words, one after the other, then takes them; `asked`: with what."""

    def __init__(self, *words: str) -> None:
        self.words = list(words)
        self.asked: list[dict[str, Any]] = []
        self.slept: list[float] = []

    def connect(self, **parts: Any) -> "Server":
        self.asked.append(parts)
        if self.words:
            raise psycopg.OperationalError(self.words.pop(0))
        return self

    def close(self) -> None:
        """The connection's part."""

    def wait(self, patience: float = 60.0) -> None:
        wait_for_server(URL, patience=patience, connect=self.connect, sleep=self.slept.append)


@pytest.mark.parametrize(
    "words", ["connection refused", "timeout expired", "FATAL:  the database system is starting up"]
)
def test_a_server_that_is_not_there_yet_is_told_of_once_and_asked_again(
    words: str, caplog: pytest.LogCaptureFixture
) -> None:
    server = Server(f"{words}\nmore", words, words)
    with caplog.at_level(logging.INFO):
        server.wait()
    assert [record.getMessage() for record in caplog.records] == [
        f"PostgreSQL at db.test does not answer yet ({words}); it is asked again for 60 s",
        "PostgreSQL at db.test answers",
    ]
    assert len(server.slept) == 3
    assert server.asked[0] == {
        "host": "db.test", "port": 5433, "user": "keydesk", "password": "pa55word", "dbname": "keydesk",
        "sslmode": "require", "connect_timeout": 2,
    }  # fmt: skip


@pytest.mark.parametrize(
    "words",
    [
        'FATAL:  password authentication failed for user "keydesk"',
        "FATAL:  no such role",
        'invalid sslmode value: "bogus"',
    ],
)
def test_a_server_that_says_no_is_not_asked_again(words: str) -> None:
    server = Server(words, words)
    server.wait()
    assert len(server.asked) == 1


def test_a_server_that_stays_away_ends_the_start() -> None:
    with pytest.raises(CannotStart, match=r"PostgreSQL at db\.test did not answer for -1 s \(refused\)") as told:
        Server(*["refused"] * 9).wait(patience=-1.0)
    assert "pa55word" not in told.value.sentence


@pytest.mark.postgres
@pytest.mark.parametrize("number", [1, FEW, FEW + 1, 50])
def test_all_rows_arrive_and_the_transaction_counts_as_idle(postgres_database: Database, number: int) -> None:
    rows = [{"name": f"n{one}", "value": one} for one in range(number)]
    with postgres_database.engine.connect() as c, postgres_database.engine.connect() as other:
        c.execute(sa.insert(named_values.notes), rows)
        raw = c.connection.driver_connection
        assert isinstance(present(raw).cursor(), Cursor)
        # Active would mean that the server waits for more of a pipeline, and never ends a frozen transaction.
        state = sa.text("SELECT state FROM pg_stat_activity WHERE pid = :pid")
        assert other.scalar(state, {"pid": present(raw).info.backend_pid}) == "idle in transaction"
        assert c.scalar(sa.select(sa.func.count()).select_from(named_values.notes)) == number
        c.rollback()
