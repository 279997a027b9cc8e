"""The end of a process that was told to stop, at the latest after a while, whatever hangs.

A thread that waits for a database that neither answers nor refuses cannot be ended, and the interpreter waits for it
without limit. What is unfinished then is taken over like the work of a process that was killed.
"""

import logging
import os
import threading
from dataclasses import dataclass, field

logger = logging.getLogger(__name__)

# Answers and work have 4 s each (docs/resilience.md, "Bounds"); supervisors kill after 10 s at the earliest.
SECONDS = 9.5


@dataclass(eq=False)
class StopDeadline:
    """`begin` when the process is told to stop, `met` when everything has ended by itself."""

    seconds: float = SECONDS
    _timer: threading.Timer | None = field(default=None, init=False)

    def begin(self) -> None:
        """Start the clock. Again is harmless: the first time counts."""
        if self._timer is None:
            self._timer = threading.Timer(self.seconds, _end, args=(self.seconds,))
            self._timer.daemon = True
            self._timer.start()

    def met(self) -> None:
        """Stop the clock."""
        if self._timer is not None:
            self._timer.cancel()


def _end(seconds: float) -> None:
    logger.error(
        "stopping takes longer than %g s, something does not answer: ended; others take over what is left",
        seconds,
    )
    # The interpreter's own way out would wait for the threads that hang. It was told to stop, so this is no failure.
    os._exit(0)
