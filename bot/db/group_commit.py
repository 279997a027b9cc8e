"""A writer: a thread that runs what waits for it together and commits once. Knows no table.

A commit waits for the disk, on SQLite with everybody's turn in hand and on PostgreSQL with the record's head, so under
load it costs more than the work. Each piece has a savepoint of its own: one that raises is rolled back alone. Nobody
gets a result before the commit.
"""

import asyncio
import contextlib
import queue
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from bot.db.answering import is_answer
from bot.db.transaction import Tail, transaction

# The first of a group waits for all the others, so the group is bounded: about 10 ms of work. A person may come while a
# group of the bot's own work is written, so that is shorter.
MOST, MOST_OWN = 32, 8
# The bot's own work is overtaken by answers for so long.
OVERTAKEN_SECONDS = 0.25
# Taking a connection from the pool and giving it back costs as much as a statement, so it is kept while there is work.
# One that was idle for longer may have been closed by the server, which the pool finds out.
KEPT_SECONDS = 1.0


class _Piece:
    """One piece of work, who waits for it, and how it ended."""

    __slots__ = ("answer", "asked_at", "error", "future", "loop", "value", "work")

    def __init__(self, work: Callable[[sa.Connection], Any]) -> None:
        self.work = work
        self.answer = is_answer()
        self.asked_at = time.monotonic()
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Any] = self.loop.create_future()
        self.value: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        """On the loop's thread; a caller that was cancelled meanwhile gets nothing."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.value)


class _Line:
    """Who waits: answers first, each kind in the order of asking."""

    def __init__(self) -> None:
        self._answers: deque[_Piece] = deque()
        self._own: deque[_Piece] = deque()

    def __len__(self) -> int:
        return len(self._answers) + len(self._own)

    def add(self, piece: _Piece) -> None:
        (self._answers if piece.answer else self._own).append(piece)

    def next_group(self) -> list[_Piece]:
        """Answers alone, with what they have overtaken for long enough; without answers the bot's own work."""
        late = time.monotonic() - OVERTAKEN_SECONDS
        group: list[_Piece] = []
        while self._own and len(group) < MOST_OWN and (not self._answers or self._own[0].asked_at <= late):
            group.append(self._own.popleft())
        while self._answers and len(group) < MOST:
            group.append(self._answers.popleft())
        return group


class GroupCommitter:
    """Runs pieces in the order of asking, those of answers first."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._waiting: queue.SimpleQueue[_Piece | None] = queue.SimpleQueue()
        self._closed = False
        self._thread: threading.Thread | None = None
        self._connection: sa.Connection | None = None
        self._used_at = 0.0

    async def run(self, work: Callable[[sa.Connection], Any]) -> Any:
        """The work's result once it is committed, or what it raised. RuntimeError after `close`."""
        if self._closed:
            raise RuntimeError("the database is closed")
        if self._thread is None:
            self._thread = threading.Thread(target=self._serve, name="db-write", daemon=True)
            self._thread.start()
        piece = _Piece(work)
        self._waiting.put(piece)
        return await piece.future

    def close(self) -> None:
        """Finish what waits. Twice is harmless."""
        self._closed = True
        self._waiting.put(None)
        if self._thread is not None:
            self._thread.join()

    def _serve(self) -> None:
        line, ended = _Line(), False
        while not ended or line:
            # Everything that has come by now, and if there is nothing, whatever comes next.
            while not ended and not (line and self._waiting.empty()):
                piece = self._waiting.get()
                if piece is None:
                    ended = True
                else:
                    line.add(piece)
            if group := line.next_group():
                self._together(group)
                _tell(group)
        self._give_back()

    def _connected(self) -> sa.Connection:
        if time.monotonic() - self._used_at > KEPT_SECONDS:
            self._give_back()
        if self._connection is None:
            self._connection = self._engine.connect()
        self._used_at = time.monotonic()
        return self._connection

    def _give_back(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _together(self, group: list[_Piece]) -> None:
        try:
            with transaction(self._connected()) as (c, tail):
                if len(group) == 1:
                    group[0].value = group[0].work(c)
                else:
                    for piece in group:
                        _one(c, tail, piece)
        except BaseException as error:  # noqa: BLE001  # whatever it is, it belongs to those who wait
            with contextlib.suppress(sa.exc.SQLAlchemyError):
                self._give_back()
            for piece in group:
                # Not committed, so no piece of the group is done; a piece that had failed itself gets its own error.
                piece.error = piece.error or error


def _one(c: sa.Connection, tail: Tail, piece: _Piece) -> None:
    mark = tail.mark()
    # The savepoint of the next piece has the same name, and the commit releases all, so none is released here.
    c.exec_driver_sql("SAVEPOINT piece")
    try:
        piece.value = piece.work(c)
    except BaseException as error:  # noqa: BLE001  # the same
        piece.error = error
        tail.cut(mark)
        # If SQLite has rolled everything back by itself (a full disk), this raises, and the whole group has failed.
        c.exec_driver_sql("ROLLBACK TO piece")


def _tell(group: list[_Piece]) -> None:
    """One call to each loop for all its pieces: a wake-up of the loop costs as much as a statement."""
    loops = {piece.loop for piece in group}
    for loop in loops:
        pieces = [piece for piece in group if piece.loop is loop]
        try:
            loop.call_soon_threadsafe(_settle, pieces)
        except RuntimeError:
            # The loop closed meanwhile; what was committed stays.
            continue


def _settle(pieces: list[_Piece]) -> None:
    for piece in pieces:
        piece.settle()
