"""The gateway under httpx without a socket: cuts, hangs and refusals look as they do on a connection."""

import httpx
import pytest

from keydesk_sandbox.fake_gateway import GatewayFault
from keydesk_sandbox.fake_gateway.gateway import FakeGateway
from tests.gateway.kit import BASE, fake_gateway


async def get(fake: FakeGateway, path: str = "/api/token/") -> httpx.Response:
    async with httpx.AsyncClient(transport=fake.transport(), base_url=BASE, timeout=5.0) as client:
        return await client.get(path)


async def test_an_answer_comes_with_its_headers_and_is_logged() -> None:
    fake = fake_gateway()
    answer = await get(fake)
    assert answer.json()["success"] is False
    assert answer.headers["content-type"].startswith("application/json")
    assert (fake.requests[0].path, fake.requests[0].host) == ("/api/token/", "gateway.test")


@pytest.mark.parametrize(
    ("kind", "error"),
    [("hang", httpx.ReadTimeout), ("refused", httpx.ConnectError), ("cut_body", httpx.RemoteProtocolError)],
)
async def test_each_trouble_is_its_own_error(kind: str, error: type[Exception]) -> None:
    fake = fake_gateway()
    fake.arm(GatewayFault(kind=kind))
    began = fake.clock.now()
    with pytest.raises(error):
        await get(fake)
    # A clock that stands still is moved by the time that was waited.
    assert fake.clock.now() - began == (5.0 if kind == "hang" else 0.0)
