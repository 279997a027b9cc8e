"""*It is me* counts for the owner alone, while the message is open."""

import sqlalchemy as sa

from bot.care import told
from bot.care.anomaly import store
from bot.care.anomaly.buttons import AnomalyButtons
from bot.care.anomaly.judgement import PaceCare
from bot.care.notice import Crossing, Notice
from bot.keys import inventory_store
from keydesk_sandbox import seed
from tests.care.kit import DAY
from tests.narrow import present
from tests.scenarios.conftest import http_desk
from tests.scenarios.desk import Desk

__all__ = ["http_desk"]
ADA, BEN = seed.ENGINEER, seed.SECOND_ENGINEER


async def test_it_counts_once_for_the_owner_alone(http_desk: Desk) -> None:
    desk, buttons = http_desk, AnomalyButtons(parts=http_desk.app.care.parts)
    database = desk.app.database
    record = await desk.own(ADA, desk.gateway.add_key(name="crawler"))
    key = await desk.app.client.get_key(record.id)  # type: ignore[arg-type]  # a plain number
    notice = Notice(kind=Crossing.ANOMALY, key_id=record.id, name="crawler", expires=-1, born_at=key.created_time)

    def write(c: sa.Connection) -> None:
        inventory_store.write(c, {record.id: (desk.clock(), key)})
        told.note(c, "x", [(notice, ADA)], at=desk.clock())

    await database.run(write)
    # Nothing is remembered of it: an odd click.
    assert not await database.run(buttons._mute, record.id, ADA)
    care = PaceCare(key_id=record.id, born_at=key.created_time, at=desk.clock(), used=0, told=True)
    await database.run(store.save, None, care)
    assert not await database.run(buttons._mute, record.id, BEN)
    assert not await database.run(buttons._mute, 0, ADA)
    assert await database.run(buttons._mute, record.id, ADA)
    assert not await database.run(buttons._mute, record.id, ADA)
    row = present(await database.read(store.find, record.id))
    assert not row.told
    assert abs(row.muted_until - desk.clock() - DAY) < 60
