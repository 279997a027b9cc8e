"""Request limits with a window that slides by the clock. Contract: section 12. A refused request does not count."""

from collections import deque

from .switches import RateLimit


class Windows:
    """One window per (kind of limit, who)."""

    def __init__(self) -> None:
        self._times: dict[tuple[str, str], deque[float]] = {}

    def admits(self, kind: str, who: str, limit: RateLimit | None, *, now: float) -> bool:
        """Whether the request may pass; if so it is counted."""
        if limit is None:
            return True
        count, seconds = limit
        times = self._times.setdefault((kind, who), deque())
        while times and now - times[0] >= seconds:
            times.popleft()
        if len(times) >= count:
            return False
        times.append(now)
        return True
