"""A key is replaced once, however often and by whatever way it is asked, and what was replaced stays out of use."""

import asyncio

from bot.approvals.models import Status
from keydesk_sandbox import seed
from tests.narrow import present
from tests.scenarios.conftest import desk_with, http_desk
from tests.scenarios.desk import Desk, view_text
from tests.scenarios.operating import do, open_form, owned

__all__ = ["desk_with", "http_desk"]
ADA, SAM = seed.ENGINEER, seed.SECURITY


async def test_rotations_of_one_key_at_once_make_one_successor(http_desk: Desk) -> None:
    desk = http_desk
    key = await owned(desk)
    people = (ADA, SAM, seed.ADMIN)
    for user in people:
        view = await open_form(desk, user, f"/apikey rotate {key.id}", operation="key.rotate")
        await desk.fill(user, view, overlap="1h")
    await asyncio.gather(*(desk.slack.submit(user, desk.slack.top_view(user)) for user in people))
    rows = [await desk.settled(number) for number in range(1, len(people) + 1)]
    assert sorted(row.status for row in rows) == [Status.FAILED, Status.FAILED, Status.SUCCEEDED]
    lost = [present(row.outcome).sentence for row in rows if row.status is Status.FAILED]
    assert all("was replaced by key" in sentence for sentence in lost)
    records = desk.gateway.keys()
    assert len([record for record in records if record.name.startswith("search")]) == 2


async def test_a_batch_does_not_revive_a_key_that_was_replaced(http_desk: Desk) -> None:
    desk = http_desk
    key, other = await owned(desk), await owned(desk, name="other", status=2)
    await do(desk, ADA, "rotate", key, overlap="0")
    await desk.settled(1)
    await desk.eventually(lambda: desk.gateway.key(key.id).status == 2)
    await desk.settled(2)
    await desk.slack.command(SAM, seed.SECURITY_CHANNEL, f"/apikey enable {key.id} {other.id}")
    await desk.eventually(lambda: "will be enabled" in view_text(desk.slack.top_view(SAM)))
    text = view_text(desk.slack.top_view(SAM))
    number = 2 if "2 keys will be enabled" in text else 1
    await desk.fill(SAM, desk.slack.top_view(SAM), confirm=f"ENABLE {number}", reason="an end")
    assert (await desk.slack.submit(SAM, desk.slack.top_view(SAM))).ok
    await desk.eventually(lambda: desk.gateway.key(other.id).status == 1)
    await desk.eventually(lambda: desk.said("Batch 1", seed.SECURITY_CHANNEL))
    assert desk.gateway.key(key.id).status == 2
