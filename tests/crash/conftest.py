import contextlib
import itertools
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.crash.house import House, Nursery, open_house
from tests.crash.house import nursery as open_nursery
from tests.crash.house import victims as open_victims
from tests.crash.matrix import NewDatabase
from tests.tools.postgres_copies import PostgresCopies

HERE = Path(__file__).parent
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What they look at is done by other processes, whose lines are not counted."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker("processes")


@pytest.fixture(scope="session")
def victims() -> Iterator[Path]:
    """A warm process to fork from: where it takes orders."""
    with open_victims() as path:
        yield path


@pytest.fixture
async def nursery(victims: Path) -> AsyncIterator[Nursery]:
    """This test's connection to it; whatever was forked ends with the test."""
    async with open_nursery(victims) as opened:
        yield opened


@pytest.fixture
def new_sqlite(sqlite_template: Path, tmp_path: Path) -> NewDatabase:
    """Makes migrated SQLite files."""

    @contextlib.contextmanager
    def make() -> Iterator[str]:
        path = tmp_path / f"database-{next(_numbers)}.sqlite"
        shutil.copyfile(sqlite_template, path)
        yield f"sqlite:///{path}"
        for name in tmp_path.glob(f"{path.name}*"):
            name.unlink()

    return make


@pytest.fixture
def new_postgres(postgres_server: sa.URL, postgres_copies: PostgresCopies) -> NewDatabase:
    """Makes migrated PostgreSQL databases."""

    @contextlib.contextmanager
    def make() -> Iterator[str]:
        with postgres_copies.lend() as name:
            yield postgres_server.set(drivername="postgresql", database=name).render_as_string(hide_password=False)

    return make


@pytest.fixture
async def house(tmp_path: Path, sqlite_url: str, nursery: Nursery) -> AsyncIterator[House]:
    """A world on SQLite without any process yet."""
    async with open_house(tmp_path, database_url=sqlite_url, nursery=nursery) as opened:
        yield opened


@pytest.fixture
async def pg_house(tmp_path: Path, postgres_url: str, nursery: Nursery) -> AsyncIterator[House]:
    """The same on PostgreSQL."""
    async with open_house(tmp_path, database_url=postgres_url, nursery=nursery) as opened:
        yield opened
