"""A role that is a schedule of PagerDuty: who is called, who may decide, and who stands in when it is not known."""

import functools

import pytest

from bot.approvals.models import Status
from keydesk_sandbox import seed
from keydesk_sandbox.fake_pagerduty import Fault
from keydesk_sandbox.fake_slack.messages import SlackMessage
from keydesk_sandbox.world import World
from tests.narrow import present
from tests.scenarios.alerting import cards, everything, learned, send
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import Desk, buttons_of, text_of, view_text

ADA, SAM, ALEX, MIRA = seed.ENGINEER, seed.SECURITY, seed.ADMIN, seed.MANAGER
MINUTE, HOUR = 60.0, 3600.0
SCHEDULE = seed.ON_CALL_SCHEDULE
POLICY = """
[roles]
engineer = ["S0ENGINEERS"]
manager  = ["S0MANAGERS"]
security = ["S0SECURITY"]

[roles.oncall]
members  = ["pagerduty:P0SECUR"]
fallback = ["manager"]

[[rules]]
name  = "whoever is on call pulls the plug"
who   = ["oncall", "security"]
do    = ["key.disable", "key.list", "key.show"]
on    = "any"
allow = true

[[rules]]
name     = "whoever is on call decides"
who      = ["engineer"]
do       = ["key.create"]
approval = { from = ["oncall"], expires = "3d", remind = "4h" }

[[rules]]
name  = "everybody may ask why"
who   = ["*"]
do    = ["policy.explain"]
allow = true
"""


def alex_is_on_call(world: World) -> None:
    world.pagerduty.on_call(SCHEDULE, seed.PAGERDUTY_ALEX)


def silent(world: World) -> None:
    alex_is_on_call(world)
    world.pagerduty.fault = "503"


async def asked(desk: Desk) -> SlackMessage:
    await desk.ask(ADA, name="big", remain_quota="2M", expired_time="90d")
    card: SlackMessage = await desk.eventually(desk.card)
    return card


def _called(desk: Desk, number: int) -> bool:
    return len(the_calls(desk)) == number


def the_calls(desk: Desk) -> list[str]:
    found = [text_of(m) for m in desk.messages(seed.SECURITY_CHANNEL) if m.thread_ts]
    return [text for text in found if "still works" in text]


async def test_a_card_mentions_whoever_is_on_call_who_decides_and_nobody_else_does(desk_with: OpenDesk) -> None:
    async with desk_with(policy=POLICY, prepare=alex_is_on_call) as desk:
        card = await asked(desk)
        assert f"Called: <@{ALEX}>" in text_of(card)
        assert "fallback" not in text_of(card)
        await desk.slack.click(MIRA, card, "approve")
        await desk.until(lambda: desk.audit("refused"), otherwise="the fallback was not refused")
        answer = await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey why new")
        assert f"On call as `oncall` now: <@{ALEX}>." in str(answer.body)
        await desk.slack.click(ALEX, card, "approve")
        assert (await desk.settled()).status is Status.SUCCEEDED
        assert desk.world.pagerduty_token not in everything(desk)


async def test_after_the_shift_the_next_is_reminded_and_whoever_was_called_decides_a_little_longer(
    desk_with: OpenDesk,
) -> None:
    def turns(world: World) -> None:
        people = [seed.PAGERDUTY_ALEX, seed.PAGERDUTY_SAM]
        world.pagerduty.take_turns(SCHEDULE, people, seconds=HOUR)

    async with desk_with(policy=POLICY, prepare=turns) as desk:
        card = await asked(desk)
        assert f"<@{ALEX}>" in text_of(card)
        await desk.pass_time(HOUR + 5 * MINUTE)  # Sam's turn; Alex was called, and may still decide
        assert not desk.dm(SAM, "asks for a new key")
        # What Alex was given counts with the role for as long as Alex has it.
        counted = await desk.app.approvals.counts.people_of([f"pagerduty:{SCHEDULE}"])
        assert counted == frozenset({ALEX, SAM})
        await desk.slack.click(ALEX, card, "approve")
        assert (await desk.settled()).status is Status.SUCCEEDED
        await desk.ask(ADA, name="second", remain_quota="2M", expired_time="90d")
        second = await desk.eventually(lambda: desk.card(2))
        assert f"<@{SAM}>" in text_of(second)
        assert f"<@{ALEX}>" not in text_of(second)
        await desk.pass_time(10 * MINUTE)
        await desk.slack.click(ALEX, second, "approve")
        await desk.until(lambda: desk.audit("refused"), otherwise="a shift that is long over decided")
        await desk.pass_time(3 * HOUR + 50 * MINUTE)  # the reminder, in Sam's third hour
        message = await desk.eventually(lambda: next(m for m in desk.dm(SAM, "asks for a new key") if buttons_of(m)))
        assert not desk.dm(ALEX, "asks for a new key")
        await desk.slack.click(SAM, message, "approve")
        assert (await desk.settled(2)).status is Status.SUCCEEDED


@pytest.mark.parametrize("fault", ["401", "503", "hang", "more for ever", "not json"])
async def test_while_pagerduty_does_not_tell_the_fallback_is_called_and_decides_and_it_is_said_once(
    desk_with: OpenDesk, fault: Fault
) -> None:
    def broken(world: World) -> None:
        alex_is_on_call(world)
        world.pagerduty.fault = fault

    async with desk_with(policy=POLICY, prepare=broken) as desk:
        card = await asked(desk)
        assert "Called: <!subteam^S0MANAGERS>" in text_of(card)
        assert text_of(card).count("The policy's fallback is called.") == 1
        assert sum(SCHEDULE in reason for reason in await desk.app.reasons()) == 1
        await desk.slack.click(ALEX, card, "approve")
        await desk.until(lambda: desk.audit("refused"), otherwise="whoever is not known to be on call decided")
        await desk.slack.click(SAM, card, "approve")
        await desk.until(lambda: _refused(desk, 2), otherwise="somebody outside of the fallback decided")
        await desk.slack.click(MIRA, card, "approve")
        assert (await desk.settled()).status is Status.SUCCEEDED


async def _refused(desk: Desk, number: int) -> bool:
    return len(await desk.audit("refused")) >= number


async def test_an_alert_calls_whoever_is_on_call_and_the_security_group_an_hour_later(desk_with: OpenDesk) -> None:
    async with desk_with(policy=POLICY, prepare=alex_is_on_call) as desk:
        await learned(desk)
        await send(desk, "generic", desk.gateway.key_value(desk.key("production").id))
        [first] = await desk.eventually(lambda: the_calls(desk))
        assert f"<@{ALEX}>" in first
        assert "subteam" not in first
        for number, minutes in enumerate((6, 11, 46), start=2):
            await desk.pass_time(minutes * MINUTE)
            await desk.eventually(functools.partial(_called, desk, number))
        assert "<!subteam^S0SECURITY>" in the_calls(desk)[3]
        assert f"<@{ALEX}>" in the_calls(desk)[3]
        await desk.slack.open_home(ALEX)
        await desk.eventually(lambda: "Waiting for you" in view_text(present(desk.slack.home(ALEX))))
        await desk.slack.click(ALEX, cards(desk, "production")[0], "disable")
        await desk.eventually(lambda: cards(desk, "dead"))


async def test_an_alert_while_pagerduty_is_away_calls_the_fallback_and_says_so_at_the_first_call_alone(
    desk_with: OpenDesk,
) -> None:
    async with desk_with(policy=POLICY, prepare=silent) as desk:
        await learned(desk)
        await send(desk, "generic", desk.gateway.key_value(desk.key("production").id))
        await desk.eventually(lambda: the_calls(desk))
        for number, minutes in enumerate((6, 11), start=2):
            await desk.pass_time(minutes * MINUTE)
            await desk.eventually(functools.partial(_called, desk, number))
        found = the_calls(desk)
        assert all("<!subteam^S0MANAGERS>" in text for text in found)
        assert ["it answers 503" in text for text in found] == [True, False, False]
        # PagerDuty is back: the next call goes to whoever is on call.
        desk.pagerduty.fault = "none"
        await desk.app.directory.schedules.look_now()
        await desk.pass_time(46 * MINUTE)
        await desk.eventually(lambda: len(the_calls(desk)) == 4)
        assert f"<@{ALEX}>" in the_calls(desk)[3]
        assert not await desk.app.reasons() or SCHEDULE not in str(await desk.app.reasons())
