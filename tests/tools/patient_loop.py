"""An event loop whose time leaves out what the machine took away.

A process that stands still for two seconds, because others have the processor, finds afterwards that all its limits
are over although nothing was slow: an answer and its time-out are both there, and the time-out wins. Slack's three
seconds and our own limits below them are about the program, not about the machine that runs the tests. So no turn of
this loop counts for more than MOST_SECONDS, beyond what the loop itself wanted to wait.
"""

import asyncio
import selectors
import time

MOST_SECONDS = 0.1


class _Selector(selectors.DefaultSelector):
    """Counts the time between two looks at the sockets, and during each."""

    def __init__(self) -> None:
        super().__init__()
        self._counted = self._since = time.monotonic()
        self._most = MOST_SECONDS

    def time(self) -> float:
        return self._counted + min(time.monotonic() - self._since, self._most)

    def _count(self, *, most: float) -> None:
        self._counted, self._since, self._most = self.time(), time.monotonic(), most

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        wanted = timeout or 0.0
        self._count(most=wanted + MOST_SECONDS)
        events = super().select(timeout)
        if events or time.monotonic() - self._since > wanted + MOST_SECONDS:
            # Nobody knows how long the events have been there, or what would have come in time.
            self._most = MOST_SECONDS
        self._count(most=MOST_SECONDS)
        return events


class PatientLoop(asyncio.SelectorEventLoop):
    """The loop of all asynchronous tests."""

    def __init__(self) -> None:
        self._patient = _Selector()
        super().__init__(self._patient)

    def time(self) -> float:
        return self._patient.time()
