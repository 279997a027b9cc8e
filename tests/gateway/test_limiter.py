"""Whose turn it is: shares of a window, a stop for everybody at a refusal, kills first."""

import asyncio

import pytest

from bot.gateway.errors import GatewayLimited
from bot.gateway.limiter import (
    LONGEST_STOP,
    MOST_PEOPLE,
    SIZES,
    CallLimiter,
    Limit,
    LimitReached,
    Priority,
    WindowSize,
    asked_by,
    current_priority,
    duration_text,
    prioritized,
)
from bot.gateway.models import KeyId
from tests.gateway.answers import ROW, Sleeper, answering, yes
from tests.gateway.kit import client_of, fake_gateway

CALLS, REVEALS = (Limit.CALLS,), (Limit.CALLS, Limit.REVEALS)
KILL, PEOPLE, BACKGROUND = Priority.KILL, Priority.PEOPLE, Priority.BACKGROUND


def limiter() -> tuple[CallLimiter, Sleeper]:
    clock = Sleeper()
    return CallLimiter(clock=clock, sleep=clock.sleep), clock


async def spend(one: CallLimiter, priority: Priority, limits: tuple[Limit, ...] = CALLS, most: int = 1_000) -> int:
    """How many calls it lets pass at once."""
    for number in range(most):
        try:
            await one.turn(limits, priority, patience=0.0)
        except LimitReached:
            return number
    return most


async def test_lookers_on_never_spend_the_last_part_which_is_kept_for_kills() -> None:
    one, _ = limiter()
    share = SIZES[Limit.CALLS].shares
    assert await spend(one, BACKGROUND) == share[BACKGROUND]
    assert await spend(one, PEOPLE) == share[PEOPLE] - share[BACKGROUND]
    assert await spend(one, KILL, most=40) == 40


async def test_reveals_are_kept_for_people() -> None:
    one, clock = limiter()
    assert await spend(one, BACKGROUND, REVEALS) == 4
    assert await spend(one, KILL, REVEALS) == 4
    assert await spend(one, PEOPLE, REVEALS) == 12
    with pytest.raises(LimitReached) as reached:
        await one.turn(REVEALS, PEOPLE, patience=clock())
    assert (reached.value.limit, reached.value.seconds) == (Limit.REVEALS, 1200.0)


async def test_what_is_left_of_a_share() -> None:
    one, clock = limiter()
    assert (one.left(Limit.REVEALS, KILL), one.left(Limit.CALLS, PEOPLE)) == (8, 140)
    # Kills have no share of all calls: theirs is the whole window.
    assert one.left(Limit.CALLS, KILL) == 180
    await spend(one, KILL, most=10)
    assert (one.left(Limit.CALLS, PEOPLE), one.left(Limit.CALLS, KILL)) == (130, 170)
    clock.now += 180
    assert one.left(Limit.CALLS, PEOPLE) == 140


async def test_a_share_comes_back_as_calls_leave_the_window() -> None:
    one, clock = limiter()
    await spend(one, PEOPLE)
    clock.now += 100
    await spend(one, KILL, most=10)
    await one.turn(CALLS, PEOPLE, patience=clock() + 200)
    assert clock.pauses == [80.0]


async def test_one_refusal_stops_everybody_and_kills_go_first() -> None:
    one, _ = limiter()
    await one.turn(CALLS, PEOPLE, patience=0.0)
    one.refused(CALLS, None)
    waits = [one.wait(Limit.CALLS, priority) for priority in (KILL, PEOPLE, BACKGROUND)]
    assert waits == sorted(waits)
    assert waits[0] == 1.0 < waits[1] < waits[2]
    one.refused(CALLS, None)  # one that was under way already says nothing new
    assert one.wait(Limit.CALLS, KILL) == 1.0


async def test_refusals_in_a_row_make_the_stop_longer_and_a_success_ends_it() -> None:
    one, clock = limiter()
    stops = []
    with prioritized(KILL):
        for _ in range(8):
            await one.turn(CALLS, KILL, patience=clock() + 100)
            stops.append(one.refused(CALLS, None))
    assert stops == sorted(stops)
    assert stops[-1] <= 5.0 < one.wait(Limit.CALLS, PEOPLE) <= 61.0
    await one.turn(CALLS, KILL, patience=clock() + 100)
    one.passed(CALLS)
    assert one.wait(Limit.CALLS, BACKGROUND) == 0.0


@pytest.mark.parametrize(("told", "stop"), [(30.0, 30.0), (0.0, 0.0), (1e9, LONGEST_STOP)])
async def test_retry_after_is_believed_within_reason(told: float, stop: float) -> None:
    one, _ = limiter()
    await one.turn(CALLS, KILL, patience=0.0)
    one.refused(CALLS, told)
    assert one.wait(Limit.CALLS, KILL) == stop


async def test_a_refused_reveal_stops_reveals_and_nothing_else() -> None:
    one, _ = limiter()
    await one.turn(REVEALS, PEOPLE, patience=0.0)
    one.refused(REVEALS, None)
    assert one.wait(Limit.REVEALS, PEOPLE) > 0
    assert one.wait(Limit.CALLS, BACKGROUND) == 0.0
    assert one.room() == SIZES[Limit.CALLS].most  # what was refused does not count
    one.refused(REVEALS, None)  # a call of another process that shares the limits: ours are not taken back twice
    assert one.room() == SIZES[Limit.CALLS].most


async def test_room_and_forecast_speak_of_a_limit_only_when_there_is_one() -> None:
    one, clock = limiter()
    assert (one.room(), one.forecast(1_000)) == (180, None)
    await spend(one, KILL, most=180)
    assert one.room() == 1  # one more finds out
    await one.turn(CALLS, KILL, patience=0.0)
    one.refused(CALLS, None)
    assert one.room() == 0
    clock.now += 10
    assert one.forecast(1_000) == 170 + 5 * 180
    assert one.until_room(28) == 170.0
    clock.now += 170
    assert one.until_room(28) == 0.0
    await one.turn(CALLS, KILL, patience=0.0)
    one.passed(CALLS)
    assert one.room() == 179


async def test_what_is_known_of_the_gateway_is_presumed_until_a_call_tells() -> None:
    one, _ = limiter()
    before: object = one.holds
    assert before is None
    one.presume(limited=True)
    assert (one.holds, one.forecast(180)) == (True, 0.0)
    await spend(one, KILL, most=180)
    assert (one.room(), one.forecast(90)) == (0, 180.0)
    one.presume(limited=False)
    assert (one.room(), one.forecast(90)) == (None, None)
    one.refused(CALLS, None)
    assert one.room() == 0


@pytest.mark.parametrize("presumed", [None, True, False])
async def test_what_is_only_presumed_of_the_gateway_gives_nobody_what_is_kept_for_kills(presumed: bool | None) -> None:
    one, _ = limiter()
    if presumed is not None:
        one.presume(limited=presumed)
    assert await spend(one, PEOPLE) == 140
    assert await spend(one, KILL, most=40) == 40


async def test_one_person_has_half_of_the_calls_for_people_and_kills_are_not_counted() -> None:
    one, clock = limiter()
    with asked_by("U0ADA"):
        assert await spend(one, PEOPLE) == 70
        with pytest.raises(LimitReached) as reached:
            await one.turn(CALLS, PEOPLE, patience=clock())
        assert (reached.value.limit, reached.value.seconds) == (Limit.CALLS, 180.0)
        assert await spend(one, KILL, most=10) == 10
        with asked_by(""):
            assert await spend(one, PEOPLE, most=10) == 10
    with asked_by("U0BEN"):
        assert await spend(one, PEOPLE) == 50
    clock.now += 180
    with asked_by("U0ADA"):
        assert await spend(one, PEOPLE) == 70


async def test_what_is_left_for_one_who_asks() -> None:
    one, clock = limiter()
    share = SIZES[Limit.CALLS].person or 0
    assert one.left_for("refills") == share
    with asked_by("refills"):
        assert await spend(one, PEOPLE, most=30) == 30
    assert one.left_for("refills") == share - 30
    for person in ("U0ADA", "U0BEN"):
        with asked_by(person):
            await spend(one, PEOPLE)
    assert one.left_for("refills") == 0
    clock.now += SIZES[Limit.CALLS].seconds
    assert one.left_for("refills") == share
    one.refused(CALLS, None)
    assert one.left_for("refills") == 0
    free, _ = limiter()
    await spend(free, KILL, most=200)
    free.passed(CALLS)
    assert free.left_for("refills") is None


async def test_where_there_is_no_window_nobody_has_a_share_of_it_and_those_who_ask_are_not_remembered_for_ever() -> (
    None
):
    one, clock = limiter()
    for number in range(MOST_PEOPLE + 10):
        with asked_by(f"U{number}"):
            await one.turn(CALLS, PEOPLE, patience=0.0)
        clock.now += 2
    assert len(one._windows[Limit.CALLS].of_person) == MOST_PEOPLE
    for _ in range(181):
        await one.turn(CALLS, KILL, patience=0.0)
        one.passed(CALLS)
    with asked_by("U0ADA"):
        assert await spend(one, PEOPLE) == 1_000


@pytest.mark.parametrize(("profile", "room"), [("cometapi", None), ("upstream-g2", 179)])
async def test_the_window_is_new_apis_and_cometapi_publishes_none(profile: str, room: int | None) -> None:
    fake = fake_gateway(profile)
    client = client_of(fake, limiter=None)
    await client.newest_keys()
    assert client.limiter.room() == room


async def test_a_gateway_that_takes_more_than_the_window_is_not_held_to_it() -> None:
    one, _ = limiter()
    for _ in range(181):
        await one.turn(CALLS, KILL, patience=0.0)
        one.passed(CALLS)
    assert (one.room(), one.forecast(1_000)) == (None, None)
    assert await spend(one, PEOPLE) == 1_000
    assert await spend(one, BACKGROUND) == 0  # what nobody waits for keeps to it all the same
    one.refused(CALLS, None)
    assert await spend(one, PEOPLE) == 0


async def test_a_person_is_told_until_when() -> None:
    clock = Sleeper()
    client, seen = answering(yes(ROW), clock=clock)
    for _ in range(140):
        await client.get_key(KeyId(5))
    with pytest.raises(GatewayLimited, match=r"Try again in about 3 minutes \(\d\d:\d\d UTC\)"):
        await client.get_key(KeyId(5), deadline=2.0)
    assert len(seen) == 140
    with prioritized(KILL):
        await client.get_key(KeyId(5), deadline=2.0)
    assert len(seen) == 141


async def test_the_pages_of_a_list_leave_room_for_the_rest_unless_it_is_for_a_kill() -> None:
    fake = fake_gateway("upstream-g2", ip_limit=(180, 180.0))
    for number in range(150):
        fake.add_key(name=f"key {number}")
    client = client_of(fake, limiter=None)
    for _ in range(45):
        await client.list_keys(deadline=1.0)
    with pytest.raises(GatewayLimited):
        await client.list_keys(deadline=1.0)
    with prioritized(KILL):
        assert len(await client.list_keys(deadline=1.0)) == 150


async def test_two_clients_of_one_address_share_a_limiter() -> None:
    one, clock = limiter()
    first, _ = answering(yes(ROW), clock=clock, limiter=one)
    second, seen = answering(yes(ROW), clock=clock, limiter=one)
    for _ in range(140):
        await first.get_key(KeyId(5))
    with pytest.raises(GatewayLimited):
        await second.get_key(KeyId(5), deadline=1.0)
    assert seen == []


async def test_calls_started_from_a_kill_are_for_the_kill() -> None:
    with prioritized(KILL):
        task = asyncio.create_task(_priority())
    assert await task is KILL
    assert await _priority() is PEOPLE


async def _priority() -> Priority:
    return current_priority()


def test_what_the_gateway_takes_for_long_is_said_by_the_minute() -> None:
    one = CallLimiter(
        clock=Sleeper(), sleep=Sleeper().sleep, sizes={Limit.CALLS: WindowSize(most=30, seconds=90.0, shares={})}
    )
    assert one.per_minute == 20


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "about 1 second"), (40.0, "about 40 seconds"), (91.0, "about 2 minutes"), (710.0, "about 12 minutes")],
)
def test_a_duration_in_words(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
