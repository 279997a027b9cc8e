"""A key of a batch that is to live again has its place from when it is allowed, and gives it back when it does not."""

import pytest
import sqlalchemy as sa

from bot.db.engine import Database
from bot.incident import store
from bot.incident.admission import PLACE, give_place_back, locked_at
from bot.incident.models import BatchKey
from bot.keys import owners
from bot.keys.owners import OwnedKey
from bot.permissions.models import Lock
from tests.alerts.kit import NOW


@pytest.mark.parametrize(("marks", "disabled_at"), [({PLACE: True}, NOW), ({}, None)])
async def test_a_place_that_was_taken_is_given_back(
    database: Database, marks: dict[str, bool], disabled_at: float | None
) -> None:
    line = OwnedKey(key_id=7, name="k", owner_id="U1", owner_team="T", request_id=None, created_at=NOW)
    key = BatchKey(key_id=7, name="k", own=True, status_before=2, progress=marks)

    def work(c: sa.Connection) -> float | None:
        owners.own(c, line)
        values = {"delivery_id": "cmd:1", "operation": "key.enable", "requester_id": "U1", "requester_team": "T1"}
        batch = store.draft(c, [key], **values, what="w", asked_at=NOW)
        give_place_back(c, store.key_of(c, batch.id, 7), at=NOW)
        found = owners.find(c, 7)
        return found.disabled_at if found else None

    assert await database.run(work) == disabled_at


def test_a_lock_is_told_by_its_time() -> None:
    assert locked_at(None) is None
    assert locked_at(Lock(cause="incident", by="U1", at=5.0, number=1, rule="")) == 5.0
