"""A key spends far more than it usually does: its owner and security are told at once, and stop it from there."""

from typing import Any

import sqlalchemy as sa

from bot.approvals.models import Status
from bot.gateway.models import KeyStatus
from bot.keys import inventory_store
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import Record
from tests.scenarios.desk import Desk, buttons_of
from tests.scenarios.forging import last, send_as

ADA, BEN, SAM = seed.ENGINEER, seed.SECOND_ENGINEER, seed.SECURITY
HOUR, USD = 3600.0, 500_000


async def look(desk: Desk) -> None:
    async def ours() -> bool:
        return True

    await desk.app.resources.accounts.list_passes[0].run(known=(), turn=ours)
    await desk.app.care.schedule.run()


async def spending(desk: Desk, *dollars: float, unowned: bool = False) -> Record:
    """A key that has cost a dollar a day for a week, and then these within half an hour each."""
    now = desk.gateway.clock()
    record = desk.gateway.add_key(
        name="crawler", remain_quota=900 * USD, created_time=int(now) - 7 * 86_400, used_quota=0, expired_time=-1
    )
    if not unowned:
        await desk.own(ADA, record)
    await look(desk)
    await desk.app.database.run(_remember, record.id, now)
    for amount in dollars:
        await desk.pass_time(HOUR / 2)
        desk.gateway.charge(record.id, round(amount * USD))
        await look(desk)
    return record


def _remember(c: sa.Connection, key_id: int, now: float) -> None:
    """It was watched for a week, and cost a dollar every third hour."""
    for hour in range(160, 4, -3):
        at = now - hour * HOUR
        reading = (at, (160 - hour) // 3 * USD, 900 * USD, 1, int(at))
        inventory_store.sample(c, {key_id: (at + 2 * HOUR, reading)})
    c.execute(sa.text("UPDATE inventory SET known_since = created_time WHERE key_id = :id"), {"id": key_id})


def alarms(desk: Desk) -> list[Any]:
    return desk.said("spends $", seed.SECURITY_CHANNEL)


async def test_security_disables_it_with_one_click(http_desk: Desk) -> None:
    desk = http_desk
    record = await spending(desk, 0, 20, 20, 20)
    [mine] = await desk.eventually(lambda: desk.dm(ADA, "spends $"))
    [theirs] = await desk.eventually(lambda: alarms(desk))
    assert buttons_of(mine) == ["key.disable_now", "key.mine"]
    assert buttons_of(theirs) == ["key.disable_now"]
    # Whoever may not disable it does not by this button either.
    desk.slack.workspace.channels[seed.SECURITY_CHANNEL].members.append(BEN)
    await desk.slack.click(BEN, theirs, "key.disable_now")
    assert desk.key("crawler").status == KeyStatus.ENABLED
    await desk.slack.click(SAM, theirs, "key.disable_now")
    assert (await desk.settled()).status is Status.SUCCEEDED
    assert desk.gateway.key(record.id).status == KeyStatus.DISABLED
    await look(desk)
    await desk.eventually(lambda: desk.dm(ADA, "It is out of use now"))
    await desk.eventually(lambda: desk.said("It is out of use now", seed.SECURITY_CHANNEL))


async def test_the_owner_says_that_it_is_them_and_it_is_silent_for_a_day(http_desk: Desk) -> None:
    desk = http_desk
    record = await spending(desk, 0, 20, 20)
    [mine] = await desk.eventually(lambda: desk.dm(ADA, "spends $"))
    await desk.slack.click(ADA, mine, "key.mine")
    await desk.eventually(lambda: desk.said("Its owner knows of it", seed.SECURITY_CHANNEL))
    await desk.eventually(lambda: desk.dm(ADA, "Its owner knows of it"))
    for person in (ADA, BEN, seed.GUEST):
        await send_as(desk, last(desk, "block_actions"), person)
    await desk.eventually(lambda: "Only the owner of a key can say so" in str(desk.slack.dm(BEN)))
    for _ in range(6):
        await desk.pass_time(HOUR / 2)
        desk.gateway.charge(record.id, 20 * USD)
        await look(desk)
    assert len(desk.dm(ADA, "spends $")) == len(alarms(desk)) == 1


async def test_a_key_that_nobody_owns_is_told_to_security_alone(http_desk: Desk) -> None:
    desk = http_desk
    await spending(desk, 0, 20, 20, unowned=True)
    await desk.eventually(lambda: desk.said("Nobody owns it", seed.SECURITY_CHANNEL))
    assert not desk.dm(ADA, "spends $")


async def test_whom_slack_takes_no_message_to_is_told_in_the_channel(http_desk: Desk) -> None:
    desk = http_desk
    desk.slack.switches.refused_people = {ADA: "messages_tab_disabled"}
    await spending(desk, 0, 20, 20)
    [message] = await desk.eventually(lambda: desk.said("takes no direct message from me"))
    await desk.slack.click(ADA, message, "key.disable_now")
    assert (await desk.settled()).status is Status.SUCCEEDED
