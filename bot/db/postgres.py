"""The cursor of our PostgreSQL connections: what it leaves open ends when its process is frozen."""

from collections.abc import Iterable
from typing import Any

import psycopg

# So many rows are sent one by one.
FEW = 4


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
