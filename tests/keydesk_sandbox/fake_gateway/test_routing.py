"""Which path is which endpoint, what happens to all others, and what is compressed."""

import gzip
from collections.abc import Callable
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("method", "path", "status", "location"),
    [
        ("GET", "/api/token?p=2&page_size=5", 301, "/api/token/?p=2&page_size=5"),
        ("POST", "/api/token", 307, "/api/token/"),
        ("PUT", "/api/token?status_only=true", 307, "/api/token/?status_only=true"),
        ("GET", "/api/token/5/", 301, "/api/token/5"),
        ("DELETE", "/api/token/5/", 307, "/api/token/5"),
        ("GET", "/v1/models/", 301, "/v1/models"),
    ],
)
async def test_a_slash_too_few_or_too_many_is_a_relative_redirect_that_keeps_the_query(
    talk: Callable[..., Any], method: str, path: str, status: int, location: str
) -> None:
    t = talk()
    t.gateway.add_key()
    response = await t.client.request(method, path, json={})
    assert (response.status_code, response.headers["location"]) == (status, location)
    assert len(t.keys) == 1


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/api/token/5"),
        ("GET", "/api/status"),
        ("POST", "/api/token/5"),
        ("DELETE", "/api/token/"),
        ("GET", "/api/token/{id}/x"),
        ("PATCH", "/api/token/{id}"),
        ("GET", "/"),
        ("POST", "/v1/embeddings"),
    ],
)
async def test_an_unknown_path_or_method_is_a_404_with_json_or_another_hosts_business(
    talk: Callable[..., Any], method: str, path: str
) -> None:
    t = talk()
    response = await t.send(method, path)
    assert response.status_code == 404
    words = f"Invalid URL ({method} {path})"
    assert response.json() == {"error": {"message": words, "type": "invalid_request_error", "param": "", "code": ""}}
    t.gateway.switch("unknown_path", "elsewhere")
    response = await t.send(method, path)
    assert response.status_code == 301
    assert response.headers["location"].startswith("https://console.elsewhere.test/")


async def test_the_429_is_an_empty_gzip_stream_when_gzip_was_asked_for(talk: Callable[..., Any]) -> None:
    t = talk(ip_limit=(0, 60.0))
    async with t.client.stream("GET", "/api/token/", headers={"Accept-Encoding": "gzip"}) as response:
        raw = b"".join([chunk async for chunk in response.aiter_raw()])
    assert response.headers["content-encoding"] == "gzip"
    assert gzip.decompress(raw) == b""


async def test_only_api_answers_are_gzipped_and_only_if_asked(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.add_key(unlimited_quota=True)
    assert (await t.send("GET", "/api/token/")).headers["content-encoding"] == "gzip"
    plain = await t.send("GET", "/api/token/", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert "content-encoding" not in (await t.try_key(101)).headers
