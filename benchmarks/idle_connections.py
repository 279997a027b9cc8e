"""Slack answered beside thousands of connections that send nothing, half a request, or a byte now and then.

`keydesk serve` in a process of its own; half of the others are idle, half have sent a part of a request and trickle on.
"""

import asyncio
import contextlib
import resource
import statistics
import tempfile
import time
from pathlib import Path

from benchmarks.payloads import command
from benchmarks.processes import fakes, keydesk

CONNECTIONS, ANSWERS = 2_000, 40
HALF = b"POST /slack/events HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Half: "


def measure() -> tuple[float, float, int]:
    """Median and longest seconds of an answer to a slash command, and the connections that stood then."""
    # Each connection is a file of this process and one of the bot's, which inherits the limit.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most if most > 0 else 65_536, most))
    with tempfile.TemporaryDirectory() as folder, fakes(Path(folder)) as settings:
        with keydesk(settings, Path(folder)) as (port, _process, _seconds):
            return asyncio.run(_answers(port))


async def _answers(port: int) -> tuple[float, float, int]:
    others = [asyncio.create_task(_trickle(port, half=number % 2 == 0)) for number in range(CONNECTIONS)]
    await asyncio.sleep(3.0)
    taken = []
    try:
        for number in range(ANSWERS):
            begun = time.perf_counter()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(command("help", port=port, number=number))
            status = await reader.readline()
            assert b" 200 " in status, status
            taken.append(time.perf_counter() - begun)
            writer.close()
        return statistics.median(taken), max(taken), sum(not other.done() for other in others)
    finally:
        for other in others:
            other.cancel()
        await asyncio.gather(*others, return_exceptions=True)


async def _trickle(port: int, *, half: bool) -> None:
    """One connection that wants to stay, and comes back when it is closed."""
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(HALF if half else b"")
                while not reader.at_eof():
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(1.0):
                            await reader.read(100)
                    if half:
                        writer.write(b"x")
            finally:
                writer.close()
        await asyncio.sleep(0.2)
