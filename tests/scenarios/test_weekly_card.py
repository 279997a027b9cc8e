"""On Monday morning managers read what the keys cost of those whose requests they decide, where the policy says so."""

from keydesk_sandbox import seed
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import Desk, text_of, view_text

DAY = 86_400


async def monday(desk: Desk) -> None:
    """Ten o'clock in Berlin, on the next Monday, by the clock of everything; all keys are listed."""

    async def ours() -> bool:
        return True

    week, monday_at_nine = 7 * DAY, 4 * DAY + 9 * 3600
    await desk.pass_time((monday_at_nine - desk.clock()) % week)
    await desk.app.resources.accounts.list_passes[0].run(known=(), turn=ours)
    await desk.app.care.schedule.run()


async def test_a_manager_reads_it_and_acts_from_the_card(desk_with: OpenDesk) -> None:
    async with desk_with(policy=seed.POLICY) as desk:
        now = int(desk.gateway.clock())
        record = desk.gateway.add_key(name="demo", created_time=now - 40 * DAY, expired_time=-1, remain_quota=900_000)
        await desk.own(seed.ENGINEER, record)
        await monday(desk)
        [card] = await desk.eventually(lambda: desk.dm(seed.MANAGER, "whose requests you decide"))
        assert "demo" in text_of(card)
        assert not desk.dm(seed.ENGINEER, "whose requests you decide")
        assert not desk.dm(seed.GUEST, "whose requests you decide")
        # The button opens the usual form, judged for whoever clicks.
        await desk.slack.click(seed.MANAGER, card, "key.disable", value=str(record.id))
        await desk.eventually(lambda: view_text(desk.slack.top_view(seed.MANAGER)))


async def test_without_the_line_there_is_none(desk_with: OpenDesk) -> None:
    async with desk_with(policy=seed.POLICY.replace("weekly      = true", "")) as desk:
        await monday(desk)
        assert not desk.dm(seed.MANAGER, "whose requests you decide")
