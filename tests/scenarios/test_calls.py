"""Those who may decide are called, and can decide where they are called."""

import functools

from bot.approvals.models import Status
from keydesk_sandbox import seed
from tests.narrow import present
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import Desk, buttons_of, text_of, view_text
from tests.scenarios.policies import asking
from tests.scenarios.test_card import waiting

ADA, MIRA, OMAR = seed.ENGINEER, seed.MANAGER, seed.SECOND_MANAGER


async def test_the_card_calls_the_managers_and_a_reminder_is_a_card_in_their_messages(http_desk: Desk) -> None:
    desk = http_desk
    card = await waiting(desk)
    assert "<!subteam^S0MANAGERS>" in text_of(card)
    await desk.pass_time(4 * 3600 + 60)
    (mine,) = await desk.eventually(lambda: [m for m in desk.dm(MIRA, "asks for a new key") if buttons_of(m)])
    assert await desk.eventually(lambda: desk.dm(OMAR, "asks for a new key"))
    assert not desk.dm(ADA, "asks for a new key")
    await desk.slack.click(MIRA, mine, "approve")
    assert (await desk.settled()).status is Status.SUCCEEDED
    # Decided in one, told in all.
    await desk.eventually(lambda: desk.dm(OMAR, "approved by"))
    left = {name for message in [*desk.dm(MIRA), *desk.dm(OMAR)] for name in buttons_of(message)}
    assert left <= {"look_at_request"}  # nothing but the details is left to click
    assert len([m for m in desk.messages() if not m.thread_ts and "reminder" in text_of(m)]) == 0


async def test_whoever_wants_quiet_is_not_written_to(http_desk: Desk) -> None:
    desk = http_desk
    await desk.slack.open_home(MIRA)
    await desk.eventually(lambda: "message me" in view_text(present(desk.slack.home(MIRA))))
    await desk.slack.click(MIRA, present(desk.slack.home(MIRA)), "home.quiet")
    await desk.eventually(lambda: "You get no direct messages" in view_text(present(desk.slack.home(MIRA))))
    await waiting(desk)
    await desk.pass_time(4 * 3600 + 60)
    await desk.eventually(lambda: desk.dm(OMAR, "asks for a new key"))
    assert not desk.dm(MIRA, "asks for a new key")


def asking_with(terms: str) -> str:
    return asking(f'from = ["manager"], expires = "3d", remind = "4h"{terms}')


async def test_with_notify_dm_each_decider_gets_the_card_and_the_channel_mentions_nobody(desk_with: OpenDesk) -> None:
    async with desk_with(policy=asking_with(', notify = "dm"')) as desk:
        card = await waiting(desk)
        assert "subteam" not in text_of(card)
        (mine,) = await desk.eventually(lambda: [m for m in desk.dm(MIRA, "asks for a new key") if buttons_of(m)])
        assert await desk.eventually(lambda: desk.dm(OMAR, "asks for a new key"))
        assert {"approve", "deny"} <= set(buttons_of(mine))
        await desk.slack.click(MIRA, card, "approve")  # decided in the channel, redrawn in the messages
        assert (await desk.settled()).status is Status.SUCCEEDED
        for who in (MIRA, OMAR):
            await desk.eventually(functools.partial(_is_done, desk, who))
        assert not any("subteam" in text_of(m) for m in desk.messages())


def _is_done(desk: Desk, who: str) -> bool:
    (message,) = desk.dm(who, "asks for a new key")
    return "approve" not in buttons_of(message) and "Created" in text_of(message)


async def test_whoever_took_a_request_is_the_only_one_reminded(http_desk: Desk) -> None:
    desk = http_desk
    card = await waiting(desk)
    await desk.slack.click(OMAR, card, "more", value="take:1")
    await desk.eventually(lambda: f"<@{OMAR}>" in text_of(desk.card()))
    await desk.pass_time(4 * 3600 + 60)
    await desk.eventually(lambda: desk.dm(OMAR, "asks for a new key"))
    await desk.eventually(lambda: desk.said("(reminder 1)"))
    assert not desk.dm(MIRA, "asks for a new key")
    assert not any("subteam" in text_of(m) for m in desk.said("(reminder 1)"))


async def test_a_large_group_is_mentioned_once_an_hour_and_whoever_is_quiet_can_still_decide(http_desk: Desk) -> None:
    desk = http_desk
    group = desk.slack.workspace.groups["S0MANAGERS"]
    group.users += [f"U0MGR{number:02}" for number in range(12)]
    await desk.slack.open_home(MIRA)
    await desk.eventually(lambda: "message me" in view_text(present(desk.slack.home(MIRA))))
    await desk.slack.click(MIRA, present(desk.slack.home(MIRA)), "home.quiet")
    first = await waiting(desk)
    assert "<!subteam^S0MANAGERS>" in text_of(first)
    await desk.ask(seed.SECOND_ENGINEER, name="other", remain_quota="2M", expired_time="90d")
    second = await desk.eventually(lambda: desk.card(2))
    assert "subteam" not in text_of(second)
    await desk.slack.click(MIRA, second, "approve")
    assert (await desk.settled(2)).status is Status.SUCCEEDED
    await desk.pass_time(3_700)
    await desk.ask(seed.SECOND_ENGINEER, name="third", remain_quota="2M", expired_time="90d")
    third = await desk.eventually(lambda: desk.card(3))
    assert "<!subteam^S0MANAGERS>" in text_of(third)
