"""Whose turn it is to call the gateway: one limiter per address, shared by all callers (gateway-api.md, section 12).

It knows the windows that new-api keeps per address, counts our own calls in them, and keeps the last part of each for
those who need it most: calls for kills, reveals for people. One refusal (429) stops every caller; then kills go first.
Other processes behind the same address are not counted; their share shows in the refusals.
"""

import math
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Collection, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from bot.languages import trn
from bot.scoped import Scoped


class Priority(IntEnum):
    """What a call is for: taking keys out of use, an answer to a person, or something nobody waits for."""

    KILL = 0
    PEOPLE = 1
    BACKGROUND = 2


class Limit(StrEnum):
    """What the gateway counts: every call, calls that show values, searches."""

    CALLS = "calls"
    REVEALS = "reveals"
    SEARCHES = "searches"


@dataclass(frozen=True, kw_only=True)
class WindowSize:
    """So many calls in so many seconds; each priority stops at its share of all that were sent, and each person at
    `person` of the calls for people, None = at none.
    """

    most: int
    seconds: float
    shares: Mapping[Priority, int]
    person: int | None = None


SIZES: Mapping[Limit, WindowSize] = {
    # Disabling a leaked key is never delayed by our own count, only after the gateway has refused a call.
    Limit.CALLS: WindowSize(most=180, seconds=180.0, shares={Priority.PEOPLE: 140, Priority.BACKGROUND: 90}, person=70),
    # A revocation check can wait for a value or do without it; people who need their key cannot.
    Limit.REVEALS: WindowSize(most=20, seconds=1200.0, shares={Priority.KILL: 8, Priority.BACKGROUND: 4}),
    Limit.SEARCHES: WindowSize(most=10, seconds=60.0, shares={Priority.BACKGROUND: 2}),
}
MOST_PEOPLE = 5_000
"""People whose calls are remembered."""
LONGEST_STOP = 600.0
"""A Retry-After beyond this many seconds is not believed."""
PATIENCE: Mapping[Priority, float] = {Priority.KILL: 6.0, Priority.PEOPLE: 6.0, Priority.BACKGROUND: math.inf}
"""Seconds that a call waits for its turn; after that its caller is told, and decides."""
_FIRST_STOP, _LONGEST_KILL_STOP, _LONGEST_OTHER_STOP = 1.0, 5.0, 60.0
_HEAD_START = 0.5

_asker: ContextVar[str] = ContextVar("asker", default="")
_priority: ContextVar[Priority] = ContextVar("priority", default=Priority.PEOPLE)


def prioritized(priority: Priority) -> Scoped[Priority]:
    """Within it, in this task and those it starts, calls have this priority."""
    return Scoped(_priority, priority)


def asked_by(person: str) -> Scoped[str]:
    """Within it, in this task and those it starts, calls for people are for this one; "" = for nobody in particular."""
    return Scoped(_asker, person)


def current_priority() -> Priority:
    """The priority of a call sent from here."""
    return _priority.get()


class LimitReached(Exception):  # no error of anybody: the wire says it in its own words
    """No turn in time. `seconds`: until there may be one."""

    def __init__(self, limit: Limit, seconds: float) -> None:
        super().__init__(limit)
        self.limit = limit
        self.seconds = seconds


@dataclass(kw_only=True)
class _Window:
    """One window: the moments of our calls in it, and whether the gateway refused the last one."""

    size: WindowSize
    sent: deque[float] = field(default_factory=deque)
    refusals: int = 0
    # Whether a refusal has proved the window, or more calls than it holds have disproved it.
    proved: bool = False
    disproved: bool = False
    # What is known of gateways of this kind; None = nothing.
    presumed: bool | None = None
    kills_from: float = 0.0
    others_from: float = 0.0
    # The moments of the calls for each person, whoever asked last at the end.
    of_person: OrderedDict[str, deque[float]] = field(default_factory=OrderedDict)

    def used(self, now: float) -> int:
        while self.sent and now - self.sent[0] >= self.size.seconds:
            self.sent.popleft()
        return len(self.sent)

    def wait(self, priority: Priority, now: float) -> float:
        used, wait = self.used(now), 0.0
        share = self.size.shares.get(priority, None if priority is Priority.KILL else self.size.most)
        if self.disproved and priority is not Priority.BACKGROUND:
            share = None  # there is no such window: only a refusal holds people back
        if share is not None and used >= share:
            wait = self.sent[used - share] + self.size.seconds - now
        if self.refusals:
            begin = self.kills_from if priority is Priority.KILL else self.others_from + _HEAD_START * priority
            wait = max(wait, begin - now)
        return max(0.0, wait)

    def wait_of(self, person: str, now: float) -> float:
        """Seconds until one more call for this person fits into their share."""
        if self.size.person is None or self.disproved or not person:
            return 0.0
        sent = self.of_person.get(person, deque())
        while sent and now - sent[0] >= self.size.seconds:
            sent.popleft()
        over = len(sent) - self.size.person
        return sent[over] + self.size.seconds - now if over >= 0 else 0.0

    def send(self, priority: Priority, person: str, now: float) -> None:
        self.sent.append(now)
        if priority is Priority.PEOPLE and person and self.size.person is not None:
            self.of_person.setdefault(person, deque()).append(now)
            self.of_person.move_to_end(person)
            if len(self.of_person) > MOST_PEOPLE:
                self.of_person.popitem(last=False)

    def refuse(self, now: float, retry_after: float | None) -> None:
        if self.sent:
            self.sent.pop()  # a refused call does not count
        if self.refusals and now < self.kills_from:
            return  # sent before the refusal that is known already
        self.refusals += 1
        self.proved, self.disproved = True, False
        stop = _FIRST_STOP * 2 ** min(self.refusals - 1, 10)
        self.kills_from = now + min(stop, _LONGEST_KILL_STOP)
        self.others_from = now + min(2 * stop, _LONGEST_OTHER_STOP)
        if retry_after is not None:
            self.kills_from = self.others_from = now + min(max(0.0, retry_after), LONGEST_STOP)

    def take(self, now: float) -> None:
        self.refusals = 0
        self.disproved = self.disproved or self.used(now) > self.size.most

    @property
    def holds(self) -> bool | None:
        """Whether the gateway keeps this window; None = not known."""
        if self.proved or self.disproved:
            return not self.disproved
        return self.presumed

    def room(self, now: float) -> int | None:
        if self.holds is False:
            return None
        if self.refusals and now < self.kills_from:
            return 0
        return max(int(self.holds is None), self.size.most - self.used(now))

    def until_room(self, calls: int, now: float) -> float:
        used = self.used(now)
        over = used - max(0, self.size.most - calls)
        wait = self.sent[min(over, used) - 1] + self.size.seconds - now if over > 0 and used else 0.0
        return max(wait, self.kills_from - now if self.refusals else 0.0, 0.0)

    def forecast(self, calls: int, now: float) -> float:
        left = calls - (0 if self.refusals else max(0, self.size.most - self.used(now)))
        if left <= 0:
            return 0.0
        first = max(0.0, self.sent[0] + self.size.seconds - now) if self.used(now) else 0.0
        return first + (math.ceil(left / self.size.most) - 1) * self.size.seconds


class CallLimiter:
    """Turns for calls. `clock` in seconds, `sleep` on that clock."""

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
        sizes: Mapping[Limit, WindowSize] = SIZES,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._windows = {limit: _Window(size=size) for limit, size in sizes.items()}

    async def turn(self, limits: Collection[Limit], priority: Priority, *, patience: float) -> None:
        """Wait until a call of this priority may be sent, and count it. `patience`: the moment of the clock until
        which it waits. Raises LimitReached.
        """
        while True:
            limit, pause = self._longest(limits, priority)
            if pause <= 0:
                break
            if self._clock() + pause > patience:
                raise LimitReached(limit, pause)
            await self._sleep(pause)
        for limit in limits:
            self._windows[limit].send(priority, _asker.get(), self._clock())

    def _longest(self, limits: Collection[Limit], priority: Priority) -> tuple[Limit, float]:
        now, person = self._clock(), _asker.get() if priority is Priority.PEOPLE else ""
        windows = ((limit, self._windows[limit]) for limit in limits)
        waits = ((limit, max(one.wait(priority, now), one.wait_of(person, now))) for limit, one in windows)
        return max(waits, key=lambda item: item[1], default=(Limit.CALLS, 0.0))

    def passed(self, limits: Collection[Limit]) -> None:
        """Note that the gateway took a call."""
        for limit in limits:
            self._windows[limit].take(self._clock())

    def refused(self, limits: Collection[Limit], retry_after: float | None) -> float:
        """The gateway refused a call (429). Everybody stops; returns the seconds until a kill tries again."""
        now = self._clock()
        # Which of several limits it was is not told: the smallest is the likely one.
        limit = min(limits, key=lambda each: self._windows[each].size.most)
        for other in set(limits) - {limit}:
            if self._windows[other].sent:
                self._windows[other].sent.pop()
        self._windows[limit].refuse(now, retry_after)
        return self._windows[limit].wait(current_priority(), now)

    def wait(self, limit: Limit, priority: Priority) -> float:
        """Seconds until a call of this priority may be sent."""
        return self._windows[limit].wait(priority, self._clock())

    def left(self, limit: Limit, priority: Priority) -> int:
        """Calls of this priority that its share of the window leaves now."""
        window = self._windows[limit]
        share = window.size.shares.get(priority, window.size.most)
        return max(0, share - window.used(self._clock()))

    def left_for(self, person: str) -> int | None:
        """Calls for people that may be sent now for this one; None = the gateway is known to keep no such window."""
        window, now = self._windows[Limit.CALLS], self._clock()
        if window.disproved:
            return None
        if window.wait(Priority.PEOPLE, now) or window.wait_of(person, now):
            return 0
        share = window.size.person or window.size.most
        return min(self.left(Limit.CALLS, Priority.PEOPLE), share - len(window.of_person.get(person, ())))

    def room(self) -> int | None:
        """Calls for kills that may be sent now, by the window; None = the gateway keeps no such window.

        Where that is not known, it is never 0: one more call finds out.
        """
        return self._windows[Limit.CALLS].room(self._clock())

    @property
    def holds(self) -> bool | None:
        """Whether the gateway keeps the window of all calls; None = not known yet."""
        return self._windows[Limit.CALLS].holds

    def presume(self, limited: bool) -> None:
        """Take what is known of gateways of this kind, until one call more or less tells."""
        self._windows[Limit.CALLS].presumed = limited

    def until_room(self, calls: int) -> float:
        """Seconds until so many calls for kills can be sent together."""
        return self._windows[Limit.CALLS].until_room(calls, self._clock())

    def forecast(self, calls: int) -> float | None:
        """Seconds until so many more calls can have been sent; None = no limit is known."""
        window = self._windows[Limit.CALLS]
        return window.forecast(calls, self._clock()) if window.holds else None

    @property
    def per_minute(self) -> int:
        """Calls a minute that the gateway takes for long."""
        size = self._windows[Limit.CALLS].size
        return int(size.most / size.seconds * 60)


def duration_text(seconds: float) -> str:
    """`about 12 minutes`, `about 40 seconds`: a forecast in words, rounded up."""
    if seconds > 90:
        return trn("about {count} minute", "about {count} minutes", math.ceil(seconds / 60))
    return trn("about {count} second", "about {count} seconds", max(1, math.ceil(seconds)))
