"""Reads long texts in a thread of its own, so that the event loop answers everybody else meanwhile. Knows no text.

One thread: several long texts at once would only take turns with the loop more often. What it runs is cut into calls of
a few milliseconds (scanner.py), since a single call into a library is not interrupted.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
# Shorter ones take a millisecond or two, about what the way to another thread takes on a busy machine.
LONG = 20_000

_thread = ThreadPoolExecutor(1, thread_name_prefix="long-text")


async def read_aside(work: Callable[[], T], *, size: int) -> T:
    """What `work` returns; in the thread when the `size` of what it reads, in characters, is long."""
    if size <= LONG:
        return work()
    return await asyncio.get_running_loop().run_in_executor(_thread, work)
