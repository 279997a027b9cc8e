"""Those who may decide are called, and can decide where they are called."""

from bot.approvals.models import Status
from keydesk_sandbox import seed
from tests.narrow import present
from tests.scenarios.desk import Desk, buttons_of, text_of, view_text
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
