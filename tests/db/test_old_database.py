"""A database that the last version made by being used (its sandbox world, SQLite) is migrated and read whole.

It holds requests in every status, denials whose reason is a machine's word, break-glass, two rotations, an automatic
and an ordered disabling from alerts, a batch and the record. Every secret in it was made up; no value of a key is.
"""

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.alerts import store as alert_store
from bot.alerts.models import AlertStatus
from bot.app import prepare_database
from bot.approvals import store
from bot.approvals.models import ApprovalRequest, OriginKind, Status
from bot.audit import read as read_audit
from bot.db.engine import Database, open_database
from bot.incident import store as batch_store
from bot.incident.models import BatchStatus
from bot.keys import lineage, owners

OLD = Path(__file__).parent / "data" / "version_0_1.sqlite.gz"


@pytest.fixture
def old_database(tmp_path: Path) -> Iterator[Database]:
    path = tmp_path / "old.db"
    path.write_bytes(gzip.decompress(OLD.read_bytes()))
    database = open_database(f"sqlite:///{path}")
    yield database
    database.close()


def rows(database: Database) -> dict[int, ApprovalRequest]:
    return {row.id: row for row in database.run_here(lambda c: store.recent(c, limit=100))}


def test_every_request_is_read_with_what_led_to_it(old_database: Database) -> None:
    done = prepare_database(old_database)
    assert "0006_request_origin" in done
    assert prepare_database(old_database) == []
    found = rows(old_database)
    assert {row.status for row in found.values()} == set(Status)
    denied = {row.id: row.denial for row in found.values() if row.status is Status.DENIED}
    assert list(denied.values())[::-1] == ["rotation", "automatic", "break-glass", "Use the team's key."]
    assert all(row.origin.kind is OriginKind.PERSON and not row.break_glass for row in found.values() if row.denial)
    kinds = {row.id: row.origin for row in found.values() if row.origin.kind is not OriginKind.PERSON}
    assert [kinds[number].kind for number in sorted(kinds)] == ["rotation_end", "alert_rule", "alert"]
    ended = next(origin for origin in kinds.values() if origin.kind is OriginKind.ROTATION_END)
    assert found[ended.request_id or 0].operation == "key.rotate"
    assert {origin.alert_id for origin in kinds.values()} == {None, 1, 2}
    assert {origin.attempt for origin in kinds.values()} == {None, 1}


def test_only_broken_glass_is_to_be_reviewed(old_database: Database) -> None:
    prepare_database(old_database)
    reviewed = old_database.run_here(store.to_review)
    assert [(row.break_glass, row.status) for row in reviewed] == [(True, Status.SUCCEEDED)]


def test_progress_of_all_kinds_is_read(old_database: Database) -> None:
    prepare_database(old_database)
    found = rows(old_database).values()
    assert any(row.progress.postponed is not None and row.progress.postponed.tries for row in found)
    assert {row.progress.revocation.proof for row in found if row.progress.revocation is not None} == {"dead"}
    overlaps = [row.progress.overlap for row in found if row.progress.overlap is not None]
    assert sorted(overlap.request_id is None for overlap in overlaps) == [False, True]
    unknown = next(row for row in found if row.status is Status.UNKNOWN)
    assert set(unknown.progress.checkpoints) == {"create.post"}


def test_alerts_batches_owners_and_the_record_are_read(old_database: Database) -> None:
    prepare_database(old_database)

    def look(c: sa.Connection) -> None:
        alerts = [alert_store.find(c, number) for number in (1, 2, 3)]
        assert [alert.status for alert in alerts if alert is not None] == [AlertStatus.OPEN] * 3
        batch = batch_store.get(c, 1)
        assert (batch.status, len(batch_store.keys_of(c, 1))) == (BatchStatus.DONE, 3)
        assert set(owners.all_owners(c).values()) >= {"U0ADA", "U0BEN", "U0MIRA"}
        assert len(read_audit(c, limit=500)) > 50

    old_database.run_here(look)


def test_rotations_of_earlier_versions_keep_their_line_and_share_nothing(old_database: Database) -> None:
    prepare_database(old_database)
    found = rows(old_database).values()
    done = [row for row in found if row.operation == "key.rotate" and row.status is Status.SUCCEEDED]
    assert len(done) == 2
    for row in done:
        line = old_database.run_here(lineage.find, row.key_id or 0)
        assert line is not None
        assert row.outcome is not None
        assert (line.replaced_by, line.rotation, line.shares) == (row.outcome.key_id, row.id, False)
        assert old_database.run_here(lineage.predecessors_of, row.outcome.key_id or 0)[0].key_id == row.key_id
        assert old_database.run_here(lineage.first_of, row.outcome.key_id or 0) == line.first
