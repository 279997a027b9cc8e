"""“On call” of the sandbox, against the real bot."""

from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from keydesk_sandbox import seed
from keydesk_sandbox.on_call_panel import OnCallPanel
from tests.scenarios.conftest import OpenDesk, desk_with

__all__ = ["desk_with"]
NAME = f"pagerduty:{seed.ON_CALL_SCHEDULE}"


async def press(panel: OnCallPanel, what: object) -> httpx.Response:
    transport = httpx.ASGITransport(Starlette(routes=panel.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        return await client.post("/sandbox/api/gateway/oncall", json={"what": what})


async def test_the_bot_knows_at_once_who_has_the_shift(desk_with: OpenDesk) -> None:
    def prepare(world: Any) -> None:
        world.pagerduty.on_call(seed.ON_CALL_SCHEDULE, seed.PAGERDUTY_STRANGER)

    async with desk_with(policy=seed.with_on_call(seed.POLICY), prepare=prepare) as desk:
        schedules = desk.app.directory.schedules
        panel = OnCallPanel(desk.pagerduty, schedules.look_now)
        security = {"S0SECURITY"}
        for what, called in (
            ("turns", {seed.SECURITY}),
            ("both", {seed.SECURITY, seed.ADMIN}),
            ("stranger", security),
            ("nobody", security),
            ("turns", {seed.SECURITY}),
        ):
            assert (await press(panel, what)).json() == {"ok": True}
            assert schedules.called([NAME]) == called, what
        assert (await press(panel, "503")).json() == {"ok": True}
        assert "it answers 503" in schedules._silence[NAME]
        assert (await press(panel, "none")).json() == {"ok": True}
        assert schedules.problems() == ()


@pytest.mark.parametrize("what", ["everybody", 7, None, ["401"]])
async def test_what_is_not_known_is_refused(what: object) -> None:
    async def look() -> None:
        raise AssertionError

    pagerduty: Any = type("Nothing", (), {"take_turns": lambda *_a, **_k: None})()
    assert (await press(OnCallPanel(pagerduty, look), what)).status_code == 400
