"""Paid calls: refused or charged, and when a charge reaches the record."""

from collections.abc import Callable
from typing import Any


async def test_a_paid_call_meets_the_refusals_of_section_11_or_is_charged(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.add_key(remain_quota=100, model_limits_enabled=True, model_limits="gpt-4o")
    value = t.gateway.key_value(101)

    def refusal(**call: Any) -> tuple[Any, ...] | None:
        reply = t.gateway.call_model(value, **{"model": "gpt-4o", "units": 10} | call)
        return reply and (reply.status, reply.json()["error"]["code"])

    assert refusal(model="other") == (403, "")
    assert refusal(units=101) == (403, "pre_consume_token_quota_failed")
    assert refusal(units=10**9) == (403, "insufficient_user_quota")
    assert refusal() is None
    assert (t.gateway.key(101).remain_quota, t.gateway.key(101).used_quota) == (90, 10)
    t.gateway.edit_behind(101, status=2)
    assert refusal() == (401, "")


async def test_status_3_and_4_are_written_by_a_model_call_without_redis_and_never_with_it(
    talk: Callable[..., Any],
) -> None:
    for lazy, expected in ((True, [3, 4]), (False, [1, 1])):
        t = talk(lazy_status=lazy)
        t.gateway.add_key(unlimited_quota=True, expired_time=5)
        t.gateway.add_key()
        assert [t.gateway.key(key_id).status for key_id in (101, 102)] == [1, 1]
        for key_id in (101, 102):
            assert (await t.try_key(key_id)).status_code == 401
        assert [t.gateway.key(key_id).status for key_id in (101, 102)] == expected


async def test_a_charge_moves_both_counters_may_overdraw_and_is_the_only_thing_that_moves_the_last_use(
    talk: Callable[..., Any],
) -> None:
    t = talk()
    t.gateway.add_key(remain_quota=100)
    t.gateway.advance(5)
    await t.try_key(101)
    assert t.gateway.key(101).accessed_time == t.gateway.key(101).created_time
    t.gateway.charge(101, 130)
    key = t.gateway.key(101)
    assert (key.remain_quota, key.used_quota, key.accessed_time - key.created_time) == (-30, 130, 5)
    t.gateway.charge(101, -40)
    assert (t.gateway.key(101).remain_quota, t.gateway.key(101).used_quota) == (10, 90)


async def test_in_batch_mode_a_charge_reaches_the_record_later(talk: Callable[..., Any]) -> None:
    t = talk(charge_delay=5.0)
    t.gateway.add_key(remain_quota=100)
    t.gateway.charge(101, 30)
    assert (await t.data("/api/token/101"))["remain_quota"] == 100
    t.gateway.advance(5)
    assert (await t.data("/api/token/101"))["remain_quota"] == 70
