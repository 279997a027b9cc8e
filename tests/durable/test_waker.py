import threading
import time
from collections.abc import Callable

from bot.durable.waker import Waker


class Looks:
    """Counts looks; each claims what it is told."""

    def __init__(self, *claims: int) -> None:
        self.claims = list(claims)
        self.looked: list[tuple[int, bool]] = []
        self.ticks = 0
        self.changed = threading.Condition()

    def claim(self, running: int, due: bool) -> int:
        with self.changed:
            self.looked.append((running, due))
            self.changed.notify_all()
        if self.claims and self.claims[0] < 0:
            self.claims.pop(0)
            raise OSError("no database")
        return self.claims.pop(0) if self.claims else 0

    def tick(self) -> None:
        self.ticks += 1
        if self.ticks == 1:
            raise OSError("no database")

    def wait(self, count: int) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.looked) >= count, 30)

    def waker(
        self,
        running: list[object],
        *,
        tick_seconds: float = 60.0,
        waits: Callable[[], bool] = lambda: False,
        busy: Callable[[], bool] = lambda: False,
    ) -> Waker:
        waker = Waker(
            claim=self.claim,
            tick=self.tick,
            tick_seconds=tick_seconds,
            waits=waits,
            look_seconds=0.01,
            busy=busy,
            running=running,
            places=2,
        )
        waker.start()
        return waker


def test_a_ring_is_one_look_and_says_whether_a_delay_ended() -> None:
    looks = Looks()
    waker = looks.waker([])
    waker.ring()
    looks.wait(1)
    waker.ring(due=True)
    looks.wait(2)
    waker.end(wait=5)
    assert looks.looked == [(0, False), (0, True)]


def test_a_look_that_fails_is_not_the_last() -> None:
    looks = Looks(-1)
    waker = looks.waker([])
    waker.ring()
    looks.wait(1)
    waker.ring()
    looks.wait(2)
    waker.end(wait=5)


def test_a_tick_that_fails_is_not_the_last() -> None:
    looks = Looks()
    waker = looks.waker([], tick_seconds=0.01)
    until = time.monotonic() + 30
    while looks.ticks < 3 and time.monotonic() < until:
        time.sleep(0.01)
    waker.end(wait=5)
    assert looks.ticks >= 3


def test_a_free_place_is_a_ring_only_after_all_were_taken() -> None:
    looks = Looks(1, 2)
    waker = looks.waker([])
    waker.ring()
    looks.wait(1)
    time.sleep(0.05)
    waker.freed()
    time.sleep(0.05)
    assert len(looks.looked) == 1
    waker.ring()
    looks.wait(2)
    time.sleep(0.05)
    waker.freed()
    looks.wait(3)
    waker.end(wait=5)


def test_a_free_place_is_a_ring_when_the_poll_took_them_all() -> None:
    looks = Looks()
    running: list[object] = [1]
    waker = looks.waker(running)
    waker.freed()
    looks.wait(1)
    waker.end(wait=5)


def test_after_the_end_nothing_is_looked_for() -> None:
    looks = Looks()
    waker = looks.waker([])
    waker.end(wait=5)
    waker.ring()
    time.sleep(0.05)
    assert looks.looked == []


def test_what_nobody_rang_for_is_claimed_when_it_waits() -> None:
    looks, waiting = Looks(), [True, False]
    waker = looks.waker([], waits=lambda: waiting.pop() if waiting else False)
    looks.wait(1)
    waker.end(wait=5)
    assert looks.looked == [(0, False)]


def test_work_is_begun_after_the_answers_that_are_being_made_but_not_never() -> None:
    looks, busy = Looks(), [True] * 3
    waker = looks.waker([], busy=lambda: bool(busy) and busy.pop())
    waker.ring()
    looks.wait(1)
    assert busy == [], "looked before the answers were made"
    waker.end(wait=5)
    always = Looks()
    other = always.waker([], busy=lambda: True)
    other.ring()
    always.wait(1)
    other.end(wait=5)
