"""`keydesk serve` whose work after answers waits until SIGUSR1: answers are measured alone, then beside that work."""

import signal
import sys
import threading
from typing import Any

from bot.__main__ import main
from bot.approvals.announcement import Announcements
from bot.durable import dbos_internals

_real_claim, _real_waits, _real_register = dbos_internals.claim, dbos_internals.waits, dbos_internals.register_queue
_real_announce = Announcements.run
_released = threading.Event()


def _release(*_: object) -> None:
    _released.set()


def _claim(queue: Any, *, running: int, due: bool) -> int:
    return _real_claim(queue, running=running, due=due) if _released.is_set() else 0


def _waits(engine: Any, queue: str) -> bool:
    return _released.is_set() and _real_waits(engine, queue)


def _register(name: str, *, places: int, poll_seconds: float) -> Any:
    # DBOS's own poll, which is for accidents, would not wait.
    return _real_register(name, places=places, poll_seconds=max(poll_seconds, 3_600.0))


async def _announce(self: Announcements) -> None:
    if _released.is_set():
        await _real_announce(self)
    else:
        self._bell.clear()


if __name__ == "__main__":
    dbos_internals.claim, dbos_internals.waits, dbos_internals.register_queue = _claim, _waits, _register
    # The program has no switch for it, and the bench measures the program as it is.
    Announcements.run = _announce  # type: ignore[method-assign]
    signal.signal(signal.SIGUSR1, _release)
    sys.argv = ["keydesk", "serve"]
    raise SystemExit(main())
