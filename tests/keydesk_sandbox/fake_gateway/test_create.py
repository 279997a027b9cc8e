"""Section 6 and 19.4: what create does with a body."""

import pytest

from keydesk_sandbox.fake_gateway.records import NEVER

MAX = 1_000_000_000 * 500_000


async def test_create_answers_without_id_and_key_and_the_newest_record_is_it(talk):
    t = talk()
    assert await t.create(name="ci", remain_quota=5) == {"success": True, "message": ""}
    items = (await t.data("/api/token/"))["items"]
    assert [item["name"] for item in items] == ["ci"]


async def test_two_equal_creates_give_two_keys_with_one_name(talk):
    t = talk()
    await t.create(name="ci")
    await t.create(name="ci")
    names = [(key.id, key.name) for key in t.keys]
    assert names == [(102, "ci"), (101, "ci")]


async def test_a_new_key_is_enabled_unused_and_has_its_defaults(talk):
    t = talk()
    await t.create(allow_ips=None, status=3, id=7, user_id=9, key="x", used_quota=44, created_time=1)
    key = t.keys[0]
    assert (key.id, key.user_id, key.status, key.used_quota) == (101, 1, 1, 0)
    assert (key.name, key.expired_time, key.allow_ips) == ("", NEVER, "")
    assert key.created_time == key.accessed_time == int(t.gateway.clock.now())
    assert len(key.key) == 48


async def test_expiry_zero_at_create_means_never_unless_switched_to_mean_now(talk):
    t = talk()
    await t.create(expired_time=0)
    t.gateway.switch("zero_expiry_is_never", False)
    await t.create(expired_time=0)
    assert [key.expired_time for key in t.keys] == [0, NEVER]


async def test_a_past_expiry_is_accepted_and_the_key_is_dead_at_birth(talk):
    t = talk()
    assert (await t.create(expired_time=5, unlimited_quota=True))["success"]
    assert (await t.try_key(101)).status_code == 401


async def test_create_returns_the_record_when_the_switch_says_so(talk):
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
async def test_checks_run_in_the_documented_order(talk, body, fragment):
    t = talk(max_keys=0)
    answer = await t.create(**body)
    assert answer["success"] is False
    assert fragment in answer["message"]


async def test_the_number_of_keys_is_checked_last_and_deleted_keys_do_not_count(talk):
    t = talk(max_keys=1)
    await t.create(name="first")
    assert "最大令牌数量" in (await t.create(name="second"))["message"]
    await t.send("DELETE", "/api/token/101")
    assert (await t.create(name="third"))["success"]


@pytest.mark.parametrize("quota", [0, MAX])
async def test_both_ends_of_the_quota_range_are_allowed(talk, quota):
    assert (await talk().create(remain_quota=quota))["success"]


async def test_the_quota_of_an_unlimited_key_is_not_checked(talk):
    t = talk()
    assert (await t.create(remain_quota=-5, unlimited_quota=True))["success"]
    assert t.keys[0].remain_quota == -5


async def test_names_are_counted_in_characters_on_cometapi_and_in_bytes_upstream(talk):
    name = "é" * 30
    assert (await talk().create(name=name))["success"]
    assert not (await talk("upstream").create(name=name))["success"]


async def test_upstream_accepts_an_unknown_group_at_create(talk):
    assert (await talk("upstream").create(group="nobody"))["success"]


async def test_g3_keeps_cross_group_retry_only_with_the_automatic_group(talk):
    t = talk("upstream-g3")
    await t.create(group="vip", cross_group_retry=True)
    await t.create(group="auto", cross_group_retry=True)
    assert [key.cross_group_retry for key in t.keys] == [True, False]


async def test_a_long_allowlist_fails_or_is_cut_where_the_column_is_short(talk):
    t = talk(allow_ips_column=10)
    assert not (await t.create(allow_ips="1.2.3.4\n5.6.7.8"))["success"]
    t.gateway.switch("column_overflow", "cut")
    await t.create(allow_ips="1.2.3.4\n5.6.7.8")
    assert t.keys[0].allow_ips == "1.2.3.4\n5."
