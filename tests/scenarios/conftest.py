"""Desks for scenarios: over HTTP and over Socket Mode.

The transports differ in how a payload arrives and is acknowledged. `make test` runs the main job and the repeated
payloads over both, and everything else over HTTP; `make soak` runs all of it over Socket Mode too.
"""

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.languages import Language, language
from bot.slack import edge, person_languages, web_client
from bot.slack.web_client import outgoing
from tests.languages.foreign import PseudoCatalog, Watch
from tests.scenarios.desk import Desk, open_desk
from tests.scenarios.policies import FREE
from tests.scenarios.two_gateways import house, sqlite_house

__all__ = ["house", "sqlite_house"]

OpenDesk = Callable[..., contextlib.AbstractAsyncContextManager[Desk]]
FreeDesk = OpenDesk


EACH_TRANSPORT = pytest.mark.parametrize("desk", ["http", "socket"], indirect=True)


@pytest.fixture(autouse=True)
def foreign_language(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """With --foreign everybody reads a language that nobody speaks, and what is still English fails the scenario."""
    real_ones = request.path.stem == "test_languages"  # what it shows is languages that people speak
    if real_ones or not request.config.getoption("--foreign"):
        yield
        return
    everybody, watch = Language("xx"), Watch()
    known = {**language.languages(), "xx": everybody}
    monkeypatch.setattr(language, "_catalog", lambda _tag, _rtl: PseudoCatalog())
    monkeypatch.setattr(language, "languages", lambda: known)
    monkeypatch.setattr(person_languages, "of_slack_locale", lambda _locale: everybody)
    monkeypatch.setattr(person_languages, "channel_languages", lambda _text: (everybody, {}))
    for module in (web_client, edge):
        monkeypatch.setattr(module, "outgoing", lambda content: watch.look(outgoing(content)))
    yield
    assert watch.english == []
    assert watch.cut == []


@pytest.fixture(params=["http", pytest.param("socket", marks=pytest.mark.soak)])
async def desk(request: pytest.FixtureRequest, tmp_path: Path, sqlite_url: str) -> AsyncIterator[Desk]:
    """A desk over each transport."""
    async with open_desk(tmp_path, database_url=sqlite_url, socket_mode=request.param == "socket") as opened:
        yield opened


@pytest.fixture
async def http_desk(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Desk]:
    """A desk over HTTP, for what does not depend on the transport."""
    async with open_desk(tmp_path, database_url=sqlite_url) as opened:
        yield opened


@pytest.fixture
def desk_with(tmp_path: Path, sqlite_url: str) -> OpenDesk:
    """Opens a desk with another policy, profile or setting: `async with desk_with(policy=…) as desk`."""

    def opening(**more: Any) -> contextlib.AbstractAsyncContextManager[Desk]:
        return open_desk(tmp_path, database_url=sqlite_url, **more)

    return opening


@pytest.fixture
def both(tmp_path: Path, thorough_database_url: str) -> OpenDesk:
    """The same on SQLite and, in `make thorough`, on PostgreSQL, for what a row decides."""

    def opening(**more: Any) -> contextlib.AbstractAsyncContextManager[Desk]:
        return open_desk(tmp_path, database_url=thorough_database_url, **more)

    return opening


@pytest.fixture
def free_desk(desk_with: OpenDesk) -> FreeDesk:
    """Opens a desk where engineers need no approval."""

    def opening(**more: Any) -> contextlib.AbstractAsyncContextManager[Desk]:
        return desk_with(policy=FREE, **more)

    return opening
