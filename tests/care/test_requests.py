"""What the `[care]` table does without a person: a granted request like every other, in the name of the owner."""

import asyncio

import pytest

from bot.approvals.models import ApprovalRequest, OriginKind, Status
from bot.errors import PermissionDenied
from bot.gateway.models import EffectiveState, Key, KeyId, KeyStatus
from bot.keys import locks
from bot.slack.delivery import Delivery, Kind
from keydesk_sandbox import seed
from tests.narrow import present
from tests.scenarios.conftest import OpenDesk, desk_with, http_desk
from tests.scenarios.desk import Desk

__all__ = ["desk_with", "http_desk"]


async def disable(desk: Desk, key: Key, *, own: bool) -> ApprovalRequest:
    return await desk.app.database.run(
        desk.app.care.parts.requests.by_policy,
        "key.disable",
        key,
        delivery_id=f"care:{key.id}",
        rule="[care] idle",
        sentence="The policy says so.",
        reason="Nobody answered.",
        own=own,
    )


async def read(desk: Desk, name: str) -> Key:
    return await desk.app.client.get_key(KeyId(desk.key(name).id))


async def test_it_runs_once_stands_in_the_record_and_only_care_tells_the_owner(http_desk: Desk) -> None:
    desk = http_desk
    await desk.own(seed.ENGINEER, desk.gateway.add_key(name="night job", remain_quota=9))
    request = await disable(desk, await read(desk, "night job"), own=True)
    assert (await disable(desk, await read(desk, "night job"), own=True)).id == request.id
    assert (await desk.settled(request.id)).status is Status.SUCCEEDED
    assert request.origin.kind is OriginKind.CARE
    assert (await read(desk, "night job")).state(0.0) is EffectiveState.DISABLED
    assert await desk.app.database.read(locks.lock_of, present(request.key_id)) is None
    [asked] = await desk.audit("asked")
    assert (asked["actor"], asked["details"]["rule"]) == (None, "[care] idle")
    await desk.eventually(lambda: desk.said("was disabled"))
    assert not desk.dm(seed.ENGINEER)


async def test_in_nobodys_name_it_locks_the_key(http_desk: Desk) -> None:
    desk = http_desk
    desk.gateway.add_key(name="console key", remain_quota=9)
    request = await disable(desk, await read(desk, "console key"), own=False)
    assert (await desk.settled(request.id)).status is Status.SUCCEEDED
    assert await desk.app.database.read(locks.lock_of, present(request.key_id)) is not None


ASKING = """
[roles]
engineer = ["S0ENGINEERS"]
manager  = ["S0MANAGERS"]

[[rules]]
name     = "a manager decides"
who      = ["engineer"]
do       = ["key.disable"]
approval = { from = ["manager"] }
"""


async def test_a_click_is_judged_asked_once_and_again_when_it_came_to_nothing(desk_with: OpenDesk) -> None:
    async with desk_with(policy=ASKING) as desk:
        await desk.own(seed.ENGINEER, desk.gateway.add_key(name="night job", remain_quota=9))
        number = desk.key("night job").id
        requests = desk.app.care.parts.requests

        async def click(user: str) -> ApprovalRequest:
            delivery = Delivery(
                kind=Kind.ACTION,
                id="act:1",
                user_id=user,
                user_team_id=seed.TEAM,
                received_at=desk.clock(),
                responder=desk.app.responder,
            )
            return await requests.by_click(delivery, "key.disable", reason="why", key_id=number)

        first, again = await click(seed.ENGINEER), await click(seed.ENGINEER)
        assert (first.id, first.status) == (again.id, Status.PENDING)
        await desk.eventually(lambda: "is waiting" in str(desk.slack.dm(seed.ENGINEER)))
        with pytest.raises(PermissionDenied):
            await click(seed.SECOND_MANAGER)
        card = await desk.eventually(desk.card)
        await desk.slack.click(seed.ENGINEER, card, "more", value=f"withdraw:{first.id}")
        assert (await desk.settled(first.id)).status is Status.WITHDRAWN
        assert (await click(seed.ENGINEER)).id != first.id
        assert desk.key("night job").status == KeyStatus.ENABLED


async def test_a_double_click_on_the_home_is_one_request_too(desk_with: OpenDesk) -> None:
    async with desk_with(policy=ASKING) as desk:
        await desk.own(seed.ENGINEER, desk.gateway.add_key(name="night job", remain_quota=9))
        number = desk.key("night job").id

        async def click(moment: int) -> ApprovalRequest:
            pressed = {"action_id": "key.disable_now", "value": str(number), "action_ts": str(moment)}
            delivery = Delivery(
                kind=Kind.ACTION,
                id=f"act:{seed.TEAM}:V1:{moment}:key.disable_now:{number}",
                team_id=seed.TEAM,
                user_id=seed.ENGINEER,
                user_team_id=seed.TEAM,
                payload={"view": {"type": "home", "id": "V1"}, "actions": [pressed]},
                received_at=desk.clock(),
                responder=desk.app.responder,
            )
            return await desk.app.care.parts.requests.by_click(delivery, "key.disable", reason="why", key_id=number)

        first, again, later = *await asyncio.gather(click(1), click(2)), await click(3)
        assert len({first.id, again.id, later.id}) == 1
        card = await desk.eventually(desk.card)
        await desk.slack.click(seed.ENGINEER, card, "more", value=f"withdraw:{first.id}")
        assert (await desk.settled(first.id)).status is Status.WITHDRAWN
        assert (await click(4)).id != first.id
