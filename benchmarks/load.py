"""A small load generator: keep-alive connections that send ready-made requests one after the other.

Pure asyncio protocols, so that one core of it can drive several servers' worth of load.
"""

import asyncio
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Figures:
    """One run. Latencies in milliseconds; `wrong` counts answers that were not 200."""

    rate: float
    p50: float
    p99: float
    count: int
    wrong: int


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], latencies: list[float], deadline: float) -> None:
        self._requests = requests
        self._latencies = latencies
        self._deadline = deadline
        self._buffer = b""
        self._need = -1
        self._sent_at = 0.0
        self.wrong = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._next()

    def _next(self) -> None:
        request = next(self._requests, None) if time.perf_counter() < self._deadline else None
        if request is None:
            self._transport.close()
            if not self.done.done():
                self.done.set_result(None)
            return
        self._sent_at = time.perf_counter()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._need < 0:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self._buffer[:end].lower()
            start = head.find(b"content-length:")
            length = int(head[start + 15 :].split(b"\r\n", 1)[0]) if start >= 0 else 0
            self._need = end + 4 + length
            if not head.startswith(b"http/1.1 200"):
                self.wrong += 1
        if len(self._buffer) >= self._need:
            self._latencies.append(time.perf_counter() - self._sent_at)
            self._buffer, self._need = self._buffer[self._need :], -1
            self._next()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def drive(
    port: int, requests: Sequence[bytes], *, connections: int, seconds: float, again: bool = False
) -> Figures:
    """Send until the time or the requests are over; `again` begins anew with the same requests."""
    loop = asyncio.get_running_loop()

    def endless() -> Iterator[bytes]:
        while True:
            yield from requests
            if not again:
                return

    source, latencies = endless(), list[float]()
    started = time.perf_counter()
    made = [
        (await loop.create_connection(lambda: _Connection(source, latencies, started + seconds), "127.0.0.1", port))[1]
        for _ in range(connections)
    ]
    await asyncio.gather(*(connection.done for connection in made))
    elapsed = time.perf_counter() - started
    cuts = statistics.quantiles(latencies, n=100) if len(latencies) > 1 else [0.0] * 99
    return Figures(
        rate=len(latencies) / elapsed,
        p50=cuts[49] * 1000,
        p99=cuts[98] * 1000,
        count=len(latencies),
        wrong=sum(connection.wrong for connection in made),
    )
