"""Packed samples: what is put in comes out, in few bytes, whatever the counters and the clock do."""

from hypothesis import given
from hypothesis import strategies as st

from bot.keys.samples import DAYS, HOURS, Grain, KeySample, push, unpack

COUNTER = st.integers(-(2**63), 2**63 - 1)
SMALL = Grain(9, 3600, 8)


@st.composite
def series(draw: st.DrawFn) -> list[KeySample]:
    slots = sorted(draw(st.sets(st.integers(0, 1_000_000), min_size=1, max_size=SMALL.keep)))
    return [
        KeySample(slot, draw(COUNTER), draw(COUNTER), draw(st.integers(-5, 99)), draw(st.integers(0, 2**40)) // 60 * 60)
        for slot in slots
    ]


def packed(samples: list[KeySample], grain: Grain = SMALL) -> bytes:
    data = b""
    for sample in samples:
        data = push(data, sample, grain)
    return data


@given(series())
def test_what_is_put_in_comes_out(samples: list[KeySample]) -> None:
    told = [one for at, one in enumerate(samples) if at == 0 or one[1:] != samples[at - 1][1:]]
    assert unpack(packed(samples), SMALL) == told


def sample(slot: int, used: int = 0, **more: int) -> KeySample:
    return KeySample(slot, used, more.get("remain", 1_000_000 - used), more.get("status", 1), more.get("billed", 0))


def test_counters_that_did_not_move_add_nothing() -> None:
    data = packed([sample(5, 10)])
    assert push(data, sample(9, 10), SMALL) == data
    assert unpack(b"", SMALL) == []


def test_those_of_a_while_come_with_the_two_before_it() -> None:
    data = packed([sample(n, n) for n in (1, 2, 4, 6, 7)])
    for since, slots in ((-9, [1, 2, 4, 6, 7]), (4.5, [2, 4, 6, 7]), (6, [2, 4, 6, 7]), (99, [6, 7])):
        assert [one.slot for one in unpack(data, SMALL, since=since * 3600)] == slots
    assert unpack(packed([sample(1, 1)]), SMALL, since=9e9) == [sample(1, 1)]


def test_the_oldest_are_dropped_by_their_number_not_by_their_age() -> None:
    samples = unpack(packed([sample(n, n) for n in range(40)]), SMALL)
    assert SMALL.keep <= len(samples) <= SMALL.keep + 1
    assert samples[-1] == sample(39, 39)
    years_later = push(packed([sample(n, n) for n in range(5)]), sample(90_000, 6), SMALL)
    assert [one.slot for one in unpack(years_later, SMALL)] == [0, 1, 2, 3, 4, 90_000]


def test_a_clock_that_was_moved_back_drops_what_lies_after_it() -> None:
    data = packed([sample(1, 1), sample(2, 2), sample(8_760, 3)])
    assert [one.slot for one in unpack(push(data, sample(3, 4), SMALL), SMALL)] == [1, 2, 3]
    assert unpack(push(data, sample(2, 9), SMALL), SMALL) == [sample(1, 1), sample(2, 9)]


def test_a_key_in_use_costs_a_few_bytes_an_hour_and_a_day() -> None:
    """The size of a year of 100,000 keys follows from this."""
    for grain, spent in ((HOURS, 200_000), (DAYS, 2_000_000)):
        data = b""
        for n in range(grain.keep):
            slot = 480_000 + n
            billed = (slot + 1) * grain.seconds - 60 * (n % 50)
            data = push(data, KeySample(slot, spent * n + n, 10**9 - spent * n - n, 1, billed), grain)
        assert len(data) / grain.keep < 6.5
