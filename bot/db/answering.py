"""Whether a piece of work is part of an answer that a person waits for. Such work goes before the bot's own.

Slack waits three seconds, a run or a post can wait longer; so what writes for an answer overtakes what writes for them
(group_commit.py), and new work is not begun while answers are being made (durable/waker.py). Both only for a short
time, so that nothing waits for ever.
"""

import threading
from contextvars import ContextVar

from bot.scoped import Scoped

_here: ContextVar[bool] = ContextVar("answering", default=False)
_lock = threading.Lock()
_number = 0


class _Answering(Scoped[bool]):
    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(_here, value=True)

    def __enter__(self) -> None:
        global _number  # noqa: PLW0603  # of the process, like its loop
        with _lock:
            _number += 1
        super().__enter__()

    def __exit__(self, *error: object) -> None:
        global _number  # noqa: PLW0603  # as above
        super().__exit__(*error)
        with _lock:
            _number -= 1


def answering() -> Scoped[bool]:
    """What runs inside is part of an answer; tasks that it starts are too, unless they leave it."""
    return _Answering()


def leave() -> None:
    """In a task that was started by an answer and goes on after it."""
    _here.set(False)


def is_answer() -> bool:
    """Whether the caller makes an answer."""
    return _here.get()


def answers_wait() -> bool:
    """Whether any answer of this process is being made now."""
    return _number > 0
