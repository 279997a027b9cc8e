"""How the counters of a key moved: samples by hour and by day, packed into a few bytes each. Pure.

A sample holds the counters at the end of an hour or a day in which they changed; in between nothing changed, so nothing
is written. The newest one is stored in full at the front, each older one as its difference from the next newer: to add
one costs the same however many there are. The oldest are dropped by their number, not by their age, so that a clock
that is wrong for a while deletes nothing.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Grain:
    """One series: `number` in the table, the seconds of a slot, and how many samples are kept."""

    number: int
    seconds: int
    keep: int

    def slot(self, at: float) -> int:
        """The number of the hour or day that holds this moment (Unix seconds)."""
        return int(at // self.seconds)


HOURS = Grain(0, 3600, 168)
DAYS = Grain(1, 86_400, 400)
GRAINS = (HOURS, DAYS)


class KeySample(NamedTuple):
    """The counters of a key at the end of a slot. `billed`: `accessed_time`, to the minute."""

    slot: int
    used: int
    remain: int
    status: int
    billed: int


_STATUS, _TOTAL, _SLOTS = 1, 2, 2  # two flags, and how far the distance in slots is shifted to make room for them
_FAR = 63
_BEFORE = 2


def push(data: bytes, sample: KeySample, grain: Grain) -> bytes:
    """The series with one more sample; the same bytes where it tells nothing new.

    A sample that is not newer than the newest means that the clock was moved back: what lies after it is dropped.
    """
    if not data:
        return _pack([sample], grain)
    count, newest, rest = _front(data, grain)
    if sample.slot <= newest.slot:
        return _pack([*(one for one in unpack(data, grain) if one.slot < sample.slot), sample], grain)
    if newest[1:] == sample._replace(billed=_minute(sample.billed))[1:]:
        return data
    if count >= grain.keep + grain.keep // 8:
        return _pack([*unpack(data, grain)[1 - grain.keep :], sample], grain)
    return _in_full(count + 1, sample, grain) + _difference(sample, newest, grain) + data[rest:]


def unpack(data: bytes, grain: Grain, *, since: float = -math.inf) -> list[KeySample]:
    """Every sample, oldest first; or those of the time since then (Unix seconds) and the two before it, which say what
    was spent last before.
    """
    found, older = list[KeySample](), 0
    for sample in _newest_first(data, grain) if data else ():
        found.append(sample)
        older += sample.slot * grain.seconds < since
        if older == _BEFORE:
            break
    return found[::-1]


def _pack(samples: list[KeySample], grain: Grain) -> bytes:
    newer = samples[-1]
    data = bytearray(_in_full(len(samples), newer, grain))
    for older in samples[-2::-1]:
        data += _difference(newer, older, grain)
        newer = older
    return bytes(data)


def _newest_first(data: bytes, grain: Grain) -> Iterator[KeySample]:
    count, newer, at = _front(data, grain)
    yield newer
    for _ in range(count - 1):
        flags, at = data[at], at + 1
        distance = flags >> _SLOTS
        if distance == _FAR:
            distance, at = _number(data, at)
        used, at = _signed(data, at)
        total, at = _signed(data, at) if flags & _TOTAL else (0, at)
        status, at = _signed(data, at) if flags & _STATUS else (newer.status, at)
        billed, at = _billed(data, at, newer.slot - distance, grain)
        older = newer.used - used
        remain = newer.used + newer.remain - total - older
        newer = KeySample(newer.slot - distance, older, remain, status, billed)
        yield newer


def _front(data: bytes, grain: Grain) -> tuple[int, KeySample, int]:
    """How many samples there are, the newest, and where the others begin."""
    count, at = _number(data, 0)
    slot, at = _number(data, at)
    used, at = _signed(data, at)
    remain, at = _signed(data, at)
    status, at = _signed(data, at)
    billed, at = _billed(data, at, slot, grain)
    return count, KeySample(slot, used, remain, status, billed), at


def _in_full(count: int, sample: KeySample, grain: Grain) -> bytes:
    numbers = (count, sample.slot, _zigzag(sample.used), _zigzag(sample.remain), _zigzag(sample.status))
    return b"".join(map(_bytes, (*numbers, _before_end(sample, grain))))


def _difference(newer: KeySample, older: KeySample, grain: Grain) -> bytes:
    distance = newer.slot - older.slot
    total = newer.used + newer.remain - older.used - older.remain
    flags = (_STATUS if newer.status != older.status else 0) | (_TOTAL if total else 0)
    data = bytearray([flags | min(distance, _FAR) << _SLOTS])
    if distance >= _FAR:
        data += _bytes(distance)
    data += _bytes(_zigzag(newer.used - older.used))
    if flags & _TOTAL:
        data += _bytes(_zigzag(total))
    if flags & _STATUS:
        data += _bytes(_zigzag(older.status))
    return bytes(data + _bytes(_before_end(older, grain)))


def _minute(at: int) -> int:
    return at // 60 * 60


def _before_end(sample: KeySample, grain: Grain) -> int:
    # Keys in use were billed shortly before the end of the slot, which makes this one byte or two.
    return _zigzag((sample.slot + 1) * grain.seconds // 60 - sample.billed // 60)


def _billed(data: bytes, at: int, slot: int, grain: Grain) -> tuple[int, int]:
    minutes, at = _signed(data, at)
    return ((slot + 1) * grain.seconds // 60 - minutes) * 60, at


def _zigzag(number: int) -> int:
    return number << 1 if number >= 0 else (-number << 1) - 1


def _bytes(number: int) -> bytes:
    """A number in as few bytes as it needs, seven bits in each."""
    data = bytearray()
    while number > 0x7F:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    data.append(number)
    return bytes(data)


def _number(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            return number, at
        shift += 7


def _signed(data: bytes, at: int) -> tuple[int, int]:
    number, at = _number(data, at)
    return (number >> 1 if not number & 1 else -(number + 1 >> 1)), at
