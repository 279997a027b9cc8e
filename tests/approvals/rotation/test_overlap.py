"""The end of a rotation: set when it was done, asked for once, and said aloud when the old key cannot be disabled."""

from typing import Any

import pytest
import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.models import (
    ApprovalRequest,
    Origin,
    OriginKind,
    OverlapProgress,
    Progress,
    Status,
)
from bot.approvals.rotation.overlap import RotationOverlap, overlap_blocks
from bot.db.engine import Database
from bot.features import OPERATIONS
from bot.gateway.writes import WriteResult, WriteStatus
from bot.keys import lineage
from tests.approvals.kit import NOW, Spine, new_request, row
from tests.keys.records import record

DISABLE, ROTATE, UPDATE = OPERATIONS["key.disable"], OPERATIONS["key.rotate"], OPERATIONS["key.update"]
OLD, NEW = record(7, name="search"), record(8, name="search")
DONE = WriteResult(status=WriteStatus.DONE, key=NEW, before=OLD)


class Rotated:
    """A rotation that was done, and its end."""

    def __init__(self, database: Database) -> None:
        self.spine = Spine(database)
        self.database = database
        self.overlap = RotationOverlap(
            database=database,
            engine=self.spine.timers.engine,
            granted=self.spine.granted,
            notifications=self.spine.timers.notifications,
            operations=OPERATIONS,
            clock=self.spine.clock,
        )

    async def stored(self, status: Status = Status.SUCCEEDED, **changes: Any) -> ApprovalRequest:
        """A rotation of key 7 into 8 with an overlap of a day."""
        wanted: dict[str, Any] = {"operation": "key.rotate", "key_id": 7, "input": {"key_id": 7, "overlap": 86_400}}
        new = new_request(**wanted | changes)
        request, _ = await self.database.run(store.insert, new, status=status, lapses_at=None)
        return request

    async def follow(self, request: ApprovalRequest, operation: Any = ROTATE, result: WriteResult = DONE) -> None:
        await self.database.run(self.overlap.follow, request, operation, result)

    async def link(self, rotation: int) -> None:
        def work(c: sa.Connection) -> None:
            lineage.claim(c, 7, born_at=1, rotation=rotation)
            lineage.link(c, old=7, new=8, born_at=1, rotation=rotation, shares=False)

        await self.database.run(work)


@pytest.fixture
def rotated(sqlite_database: Database) -> Rotated:
    return Rotated(sqlite_database)


async def test_a_rotation_that_was_done_sets_when_the_old_key_ends(rotated: Rotated) -> None:
    request = await rotated.stored()
    await rotated.follow(request)
    overlap = (await rotated.spine.row()).progress.overlap
    assert overlap == OverlapProgress(at=NOW + 86_400)
    assert await rotated.spine.started("retire") == ["req:1:retire"]


async def test_a_key_that_was_disabled_already_ends_at_once(rotated: Rotated) -> None:
    await rotated.follow(await rotated.stored(), result=DONE.model_copy(update={"before": record(7, status=2)}))
    assert (await rotated.spine.row()).progress.overlap == OverlapProgress(at=NOW)


@pytest.mark.parametrize(("operation", "status"), [(ROTATE, Status.FAILED), (UPDATE, Status.SUCCEEDED)])
async def test_nothing_ends_after_anything_else(rotated: Rotated, operation: Any, status: Status) -> None:
    await rotated.follow(await rotated.stored(status), operation)
    assert (await rotated.spine.row()).progress.overlap is None
    assert await rotated.spine.started("retire") == []


async def test_the_end_is_a_request_of_its_own_and_asked_for_once(rotated: Rotated) -> None:
    await rotated.follow(await rotated.stored())
    for _ in range(2):
        await rotated.overlap.retire("1")
    end = await rotated.spine.row(2)
    assert (end.operation, end.key_id, end.status) == ("key.disable", 7, Status.APPROVED)
    assert end.origin == Origin(kind=OriginKind.ROTATION_END, request_id=1)
    assert end.requester_id == "U0ADA"
    rotation = await rotated.spine.row(1)
    assert rotation.progress.overlap == OverlapProgress(at=NOW + 86_400, request_id=2)
    assert await rotated.spine.started(":run") == ["req:2:run"]
    assert await rotated.database.read(store.find, 3) is None


async def test_a_rotation_of_before_its_end_was_set_ends_now(rotated: Rotated) -> None:
    await rotated.stored()
    await rotated.overlap.retire("1")
    assert (await rotated.spine.row()).progress.overlap == OverlapProgress(at=NOW, request_id=2)


@pytest.mark.parametrize("argument", ["9", "1"])
async def test_there_is_nothing_to_end_without_a_rotation_or_its_key(rotated: Rotated, argument: str) -> None:
    await rotated.stored(key_id=None)
    await rotated.overlap.retire(argument)
    assert await rotated.database.read(store.find, 2) is None


async def test_an_end_that_failed_is_said_where_everybody_sees_it(rotated: Rotated) -> None:
    end = await rotated.stored(
        Status.FAILED, operation="key.disable", origin=Origin(kind=OriginKind.ROTATION_END, request_id=1)
    )
    await rotated.follow(end, DISABLE)
    assert "req:1:alarm" in await rotated.spine.wanted()


async def test_an_old_key_that_was_disabled_before_its_time_ends_now(rotated: Rotated) -> None:
    rotation = await rotated.stored()
    await rotated.link(rotation.id)
    await rotated.follow(rotation)
    disabled = row(Status.SUCCEEDED, operation="key.disable", key_id=7)
    await rotated.follow(disabled, DISABLE)
    assert await rotated.spine.started("retire") == ["req:1:retire", "req:1:retire:ended"]


@pytest.mark.parametrize(
    ("key_id", "operation", "ended"), [(7, "key.enable", None), (9, "key.disable", None), (7, "key.disable", 5)]
)
async def test_other_keys_and_ends_that_were_asked_for_change_nothing(
    rotated: Rotated, key_id: int, operation: str, ended: int | None
) -> None:
    rotation = await rotated.stored()
    await rotated.link(rotation.id)
    overlap = OverlapProgress(at=NOW, request_id=ended)
    await rotated.database.run(lambda c: store.record_progress(c, rotation.id, overlap=overlap))
    await rotated.database.run(rotated.overlap.key_changed, key_id, operation)
    assert await rotated.spine.started("ended") == []


async def test_a_rotation_that_is_gone_ends_nothing(rotated: Rotated) -> None:
    await rotated.link(99)
    await rotated.database.run(rotated.overlap.key_changed, 7, "key.disable")
    assert await rotated.spine.started("ended") == []


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (row(), ""),
        (row(origin=Origin(kind=OriginKind.ROTATION_END, request_id=1)), "This ends the rotation in request #1."),
        (row(key_id=7, progress=Progress(overlap=OverlapProgress(at=NOW))), "The old key 7 works until <!date"),
        (
            row(key_id=7, progress=Progress(overlap=OverlapProgress(at=NOW, request_id=2))),
            "The old key 7 ends with request #2.",
        ),
    ],
)
def test_it_is_said_until_when_the_old_key_works(request_: ApprovalRequest, words: str) -> None:
    blocks = overlap_blocks(request_)
    assert bool(blocks) is bool(words)
    assert words in str(blocks)
