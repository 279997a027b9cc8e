"""The answers to the question about an idle key count once, from whom it asks, while it is asked."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from bot.care.idle import store
from bot.care.idle.buttons import IdleButtons
from bot.care.idle.judgement import IdleCare, IdleState
from bot.keys import inventory_store
from bot.slack.delivery import Delivery, Kind
from keydesk_sandbox import seed
from tests.narrow import present
from tests.scenarios.conftest import http_desk
from tests.scenarios.desk import Desk

__all__ = ["http_desk"]
ADA, BEN = seed.ENGINEER, seed.SECOND_ENGINEER


async def asked(desk: Desk) -> IdleCare:
    record = await desk.own(ADA, desk.gateway.add_key(name="forgotten"))
    key = await desk.app.client.get_key(record.id)  # type: ignore[arg-type]  # a plain number
    row = IdleCare(
        key_id=record.id, born_at=key.created_time, owner_id=ADA, state=IdleState.ASKED, since=desk.clock(), due=0.0
    )

    def write(c: sa.Connection) -> None:
        inventory_store.write(c, {record.id: (desk.clock(), key)})
        store.save(c, None, row)

    await desk.app.database.run(write)
    return present(await desk.app.database.read(store.find, record.id))


async def test_keep_counts_once_and_for_its_owner_alone(http_desk: Desk) -> None:
    desk, row = http_desk, await asked(http_desk)
    buttons, database = IdleButtons(parts=desk.app.care.parts), desk.app.database
    assert not await database.run(buttons._keep, row.key_id, BEN)
    assert not await database.run(buttons._keep, row.key_id + 1, ADA)
    assert await database.run(buttons._keep, row.key_id, ADA)
    assert not await database.run(buttons._keep, row.key_id, ADA)
    kept = present(await database.read(store.find, row.key_id))
    assert kept.state is IdleState.KEPT
    # A question to somebody whose key it is no longer.
    await database.run(store.save, kept, replace(kept, state=IdleState.ASKED, owner_id=BEN))
    assert not await database.run(buttons._keep, row.key_id, ADA)
    assert not await database.run(buttons._keep, row.key_id, BEN)


@pytest.mark.parametrize("value", ["", "x", "9" * 30, "١", "0", "-1", "104", "105"])
async def test_forged_values_find_nothing(http_desk: Desk, value: str) -> None:
    desk = http_desk
    row = await asked(desk)
    disabled = replace(row, state=IdleState.DISABLED, due=desk.clock() - 1, owner_id=ADA)
    await desk.app.database.run(store.save, row, disabled)
    buttons = IdleButtons(parts=desk.app.care.parts)
    for handler in (buttons.keep, buttons.enable_again):
        with pytest.raises(Exception, match="Nobody asks you"):
            await handler(click(desk, value))
    assert await desk.audit("asked") == []


def click(desk: Desk, value: str) -> Delivery:
    return Delivery(
        id="act:1",
        kind=Kind.ACTION,
        payload={"actions": [{"value": value}]},
        team_id=seed.TEAM,
        user_id=ADA,
        user_team_id=seed.TEAM,
        channel_id="D1",
        trigger_id="",
        response_url="",
        text="",
        received_at=desk.clock(),
        responder=desk.app.responder,
    )
