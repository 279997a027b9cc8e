"""One transaction and what goes with it: what is written just before its commit, and what is called just after.

Knows no table. Work reaches both through the connection it was given, so it need not know who began.
"""

import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

_TAIL = "keydesk.tail"
log = logging.getLogger(__name__)

Write = Callable[[sa.Connection, list[Any]], None]


class Tail:
    """What a transaction still has to do at its end, in order."""

    def __init__(self) -> None:
        self._callbacks: list[Callable[[], None]] = []
        self._gathered: list[tuple[bool, Write, Any]] = []

    def call(self, callback: Callable[[], None]) -> None:
        """Have `callback` called after the commit."""
        self._callbacks.append(callback)

    def gather(self, write: Write, item: Any, *, last: bool) -> None:
        """Have `item` written by `write` at the end, together with all others of that function; `last`: after the
        rest.
        """
        self._gathered.append((last, write, item))

    def mark(self) -> tuple[int, int]:
        """How much is gathered so far; `cut` goes back to it."""
        return len(self._callbacks), len(self._gathered)

    def cut(self, mark: tuple[int, int]) -> None:
        """Forget what came after the mark: that part of the transaction was rolled back."""
        del self._callbacks[mark[0] :], self._gathered[mark[1] :]

    def write(self, c: sa.Connection) -> None:
        """Write what was gathered, one call for each function. Runs inside the transaction, before its commit."""
        items: dict[tuple[bool, Write], list[Any]] = {}
        for last, write, item in self._gathered:
            items.setdefault((last, write), []).append(item)
        for (_, write), together in sorted(items.items(), key=lambda entry: entry[0][0]):
            write(c, together)

    def after(self) -> None:
        """Call the callbacks, after the commit. Never raises: an error is logged."""
        for callback in self._callbacks:
            try:
                callback()
            except Exception:
                # The transaction is committed, so the caller must not get an error.
                log.exception("A callback after a commit failed")


def after_commit(c: sa.Connection, callback: Callable[[], None]) -> None:
    """Call `callback` in the transaction's thread once `Database` has committed it; never after a rollback.

    It must be quick and must not raise. In a transaction that `Database` did not begin nothing is called.
    """
    tail: Tail | None = c.info.get(_TAIL)
    if tail is not None:
        tail.call(callback)


def gather(c: sa.Connection, write: Write, item: Any, *, last: bool = False) -> None:
    """Have `write(c, items)` called once before the commit with all items of the transaction, in order.

    So a statement per item becomes one for all of them. `last`: after those that are not, for what takes a lock that
    everybody wants. In a transaction that `Database` did not begin it is
    called now, with this one.
    """
    tail: Tail | None = c.info.get(_TAIL)
    if tail is None:
        write(c, [item])
    else:
        tail.gather(write, item, last=last)


@contextlib.contextmanager
def transaction(where: sa.Engine | sa.Connection) -> Iterator[tuple[sa.Connection, Tail]]:
    """Commit at the end of the block and call what waits for that; roll back on raise.

    `where`: an open connection is left open.
    """
    if isinstance(where, sa.Engine):
        with where.connect() as connection, transaction(connection) as begun:
            yield begun
        return
    tail, c = Tail(), where
    with c.begin():
        if c.dialect.name == "sqlite":
            # Take the write lock before the first read, so that what was read still holds at the write.
            c.exec_driver_sql("BEGIN IMMEDIATE")
        # Kept here, because `c.info` of a connection that was cut off would raise and hide the first error.
        info = c.info
        info[_TAIL] = tail
        try:
            yield c, tail
            tail.write(c)
        finally:
            info.pop(_TAIL, None)
    tail.after()
