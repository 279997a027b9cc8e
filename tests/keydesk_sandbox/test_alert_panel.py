"""“Send an alert” of the sandbox, against the real bot."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from keydesk_sandbox import seed
from keydesk_sandbox.alert_panel import SOURCES, AlertPanel
from tests.scenarios.alerting import base, cards, learned
from tests.scenarios.desk import Desk, open_desk


@pytest.fixture
async def desk(tmp_path: Path, sqlite_url: str) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path, database_url=sqlite_url) as opened:
        yield opened


def panel_of(desk: Desk) -> httpx.AsyncClient:
    panel = AlertPanel(
        gateways={"first": desk.gateway},
        secrets=desk.world.alert_secrets,
        bot_url=lambda: base(desk),
        say=lambda text: desk.slack.post_as_app(seed.GENERAL_CHANNEL, text, name="Deploy"),
        now=desk.app.clock,
    )
    transport = httpx.ASGITransport(Starlette(routes=panel.routes()))
    return httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1")


async def send(desk: Desk, **body: Any) -> httpx.Response:
    async with panel_of(desk) as client:
        return await client.post("/sandbox/api/gateway/alert", json=body)


async def test_every_source_can_be_played_and_the_value_stays_here(desk: Desk) -> None:
    await learned(desk)
    record = desk.key("production")
    for source in SOURCES:
        answer = await send(desk, source=source, how="full", key_id=record.id)
        assert answer.json()["ok"] is True
        assert desk.gateway.key_value(record.id).removeprefix("sk-") not in answer.text
    # All of them are about one key: one card tells of all.
    await desk.eventually(lambda: cards(desk, f"Seen {len(SOURCES)} times"))
    assert len(cards(desk, "production")) == 1
    await desk.slack.click(seed.SECURITY, cards(desk, "production")[0], "disable")
    await desk.eventually(lambda: cards(desk, "dead"))


async def test_what_cannot_be_sent_is_said(desk: Desk) -> None:
    assert (await send(desk, source="nobody")).status_code == 400
    assert (await send(desk, source="generic", how="half")).status_code == 400
    assert (await send(desk, source="generic", key_id="x")).status_code == 400
    assert (await send(desk, source="generic", key_id=99_999)).json()["ok"] is False
    assert (await send(desk, source="generic", how="unknown")).json()["status"] == 202


async def test_every_key_may_leak_at_once(desk: Desk) -> None:
    await learned(desk)
    assert (await send(desk, source="generic", how="all")).json()["status"] == 202
    await desk.eventually(lambda: cards(desk, "Leaked keys"))
