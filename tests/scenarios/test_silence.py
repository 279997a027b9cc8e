"""A workspace where nothing is wrong hears nothing for a week: keys are used, listed, judged and compared, day and night."""

import sqlalchemy as sa

from bot.db.tables import posts
from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack.messages import SlackMessage
from tests.scenarios.desk import Desk
from tests.scenarios.test_care import look

DAY, STEP = 86_400, 6 * 3600


def everything(desk: Desk) -> list[SlackMessage]:
    """Every message in every channel, and in every direct message."""
    slack = desk.slack
    return [message for channel in slack.workspace.channels for message in slack.messages(channel)]


def posts_wanted(c: sa.Connection) -> int:
    """How many messages were ever wanted, also those that did not arrive yet."""
    return int(c.scalar(sa.select(sa.func.count()).select_from(posts)) or 0)


async def test_a_week_in_which_nothing_is_wrong_brings_no_message(http_desk: Desk) -> None:
    desk = http_desk
    for number in range(3):
        record = desk.gateway.add_key(name=f"steady {number}", remain_quota=50_000_000, created_time=int(desk.clock()))
        await desk.own(seed.ENGINEER, record)
    await look(desk)
    await desk.pass_time(STEP)
    await look(desk)
    wanted, before = await desk.app.database.read(posts_wanted), everything(desk)
    for _ in range(7 * DAY // STEP):
        await desk.pass_time(STEP)
        for number in range(3):
            desk.gateway.charge(desk.key(f"steady {number}").id, 90_000 + 1_000 * number)
        await look(desk)
        await desk.app.engine.skip(0.0)
    assert await desk.app.database.read(posts_wanted) == wanted
    assert everything(desk) == before
    # The same eyes see what is wrong.
    desk.gateway.edit_behind(desk.key("steady 1").id, remain_quota=0)
    await look(desk)
    await desk.eventually(lambda: len(everything(desk)) > len(before))
