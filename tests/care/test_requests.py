"""What the `[care]` table does without a person: a granted request like every other, in the name of the owner."""

from bot.approvals.models import ApprovalRequest, OriginKind, Status
from bot.gateway.models import EffectiveState, Key, KeyId
from bot.keys import locks
from keydesk_sandbox import seed
from tests.narrow import present
from tests.scenarios.conftest import http_desk
from tests.scenarios.desk import Desk

__all__ = ["http_desk"]


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
