"""Several pieces of work at once, of which each goes on to its own end although another one fails."""

import asyncio
from collections.abc import Awaitable


async def all_settled(*works: Awaitable[None]) -> None:
    """Wait until all have ended, then raise the first failure. Cancelled: all are, and they are waited for too.

    Work that went on alone would write keys beside the job that is tried again, and beyond the process's stop.
    """
    for ended in await asyncio.gather(*works, return_exceptions=True):
        if isinstance(ended, BaseException):
            raise ended
