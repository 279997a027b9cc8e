"""Create, read, delete and reveal keys; updates are in test_update.py."""

from collections.abc import Callable
from typing import Any

import pytest

from keydesk_sandbox.fake_gateway.records import NEVER
from tests.keydesk_sandbox.fake_gateway.talk import add_many

MAX = 1_000_000_000 * 500_000


async def test_create_answers_without_id_and_key_and_the_newest_record_is_it(talk: Callable[..., Any]) -> None:
    t = talk()
    assert await t.create(name="ci", remain_quota=5) == {"success": True, "message": ""}
    items = (await t.data("/api/token/"))["items"]
    assert [item["name"] for item in items] == ["ci"]


async def test_two_equal_creates_give_two_keys_with_one_name(talk: Callable[..., Any]) -> None:
    t = talk()
    await t.create(name="ci")
    await t.create(name="ci")
    names = [(key.id, key.name) for key in t.keys]
    assert names == [(102, "ci"), (101, "ci")]


async def test_a_new_key_is_enabled_unused_and_has_its_defaults(talk: Callable[..., Any]) -> None:
    t = talk()
    await t.create(allow_ips=None, status=3, id=7, user_id=9, key="x", used_quota=44, created_time=1)
    key = t.keys[0]
    assert (key.id, key.user_id, key.status, key.used_quota) == (101, 1, 1, 0)
    assert (key.name, key.expired_time, key.allow_ips) == ("", NEVER, "")
    assert key.created_time == key.accessed_time == int(t.gateway.clock.now())
    assert len(key.key) == 48


async def test_expiry_zero_at_create_means_never_unless_switched_to_mean_now(talk: Callable[..., Any]) -> None:
    t = talk()
    await t.create(expired_time=0)
    t.gateway.switch("zero_expiry_is_never", False)
    await t.create(expired_time=0)
    assert [key.expired_time for key in t.keys] == [0, NEVER]


async def test_a_past_expiry_is_accepted_and_the_key_is_dead_at_birth(talk: Callable[..., Any]) -> None:
    t = talk()
    assert (await t.create(expired_time=5, unlimited_quota=True))["success"]
    assert (await t.try_key(101)).status_code == 401


async def test_create_returns_the_record_when_the_switch_says_so(talk: Callable[..., Any]) -> None:
    t = talk(create_returns_data=True)
    assert (await t.create(name="ci"))["data"]["id"] == 101


@pytest.mark.parametrize(
    ("body", "fragment"),
    [
        ({"name": "n" * 51, "remain_quota": -1}, "name is too long"),
        ({"remain_quota": -1, "group": "nobody"}, "cannot be negative"),
        ({"remain_quota": MAX + 1, "group": "nobody"}, "exceeds valid range"),
        ({"group": "nobody"}, "no access to group"),
    ],
)
async def test_checks_run_in_the_documented_order(
    talk: Callable[..., Any], body: dict[str, Any], fragment: str
) -> None:
    t = talk(max_keys=0)
    answer = await t.create(**body)
    assert answer["success"] is False
    assert fragment in answer["message"]


async def test_the_number_of_keys_is_checked_last_and_deleted_keys_do_not_count(talk: Callable[..., Any]) -> None:
    t = talk(max_keys=1)
    await t.create(name="first")
    assert "最大令牌数量" in (await t.create(name="second"))["message"]
    await t.send("DELETE", "/api/token/101")
    assert (await t.create(name="third"))["success"]


@pytest.mark.parametrize("quota", [0, MAX])
async def test_both_ends_of_the_quota_range_are_allowed(talk: Callable[..., Any], quota: int) -> None:
    assert (await talk().create(remain_quota=quota))["success"]


async def test_the_quota_of_an_unlimited_key_is_not_checked(talk: Callable[..., Any]) -> None:
    t = talk()
    assert (await t.create(remain_quota=-5, unlimited_quota=True))["success"]
    assert t.keys[0].remain_quota == -5


async def test_names_are_counted_in_characters_on_cometapi_and_in_bytes_upstream(talk: Callable[..., Any]) -> None:
    name = "é" * 30
    assert (await talk().create(name=name))["success"]
    assert not (await talk("upstream").create(name=name))["success"]


async def test_upstream_accepts_an_unknown_group_at_create(talk: Callable[..., Any]) -> None:
    assert (await talk("upstream").create(group="nobody"))["success"]


async def test_g3_keeps_cross_group_retry_only_with_the_automatic_group(talk: Callable[..., Any]) -> None:
    t = talk("upstream-g3")
    await t.create(group="vip", cross_group_retry=True)
    await t.create(group="auto", cross_group_retry=True)
    assert [key.cross_group_retry for key in t.keys] == [True, False]


async def test_a_long_allowlist_fails_or_is_cut_where_the_column_is_short(talk: Callable[..., Any]) -> None:
    t = talk(allow_ips_column=10)
    assert not (await t.create(allow_ips="1.2.3.4\n5.6.7.8"))["success"]
    t.gateway.switch("column_overflow", "cut")
    await t.create(allow_ips="1.2.3.4\n5.6.7.8")
    assert t.keys[0].allow_ips == "1.2.3.4\n5."


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_unknown_foreign_and_deleted_ids_are_not_found_with_http_200(
    talk: Callable[..., Any], method: str
) -> None:
    t = talk()
    t.gateway.add_key(deleted_at=1)
    t.gateway.add_key(user_id=2)
    for key_id in (101, 102, 999, 99999999999999999999):
        if (method, key_id) == ("GET", 99999999999999999999):
            continue
        response = await t.send(method, f"/api/token/{key_id}")
        assert (response.status_code, response.json()) == (200, {"success": False, "message": "record not found"})


@pytest.mark.parametrize(
    ("method", "key_id", "fragment"),
    [
        ("GET", "abc", 'strconv.Atoi: parsing "abc": invalid syntax'),
        ("GET", "99999999999999999999", "value out of range"),
        ("GET", "0", "userId 为空"),
        ("DELETE", "abc", "userId 为空"),
        ("DELETE", "0", "userId 为空"),
    ],
)
async def test_a_non_number_is_a_bad_id_to_get_and_a_missing_id_to_delete(
    talk: Callable[..., Any], method: str, key_id: str, fragment: str
) -> None:
    response = await talk().send(method, f"/api/token/{key_id}")
    assert response.status_code == 200
    assert fragment in response.json()["message"]


async def test_delete_is_soft_final_and_not_idempotent(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.add_key(unlimited_quota=True)
    assert (await t.send("DELETE", "/api/token/101")).json() == {"success": True, "message": ""}
    assert (await t.send("DELETE", "/api/token/101")).json()["message"] == "record not found"
    assert (await t.try_key(101)).status_code == 401
    assert t.keys == []
    assert [key.state(0) for key in t.gateway.keys(deleted=True)] == ["deleted"]


async def test_reveal_gives_the_value_without_sk_and_forbids_to_store_it(talk: Callable[..., Any]) -> None:
    t = talk("upstream")
    t.gateway.add_key()
    response = await t.send("POST", "/api/token/101/key")
    assert f"sk-{response.json()['data']['key']}" == t.gateway.key_value(101)
    assert "no-store" in response.headers["cache-control"]
    assert (await t.send("POST", "/api/token/7/key")).json()["message"] == "record not found"


async def test_batches_skip_unknown_ids_and_refuse_an_empty_or_too_long_list(talk: Callable[..., Any]) -> None:
    t = talk("upstream")
    add_many(t, 3)
    t.gateway.add_key(user_id=2)
    keys = (await t.send("POST", "/api/token/batch/keys", json={"ids": [101, 104, 9]})).json()["data"]["keys"]
    assert list(keys) == ["101"]
    assert (await t.send("POST", "/api/token/batch", json={"ids": [101, 102, 102, 104, 9]})).json()["data"] == 2
    assert [key.id for key in t.keys] == [103]
    for path, ids_sent in (("batch", []), ("batch/keys", []), ("batch", ["1"])):
        answer = (await t.send("POST", f"/api/token/{path}", json={"ids": ids_sent})).json()
        assert answer == {"success": False, "message": "Invalid parameters"}


@pytest.mark.parametrize("path", ["/api/token/101/key", "/api/token/batch", "/api/token/batch/keys"])
async def test_cometapi_has_neither_reveal_nor_batches(talk: Callable[..., Any], path: str) -> None:
    t = talk()
    t.gateway.add_key()
    assert (await t.send("POST", path, json={"ids": [101]})).status_code == 404
