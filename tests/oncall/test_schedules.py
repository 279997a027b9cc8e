"""Who is on call in Slack's terms: what is remembered, for how long, and who stands in when it is not known."""

import logging

import pytest

from bot.oncall import Schedules
from keydesk_sandbox.fake_pagerduty import FAULTS, Fault
from tests.oncall.kit import ANN, BEN, EVE, MINUTE, NAME, NOT, SCHEDULE, Clock, Desk, desk

FALLBACK = frozenset({"S0SEC", "U0SAM"})


async def test_whoever_is_on_call_has_the_role_and_the_fallback_has_not() -> None:
    async with desk() as at:
        at.pagerduty.on_call(SCHEDULE, ANN, BEN)
        await at.schedules.look()
        assert at.called() == {"U0ANN", "U0BEN"}
        assert at.decides("U0ANN")
        assert not at.decides("U0SAM", "S0SEC")
        assert at.schedules.silence([NAME]) == ""
        assert at.schedules.problems() == ()
        assert at.schedules.called(["S0X", NAME, "U0Y"]) == {"S0X", "U0Y", "U0ANN", "U0BEN"}


@pytest.mark.parametrize("fault", [one for one in FAULTS if one not in {"none", "hang"}])
async def test_the_fallback_stands_in_whatever_is_wrong_and_nobody_else_ever(fault: Fault) -> None:
    async with desk() as at:
        at.pagerduty.on_call(SCHEDULE, ANN)
        at.pagerduty.fault = fault
        await at.schedules.look()
        assert at.called() == FALLBACK
        assert at.decides("U0SAM")
        assert at.decides("U0X", "S0SEC")
        assert not at.decides("U0ANN")
        assert not at.decides("U0X", "S0ENG")
        [problem] = at.schedules.problems()
        assert problem == at.schedules.silence([NAME])
        assert "fallback" in problem


async def test_a_pagerduty_that_hangs_costs_the_first_who_comes_a_moment_and_the_next_nothing() -> None:
    async with desk(patience=30.0) as at:
        at.pagerduty.fault = "hang"
        at.schedules._patience = 0.02
        await at.schedules.look()
        assert at.called() == FALLBACK
        assert not at.decides("U0ANN")
        assert "it has not answered yet" in at.schedules.silence([NAME])
        at.schedules._patience = 0.02
        with pytest.raises(StopIteration):  # whoever comes later does not wait for it
            at.schedules.look().send(None)


async def test_it_is_asked_every_few_minutes_and_again_soon_after_a_failure() -> None:
    async with desk() as at:
        at.pagerduty.on_call(SCHEDULE, ANN)
        for _ in range(20):
            await at.later(0.0)
        assert len(at.pagerduty.asked) == 1
        await at.later(2.9 * MINUTE)
        assert len(at.pagerduty.asked) == 1
        await at.later(0.2 * MINUTE)
        assert len(at.pagerduty.asked) == 2
        at.pagerduty.fault = "503"
        await at.later(3.1 * MINUTE)
        await at.later(29.0)
        assert len(at.pagerduty.asked) == 3
        await at.later(2.0)
        assert len(at.pagerduty.asked) == 4


async def test_after_a_429_it_is_asked_when_pagerduty_says() -> None:
    async with desk() as at:
        at.pagerduty.fault, at.pagerduty.retry_after = "429", 120
        await at.schedules.look()
        await at.later(119.0)
        assert len(at.pagerduty.asked) == 1
        await at.later(2.0)
        assert len(at.pagerduty.asked) == 2


async def test_an_answer_counts_for_ten_minutes_then_the_fallback_stands_in() -> None:
    async with desk() as at:
        at.pagerduty.on_call(SCHEDULE, ANN)
        await at.schedules.look()
        at.pagerduty.fault = "500"
        await at.later(9.9 * MINUTE)
        assert at.called() == {"U0ANN"}
        await at.later(0.2 * MINUTE)
        assert at.called() == FALLBACK
        assert not at.decides("U0ANN")
        at.pagerduty.fault = "none"
        await at.later(0.6 * MINUTE)
        assert at.called() == {"U0ANN"}
        assert at.schedules.problems() == ()


async def test_after_a_quiet_night_the_first_who_comes_waits_for_the_answer() -> None:
    async with desk() as at:
        at.pagerduty.fault = "500"
        await at.schedules.look()
        at.pagerduty.fault = "none"
        at.pagerduty.on_call(SCHEDULE, BEN)
        at.clock.now += 8 * 60 * MINUTE
        await at.schedules.look()
        assert at.called() == {"U0BEN"}


async def test_a_shift_ends_on_the_second_and_its_person_may_still_decide_for_ten_minutes() -> None:
    async with desk() as at:
        at.pagerduty.take_turns(SCHEDULE, [ANN, BEN], seconds=5 * MINUTE)
        await at.schedules.look()
        assert at.called() == {"U0ANN"}
        assert not at.decides("U0BEN")
        at.clock.now += 5 * MINUTE
        assert at.called() == {"U0BEN"}, "no question was needed"
        assert at.decides("U0BEN")
        assert at.decides("U0ANN"), "whoever was called may still decide"
        assert len(at.pagerduty.asked) == 1


async def test_whoever_has_the_role_still_is_counted_with_it_though_not_called() -> None:
    """Else what they were granted would not count, for ten minutes in which they may ask for the same again."""
    async with desk() as at:
        at.pagerduty.on_call(SCHEDULE, ANN, end=at.clock.now + MINUTE)
        at.pagerduty.override(SCHEDULE, BEN, start=at.clock.now + MINUTE, end=at.clock.now + 60 * MINUTE)
        await at.schedules.look()
        assert at.schedules.holders([NAME, "S0X"]) == {"U0ANN", "S0X"}
        at.clock.now += 2 * MINUTE
        assert at.called() == {"U0BEN"}
        assert at.schedules.holders([NAME]) == {"U0ANN", "U0BEN"}
        assert all(at.decides(one) for one in at.schedules.holders([NAME]))
        at.clock.now += 60 * MINUTE
        assert at.schedules.holders([NAME]) == FALLBACK


async def test_ten_minutes_after_a_shift_its_person_may_not_decide_any_more_also_after_a_restart() -> None:
    async with desk() as at:
        at.pagerduty.on_call(SCHEDULE, BEN, start=at.clock.now + MINUTE)
        at.pagerduty.override(SCHEDULE, ANN, start=at.clock.now - MINUTE, end=at.clock.now + MINUTE)
        at.clock.now += 10 * MINUTE  # nothing was asked before
        await at.schedules.look()
        assert at.called() == {"U0BEN"}
        assert at.decides("U0ANN")
        await at.later(1.1 * MINUTE)
        assert not at.decides("U0ANN")


async def test_in_a_gap_the_fallback_stands_in_beside_whoever_was_on_call_a_moment_ago() -> None:
    async with desk() as at:
        at.pagerduty.on_call(SCHEDULE, ANN, end=at.clock.now + MINUTE)
        await at.schedules.look()
        await at.later(2 * MINUTE)
        assert at.called() == FALLBACK
        assert at.decides("U0ANN")
        assert at.decides("U0SAM")
        assert "Nobody is on call" in at.schedules.silence([NAME])


async def test_people_whom_slack_does_not_know_are_not_called_and_are_named() -> None:
    async with desk() as at:
        at.pagerduty.on_call(SCHEDULE, EVE, NOT)
        await at.schedules.look()
        assert at.called() == FALLBACK
        [problem] = at.schedules.problems()
        assert "Eve and Nomail" in problem
        assert "@" not in problem, "no address is shown"
        assert at.slack.asked == ["eve@elsewhere.example"]


async def test_one_of_two_whom_slack_knows_is_called_and_the_other_is_named() -> None:
    async with desk() as at:
        at.pagerduty.on_call(SCHEDULE, ANN, EVE)
        await at.schedules.look()
        assert at.called() == {"U0ANN"}
        assert at.schedules.silence([NAME]) == ""
        [problem] = at.schedules.problems()
        assert "Eve" in problem


async def test_a_stranger_whose_shift_is_to_come_is_not_named_yet() -> None:
    async with desk() as at:
        at.pagerduty.on_call(SCHEDULE, ANN)
        at.pagerduty.override(SCHEDULE, EVE, start=at.clock.now + 5 * MINUTE, end=at.clock.now + 9 * MINUTE)
        await at.schedules.look()
        assert at.schedules.problems() == ()


async def test_a_nameless_stranger_is_somebody() -> None:
    async with desk() as at:
        at.pagerduty.on_call(SCHEDULE, type(EVE)(id="PU", name="", email="x@y.example"))
        await at.schedules.look()
        assert "somebody without a name" in at.schedules.silence([NAME])


async def test_while_slack_does_not_tell_who_has_an_address_the_last_answer_counts_then_the_fallback() -> None:
    async with desk() as at:
        at.pagerduty.on_call(SCHEDULE, ANN)
        await at.schedules.look()
        at.slack.reason = "the Slack app lacks the scope users:read.email"
        await at.later(4 * MINUTE)
        assert at.called() == {"U0ANN"}
        await at.later(7 * MINUTE)
        assert at.called() == FALLBACK
        assert "lacks the scope users:read.email" in at.schedules.problems()[0]


async def test_the_log_says_it_once_and_that_it_is_good_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bot.oncall.schedules")
    async with desk() as at:
        at.pagerduty.on_call(SCHEDULE, ANN)
        at.pagerduty.fault = "503"
        for _ in range(5):
            await at.later(MINUTE)
        at.pagerduty.fault = "none"
        await at.later(MINUTE)
    told = [record.getMessage() for record in caplog.records]
    assert told == [
        f"who is on call in {NAME} is not known: it answers 503",
        f"PagerDuty tells again who is on call in {NAME}",
    ]


async def test_a_schedule_that_leaves_the_policy_is_forgotten_and_unknown_ones_are_nobody() -> None:
    async with desk() as at:
        at.pagerduty.on_call(SCHEDULE, ANN)
        await at.schedules.look()
        at.fallbacks = {}
        await at.schedules.look()
        assert at.called() == frozenset()
        assert not at.decides("U0ANN")


async def test_many_at_once_ask_once() -> None:
    async with desk() as at:
        at.pagerduty.on_call(SCHEDULE, ANN)
        await at.schedules.look_now()
        await at.schedules.look_now()
        assert len(at.pagerduty.asked) == 2
        at.clock.now += 20 * MINUTE
        await at.schedules.look()
        await at.schedules.look()
        assert len(at.pagerduty.asked) == 3


async def test_the_end_of_a_shift_is_told_once_per_person() -> None:
    async with desk() as at:
        now = at.clock.now
        at.pagerduty.on_call(SCHEDULE, ANN, end=now + MINUTE)
        at.pagerduty.schedules[SCHEDULE].shifts += [*at.pagerduty.schedules[SCHEDULE].shifts]
        at.pagerduty.override(SCHEDULE, BEN, start=now - MINUTE, end=now + 2 * MINUTE)
        at.pagerduty.schedules[SCHEDULE].overrides.append(at.pagerduty.schedules[SCHEDULE].shifts[0])
        await at.schedules.look()
        assert [(one.slack_user_id, one.end) for one in at.schedules.shifts_now(NAME)] == [
            ("U0ANN", now + MINUTE),
        ]
        assert not at.schedules.is_silent(NAME)


async def test_without_a_token_every_schedule_is_silent() -> None:
    schedules = Schedules(fallbacks=lambda: {NAME: frozenset({"U0SAM"})}, clock=Clock())
    assert schedules.is_silent(NAME)
    assert schedules.problems() == (), "nothing was asked yet"
    await schedules.look()
    assert schedules.held_by("U0SAM", frozenset()) == {NAME}
    assert "KEYDESK_PAGERDUTY_TOKEN is not set" in schedules.problems()[0]
    await schedules.close()


async def test_without_schedules_there_is_nothing_to_ask() -> None:
    schedules = Schedules(clock=Clock())
    await schedules.look()
    assert schedules.called(["S0X"]) == {"S0X"}
    assert schedules.held_by("U0ANN", frozenset()) == frozenset()
    await schedules.close()


async def test_what_is_asked_at_the_end_is_ended() -> None:
    async with desk(patience=30.0) as at:
        at.pagerduty.fault = "hang"
        at.schedules._patience = 0.01
        await at.schedules.look()
        assert isinstance(at, Desk)
    assert at.schedules._flights == {}
