"""The fake gateway as tests control it, and what its server puts on an answer."""

from collections.abc import Callable
from typing import Any


async def test_answers_carry_the_servers_date_and_a_request_id(talk: Callable[..., Any]) -> None:
    t, upstream = talk(), talk("upstream")
    response = await t.send("GET", "/api/token/")
    assert response.headers["date"] == "Fri, 15 Jan 2027 08:00:00 GMT"
    assert response.headers["x-cometapi-request-id"]
    assert (await upstream.send("GET", "/api/token/")).headers["x-oneapi-request-id"]
