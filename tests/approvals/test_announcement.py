"""A request is announced once, right after its answer, by whichever process is there, and before anybody decides it."""

import asyncio
from typing import cast

import pytest
import sqlalchemy as sa

from bot.approvals import announcement
from bot.approvals.flow import Asked
from bot.approvals.models import ApprovalRequest, Status
from bot.db.engine import Database
from bot.errors import PermissionDenied
from bot.features import OPERATIONS
from bot.features.key_create.operation import CreateKey
from bot.operations import Expiry
from tests.approvals.kit import ADA, BEN, CHANNEL, MIRA, Spine, policy

DAY = 86_400.0


async def stored(spine: Spine, number: int = 1) -> ApprovalRequest:
    """A request that is answered and not announced: its process died, or is about to announce it."""
    asked = Asked(
        actor=ADA,
        operation=OPERATIONS["key.create"],
        wanted=CreateKey(name=f"search-{number}", remain_quota=2_000_000, expiry=Expiry(seconds=86_400)),
        reason="",
        channel_id=CHANNEL,
        delivery_id=f"sub:{number}",
        deadline=1.0,
    )
    return await spine.flow.submit(asked)


async def announced(spine: Spine, number: int) -> None:
    async with asyncio.timeout(20):
        while not (await spine.row(number)).announced:  # noqa: ASYNC110  # it is another task's row
            await asyncio.sleep(0.01)


async def test_the_answer_waits_for_the_row_alone(database: Database) -> None:
    spine = Spine(database)
    request = await stored(spine)
    assert (request.status, request.announced) == (Status.PENDING, False)
    assert (await spine.facts(), await spine.started(""), await spine.wanted()) == ([], [], {})
    await spine.announcements.run()
    assert await spine.facts(1) == ["asked"]
    assert await spine.wanted() == {"req:1:card": 1}
    timers = ["req:1:approvers", "req:1:expire", "req:1:remind:1"]
    assert await spine.started("req:1:") == sorted([*timers, "req:1:card:1"])
    # Once: neither a second look nor the same form again makes more of it.
    await stored(spine)
    await spine.announcements.run()
    assert (await spine.facts(1), await spine.wanted()) == (["asked"], {"req:1:card": 1})


async def test_a_process_announces_what_another_one_left_and_what_it_stores_itself(database: Database) -> None:
    gone, spine = Spine(database), Spine(database)
    for number in range(announcement.MOST_AT_ONCE + 1):
        await stored(gone, number)
    left = announcement.MOST_AT_ONCE + 1
    spine.announcements.start()
    try:
        await announced(spine, left)
        await stored(spine, left)
        await announced(spine, left + 1)
    finally:
        await spine.announcements.stop()
    # The one that was thought gone comes back, with its own in hand.
    await gone.announcements.run()
    await gone.announcements.stop()  # it never began
    assert await spine.facts() == ["asked"] * (left + 1)


async def test_of_several_at_once_each_is_announced(database: Database) -> None:
    spine = Spine(database)
    several = announcement.MOST_AT_ONCE + 2
    for number in range(several):
        await stored(spine, number)
    await spine.announcements.run()
    assert await spine.facts() == ["asked"] * several
    # The first of somebody within an hour mention those who may decide; the others stand in the channel.
    called = [(await spine.row(one + 1)).progress.called for one in range(several)]
    assert called == [("S0MANAGERS",)] * 5 + [()] * (several - 5)


async def test_what_was_left_by_a_process_that_died_still_expires_in_time(database: Database) -> None:
    spine = Spine(database, policy('from = ["manager"], expires = "3d"'))
    request = await stored(spine)
    spine.now += 4 * DAY
    await spine.announcements.run()
    await spine.timers.lapse(str(request.id))
    assert (await spine.row()).status is Status.EXPIRED
    assert await spine.facts(1) == ["asked", "lapsed"]

    def due(c: sa.Connection) -> str | None:
        table = "workflow_status" if c.dialect.name == "sqlite" else "dbos.workflow_status"
        query = f"SELECT status FROM {table} WHERE workflow_uuid = 'req:1:expire'"
        return cast("str | None", c.scalar(sa.text(query)))

    assert await database.read(due) == "ENQUEUED"


async def test_who_decides_at_once_finds_it_announced(database: Database) -> None:
    spine = Spine(database)
    await stored(spine)
    await spine.actions.approve(1, MIRA, ADA)
    await spine.announcements.run()
    assert await spine.facts(1) == ["asked", "approved"]
    assert (await spine.row()).announced


async def test_what_fails_keeps_no_other_back_and_is_tried_again(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    spine = Spine(database)
    failed = list[int]()

    def follow(_c: sa.Connection, request: ApprovalRequest) -> None:
        if request.id == 1 and len(failed) < 2:
            failed.append(request.id)
            raise ValueError("it cannot be shown")

    spine.announcements.notifications.subscribe(follow)
    await stored(spine, 1)
    await stored(spine, 2)
    await spine.announcements.run()
    assert [(await spine.row(number)).announced for number in (1, 2)] == [False, True]
    await spine.announcements.run()
    assert (failed, (await spine.row(1)).announced) == ([1, 1], False)
    assert caplog.text.count("request #1 could not be announced") == 2
    monkeypatch.setattr(announcement, "LOOK_SECONDS", 0.01)
    spine.announcements.start()
    try:
        await announced(spine, 1)
    finally:
        await spine.announcements.stop()
    assert await spine.facts() == ["asked", "asked"]


async def test_a_database_that_is_away_is_asked_again(
    sqlite_database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    spine = Spine(sqlite_database)
    sqlite_database.run_here(lambda c: c.execute(sa.text("ALTER TABLE requests RENAME TO away")))
    await spine.announcements.run()
    assert "looking again" in caplog.text
    sqlite_database.run_here(lambda c: c.execute(sa.text("ALTER TABLE away RENAME TO requests")))
    await stored(spine)
    await spine.announcements.run()
    assert await spine.facts() == ["asked"]


async def test_who_may_not_decide_is_recorded_after_that_it_was_asked(database: Database) -> None:
    spine = Spine(database)
    await stored(spine)
    with pytest.raises(PermissionDenied):
        await spine.actions.check(1, BEN, ADA, what="deny")
    await spine.announcements.run()
    assert await spine.facts(1) == ["asked", "refused"]


async def test_what_others_left_is_looked_for_also_where_more_comes_all_the_time(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone, spine = Spine(database), Spine(database)
    await stored(gone, 1)
    await stored(spine, 2)
    await spine.announcements.run()
    assert [(await spine.row(number)).announced for number in (1, 2)] == [False, True]
    monkeypatch.setattr(announcement, "LOOK_SECONDS", 0.0)
    await stored(spine, 3)
    await spine.announcements.run()
    assert [(await spine.row(number)).announced for number in (1, 3)] == [True, True]


async def test_a_row_that_cannot_be_read_silences_nobody_else(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(announcement, "LOOK_SECONDS", 0.01)
    gone, spine = Spine(database), Spine(database)
    await stored(gone, 1)
    await database.run(lambda c: c.execute(sa.text("UPDATE requests SET status = 'of a later version'")))
    spine.announcements.start()
    try:
        async with asyncio.timeout(20):
            while "looking again" not in caplog.text:  # noqa: ASYNC110  # another task logs it
                await asyncio.sleep(0.01)
        await stored(spine, 2)
        await announced(spine, 2)
    finally:
        await spine.announcements.stop()
