"""Owners hear of their keys in direct messages, and mend them from there."""

from dataclasses import replace

from bot.approvals.models import Status
from bot.permissions.care import USUAL
from keydesk_sandbox import seed
from tests.narrow import present
from tests.scenarios.desk import Desk, text_of, view_text

ADA = seed.ENGINEER
DAY = 86_400


async def look(desk: Desk) -> None:
    """All keys are listed, and judged, at whatever time of the day this runs."""

    async def ours() -> bool:
        return True

    desk.app.care.parts.terms = lambda: replace(USUAL, quiet=None)
    await desk.app.resources.accounts.list_passes[0].run(known=(), turn=ours)
    await desk.app.care.schedule.run()


async def test_a_key_about_to_expire_is_extended_from_its_message(http_desk: Desk) -> None:
    desk = http_desk
    await look(desk)
    ends = int(desk.gateway.clock()) + DAY // 2
    record = await desk.own(
        ADA, desk.gateway.add_key(name="demo", created_time=ends - 90 * DAY, expired_time=ends, remain_quota=9)
    )
    await look(desk)
    await look(desk)
    [message] = await desk.eventually(lambda: desk.dm(ADA, "stops working <!date"))
    assert "demo" in text_of(message)
    await desk.slack.click(ADA, message, "key.extend")
    await desk.eventually(lambda: "Expires at" in view_text(desk.slack.top_view(ADA)))
    await desk.fill(ADA, desk.slack.top_view(ADA), reason="the demo goes on")
    await desk.slack.submit(ADA, desk.slack.top_view(ADA))
    request = await desk.request()
    assert request.operation == "key.update"
    if request.status is Status.PENDING:
        card = await desk.eventually(lambda: next(m for m in desk.messages() if "demo" in text_of(m)))
        await desk.slack.click(seed.MANAGER, card, "approve")
    assert (await desk.settled()).status is Status.SUCCEEDED
    assert abs(present(desk.key(record.name)).expired_time - ends - 30 * DAY) < 120
    assert len(desk.dm(ADA, "stops working <!date")) == 1


async def test_a_dry_key_is_told_to_its_owner_and_the_channel_and_the_button_asks_for_more(http_desk: Desk) -> None:
    desk = http_desk
    await look(desk)
    await desk.own(ADA, desk.gateway.add_key(name="night job", remain_quota=0, used_quota=900))
    await look(desk)
    [message] = await desk.eventually(lambda: desk.dm(ADA, "has used up its quota"))
    await desk.eventually(lambda: [m for m in desk.messages() if "has used up its quota" in text_of(m)])
    await desk.slack.click(ADA, message, "key.more")
    await desk.eventually(lambda: "More quota" in view_text(desk.slack.top_view(ADA)))


async def test_who_takes_no_messages_sees_on_the_home_that_a_key_is_low(http_desk: Desk) -> None:
    desk = http_desk
    await look(desk)
    desk.slack.switches.refused_people = {ADA: "messages_tab_disabled"}
    await desk.own(ADA, desk.gateway.add_key(name="night job", remain_quota=100, used_quota=900))
    await look(desk)
    await desk.slack.open_home(ADA)
    await desk.eventually(lambda: "left of" in view_text(present(desk.slack.home(ADA))))
    assert not desk.dm(ADA, "left of")
