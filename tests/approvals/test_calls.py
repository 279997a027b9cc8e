"""Who is called to decide: on the card, in its thread, by direct message; nobody too often, nobody forgotten."""

import itertools
from dataclasses import replace

import pytest

from bot.approvals.calls import AN_HOUR, LARGE_GROUP, MOST_MESSAGES, MOST_OF_ONE_PERSON, be_quiet, is_quiet
from bot.db.engine import Database
from bot.durable import Again
from bot.permissions.stages import reminder_times
from tests.approvals.kit import ADA, BEN, MIRA, OMAR, SAM, Spine, policy

STAGES = 'stages = [{ from = ["manager"] }, { from = ["security"] }]'


@pytest.fixture
def database(thorough_database: Database) -> Database:
    """Whom to call is no matter of the database: on PostgreSQL in `make thorough`."""
    return thorough_database


def messages(wanted: dict[str, int]) -> set[str]:
    return {name.removeprefix("req:1:call:") for name in wanted if ":call:" in name}


async def test_the_card_mentions_the_group_of_the_open_stage_and_then_that_of_the_next(database: Database) -> None:
    spine = Spine(database, policy(STAGES))
    await spine.ask()
    assert (await spine.row()).progress.called == ("S0MANAGERS",)
    await spine.actions.approve(1, MIRA, ADA)
    assert (await spine.row()).progress.called == ("S0SECURITY",)
    assert messages(await spine.wanted()) == set()


async def test_a_large_group_is_mentioned_once_an_hour_and_a_small_one_each_time(sqlite_spine: Spine) -> None:
    spine = sqlite_spine
    spine.sizes["S0MANAGERS"] = LARGE_GROUP + 1
    await spine.ask(ADA)
    await spine.ask(BEN)
    spine.now += AN_HOUR
    # An hour later it is another person's turn, and not the same one's.
    await spine.ask(BEN)
    spine.sizes["S0MANAGERS"] = LARGE_GROUP
    await spine.ask(BEN)
    called = [(await spine.row(number)).progress.called for number in (1, 2, 3, 4)]
    assert called == [("S0MANAGERS",), (), ("S0MANAGERS",), ("S0MANAGERS",)]


async def test_asking_and_withdrawing_all_day_calls_five_times_an_hour(sqlite_spine: Spine) -> None:
    spine = sqlite_spine
    for number in range(1, MOST_OF_ONE_PERSON + 2):
        await spine.ask()
        assert bool((await spine.row(number)).progress.called) is (number <= MOST_OF_ONE_PERSON)
        await spine.actions.withdraw(number, ADA)
    await spine.ask(BEN)
    spine.now += AN_HOUR
    await spine.ask()
    assert all(
        [(await spine.row(number)).progress.called for number in (MOST_OF_ONE_PERSON + 2, MOST_OF_ONE_PERSON + 3)]
    )


async def test_a_reminder_writes_to_each_decider_but_who_asked_who_voted_and_who_wants_quiet(
    database: Database,
) -> None:
    spine = Spine(database, policy('from = ["manager"], count = 2, remind = "4h"'))
    await spine.ask()
    await spine.actions.approve(1, OMAR, ADA)
    await database.run(be_quiet, "U0QUIET", True)
    spine.people = frozenset({"U0ADA", "U0OMAR", "U0MIRA", "U0QUIET"})
    spine.now += 4 * 3600
    await spine.timers.remind("1:1")
    assert await spine.started("req:1:call:1")
    assert await spine.calls.run("1:1") is None
    assert messages(await spine.wanted()) == {"1:U0MIRA"}
    # The message follows the request as the card does.
    await spine.actions.approve(1, MIRA, ADA)
    assert (await spine.wanted())["req:1:call:1:U0MIRA"] == 2


async def test_whoever_took_it_is_reminded_alone(sqlite_spine: Spine) -> None:
    spine = sqlite_spine
    await spine.ask()
    await spine.actions.take(1, MIRA, ADA)
    spine.people = frozenset({"U0MIRA", "U0OMAR"})
    await spine.calls.run("1:1")
    assert messages(await spine.wanted()) == {"1:U0MIRA"}


async def test_nobody_is_called_twice_within_an_hour_unless_the_requester_asks(sqlite_spine: Spine) -> None:
    spine = sqlite_spine
    await spine.ask()
    spine.now += AN_HOUR - 1
    await spine.timers.remind("1:1")
    assert not await spine.started("req:1:call:1")
    await spine.actions.nudge(1, ADA)
    assert await spine.started("req:1:call:nudge")


async def test_many_deciders_are_mentioned_in_the_thread_instead(sqlite_spine: Spine) -> None:
    spine = sqlite_spine
    await spine.ask()
    spine.people = frozenset(f"U0{number:03}" for number in range(MOST_MESSAGES + 1))
    await spine.calls.run("1:1")
    assert messages(await spine.wanted()) == set()
    assert "req:1:remind:1:mention" in await spine.wanted()


@pytest.mark.parametrize(("age", "again"), [(0.0, True), (1_000.0, False)])
async def test_while_slack_does_not_say_who_they_are_it_is_asked_again_then_mentioned(
    sqlite_spine: Spine, age: float, again: bool
) -> None:
    spine = sqlite_spine
    await spine.ask()
    spine.people, spine.now = None, spine.now + age
    assert isinstance(await spine.calls.run("1:1"), Again) is again
    assert ("req:1:remind:1:mention" in await spine.wanted()) is not again


@pytest.mark.parametrize(
    ("notify", "on_card", "by_message"),
    [("channel", ("S0MANAGERS",), False), ("dm", (), True), ("both", ("S0MANAGERS",), True)],
)
async def test_a_rule_says_how_they_are_called(
    database: Database, notify: str, on_card: tuple[str, ...], by_message: bool
) -> None:
    spine = Spine(database, policy(f'from = ["manager"], remind = "4h", notify = "{notify}"'))
    await spine.ask()
    assert (await spine.row()).progress.called == on_card
    assert bool(await spine.started("req:1:call:asked")) is by_message
    spine.now += 4 * 3600
    await spine.timers.remind("1:1")
    assert bool(await spine.started("req:1:call:1")) is (notify != "channel")


async def test_a_later_stage_is_written_to_as_well(database: Database) -> None:
    spine = Spine(database, policy(f'{STAGES}, notify = "both"'))
    await spine.ask()
    await spine.actions.approve(1, MIRA, ADA)
    assert await spine.started("req:1:call:stage1")
    spine.people = frozenset({SAM.slack_user_id})
    await spine.calls.run("1:stage1")
    assert messages(await spine.wanted()) == {"stage1:U0SAM"}


async def test_what_is_decided_or_gone_calls_nobody(sqlite_spine: Spine) -> None:
    spine = sqlite_spine
    assert await spine.calls.run("7:1") is None
    await spine.ask()
    await spine.actions.approve(1, MIRA, ADA)
    spine.people = frozenset({"U0OMAR"})
    assert await spine.calls.run("1:1") is None
    assert messages(await spine.wanted()) == set()


async def test_everybody_is_not_mentioned(database: Database) -> None:
    spine = Spine(database, policy('from = ["*"]'))
    await spine.ask()
    assert (await spine.row()).progress.called == ()
    assert spine.calls.deciders(await spine.row()) == frozenset()


async def test_what_waits_for_nobody_calls_nobody(sqlite_spine: Spine) -> None:
    granted = await sqlite_spine.ask(remain_quota=1)
    assert sqlite_spine.calls.deciders(granted) == frozenset()


async def test_who_is_only_written_to_is_mentioned_nowhere_when_a_stage_opens(sqlite_database: Database) -> None:
    spine = Spine(sqlite_database, policy(f'{STAGES}, notify = "dm"'))
    await spine.ask()
    await spine.actions.approve(1, MIRA, ADA)
    assert await spine.started("req:1:call:stage1")
    assert (await spine.row()).progress.called == ()


@pytest.mark.parametrize("people", [frozenset({"U0MIRA"}), frozenset(f"U{number}" for number in range(99))])
async def test_what_was_decided_while_slack_was_asked_calls_nobody(sqlite_spine: Spine, people: frozenset[str]) -> None:
    spine = sqlite_spine
    await spine.ask()

    async def decided_meanwhile(_ids: object) -> frozenset[str]:
        await spine.actions.withdraw(1, ADA)
        return people

    spine.calls = replace(spine.calls, people=decided_meanwhile)
    before = set(await spine.wanted())
    assert await spine.calls.run("1:1") is None
    assert messages(await spine.wanted()) == set()
    assert not {name for name in set(await spine.wanted()) - before if "mention" in name}


async def test_nobody_is_left_to_be_called(sqlite_spine: Spine) -> None:
    spine = sqlite_spine
    spine.sizes["S0MANAGERS"] = LARGE_GROUP + 1
    await spine.ask()
    spine.people = frozenset({"U0ADA"})
    await spine.calls.run("1:1")
    assert messages(await spine.wanted()) == set()
    # A large group that was mentioned a moment ago is not mentioned again.
    spine.people = frozenset(f"U{number}" for number in range(MOST_MESSAGES + 1))
    await spine.calls.run("1:1")
    assert "req:1:remind:1:mention" not in await spine.wanted()


async def test_who_wanted_quiet_may_want_to_be_called_again(sqlite_database: Database) -> None:
    for quiet in (True, False, False):
        await sqlite_database.run(be_quiet, "U0QUIET", quiet)
        assert await sqlite_database.read(is_quiet, "U0QUIET") is quiet


async def test_an_undecided_request_over_three_days_calls_again_and_again_and_nobody_twice_in_an_hour(
    database: Database,
) -> None:
    spine = Spine(database, policy('from = ["manager"], remind = "10m", expires = "3d"'))
    spine.people = frozenset({"U0MIRA", "U0OMAR"})
    request = await spine.ask()
    assert request.approval is not None
    called = [spine.now]
    for number, at in enumerate(reminder_times(request.approval, asked_at=request.asked_at), start=1):
        spine.now = at
        before = messages(await spine.wanted())
        await spine.timers.remind(f"1:{number}")
        if await spine.started(f"req:1:call:{number}"):
            await spine.calls.run(f"1:{number}")
            assert messages(await spine.wanted()) - before == {f"{number}:U0MIRA", f"{number}:U0OMAR"}
            called.append(at)
    assert len(called) >= 3
    assert all(later - earlier >= AN_HOUR for earlier, later in itertools.pairwise(called))


async def test_noise_of_one_person_leaves_a_large_group_to_others(sqlite_spine: Spine) -> None:
    spine = sqlite_spine
    spine.sizes["S0MANAGERS"] = LARGE_GROUP + 1
    mentioned = []
    for number in range(1, 8):
        await spine.ask(ADA)
        mentioned.append(bool((await spine.row(number)).progress.called))
        await spine.actions.withdraw(number, ADA)
        spine.now += AN_HOUR
    assert mentioned == [True, False, False, False, False, False, True]
    spine.now += 1.0
    await spine.ask(BEN)
    assert (await spine.row(8)).progress.called == ("S0MANAGERS",)


async def test_only_full_members_are_written_to_and_who_took_it_and_left_holds_nobody_up(sqlite_spine: Spine) -> None:
    spine = sqlite_spine
    await spine.ask()
    await spine.actions.take(1, MIRA, ADA)
    spine.people, spine.gone = frozenset({"U0MIRA", "U0OMAR", "U0GUEST"}), {"U0MIRA", "U0GUEST"}
    await spine.calls.run("1:1")
    assert messages(await spine.wanted()) == {"1:U0OMAR"}
