"""A megabyte of hostile text does not hold up the event loop."""

import functools
import json
import re
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bot.alerts.detection import scanner
from bot.alerts.detection.long_text import LONG, read_aside
from bot.alerts.detection.scanner import (
    _BASE64,
    _FULL,
    _INVISIBLE,
    _LONG_WORD,
    _LONGEST_MATCH,
    _MASKED,
    _SPLIT,
    _WRAPPED,
    SLICE,
    find,
    visible,
)
from tests.alerts.kit import core
from tests.tools.pace import a_plain_millisecond, cost, seconds_of

HOSTILE = [
    "sk-",
    "sk-" + "a" * 16 + " ",
    "\u200bsk-",
    "漢",
    "sk-abcd***",
    "token " + "a" * 48 + " ",
    "A+/",
    "aB1",
    "\n",
    "a" * 64 + "\n",
]
# On a machine on which a plain millisecond takes one.
MOST_MILLISECONDS = 50


async def loop_cost(work: Callable[[], Awaitable[object]], *, tries: int = 3) -> float:
    """The processor time that `work` takes of the loop's own thread, the least of some tries, in plain milliseconds."""
    taken = []
    for _ in range(tries):
        begun = time.thread_time()
        await work()
        taken.append(time.thread_time() - begun)
    return min(taken) / min(seconds_of(a_plain_millisecond) for _ in range(5))


@pytest.mark.thorough
@pytest.mark.timed
@pytest.mark.parametrize("unit", HOSTILE)
async def test_a_megabyte_takes_the_loop_fifty_milliseconds_at_most(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    assert await loop_cost(lambda: read_aside(lambda: find([text]), size=len(text))) < MOST_MILLISECONDS / 10


@pytest.mark.timed
@pytest.mark.parametrize("unit", HOSTILE)
def test_no_single_call_keeps_the_loop_from_its_turn(unit: str) -> None:
    """A thread that is inside one call into a library gives nobody else a turn."""
    text = unit * (1_000_000 // len(unit))
    looked_at = visible(text)
    for pattern in (_FULL, _MASKED, _SPLIT, _BASE64, _LONG_WORD, _WRAPPED):
        assert (
            cost(
                functools.partial(lambda p: list(p.finditer(looked_at, 0, SLICE + _LONGEST_MATCH)), pattern),
                per=a_plain_millisecond,
                tries=3,
            )
            < 20
        )
    assert cost(lambda: text[:SLICE].translate(_INVISIBLE), per=a_plain_millisecond, tries=3) < 20
    body = json.dumps({"text": text}, ensure_ascii=False).encode()
    assert cost(lambda: json.loads(body), per=a_plain_millisecond, tries=3) < MOST_MILLISECONDS


def test_every_pattern_is_given_a_slice_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only `_matches` runs a pattern over the text of an alert: it gives each call the end of what it may read."""
    longest = 0

    class Watched:
        def __init__(self, pattern: re.Pattern[str]) -> None:
            self.pattern = pattern

        def __getattr__(self, name: str) -> Callable[..., object]:
            def call(*given: Any) -> object:
                nonlocal longest
                text = next(one for one in given if isinstance(one, str))
                start, end = (*given[given.index(text) + 1 :], 0, len(text))[:2]
                longest = max(longest, min(end, len(text)) - start)
                return getattr(self.pattern, name)(*given)

            return call

    for name in ("_FULL", "_MASKED", "_SPLIT", "_BASE64", "_LONG_WORD", "_WRAPPED"):
        monkeypatch.setattr(scanner, name, Watched(getattr(scanner, name)))
    find(["sk-" + "aB1" * 20_000 + "\n" + "A+/" * 20_000])
    assert 0 < longest <= SLICE + _LONGEST_MATCH


async def test_short_texts_are_read_where_they_come_and_long_ones_in_the_one_thread() -> None:
    def name() -> str:
        return threading.current_thread().name

    assert await read_aside(name, size=LONG) == name()
    long = [await read_aside(name, size=LONG + 1) for _ in range(3)]
    assert set(long) == {long[0]} != {name()}


@pytest.mark.parametrize("offset", [-200, -60, -51, -50, -25, -4, -3, -2, -1, 0, 1])
@pytest.mark.parametrize("glue", ["", "\n", "' + '"])
def test_a_key_at_the_end_of_what_is_read_at_once_is_found_once(offset: int, glue: str) -> None:
    value = core(3)
    text = "." * (SLICE + offset - 1) + f" sk-{value[:20]}{glue}{value[20:]} and so on" + "." * SLICE
    assert [one.core for one in find([text]).candidates if len(one.core) == 48] == [value]
