"""A database whose work is done at once, in the thread that asks, with an await before and after each transaction.

A long simulation waits for no other threads then, goes the same way each time, and can be killed at each of the awaits.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from bot.db.engine import Database


class SameThread(Database):
    """Another one's engine; whoever opened that closes it."""

    def __init__(self, database: Database) -> None:
        self.engine, self.dialect = database.engine, database.dialect

    async def _at_once(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0)
        done = self.run_here(work, *args, **kwargs)
        await asyncio.sleep(0)
        return done

    run = run_together = read = _at_once
