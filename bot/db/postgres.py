"""What is PostgreSQL's alone: waiting for a server that is not there yet, and what a frozen process leaves open."""

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

import psycopg
import sqlalchemy as sa

from bot.db.driver_reason import reason_of
from bot.errors import CannotStart

logger = logging.getLogger(__name__)

# So many rows are sent one by one.
FEW = 4
# A server that takes no connection is told of after so long, and asked again.
TRY_SECONDS, PAUSE_SECONDS = 2, 0.5
# What a server says that will let us in soon. Every other word of a server is an answer, and waiting changes nothing.
_SOON = ("starting up", "shutting down", "recovery", "not yet accepting", "too many", "connection slots")

# What the driver says of the address or of how it was told to connect, without an answer of a server.
_WRONG = ("invalid", "certificate", "does not support", "no password supplied")


def wait_for_server(
    url: sa.URL,
    *,
    patience: float,
    connect: Callable[..., Any] = psycopg.connect,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Until it answers, or says no: that is for the caller to find out. Raises CannotStart after `patience` seconds."""
    parts = {"host": url.host, "port": url.port, "user": url.username, "password": url.password, "dbname": url.database}
    known = {name: value for name, value in {**parts, **url.query}.items() if value is not None}
    place, end, told = known.get("host", "the local socket"), time.monotonic() + patience, False
    while True:
        try:
            connect(**(known | {"connect_timeout": TRY_SECONDS})).close()
        except psycopg.OperationalError as error:
            if not _is_away(error):
                return
            why = reason_of(error)
            if time.monotonic() > end:
                sentence = f"PostgreSQL at {place} did not answer for {patience:.0f} s ({why}); look at DATABASE_URL."
                raise CannotStart(sentence) from None
            if not told:
                asking = "PostgreSQL at %s does not answer yet (%s); it is asked again for %.0f s"
                logger.warning(asking, place, why, patience)
            told = True
            sleep(PAUSE_SECONDS)
        else:
            if told:
                logger.info("PostgreSQL at %s answers", place)
            return


def _is_away(error: psycopg.OperationalError) -> bool:
    """Whether nobody answered, or a server that will let us in soon."""
    words = str(error)
    if any(word in words for word in _SOON):
        return True
    return "FATAL:" not in words and not any(word in words for word in _WRONG)


class Cursor(psycopg.Cursor[Any]):
    """psycopg sends many rows in a pipeline, whose last message stops the server's clock for an idle transaction.

    A process that is frozen then would hold its locks for ever, not for `idle_in_transaction_session_timeout`: the
    record's head among them, which every replica wants.
    """

    def executemany(self, query: Any, params_seq: Iterable[Any], *, returning: bool = False) -> None:
        """Few rows without a pipeline; after many, a message that starts the clock again."""
        rows = list(params_seq)
        if len(rows) <= FEW and not returning:
            for row in rows:
                self.execute(query, row)
            return
        super().executemany(query, rows, returning=returning)
        self.connection.pgconn.exec_(b"")
