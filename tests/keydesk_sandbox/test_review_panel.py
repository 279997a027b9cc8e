"""“Start a key review” of the sandbox, against the real bot."""

import httpx
from starlette.applications import Starlette

from bot.services import Services
from keydesk_sandbox import seed
from keydesk_sandbox.review_panel import ReviewPanel
from tests.scenarios.conftest import http_desk
from tests.scenarios.desk import Desk, text_of
from tests.scenarios.reviewing import cards, listed

__all__ = ["http_desk"]


async def press(services: Services | None) -> dict[str, object]:
    """Click the button."""
    transport = httpx.ASGITransport(Starlette(routes=ReviewPanel(lambda: services).routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        answer: dict[str, object] = (await client.post("/sandbox/api/gateway/review", json={})).json()
        return answer


async def test_a_review_begins_at_once_and_one_at_a_time(http_desk: Desk) -> None:
    desk = http_desk
    await listed(desk)
    assert await press(desk.app) == {"ok": True, "id": 1}
    message = await desk.eventually(lambda: cards(desk, seed.SECURITY_CHANNEL)[0])
    assert "production" in text_of(message)
    again = await press(desk.app)
    assert again["ok"] is False
    assert "open already" in str(again["error"])


async def test_before_the_bot_runs_it_is_refused() -> None:
    assert (await press(None))["ok"] is False
