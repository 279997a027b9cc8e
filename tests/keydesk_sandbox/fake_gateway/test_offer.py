"""What the gateway offers: models, prices, units per dollar."""

from collections.abc import Callable
from typing import Any


async def test_the_catalogue_is_public_on_cometapi_and_behind_the_pat_upstream(talk: Callable[..., Any]) -> None:
    answer = (await talk().client.get("/api/models")).json()
    assert "gpt-4o" in [row["id"] for row in answer["data"]]
    t = talk("upstream")
    assert (await t.client.get("/api/models")).status_code == 401
    assert (await t.get("/api/models"))["success"]
