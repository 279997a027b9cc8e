"""A batch is its author's, as it was shown, while they may: nobody else starts it, and no forged form widens it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from keydesk_sandbox import seed
from tests.scenarios.desk import Desk, open_desk
from tests.scenarios.forging import last, send_as
from tests.scenarios.operating import open_form, owned

ADA, BEN, SAM = seed.ENGINEER, seed.SECOND_ENGINEER, seed.SECURITY


@pytest.fixture
async def desk(tmp_path: Path, database_url: str) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path, database_url=database_url) as opened:
        yield opened


async def drafted(desk: Desk) -> list[int]:
    """Sam's preview of two keys, with everything typed that starts it."""
    keys = [(await owned(desk, name=name)).id for name in ("one", "two")]
    await open_form(desk, SAM, f"/apikey disable {keys[0]} {keys[1]}", operation="batch.start")
    await desk.fill(SAM, desk.slack.top_view(SAM), confirm="NOT YET", reason="why")
    await desk.slack.submit(SAM, desk.slack.top_view(SAM))  # refused: the payload is what we want
    return keys


async def test_nobody_starts_the_batch_that_somebody_else_was_shown(desk: Desk) -> None:
    keys = await drafted(desk)
    payload = last(desk, "view_submission")
    payload["view"]["state"]["values"]["confirm"]["value"]["value"] = "DISABLE 2"
    for user in (ADA, BEN):
        await send_as(desk, payload, user)
    await desk.app.responder.drain(grace=10)
    assert [desk.gateway.key(key).status for key in keys] == [1, 1]
    assert await desk.audit("asked") == []


async def test_its_author_starts_it_no_more_once_the_role_is_gone(desk: Desk) -> None:
    keys = await drafted(desk)
    await desk.slack.changes.set_group("S0SECURITY", [seed.ADMIN])
    await desk.pass_time(5)
    await desk.fill(SAM, desk.slack.top_view(SAM), confirm="DISABLE 2")
    await desk.slack.submit(SAM, desk.slack.top_view(SAM))
    await desk.pass_time(60)
    await desk.app.responder.drain(grace=10)
    assert [desk.gateway.key(key).status for key in keys] == [1, 1]


async def test_a_batch_runs_once_however_often_its_form_is_sent(desk: Desk) -> None:
    keys = await drafted(desk)
    await desk.fill(SAM, desk.slack.top_view(SAM), confirm="DISABLE 2")
    assert (await desk.slack.submit(SAM, desk.slack.top_view(SAM))).ok
    payload = last(desk, "view_submission")
    for _ in range(3):
        await send_as(desk, payload, SAM)
    await desk.eventually(lambda: [desk.gateway.key(key).status for key in keys] == [2, 2])
    assert len(await desk.audit("asked")) == 1
