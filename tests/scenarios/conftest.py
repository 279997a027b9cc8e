"""Desks for scenarios: over HTTP and over Socket Mode."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.scenarios.desk import Desk, open_desk


@pytest.fixture(params=["http", "socket"])
async def desk(request: pytest.FixtureRequest, tmp_path: Path, sqlite_url: str) -> AsyncIterator[Desk]:
    """A desk over each transport."""
    async with open_desk(tmp_path, database_url=sqlite_url, socket_mode=request.param == "socket") as opened:
        yield opened


@pytest.fixture
async def http_desk(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Desk]:
    """A desk over HTTP, for what does not depend on the transport."""
    async with open_desk(tmp_path, database_url=sqlite_url) as opened:
        yield opened
