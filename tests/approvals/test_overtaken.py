"""What a batch has done already is decided by nobody; what asks for more waits on."""

from dataclasses import replace

import pytest

from bot.approvals import store
from bot.approvals.models import Status
from bot.approvals.overtaken import Overtaken
from bot.permissions.models import Facts
from tests.approvals.kit import Spine
from tests.approvals.test_announcement import stored


def room(spine: Spine) -> Overtaken:
    notifications, clock = spine.timers.notifications, spine.clock
    return Overtaken(notifications=notifications, announcements=spine.announcements, clock=clock)


async def overtaken(spine: Spine, operation: str, **facts: object) -> Status:
    await spine.ask()
    row = await spine.row()
    judgement = row.judgement.model_copy(update={"facts": replace(row.judgement.facts, **{"increase": 0, **facts})})  # type: ignore[arg-type]  # as named
    await spine.database.run(store.change, row, key_id=7, operation="key.enable", judgement=judgement)
    await spine.database.run(room(spine).key_changed, 7, operation)
    return (await spine.row()).status


async def test_a_request_for_what_was_done_ends_and_says_so(spine: Spine) -> None:
    assert await overtaken(spine, "key.enable") is Status.WITHDRAWN
    row = await spine.row()
    assert (row.decided_by, row.settled_at) == (None, spine.now)
    assert row.outcome is not None
    assert "done already" in row.outcome.sentence
    assert await spine.facts(1) == ["asked", "withdrawn"]
    assert (await spine.wanted())["req:1:dm"] == 1


@pytest.mark.parametrize(
    ("operation", "facts"),
    [("key.disable", {}), ("key.enable", {"extended": True}), ("key.enable", {"increase": 5})],
)
async def test_a_request_for_something_else_or_more_waits_on(
    spine: Spine, operation: str, facts: dict[str, object]
) -> None:
    assert await overtaken(spine, operation, **facts) is Status.PENDING


async def test_one_that_was_not_announced_yet_was_asked_before_it_ended(spine: Spine) -> None:
    request = await stored(spine)
    rewritten = {"key_id": 7, "operation": "key.create", "judgement": request.judgement}
    rewritten["judgement"] = request.judgement.model_copy(update={"facts": Facts(increase=0)})
    await spine.database.run(store.change, request, **rewritten)
    await spine.database.run(room(spine).key_changed, 7, "key.create")
    # The process that stored it still has it in hand, as it was then.
    await spine.announcements.run()
    assert (await spine.row()).status is Status.WITHDRAWN
    assert await spine.facts(1) == ["asked", "withdrawn"]
