"""Rate limits by method and tier (slack.md A7, G12), and posting faults by method. Knows no method's effect."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

TIERS = {1: 1, 2: 20, 3: 50, 4: 100}
TIER_OF = {
    "apps.connections.open": 1,
    "users.list": 2,
    "usergroups.list": 2,
    "usergroups.users.list": 2,
    "conversations.list": 2,
    "chat.update": 3,
    "chat.delete": 3,
    "conversations.open": 3,
    "conversations.info": 3,
    "conversations.history": 3,
    "conversations.replies": 3,
    "users.lookupByEmail": 3,
    "bots.info": 3,
    "views.open": 4,
    "views.push": 4,
    "views.update": 4,
    "views.publish": 4,
    "users.info": 4,
    "chat.postEphemeral": 4,
    "conversations.members": 4,
}
# Slack publishes no burst sizes. Tier 1 says "1+": twelve let an app open its ten Socket Mode links one after another.
BURST_OF_TIER_1 = 12
POST_BURST = 10
WINDOW = 60.0


class Limited(Exception):
    """Too many calls: wait `retry_after` whole seconds."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"retry after {retry_after} s")
        self.retry_after = retry_after


class Limits:
    """Counts calls per method in a sliding minute, and messages per channel in a leaky bucket."""

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self.enforced = True
        self.per_minute: dict[str, int] = {
            name: (BURST_OF_TIER_1 if tier == 1 else TIERS[tier]) for name, tier in TIER_OF.items()
        }
        self.post_burst = POST_BURST
        self._clock = clock
        self._calls: dict[str, deque[float]] = {}
        self._posts: dict[str, tuple[float, float]] = {}
        self._forced: dict[str, tuple[int, int]] = {}

    def force(self, method: str, *, times: int = 1, retry_after: int = 1) -> None:
        """Answers the next `times` calls of `method` with 429 and `Retry-After: retry_after`."""
        self._forced[method] = (times, retry_after)

    def check(self, method: str, channel: str | None) -> None:
        """Counts one call. Raises Limited."""
        times, retry_after = self._forced.get(method, (0, 0))
        if times:
            self._forced[method] = (times - 1, retry_after)
            raise Limited(retry_after)
        if not self.enforced:
            return
        if method == "chat.postMessage" and channel:
            self._post(channel)
        limit = self.per_minute.get(method)
        if limit is None:
            return
        now = self._clock()
        calls = self._calls.setdefault(method, deque())
        while calls and calls[0] <= now - WINDOW:
            calls.popleft()
        if len(calls) >= limit:
            raise Limited(max(1, int(calls[0] + WINDOW - now) + 1))
        calls.append(now)

    def _post(self, channel: str) -> None:
        now = self._clock()
        level, at = self._posts.get(channel, (0.0, now))
        level = max(0.0, level - (now - at))
        if level + 1 > self.post_burst:
            self._posts[channel] = (level, now)
            raise Limited(1)
        self._posts[channel] = (level + 1, now)


FaultKind = Literal["lost_answer", "reset", "error_500", "error_500_after", "delay", "refuse"]


@dataclass(kw_only=True)
class ApiFault:
    """One armed fault of a method; `delay` is in seconds of real time and comes before anything else.

    `until`: it is held back until this is set, beside `delay`. `code`: Slack's word when it refuses.
    """

    method: str
    kind: FaultKind
    times: int = 1
    delay: float = 0.0
    skip: int = 0
    code: str = ""
    until: asyncio.Event | None = None


class Faults:
    """Faults wait here until their method is called."""

    def __init__(self) -> None:
        self.armed: list[ApiFault] = []

    def add(
        self,
        method: str,
        kind: FaultKind,
        *,
        times: int = 1,
        delay: float = 0.0,
        skip: int = 0,
        code: str = "",
        until: asyncio.Event | None = None,
    ) -> None:
        """Arms a fault for the next `times` calls of `method` (`*` is any), after letting `skip` calls pass.

        lost_answer: done, then the connection drops. reset: dropped before anything is done.
        error_500 / error_500_after: HTTP 500 before / after the effect. delay: slow (`delay`, `until`), then normal.
        refuse: `ok: false` with `code`, and nothing is done.
        """
        self.armed.append(
            ApiFault(method=method, kind=kind, times=times, delay=delay, skip=skip, code=code, until=until)
        )

    def take(self, method: str) -> ApiFault | None:
        """The fault that strikes this call, if any."""
        for fault in self.armed:
            if fault.method not in {method, "*"} or fault.times <= 0:
                continue
            if fault.skip > 0:
                fault.skip -= 1
                return None
            fault.times -= 1
            self.armed = [other for other in self.armed if other.times > 0]
            return fault
        return None
