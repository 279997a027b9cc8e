"""Who owns which key after a request: by what its operation means."""

from typing import Any

import pytest

from bot.approvals import owner_rows
from bot.approvals.models import Status
from bot.db.engine import Database
from bot.features import OPERATIONS
from bot.gateway.models import Key, KeyId
from bot.gateway.writes import WriteResult, WriteStatus
from bot.keys import owners
from tests.approvals.kit import row
from tests.gateway.kit import client_of, fake_gateway
from tests.narrow import present


async def found(**made: Any) -> Key:
    fake = fake_gateway()
    return await client_of(fake).get_key(KeyId(fake.add_key(name="console", **made).id))


async def settled(database: Database, operation: str, key: Key, **changes: Any) -> owners.OwnedKey:
    request = row(
        Status.RUNNING, operation=operation, key_id=None if operation == "key.create" else int(key.id), **changes
    )
    result = WriteResult(status=WriteStatus.DONE, before=key, key=key)
    await database.run(owner_rows.remember, request, OPERATIONS[operation], result, 50.0)
    return present(await database.read(owners.find, int(key.id)))


@pytest.mark.parametrize(("status", "disabled_at"), [(1, None), (2, 50.0)])
async def test_an_adopted_key_has_the_owner_that_was_named(
    database: Database, status: int, disabled_at: float | None
) -> None:
    key = await found(status=status)
    wanted = {"key_id": int(key.id), "owner_id": "U0BEN", "owner_team": "T0BEN", "from_id": None}
    line = await settled(database, "key.adopt", key, input=wanted)
    assert (line.owner_id, line.owner_team, line.disabled_at) == ("U0BEN", "T0BEN", disabled_at)
    assert (line.request_id, line.born_at, line.name) == (3, key.created_time, "console")


async def test_a_key_is_of_whoever_asked_for_it_until_it_is_gone(database: Database) -> None:
    key = await found()
    assert (await settled(database, "key.create", key)).owner_id == "U0ADA"
    assert (await settled(database, "key.disable", key)).disabled_at == 50.0
    assert (await settled(database, "key.enable", key)).disabled_at is None
    renamed = key.model_copy(update={"name": "other"})
    assert (await settled(database, "key.update", renamed)).name == "other"
    assert (await settled(database, "key.delete", key)).deleted_at == 50.0
