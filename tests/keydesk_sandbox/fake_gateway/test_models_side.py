"""Sections 9, 10, 11, 13 and 15; 19.8 to 19.10: what a key is good for, and for how long."""

from collections.abc import Callable
from typing import Any

import pytest

from keydesk_sandbox.fake_gateway.models_side import clean_ips, key_core
from tests.keydesk_sandbox.fake_gateway.talk import Talk
from tests.narrow import fields

from .talk import PAT


async def models(t: Talk, key_id: int = 101, **headers: Any) -> dict[str, Any]:
    return fields(await t.try_key(key_id, **headers))


async def test_a_good_key_lists_the_models_in_no_stable_order(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.add_key(unlimited_quota=True)
    orders = [[row["id"] for row in (await models(t))["data"]] for _ in range(5)]
    assert all(sorted(order) == sorted(orders[0]) for order in orders)
    assert any(order != orders[0] for order in orders)


async def test_a_limited_key_lists_its_own_limits_without_trimming(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.add_key(unlimited_quota=True, model_limits_enabled=True, model_limits="gpt-4o, gpt-9")
    assert sorted(row["id"] for row in (await models(t))["data"]) == [" gpt-9", "gpt-4o"]


async def test_enabled_and_empty_limits_allow_all_on_cometapi_and_nothing_upstream(talk: Callable[..., Any]) -> None:
    for profile, count in (("cometapi", 5), ("upstream", 0)):
        t = talk(profile)
        t.gateway.add_key(unlimited_quota=True, model_limits_enabled=True)
        assert len((await models(t))["data"]) == count


@pytest.mark.parametrize(
    "fields",
    [
        {"status": 2},
        {"status": 3},
        {"status": 4},
        {"status": 99},
        {"expired_time": 5},
        {"expired_time": 0},
        {"unlimited_quota": False, "remain_quota": 0},
        {"unlimited_quota": False, "remain_quota": -7},
        {"deleted_at": 5},
    ],
)
async def test_every_dead_key_gets_the_same_401(talk: Callable[..., Any], fields: dict[str, Any]) -> None:
    t = talk()
    t.gateway.add_key(**{"unlimited_quota": True} | fields)
    response = await t.try_key(101)
    assert response.status_code == 401
    error = response.json()["error"]
    assert error["message"].startswith("invalid token (request id: ")
    assert error["type"] == "comet_api_error"


async def test_before_one_text_for_all_each_cause_had_its_own(talk: Callable[..., Any]) -> None:
    t = talk("upstream-g1")
    t.gateway.add_key(unlimited_quota=True, status=2)
    t.gateway.add_key(unlimited_quota=True, expired_time=5)
    t.gateway.add_key()
    texts = {(await models(t, key_id))["error"]["message"].split(" (")[0] for key_id in (101, 102, 103)}
    assert len(texts) == 3
    assert (await models(t))["error"]["type"] == "new_api_error"


@pytest.mark.parametrize("authorization", ["", "Bearer ", "Bearer sk-unknown", PAT])
async def test_missing_and_unknown_keys_are_401(talk: Callable[..., Any], authorization: str) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    assert (await talk().client.get("/v1/models", headers=headers)).status_code == 401


def test_a_key_is_taken_with_and_without_one_prefix_and_with_a_channel_pin() -> None:
    assert key_core("Bearer sk-abc") == key_core("Bearer abc") == key_core("Bearer sk-abc-7") == "abc"
    assert key_core("Bearer sk-sk-abc") == "sk"


@pytest.mark.parametrize(
    ("allow_ips", "allowed"),
    [
        (None, True),
        ("", True),
        (" \r\n,\n", True),
        ("10.0.0.1", True),
        ("10.0.0.2\r\n10.0.0.1\r\n", True),
        ("10.0.0.0/24", True),
        (" 10.0.0.1 ", True),
        ("10.0.0.1,", True),
        ("10.0.0.2", False),
        ("10.0.0.1,10.0.0.2", False),
        ("10.0.0.1 10.0.0.2", False),
        ("10.0.0.0/255.255.255.0", False),
        ("10.0.0.0/99", False),
        ("junk", False),
        ("2001:db8::/32", False),
    ],
)
async def test_the_allowlist_is_cleaned_and_then_compared(
    talk: Callable[..., Any], allow_ips: str | None, allowed: bool
) -> None:
    t = talk()
    t.gateway.add_key(unlimited_quota=True, allow_ips=allow_ips)
    response = await t.try_key(101, **{"X-Forwarded-For": "10.0.0.1"})
    assert response.status_code == (200 if allowed else 403)
    if not allowed:
        assert response.json()["error"]["code"] == "access_denied"


async def test_ipv6_entries_match_and_a_forwarded_address_is_believed_only_by_switch(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.add_key(unlimited_quota=True, allow_ips="2001:db8::/32")
    header = {"X-Forwarded-For": "2001:db8::5, 10.0.0.1"}
    assert (await t.try_key(101, **header)).status_code == 200
    t.gateway.switch("forwarded_ip", False)
    assert (await t.try_key(101, **header)).status_code == 403


def test_two_addresses_on_one_line_become_one_junk_entry() -> None:
    assert clean_ips("1.2.3.4,5.6.7.8\n 9.9.9.9 ") == ["1.2.3.45.6.7.8", "9.9.9.9"]


async def test_a_group_that_is_not_usable_or_withdrawn_is_403(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.add_key(unlimited_quota=True, group="nobody")
    t.gateway.add_key(unlimited_quota=True, group="vip")
    assert (await t.try_key(102)).status_code == 200
    t.gateway.account.withdrawn.add("vip")
    assert "无权访问 nobody 分组" in (await models(t, 101))["error"]["message"]
    assert "分组 vip 已被弃用" in (await models(t, 102))["error"]["message"]


async def test_a_key_expires_when_the_clock_passes_its_expiry(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.add_key(unlimited_quota=True, expired_time=int(t.gateway.clock.now()) + 10)
    t.gateway.advance(10)
    assert (await t.try_key(101)).status_code == 200
    t.gateway.advance(1)
    assert (await t.try_key(101)).status_code == 401
    assert t.gateway.key(101).state(t.gateway.clock.now()) == "expired"


async def test_a_disabled_and_a_deleted_key_keep_working_for_as_long_as_the_cache_says(
    talk: Callable[..., Any],
) -> None:
    t = talk(cache_disable=60.0, cache_delete=30.0)
    t.gateway.add_key(unlimited_quota=True)
    t.gateway.add_key(unlimited_quota=True)
    await t.put("?status_only=true", id=101, unlimited_quota=True, status=2)
    await t.send("DELETE", "/api/token/102")
    assert [(await t.try_key(key_id)).status_code for key_id in (101, 102)] == [200, 200]
    t.gateway.advance(30)
    assert [(await t.try_key(key_id)).status_code for key_id in (101, 102)] == [200, 401]
    t.gateway.advance(30)
    assert (await t.try_key(101)).status_code == 401


async def test_a_raised_quota_is_seen_when_the_cache_has_run_out(talk: Callable[..., Any]) -> None:
    t = talk(cache_edit=60.0)
    t.gateway.add_key(remain_quota=0)
    await t.put(id=101, expired_time=-1, remain_quota=50)
    assert (await t.try_key(101)).status_code == 401
    assert t.gateway.key(101).status == 1  # what a cached copy says is not written down
    t.gateway.advance(60)
    assert (await t.try_key(101)).status_code == 200


async def test_a_key_tells_its_own_usage_with_code_instead_of_success(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.add_key(name="ci", remain_quota=70, used_quota=30, model_limits_enabled=True, model_limits="gpt-4o")
    bearer = {"Authorization": f"Bearer {t.gateway.key_value(101)}"}
    answer = (await t.client.get("/api/usage/token/", headers=bearer)).json()
    assert (answer["code"], "success" in answer) == (True, False)
    data = answer["data"]
    assert (data["name"], data["total_granted"], data["total_used"], data["total_available"]) == ("ci", 100, 30, 70)
    assert (data["expires_at"], data["model_limits"]) == (0, {"gpt-4o": True})
    assert (await t.client.get("/api/usage/token/")).status_code == 401


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"remain_quota": 1}, "active"),
        ({"unlimited_quota": True, "remain_quota": -1}, "active"),
        ({}, "exhausted"),
        ({"status": 4, "remain_quota": 1}, "exhausted"),
        ({"expired_time": 5, "remain_quota": 1}, "expired"),
        ({"status": 2}, "disabled"),
        ({"status": 99}, "blocked"),
    ],
)
def test_the_effective_state_is_one_word(talk: Callable[..., Any], fields: dict[str, Any], state: str) -> None:
    gateway = talk().gateway
    assert gateway.add_key(**fields).state(gateway.clock.now()) == state
