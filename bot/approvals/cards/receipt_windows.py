"""Keeps the windows of sent forms true: *creating…*, then *ready*, without a click.

A window belongs to the process that answered the form, the work may be done by another one: so the rows are looked at,
once for all windows, as long as there are any.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.models import FINAL, ApprovalRequest
from bot.db.answering import leave
from bot.db.engine import Database
from bot.languages import Language, current, speaking
from bot.slack.errors import SlackRefused, SlackUnavailable

logger = logging.getLogger(__name__)

# Not at once: the answer that puts the window in the form's place must be there first.
FIRST_SECONDS = 0.7
YOUNG_SECONDS, OLD_SECONDS = 0.5, 3.0
YOUNG = 20.0
# People do not leave a window open for longer; the direct message and the card stay.
LONGEST = 900.0
MOST = 500

Drawer = Callable[[sa.Connection, ApprovalRequest], dict[str, Any]]
Update = Callable[[str, dict[str, Any]], Awaitable[object]]
# What is drawn differently: the row's version, and whether it waits for the gateway.
_Seen = tuple[int, bool]


@dataclass(frozen=True)
class _Window:
    request_id: int
    seen: _Seen
    opened: float
    language: Language


class ReceiptWindows:
    """`update` draws a view anew by its id; `draw` says how a request looks in it."""

    def __init__(self, *, database: Database, update: Update, draw: Drawer) -> None:
        self._database = database
        self._update = update
        self._draw = draw
        self._windows: dict[str, _Window] = {}
        self._task: asyncio.Task[None] | None = None

    def watch(self, view_id: str, request: ApprovalRequest) -> None:
        """Follow the request in this window, until it ends or the window closes."""
        if not view_id or request.status in FINAL:
            return
        while len(self._windows) >= MOST:
            del self._windows[next(iter(self._windows))]
        self._windows[view_id] = _Window(request.id, _seen(request), time.monotonic(), current())
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._follow())

    async def stop(self) -> None:
        """Follow no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self) -> None:
        leave()
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            try:
                await self._look()
            except sa.exc.SQLAlchemyError:
                logger.warning("the rows of open windows cannot be read", exc_info=True)
            if not self._windows:
                return  # at once: the next window begins anew and need not wait for a pause to end
            youngest = max(window.opened for window in self._windows.values())
            await asyncio.sleep(YOUNG_SECONDS if time.monotonic() - youngest < YOUNG else OLD_SECONDS)

    async def _look(self) -> None:
        now = time.monotonic()
        self._windows = {view: window for view, window in self._windows.items() if now - window.opened < LONGEST}
        moved = await self._database.read(self._moved, list(self._windows.items()))
        for view_id, window, request, view in moved:
            with contextlib.suppress(SlackUnavailable):  # the next look tries again
                try:
                    await self._update(view_id, view)
                except SlackRefused:
                    # Most likely the window was closed; the person has the direct message.
                    self._windows.pop(view_id, None)
                    continue
                if request.status in FINAL:
                    self._windows.pop(view_id, None)
                elif view_id in self._windows:
                    self._windows[view_id] = replace(window, seen=_seen(request))

    def _moved(
        self, c: sa.Connection, windows: Collection[tuple[str, _Window]]
    ) -> list[tuple[str, _Window, ApprovalRequest, dict[str, Any]]]:
        # Hundreds of windows wait while one moves: only that one's request is read.
        now = store.versions(c, {window.request_id for _, window in windows})
        moved = [
            (view_id, window) for view_id, window in windows if now.get(window.request_id, window.seen) != window.seen
        ]
        requests = store.several(c, {window.request_id for _, window in moved}) if moved else {}
        return [
            (view_id, window, request, self._drawn(c, window, request))
            for view_id, window in moved
            if (request := requests.get(window.request_id)) is not None
        ]

    def _drawn(self, c: sa.Connection, window: _Window, request: ApprovalRequest) -> dict[str, Any]:
        """One task redraws the windows of all people, each in the language in which it was opened."""
        with speaking(window.language):
            return self._draw(c, request)


def _seen(request: ApprovalRequest) -> _Seen:
    return request.version, request.progress.postponed is not None
