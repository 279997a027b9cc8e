"""How fast we may call Slack. Pure arithmetic on a clock; whoever finds no room comes back later. slack.md A7."""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

_MINUTE = 60.0


class CallWindow:
    """At most `per_minute` calls within any minute, all at once if they come so."""

    def __init__(self, *, per_minute: int, clock: Callable[[], float]) -> None:
        self._most = per_minute
        self._clock = clock
        self._calls: deque[float] = deque()
        self._held = 0.0

    def take(self) -> bool:
        """Use one call if there is one left."""
        now = self._clock()
        while self._calls and self._calls[0] <= now - _MINUTE:
            self._calls.popleft()
        if len(self._calls) >= self._most or now < self._held:
            return False
        self._calls.append(now)
        return True

    def hold(self, seconds: float) -> None:
        """Slack said 429: no call for `seconds`."""
        self._held = self._clock() + seconds


class CallWindows:
    """A window for each of many, such as people; of those that are not used any more the oldest are forgotten."""

    _MOST = 5_000

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._windows: OrderedDict[Hashable, CallWindow] = OrderedDict()

    def take(self, who: Hashable, *, per_minute: int) -> bool:
        """Use one call of theirs if there is one left in this minute."""
        window = self._windows.get(who)
        if window is None:
            window = self._windows[who] = CallWindow(per_minute=per_minute, clock=self._clock)
            if len(self._windows) > self._MOST:
                self._windows.popitem(last=False)
        self._windows.move_to_end(who)
        return window.take()


@dataclass
class _Lane:
    """One rate: `free` is when the next turn would come at the long-run pace, `held` what Slack's 429 said."""

    every: float
    burst: float
    free: float = 0.0
    held: float = 0.0
    urgent_free: float = 0.0
    turns: dict[str, float] = field(default_factory=dict)

    def overtake(self, now: float) -> float:
        """The next turn of those that overtake: everybody else's comes later by one."""
        slot = max(now, self.urgent_free)
        self.urgent_free = slot + self.every
        self.turns = {who: at + self.every if at > slot - self.every else at for who, at in self.turns.items()}
        self.free = max(self.free, slot) + self.every
        return slot


class Pacer:
    """Turns in order of asking, one lane per key. A turn is kept for who asked, so that a hundred messages that wait
    for one channel come back a hundred times in all and not each second. May be asked from any thread.
    """

    # A lane or a turn that was not used is dropped after this time.
    _FORGET_SECONDS = 600.0

    def __init__(self, *, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lanes: dict[str, _Lane] = {}
        self._lock = threading.Lock()

    def turn(self, key: str, who: str, *, every: float, burst: int, use: bool = True, urgent: bool = False) -> float:
        """Seconds until it is the turn of `who`; 0 = now. Then it is used up, unless it is only asked for: `use`.

        `urgent`: before all that wait and are not, at the same pace in all.
        """
        with self._lock:
            return self._turn(key, who, every=every, burst=burst, use=use, urgent=urgent)

    def _turn(self, key: str, who: str, *, every: float, burst: int, use: bool, urgent: bool) -> float:
        now = self._clock()
        lane = self._lanes.get(key)
        if lane is None:
            self._forget(now)
            lane = self._lanes[key] = _Lane(every=every, burst=burst)
        slot = lane.turns.get(who)
        if slot is None or slot < now - self._FORGET_SECONDS:
            self._forget_turns(lane, now)
            if urgent:
                slot = lane.overtake(now)
            else:
                slot = max(now, lane.free - (lane.burst - 1) * lane.every)
                lane.free = max(slot, lane.free) + lane.every
        due = max(slot, lane.held)
        here = due <= now + 1e-6
        if here and use:
            lane.turns.pop(who, None)
        else:
            lane.turns[who] = slot
        return 0.0 if here else due - now

    def hold(self, key: str, seconds: float) -> None:
        """Slack said 429: nobody's turn for `seconds`."""
        with self._lock:
            if key in self._lanes:
                self._lanes[key].held = self._clock() + seconds

    def release(self, key: str) -> None:
        """What held this lane is over."""
        with self._lock:
            if key in self._lanes:
                self._lanes[key].held = 0.0

    def _forget_turns(self, lane: _Lane, now: float) -> None:
        # Turns were given out in order, so the old ones stand first.
        while lane.turns and (slot := next(iter(lane.turns.items())))[1] < now - self._FORGET_SECONDS:
            del lane.turns[slot[0]]

    def _forget(self, now: float) -> None:
        old = now - self._FORGET_SECONDS
        for key in [key for key, lane in self._lanes.items() if lane.free < old and lane.held < old]:
            del self._lanes[key]
