"""Sections 1, 5, 6 and 19.6: bodies are read as Go would read them."""

from collections.abc import Callable
from typing import Any

import pytest


@pytest.mark.parametrize(
    "body",
    [
        '{"remain_quota": 100000.0}',
        '{"remain_quota": 1e5}',
        '{"remain_quota": "100000"}',
        '{"remain_quota": true}',
        '{"remain_quota": 9223372036854775808}',
        '{"unlimited_quota": 1}',
        '{"unlimited_quota": "true"}',
        '{"name": 5}',
        '{"allow_ips": ["1.2.3.4"]}',
        '{"group": {}}',
        '{"id": "7"}',
        "[]",
        '"text"',
        "7",
    ],
)
async def test_a_wrong_type_is_refused_even_in_a_member_nobody_may_write(talk: Callable[..., Any], body: str) -> None:
    t = talk()
    answer = await t.raw("POST", body)
    assert answer["success"] is False
    assert "cannot unmarshal" in answer["message"]
    assert t.keys == []


@pytest.mark.parametrize(
    ("body", "fragment"),
    [
        ("", "EOF"),
        ('{"name": "a', "unexpected EOF"),
        ('{"name"', "unexpected EOF"),
        ("{name}", "invalid character"),
        ('{"remain_quota": NaN}', "invalid character"),
        ("[" * 100_000, "invalid character"),
    ],
)
async def test_broken_json_is_http_200_with_the_parsers_words(
    talk: Callable[..., Any], body: str, fragment: str
) -> None:
    response = await talk().send("POST", "/api/token/", content=body.encode())
    assert response.status_code == 200
    assert response.json()["success"] is False
    assert fragment in response.json()["message"]


async def test_member_names_are_matched_without_case_and_the_last_one_wins(talk: Callable[..., Any]) -> None:
    t = talk()
    await t.raw("POST", '{"NAME": "a", "Remain_Quota": 1}')
    await t.raw("POST", '{"name": "b", "NAME": "c", "remain_quota": 2, "nAme": null}')
    assert [(key.name, key.remain_quota) for key in t.keys] == [("c", 2), ("a", 1)]


async def test_unknown_members_and_what_follows_the_object_are_ignored(talk: Callable[..., Any]) -> None:
    t = talk()
    assert (await t.raw("POST", '{"name": "a", "colour": {"x": [1.5]}} and more'))["success"]


async def test_null_and_a_null_body_leave_the_zero_values(talk: Callable[..., Any]) -> None:
    t = talk()
    assert (await t.raw("POST", '{"name": null, "remain_quota": null, "unlimited_quota": null}'))["success"]
    assert (await t.raw("POST", "null"))["success"]
    assert [(key.name, key.remain_quota) for key in t.keys] == [("", 0), ("", 0)]


async def test_a_lone_surrogate_is_stored_as_the_replacement_character(talk: Callable[..., Any]) -> None:
    t = talk()
    await t.raw("POST", r'{"name": "a\ud800b"}')
    assert (await t.data("/api/token/101"))["name"] == "a\ufffdb"
