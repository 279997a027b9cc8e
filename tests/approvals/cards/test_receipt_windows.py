"""Windows of sent forms follow their requests: drawn again when the row moves, and no longer than they are open."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.cards import receipt_windows
from bot.approvals.cards.receipt_windows import ReceiptWindows
from bot.approvals.models import ApprovalRequest, Postponement, Status
from bot.db.engine import Database
from bot.slack.errors import SlackRefused, SlackUnavailable
from tests.approvals.kit import put, row


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipt_windows, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(receipt_windows, "YOUNG_SECONDS", 0.001)


class Followed:
    """Windows, and what was drawn into them."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.drawn: list[tuple[str, str]] = []
        self.fails: list[Exception] = []
        self.looks = 0
        self.windows = ReceiptWindows(database=self, update=self._update, draw=self._draw)  # type: ignore[arg-type]

    async def read(self, work: Callable[..., Any], *arguments: Any) -> Any:
        """A read of the database, which can fail as it does when a server restarts."""
        if self.fails and isinstance(self.fails[0], sa.exc.SQLAlchemyError):
            raise self.fails.pop(0)
        self.looks += 1
        return await self.database.read(work, *arguments)

    @staticmethod
    def _draw(_c: sa.Connection, request: ApprovalRequest) -> dict[str, Any]:
        late = "" if request.progress.postponed is None else " late"
        return {"said": f"{request.status}{late}"}

    async def _update(self, view_id: str, view: dict[str, Any]) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.drawn.append((view_id, view["said"]))

    async def until(self, what: Callable[[], bool]) -> None:
        async with asyncio.timeout(20.0):
            while not what():  # noqa: ASYNC110  # the windows tell nobody what they did
                await asyncio.sleep(0.001)

    async def another_look(self) -> None:
        """A whole look that began after now has ended."""
        begun = self.looks
        await self.until(lambda: self.looks >= begun + 2)

    @property
    def open(self) -> list[str]:
        return list(self.windows._windows)


@pytest.fixture
def followed(sqlite_database: Database) -> Followed:
    return Followed(sqlite_database)


async def moved(database: Database, request: ApprovalRequest, to: Status) -> ApprovalRequest:
    return await database.run(lambda c: store.move(c, request, to))


async def test_a_window_is_drawn_when_its_request_moves_and_followed_to_the_end(followed: Followed) -> None:
    database = followed.database
    request = await database.run(put, Status.APPROVED)
    followed.windows.watch("V1", request)
    await followed.another_look()
    assert followed.drawn == []
    request = await moved(database, request, Status.RUNNING)
    await followed.until(lambda: followed.drawn == [("V1", "running")])
    await moved(database, request, Status.SUCCEEDED)
    await followed.until(lambda: not followed.open)
    assert followed.drawn == [("V1", "running"), ("V1", "succeeded")]
    # A form that is sent later starts it again.
    another = await database.run(put, Status.RUNNING, "sub:2")
    followed.windows.watch("V2", another)
    await moved(database, another, Status.FAILED)
    await followed.until(lambda: followed.drawn[-1] == ("V2", "failed"))
    await followed.windows.stop()


async def test_a_request_that_waits_for_the_gateway_is_drawn_though_its_version_stays(followed: Followed) -> None:
    request = await followed.database.run(put, Status.RUNNING)
    followed.windows.watch("V1", request)
    postponed = Postponement(since=1.0, tries=1)
    await followed.database.run(lambda c: store.record_progress(c, request.id, postponed=postponed))
    await followed.until(lambda: followed.drawn == [("V1", "running late")])
    await followed.windows.stop()


@pytest.mark.parametrize(
    "error", [SlackUnavailable(unsure=True), sa.exc.OperationalError("SELECT 1", {}, Exception("away"))]
)
async def test_what_fails_for_a_moment_is_tried_again(followed: Followed, error: Exception) -> None:
    request = await followed.database.run(put, Status.APPROVED)
    followed.fails = [error]
    followed.windows.watch("V1", request)
    await moved(followed.database, request, Status.RUNNING)
    await followed.until(lambda: followed.drawn == [("V1", "running")])
    assert followed.fails == []
    await followed.windows.stop()


async def test_a_window_that_was_closed_is_followed_no_more(followed: Followed) -> None:
    request = await followed.database.run(put, Status.APPROVED)
    followed.fails = [SlackRefused(method="views.update", code="not_found")]
    followed.windows.watch("V1", request)
    await moved(followed.database, request, Status.RUNNING)
    await followed.until(lambda: not followed.open)
    assert followed.drawn == []
    await followed.windows.stop()


async def test_nobody_leaves_a_window_open_for_ever(followed: Followed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receipt_windows, "LONGEST", 0.0)
    followed.windows.watch("V1", await followed.database.run(put, Status.APPROVED))
    await followed.until(lambda: not followed.open)
    await followed.windows.stop()


async def test_a_window_that_gave_way_while_it_was_drawn_does_not_come_back(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipt_windows, "MOST", 1)
    first = await followed.database.run(put, Status.APPROVED)
    other = await followed.database.run(put, Status.APPROVED, "sub:2")
    draw = followed.windows._update

    async def update(view_id: str, view: dict[str, Any]) -> None:
        followed.windows.watch("V2", other)
        await draw(view_id, view)

    monkeypatch.setattr(followed.windows, "_update", update)
    followed.windows.watch("V1", first)
    await moved(followed.database, first, Status.RUNNING)
    await followed.until(lambda: followed.drawn == [("V1", "running")])
    await followed.another_look()
    assert followed.open == ["V2"]
    await followed.windows.stop()


@pytest.mark.parametrize(("view_id", "status"), [("", Status.APPROVED), ("V1", Status.SUCCEEDED)])
async def test_there_is_nothing_to_follow_without_a_window_or_after_the_end(
    followed: Followed, view_id: str, status: Status
) -> None:
    followed.windows.watch(view_id, row(status))
    assert followed.open == []
    await followed.windows.stop()


async def test_a_request_that_is_gone_is_not_drawn(followed: Followed) -> None:
    followed.windows.watch("V1", row(Status.APPROVED))
    await followed.another_look()
    await followed.another_look()
    assert followed.drawn == []
    await followed.windows.stop()
