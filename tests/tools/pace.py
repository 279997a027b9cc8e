"""Limits on cost that hold on a slow or busy machine: as ratios to plain work, measured in turns with it."""

import gc
import json
import time
from collections.abc import Callable

Work = Callable[[], object]


def cost(work: Work, *, per: Work, tries: int = 7) -> float:
    """How many times the CPU time of `per` one `work` takes: the least of `tries` each, the garbage collector off."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        pairs = [(seconds_of(work), seconds_of(per)) for _ in range(tries)]
    finally:
        if collecting:
            gc.enable()
    return min(ours for ours, _ in pairs) / min(plain for _, plain in pairs)


def a_plain_millisecond() -> object:
    """Parsing a small JSON text 800 times: about a millisecond of Python on a machine of 2024."""
    return [json.loads('{"a": [1, 2.5, "three"], "b": {"c": null}}') for _ in range(800)]


def seconds_of(work: Work) -> float:
    """Processor time of this thread."""
    begun = time.thread_time()
    work()
    return time.thread_time() - begun
