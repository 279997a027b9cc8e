"""From a question without an answer to a key that is disabled: once, read back, told, and taken back."""

import pytest
import sqlalchemy as sa

from bot.approvals.models import Status
from bot.care import told
from bot.care.idle import orders, store
from bot.care.idle.judgement import IdleState
from bot.db.engine import Database
from bot.permissions.care import CareTerms
from tests.care.kit import ADA, BEN, DAY, NOON, Desk, key
from tests.narrow import present


class Asked(Desk):
    """A key of Ada that is asked about on day 30."""

    async def days(self, *days: float) -> None:
        for day in days:
            self.now = NOON + day * DAY
            await self.round()

    def state(self, key_id: int = 1) -> IdleState:
        return present(self.database.run_here(store.find, key_id)).state

    def settle(self, status: Status = Status.SUCCEEDED) -> None:
        self.database.run_here(self.ordered.settle, status, at=self.now)

    def outcomes(self) -> list[str]:
        def read(c: sa.Connection) -> list[str]:
            posts = [post_id for post_id, *_ in self.wanted.posts]
            return [str(outcome) for post_id in posts for outcome in told.outcomes(c, post_id).values()]

        return self.database.run_here(read)


@pytest.fixture
async def desk(thorough_database: Database) -> Asked:
    made = Asked(thorough_database)
    made.terms = CareTerms(quiet=None)
    made.put(key(1))
    await made.days(0, 7, 14, 21, 28, 30, 31)
    assert made.wanted.told() == {(ADA, 1, "idle", 0): 1}
    return made


async def test_silence_disables_the_key_once_and_the_owner_hears_when_it_is_done(desk: Asked) -> None:
    await desk.days(37, 43.9)
    assert desk.ordered.keys == []
    await desk.days(44, 44.1)
    assert desk.ordered.keys == [1]
    assert desk.state() is IdleState.ORDERED
    assert len(desk.wanted.posts) == 1
    desk.settle()
    # The gateway was read back, and the inventory says so.
    desk.put(key(1, status=2))
    await desk.days(44.2, 44.3, 50)
    assert desk.wanted.told() == {(ADA, 1, "idle", 0): 1, (ADA, 1, "unanswered", 0): 1}
    assert desk.outcomes() == ["stopped"]
    # It is enabled again, and the same time passes until it is asked about once more.
    desk.put(key(1))
    await desk.days(51, 58, 65, 72, 79, 80.9)
    assert desk.outcomes() == ["stopped", "enabled"]
    assert len(desk.wanted.posts) == 2
    await desk.days(81)
    assert desk.wanted.told()[ADA, 1, "idle", 0] == 2


async def test_what_is_not_taken_back_in_time_has_no_button_any_more(desk: Asked) -> None:
    await desk.days(37, 44)
    desk.settle()
    desk.put(key(1, status=2))
    await desk.days(44.1, 51, 58, 65, 72)
    assert desk.outcomes() == ["stopped"]
    await desk.days(75)
    assert desk.outcomes() == ["stopped", "late"]
    assert desk.state() is IdleState.KEPT


async def test_an_order_that_failed_is_placed_again_a_day_later(desk: Asked) -> None:
    await desk.days(37, 44)
    desk.settle(Status.FAILED)
    await desk.days(44.1, 44.9)
    assert (desk.ordered.keys, desk.state()) == ([1], IdleState.ASKED)
    await desk.days(45.2)
    assert desk.ordered.keys == [1, 1]
    assert len(desk.wanted.posts) == 1


async def test_a_key_that_was_enabled_before_anybody_could_be_told_is_left_alone(desk: Asked) -> None:
    await desk.days(37, 44)
    desk.settle()
    await desk.days(44.1)
    assert desk.state() is IdleState.ORDERED
    await desk.days(45.2)
    assert desk.state() is IdleState.KEPT
    assert len(desk.wanted.posts) == 1


async def test_a_question_that_reached_nobody_disables_nothing(database: Database) -> None:
    desk = Asked(database)
    desk.terms = CareTerms(quiet=None)
    desk.wanted.arrives = False
    desk.put(key(1))
    await desk.days(0, 7, 14, 21, 28, 30, 37, 44, 51)
    assert desk.wanted.told() == {(ADA, 1, "idle", 0): 1}
    assert desk.ordered.keys == []


async def test_nobody_is_disabled_in_their_sleep_nor_all_in_one_round(
    desk: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders, "MOST_ORDERS", 2)
    desk.put(*(key(n) for n in range(10, 15)), owner=BEN)
    await desk.days(38, 45, 52, 59, 66, 68)
    desk.zones[BEN] = -12 * 3600  # it is midnight where Ben lives
    desk.terms = CareTerms()
    await desk.days(75, 82)
    assert desk.ordered.keys == [1]
    desk.zones[BEN] = 0
    await desk.days(82.01)
    assert len(desk.ordered.keys) == 3
    await desk.days(82.02, 82.03)
    assert sorted(desk.ordered.keys) == [1, *range(10, 15)]


async def test_a_clock_that_jumps_a_year_asks_nobody_and_disables_nothing(desk: Asked) -> None:
    desk.put(key(2, used_quota=5, accessed_time=int(NOON + 31 * DAY)))
    await desk.days(31 + 365, 31 + 366, 32)
    assert desk.ordered.keys == []
    assert desk.wanted.told() == {(ADA, 1, "idle", 0): 1}


async def test_a_key_that_comes_to_life_is_no_longer_asked_about(desk: Asked) -> None:
    desk.now += DAY
    desk.put(key(1, used_quota=5, accessed_time=int(desk.now)))
    await desk.days(33)
    assert desk.outcomes() == ["in_use"]
    assert desk.wanted.redrawn == [desk.wanted.posts[0][0]]
    await desk.days(37, 44, 51)
    assert desk.ordered.keys == []


async def test_a_policy_that_turns_it_off_withdraws_the_question(desk: Asked) -> None:
    desk.terms = CareTerms(quiet=None, idle_never=0, idle_unused=0)
    await desk.days(37, 44, 51)
    assert (desk.outcomes(), desk.ordered.keys) == (["not_asked"], [])


async def test_a_key_that_is_deleted_is_no_longer_asked_about(desk: Asked) -> None:
    desk.gone(1)
    await desk.days(37, 44, 51)
    assert (desk.outcomes(), desk.ordered.keys) == (["gone"], [])
    assert desk.database.run_here(store.find, 1) is None


async def test_after_a_restart_slack_is_asked_where_the_owner_lives(desk: Asked) -> None:
    desk.terms = CareTerms()
    await desk.days(37)
    desk.zones.clear()
    await desk.days(44)
    assert desk.ordered.keys == [1]
