"""The thread that claims due work at once when rung, and looks after lost work on every tick. Knows no job.

It is a daemon: DBOS waits without limit for a lost database, and a process that ends must not wait for that.
"""

import logging
import threading
import time
from collections.abc import Callable, Sized

REST = 2.0
LONGEST_REST_SECONDS = 0.05
STEP_SECONDS = 0.002
log = logging.getLogger(__name__)


class Waker:
    """`claim(running, due)` claims and starts rows and returns how many; `tick()` looks for lost work.

    `due` says that some row's delay may just be over. `running` is what runs now. `waits()` is asked every
    `look_seconds` whether something waits for which nobody rang: another process has queued it, or a delay is over.
    `busy()`: people wait for answers, so new work is begun a little later.
    """

    def __init__(
        self,
        *,
        claim: Callable[[int, bool], int],
        tick: Callable[[], None],
        tick_seconds: float,
        waits: Callable[[], bool],
        look_seconds: float,
        busy: Callable[[], bool],
        running: Sized,
        places: int,
    ) -> None:
        self._claim = claim
        self._tick = tick
        self._tick_seconds = tick_seconds
        self._waits = waits
        self._look_seconds = look_seconds
        self._busy = busy
        self._running = running
        self._places = places
        self._bell = threading.Event()
        self._due = False
        self._full = False
        self._ended = False
        self._thread = threading.Thread(target=self._work, name="durable-waker", daemon=True)

    def start(self) -> None:
        """Begin; the first tick comes at once."""
        self._thread.start()

    def ring(self, *, due: bool = False) -> None:
        """Have a look made soon. May be called from any thread; calls during a look lead to one more look."""
        if due:
            self._due = True
        self._bell.set()

    def freed(self) -> None:
        """A place is free: look again if all were taken, for more may be waiting. DBOS's own poll takes them too."""
        if self._full or len(self._running) + 1 >= self._places:
            self._full = True
            self._bell.set()

    def end(self, *, wait: float) -> None:
        """No more looks; blocks until the present one is over, `wait` seconds at most."""
        self._ended = True
        self._bell.set()
        self._thread.join(wait)

    def _work(self) -> None:
        next_tick = time.monotonic()
        while not self._ended:
            rung = self._bell.wait(max(0.0, min(next_tick - time.monotonic(), self._look_seconds)))
            if self._ended:
                return
            if not rung:
                self._attempt(self._ring_if_waiting, "Could not look for work of others; the next look does")
            if time.monotonic() >= next_tick:
                self._attempt(self._tick, "Could not look after the durable work; the next tick does")
                next_tick = time.monotonic() + self._tick_seconds
            if self._bell.is_set() and not self._ended:
                self._let_answers_pass()
                # Cleared before claiming, so that a ring while it claims leads to another claim.
                self._bell.clear()
                begun = time.monotonic()
                self._attempt(self._look, "Could not start work at once; the next poll does")
                # Under load claiming takes longer, and so does the pause after it: many commits become one claim, and
                # people are answered before work is done.
                time.sleep(min(REST * (time.monotonic() - begun), LONGEST_REST_SECONDS))

    def _let_answers_pass(self) -> None:
        end = time.monotonic() + LONGEST_REST_SECONDS
        while self._busy() and not self._ended and time.monotonic() < end:
            time.sleep(STEP_SECONDS)

    def _look(self) -> None:
        due, self._due = self._due, False
        running = len(self._running)
        self._full = running + self._claim(running, due) >= self._places

    def _ring_if_waiting(self) -> None:
        # With every place taken, the next one that is free rings.
        if not self._full and self._waits():
            self._bell.set()

    def _attempt(self, action: Callable[[], None], failure: str) -> None:
        try:
            action()
        except Exception:
            log.warning(failure, exc_info=True)
