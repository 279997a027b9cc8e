"""Who is told what and when: two things a day one by one, the rest together, and what cannot wait at once."""

import pytest

from bot.db.engine import Database
from bot.permissions.care import CareTerms
from tests.care.kit import ADA, BEN, DAY, HOUR, NOON, Desk, key


@pytest.fixture
async def desk(thorough_database: Database) -> Desk:
    made = Desk(thorough_database)
    made.terms = CareTerms(quota_days=0, quiet=None)
    await made.round()
    return made


async def crossing(desk: Desk, *numbers: int, hours: float = 0.0) -> list[int]:
    """These keys cross the mark of a week now; returns how many things each message tells."""
    desk.now += hours * HOUR
    desk.put(*(key(n, born=desk.now - 90 * DAY, ends=desk.now + 7 * DAY - 60) for n in numbers))
    await desk.round()
    return [body["count"] for *_, body in desk.wanted.posts]


async def test_the_third_of_a_day_waits_for_the_next_one_and_comes_with_the_others(desk: Desk) -> None:
    assert await crossing(desk, 1) == [1]
    assert await crossing(desk, 2, hours=1) == [1, 1]
    assert await crossing(desk, 3, hours=1) == [1, 1]
    assert await crossing(desk, 4, 5, hours=1) == [1, 1]
    assert await crossing(desk, hours=12) == [1, 1, 3]
    # That day has had its message.
    assert await crossing(desk, 6, hours=1) == [1, 1, 3]
    assert await crossing(desk, hours=24) == [1, 1, 3, 1]


async def test_many_at_once_are_one_message_and_the_rest_waits(desk: Desk) -> None:
    assert await crossing(desk, 1, 2, 3, 4) == [4]
    assert await crossing(desk, 5, hours=1) == [4]


async def test_what_ends_or_runs_dry_before_tomorrow_does_not_wait(desk: Desk) -> None:
    await crossing(desk, 1, 2, 3)
    desk.put(key(7, remain_quota=0, used_quota=9), key(8, born=desk.now - 9 * DAY, ends=desk.now + DAY - 60))
    await desk.round()
    desk.put(key(9, remain_quota=1, used_quota=9))
    await desk.round()
    told = {(number, kind) for _, number, kind, _ in desk.wanted.told()}
    assert {(7, "dry"), (8, "expires"), (9, "low")} <= told


async def test_what_was_mended_while_it_waited_is_never_told(desk: Desk) -> None:
    await crossing(desk, 1, 2, 3)
    await crossing(desk, 4, hours=1)
    desk.put(key(4, born=NOON - 90 * DAY, ends=NOON + 99 * DAY))
    assert await crossing(desk, hours=24) == [3]


async def test_a_key_that_is_given_is_told_to_its_new_owner_but_not_to_the_channel_again(desk: Desk) -> None:
    desk.put(key(1, remain_quota=0, used_quota=9))
    await desk.round()
    desk.put(key(1, remain_quota=0, used_quota=9), owner=BEN)
    await desk.round()
    await desk.round()
    assert desk.wanted.told() == {(ADA, 1, "dry", 0): 1, (BEN, 1, "dry", 0): 1}
    assert len(desk.wanted.in_channel) == 1
    # Ada's message says whose it is now, and so does the one in the channel.
    assert len(desk.wanted.redrawn) == 2


async def test_what_is_mended_is_drawn_anew_once(desk: Desk) -> None:
    await crossing(desk, 1)
    desk.put(key(2, remain_quota=1, used_quota=9))
    await desk.round()
    desk.put(key(1, born=NOON - 90 * DAY, ends=NOON + 99 * DAY), key(2, remain_quota=91, used_quota=9))
    await desk.round()
    await desk.round()
    assert sorted(desk.wanted.redrawn) == sorted(post_id for post_id, *_ in desk.wanted.posts)


async def test_messages_of_another_account_stay_as_they_are(desk: Desk) -> None:
    await crossing(desk, 1)
    desk.other_account(there=True)
    await desk.round()
    assert desk.wanted.redrawn == []
