"""Who is calling, and what the account may see of itself."""

import httpx
import pytest

from keydesk_sandbox.fake_gateway import FakeGateway
from tests.gateway.kit import BASE, PAT, fake_gateway


async def get(fake: FakeGateway, path: str, **headers: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=fake.transport(), base_url=BASE) as client:
        return await client.get(path, headers={"Authorization": PAT} | headers)


@pytest.mark.parametrize(("token", "signed_in"), [(PAT, True), (f"Bearer {PAT}", True), ("wrong", False), ("", False)])
async def test_the_token_is_taken_with_and_without_bearer(token: str, signed_in: bool) -> None:
    answer = await get(fake_gateway(), "/api/user/self", Authorization=token)
    assert answer.json()["success"] is signed_in


@pytest.mark.parametrize(("user", "signed_in"), [("42", True), ("43", False), ("x", False)])
async def test_self_hosted_gateways_want_the_users_number(user: str, signed_in: bool) -> None:
    fake = fake_gateway("upstream-g2")
    answer = await get(fake, "/api/user/self", **{"New-Api-User": user})
    assert answer.json()["success"] is signed_in
    assert (await get(fake, "/api/user/self")).json()["success"] is False


async def test_the_account_is_told() -> None:
    data = (await get(fake_gateway(), "/api/user/self")).json()["data"]
    assert (data["id"], data["status"]) == (42, 1)
    assert {"quota", "used_quota", "group", "role"} <= set(data)


async def test_replacing_the_token_ends_the_old_one() -> None:
    fake = fake_gateway()
    new = (await get(fake, "/api/user/token")).json()["data"]
    assert (await get(fake, "/api/user/self")).json()["success"] is False
    assert (await get(fake, "/api/user/self", Authorization=new)).json()["success"] is True
