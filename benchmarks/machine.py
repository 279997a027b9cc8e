"""What the figures were measured on: processors, load, and how fast this machine runs a fixed loop now."""

import hashlib
import os
import platform
import time


def heading() -> str:
    """One line above every table."""
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} processors, load {load:.2f}, Python {platform.python_version()},"
        f" a fixed loop takes {loop_milliseconds():.1f} ms of processor"
    )


def loop_milliseconds() -> float:
    """Processor time of a fixed piece of work, the best of five: the machine's own speed."""
    best = float("inf")
    for _ in range(5):
        begun = time.process_time()
        digest = b""
        for number in range(20_000):
            digest = hashlib.sha256(digest + str(number).encode()).digest()
        best = min(best, time.process_time() - begun)
    return best * 1e3
