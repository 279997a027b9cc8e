"""Section 7 and 19.5: full replace, status_only, and what is checked against what."""

from collections.abc import Callable
from typing import Any

import pytest

from .talk import FULL


async def test_a_plain_put_overwrites_all_nine_fields_and_answers_the_record(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.add_key(name="old")
    answer = await t.put(id=101, **FULL)
    assert answer["data"].items() >= FULL.items()
    assert (await t.data("/api/token/101")).items() >= FULL.items()


async def test_omitted_fields_become_go_zero_values_so_an_omitted_expiry_kills_the_key(
    talk: Callable[..., Any],
) -> None:
    t = talk()
    t.gateway.add_key(**FULL)
    await t.put(id=101)
    key = t.gateway.key(101)
    assert (key.name, key.expired_time, key.remain_quota, key.unlimited_quota) == ("", 0, 0, False)
    assert (key.model_limits_enabled, key.model_limits, key.allow_ips, key.group) == (False, "", None, "")
    t.gateway.edit_behind(101, unlimited_quota=True)
    assert (await t.try_key(101)).status_code == 401


async def test_null_allow_ips_reads_back_null_after_an_update(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.add_key(**FULL)
    await t.put(id=101, **FULL | {"allow_ips": None})
    assert (await t.data("/api/token/101"))["allow_ips"] is None


async def test_a_plain_put_ignores_status_unless_the_deployment_honours_it(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.add_key(**FULL)
    await t.put(id=101, **FULL, status=2)
    assert t.gateway.key(101).status == 1
    t.gateway.switch("plain_status", True)
    await t.put(id=101, **FULL, status=2)
    assert t.gateway.key(101).status == 2


@pytest.mark.parametrize("query", ["?status_only=true", "?status_only=false", "?status_only=x", "?status_only=0"])
async def test_any_non_empty_status_only_takes_the_status_and_nothing_else(
    talk: Callable[..., Any], query: str
) -> None:
    t = talk()
    t.gateway.add_key(**FULL)
    await t.put(query, id=101, name="other", status=2)
    key = t.gateway.key(101)
    assert (key.status, key.name, key.remain_quota) == (2, "ci", 1000)


@pytest.mark.parametrize("query", ["?status_only=", "?status_only", "?statusonly=true", ""])
async def test_an_empty_status_only_is_a_full_replace(talk: Callable[..., Any], query: str) -> None:
    t = talk()
    t.gateway.add_key(**FULL)
    await t.put(query, id=101, name="other", expired_time=-1, status=2)
    assert (t.gateway.key(101).status, t.gateway.key(101).name) == (1, "other")


async def test_a_server_without_status_only_takes_a_short_body_for_a_full_replace(talk: Callable[..., Any]) -> None:
    t = talk(status_only=False)
    t.gateway.add_key(**FULL)
    await t.put("?status_only=true", id=101, status=2)
    assert (t.gateway.key(101).status, t.gateway.key(101).name) == (1, "")


@pytest.mark.parametrize("status", [0, 99, -4])
async def test_status_is_not_range_checked_and_any_odd_value_blocks_the_key(
    talk: Callable[..., Any], status: int
) -> None:
    t = talk()
    t.gateway.add_key(unlimited_quota=True)
    await t.put("?status_only=1", id=101, unlimited_quota=True, status=status)
    assert t.gateway.key(101).status == status
    assert (await t.try_key(101)).status_code == 401


async def test_a_status_only_body_without_status_stores_zero(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.add_key()
    await t.put("?status_only=1", id=101)
    assert t.gateway.key(101).status == 0


async def test_the_body_is_validated_before_the_mode_so_an_overdrawn_key_cannot_be_disabled_as_it_is(
    talk: Callable[..., Any],
) -> None:
    t = talk()
    t.gateway.add_key(remain_quota=-3)
    refused = await t.put("?status_only=true", id=101, remain_quota=-3, status=2)
    assert "cannot be negative" in refused["message"]
    assert (await t.put("?status_only=true", id=101, remain_quota=0, status=2))["success"]
    assert (t.gateway.key(101).status, t.gateway.key(101).remain_quota) == (2, -3)


@pytest.mark.parametrize("query", ["", "?status_only=true"])
async def test_enabling_is_judged_by_the_stored_record_not_by_the_new_values(
    talk: Callable[..., Any], query: str
) -> None:
    t = talk()
    t.gateway.add_key(status=3, expired_time=5, unlimited_quota=True)
    t.gateway.add_key(status=4, remain_quota=0)
    expired = await t.put(query, id=101, expired_time=-1, unlimited_quota=True, status=1)
    exhausted = await t.put(query, id=102, expired_time=-1, remain_quota=50, status=1)
    assert "expired and cannot be enabled" in expired["message"]
    assert "exhausted and cannot be enabled" in exhausted["message"]
    assert (t.gateway.key(101).expired_time, t.gateway.key(102).remain_quota) == (5, 0)


async def test_an_exhausted_key_revives_in_two_steps_and_not_in_one(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.add_key(status=4, remain_quota=0)
    body = {"id": 101, "expired_time": -1, "remain_quota": 50}
    assert (await t.put(**body, status=4))["success"]
    assert (await t.try_key(101)).status_code == 401
    assert (await t.put("?status_only=true", **body, status=1))["success"]
    assert (await t.try_key(101)).status_code == 200


async def test_a_disabled_key_is_enabled_whatever_its_quota(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.add_key(status=2)
    assert (await t.put("?status_only=true", id=101, status=1))["success"]


async def test_the_last_write_wins_and_a_charge_between_read_and_write_of_the_row_is_lost(
    talk: Callable[..., Any],
) -> None:
    t = talk()
    t.gateway.add_key(remain_quota=100)
    t.gateway.on("row_read", lambda _call: t.gateway.charge(101, 30))
    await t.put("?status_only=true", id=101, remain_quota=100, status=2)
    key = t.gateway.key(101)
    assert (key.remain_quota, key.used_quota, key.status) == (100, 30, 2)


@pytest.mark.parametrize(("key_id", "fragment"), [(0, "userId 为空"), (999, "record not found"), (102, "not found")])
async def test_a_missing_an_unknown_and_a_foreign_id_are_refused(
    talk: Callable[..., Any], key_id: int, fragment: str
) -> None:
    t = talk()
    t.gateway.add_key()
    t.gateway.add_key(user_id=2)
    assert fragment in (await t.put(id=key_id, name="x"))["message"]
    assert t.gateway.keys(user_id=2)[0].name == ""


async def test_the_group_is_checked_at_update_only_by_switch(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.add_key()
    assert (await t.put(id=101, group="nobody"))["success"]
    t.gateway.switch("group_check_update", True)
    assert "no access to group" in (await t.put(id=101, group="nobody"))["message"]


async def test_the_answer_to_an_update_is_masked_where_keys_are_masked(talk: Callable[..., Any]) -> None:
    t = talk("upstream")
    t.gateway.add_key()
    shown = (await t.put(id=101, expired_time=-1))["data"]["key"]
    value = t.gateway.key_value(101).removeprefix("sk-")
    assert shown == f"{value[:4]}**********{value[-4:]}"


async def test_a_wrong_type_is_refused_before_anything_is_looked_at(talk: Callable[..., Any]) -> None:
    t = talk()
    assert "cannot unmarshal" in (await t.put("?status_only=true", id=999, status="2"))["message"]


async def test_the_request_log_keeps_what_was_sent(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.add_key(**FULL)
    await t.put("?status_only=true", id=101, **FULL, status=2)
    seen = t.gateway.requests[-1]
    assert (seen.method, seen.path, seen.query, seen.status) == ("PUT", "/api/token/", "status_only=true", 200)
    assert seen.json() == {"id": 101, **FULL, "status": 2}
