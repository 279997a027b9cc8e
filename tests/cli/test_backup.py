import gzip
import os
import sqlite3
import stat
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot import audit
from bot.app import prepare_database
from bot.approvals import store
from bot.approvals.models import FINAL, ApprovalRequest, Status
from bot.audit import Fact
from bot.cli.backup import backup, restore
from bot.db.engine import open_database
from bot.db.tables import posts
from bot.errors import ConfigurationError
from bot.incident.models import BatchStatus
from bot.incident.tables import batches

# A database of the version before, with requests in every status.
OLD = Path(__file__).parents[1] / "db" / "data" / "version_0_1.sqlite.gz"


@pytest.fixture
def used(tmp_path: Path) -> Path:
    path = tmp_path / "keydesk.sqlite"
    path.write_bytes(gzip.decompress(OLD.read_bytes()))
    return path


def url(path: Path) -> str:
    return f"sqlite:///{path}"


def requests_in(path: Path) -> dict[int, ApprovalRequest]:
    database = open_database(url(path))
    try:
        prepare_database(database)
        return {row.id: row for row in database.run_here(lambda c: store.recent(c, limit=100))}
    finally:
        database.close()


def test_a_copy_is_made_while_the_database_is_in_use_and_is_its_owners_alone(sqlite_url: str, tmp_path: Path) -> None:
    database = open_database(sqlite_url)
    copy = tmp_path / "copy.sqlite"
    try:
        database.run_here(audit.append, fact=Fact.ASKED, at=1.0)
        told = backup(sqlite_url, copy)
    finally:
        database.close()
    assert told.endswith("0 requests")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with sqlite3.connect(copy) as c:
        assert c.execute("SELECT fact FROM audit").fetchall() == [("asked",)]
    assert sorted(path.name for path in tmp_path.iterdir() if "copy" in path.name) == ["copy.sqlite"]


def test_a_backup_does_not_overwrite(sqlite_url: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    copy.write_text("mine")
    with pytest.raises(ConfigurationError, match="does not overwrite"):
        backup(sqlite_url, copy)
    assert copy.read_text() == "mine"


@pytest.mark.parametrize(
    ("at", "to", "told"),
    [
        ("sqlite:///missing.sqlite", "copy", "There is no database missing.sqlite"),
        ("postgresql://desk:hush@db/keydesk", "copy", "use `pg_dump"),
        (None, "no/such/folder/copy", "cannot be written"),
    ],
)
def test_what_cannot_be_copied_is_said(sqlite_url: str, tmp_path: Path, at: str | None, to: str, told: str) -> None:
    with pytest.raises(ConfigurationError, match=told) as error:
        backup(at or sqlite_url, tmp_path / to)
    assert "hush" not in str(error.value.problems)


def test_a_restore_ends_what_was_open_and_tells_the_people(used: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    backup(url(used), copy)
    before = requests_in(used)
    open_ones = {number for number, row in before.items() if row.status not in FINAL}
    assert open_ones
    told = restore(url(used), copy, moved=False)
    assert f"{len(open_ones)} open requests and batches were ended" in told
    after = requests_in(used)
    assert {number for number, row in after.items() if row.status is not before[number].status} == open_ones
    for number in open_ones:
        outcome = after[number].outcome
        assert after[number].status is Status.FAILED
        assert outcome is not None
        assert outcome.sentence.startswith("Not carried on")
    database = open_database(url(used))
    try:
        with database.engine.connect() as c:
            waiting = set(c.scalars(sa.select(posts.c.id).where(posts.c.drawn < posts.c.wanted)))
            queued = "\n".join(
                c.scalars(sa.text("SELECT workflow_uuid FROM workflow_status WHERE status = 'ENQUEUED'"))
            )
            assert not c.scalar(sa.select(sa.func.count()).where(batches.c.status == BatchStatus.RUNNING.value))
        assert {f"req:{number}:dm" for number in open_ones} <= waiting
        assert all(f"req:{number}:dm:" in queued for number in open_ones)
        assert audit.verify_database(database).problems == ()
        assert database.run_here(audit.read, limit=1)[0]["fact"] == "restored"
    finally:
        database.close()


def test_after_a_move_open_requests_go_on(used: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    backup(url(used), copy)
    before = requests_in(used)
    restore(url(used), copy, moved=True)
    assert {n: row.status for n, row in requests_in(used).items()} == {n: row.status for n, row in before.items()}


def test_the_database_that_was_there_is_kept_whole(sqlite_url: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    backup(sqlite_url, copy)
    database = open_database(sqlite_url)
    database.run_here(audit.append, fact=Fact.ASKED, at=1.0)
    database.close()
    restore(sqlite_url, copy, moved=False)
    [kept] = [
        path for path in Path(sqlite_url.removeprefix("sqlite:///")).parent.iterdir() if "before-restore" in path.name
    ]
    with sqlite3.connect(kept) as c:
        assert c.execute("SELECT count(*) FROM audit").fetchone() == (1,)
    assert not [path.name for path in tmp_path.iterdir() if "restoring" in path.name or path.name.endswith(".part")]


def test_a_restore_makes_a_database_where_there_is_none(sqlite_url: str, tmp_path: Path) -> None:
    copy, new = tmp_path / "copy.sqlite", tmp_path / "new.sqlite"
    backup(sqlite_url, copy)
    assert restore(url(new), copy, moved=False) == f"restored {new} from {copy}"
    assert requests_in(new) == {}


def test_a_database_in_use_is_not_replaced(sqlite_url: str, tmp_path: Path) -> None:
    copy = tmp_path / "copy.sqlite"
    backup(sqlite_url, copy)
    database = open_database(sqlite_url)
    try:
        with pytest.raises(ConfigurationError, match=f"pid {os.getpid()}"):
            restore(sqlite_url, copy, moved=False)
    finally:
        database.close()


def test_what_is_no_sound_database_of_ours_is_refused_and_nothing_changes(sqlite_url: str, tmp_path: Path) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    before = path.read_bytes()
    text, other, newer, damaged = (tmp_path / name for name in ("text", "other", "newer", "damaged"))
    text.write_text("not a database at all, only some words that fill a line or two of the file" * 20)
    with sqlite3.connect(other) as c:
        c.execute("CREATE TABLE songs (name)")
    backup(sqlite_url, newer)
    with sqlite3.connect(newer) as c:
        c.execute("INSERT INTO schema_version (name) VALUES ('9999_from_the_future')")
    damaged.write_bytes(before[:4096] + b"\0" * (len(before) - 4096))
    for file, told in (
        (text, "is not a database of Keydesk"),
        (other, "is not a database of Keydesk"),
        (newer, "made by a newer Keydesk"),
        (damaged, "is damaged|is not a database"),
        (tmp_path / "none", "There is no file"),
    ):
        with pytest.raises(ConfigurationError, match=told):
            restore(sqlite_url, file, moved=False)
    assert path.read_bytes() == before
