"""Short words for the requests of these tests."""

from dataclasses import dataclass
from typing import Any

import httpx

from keydesk_sandbox.fake_gateway import FakeGateway, Record

PAT = "fake-pat-for-tests-0001"
BASE_URL = "http://gateway.test"
FULL = {
    "name": "ci",
    "expired_time": -1,
    "remain_quota": 1000,
    "unlimited_quota": False,
    "model_limits_enabled": True,
    "model_limits": "gpt-4o",
    "allow_ips": "10.0.0.1",
    "group": "vip",
    "cross_group_retry": False,
}


@dataclass
class Talk:
    gateway: FakeGateway
    client: httpx.AsyncClient

    @property
    def keys(self) -> list[Record]:
        return self.gateway.keys()

    async def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": PAT, "New-Api-User": "1"} | options.pop("headers", {})
        return await self.client.request(method, path, headers=headers, **options)

    async def get(self, path: str, **options: Any) -> Any:
        return (await self.send("GET", path, **options)).json()

    async def data(self, path: str, **options: Any) -> Any:
        answer = await self.get(path, **options)
        assert answer["success"] is True, answer
        return answer["data"]

    async def create(self, **body: Any) -> Any:
        return (await self.send("POST", "/api/token/", json=body)).json()

    async def put(self, query: str = "", **body: Any) -> Any:
        return (await self.send("PUT", f"/api/token/{query}", json=body)).json()

    async def raw(self, method: str, text: str) -> Any:
        return (await self.send(method, "/api/token/", content=text.encode())).json()

    async def try_key(self, key_id: int, **headers: str) -> httpx.Response:
        value = self.gateway.key_value(key_id)
        return await self.client.get("/v1/models", headers={"Authorization": f"Bearer {value}", **headers})


def add_many(t: Talk, count: int, **fields: Any) -> None:
    for number in range(count):
        t.gateway.add_key(name=f"key-{number}", **fields)
