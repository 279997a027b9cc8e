"""The endpoints against the fake gateway, on every profile; and how many calls they cost."""

from typing import Any

import pytest
from pydantic import SecretStr

from bot.gateway.errors import (
    GatewayAuthError,
    GatewayProtocolError,
    GatewayRejected,
    GatewayUnavailable,
    KeyNotFound,
    Refusal,
)
from bot.gateway.models import CheckOutcome, KeyId, KeyStatus
from keydesk_sandbox.fake_gateway import COVERAGE, WRONGS
from tests.gateway.answers import ROW, Sleeper, answering, html, no, yes
from tests.gateway.kit import PROFILES, client_of, fake_gateway, same_record, sent, wanted


@pytest.mark.parametrize("profile", PROFILES)
async def test_reads_and_raw_writes_on_every_profile(profile: str) -> None:
    fake = fake_gateway(profile)
    client = client_of(fake)
    assert await client.list_keys() == []
    assert await client.create_key(wanted("one", models=["gpt-5"], allowed_ips=["10.0.0.1"])) is None
    (key,) = await client.list_keys()
    assert same_record(fake.key(key.id), key)
    assert key.masked == fake.switches.masked
    assert key.hint == f"{fake.key_value(key.id)[3:7]}…{fake.key_value(key.id)[-4:]}"
    assert await client.get_key(key.id) == key
    assert await client.find_keys("one") == [key]
    assert await client.find_keys("On") == []
    assert (await client.reveal_key(key.id)).get_secret_value() == fake.key_value(key.id)
    await client.update_key(key.model_copy(update={"group": "", "remain_quota": 5}))
    assert fake.key(key.id).remain_quota == 5
    await client.set_status(key, KeyStatus.DISABLED)
    assert fake.key(key.id).status == 2
    await client.delete_key(key.id)
    with pytest.raises(KeyNotFound):
        await client.get_key(key.id)
    with pytest.raises(KeyNotFound):
        await client.delete_key(key.id)
    assert (await client.get_account()).id == 42
    assert len(await client.list_models()) >= 2
    await client.aclose()


async def test_a_number_in_the_answer_to_create_is_taken_but_never_required() -> None:
    fake = fake_gateway(create_returns_data=True)
    assert await client_of(fake).create_key(wanted()) == fake.keys()[0].id
    odd: list[Any] = [{"id": True}, {"id": "7"}, {"id": -1}, {}, [], None]
    for data in odd:
        client, _ = answering(yes(data))
        assert await client.create_key(wanted()) is None


async def test_a_thousand_keys_cost_ten_pages_and_one_search() -> None:
    fake = fake_gateway()
    for number in range(1000):
        fake.add_key(name=f"key {number}")
    client = client_of(fake)
    assert len(await client.list_keys()) == 1000
    assert len(fake.requests) == 10
    assert [key.name for key in await client.find_keys("key 77")] == ["key 77"]
    assert len(fake.requests) == 11
    assert len(await client.newest_keys()) == 100
    assert len(await client.keys_above(fake.keys()[5].id)) == 5
    assert len(fake.requests) == 13


@pytest.mark.parametrize("name", ["50%", "", " padded", "100%_!"])
async def test_names_that_search_would_misread_are_looked_up_in_the_list(name: str) -> None:
    fake = fake_gateway("upstream-g2")
    fake.add_key(name=name)
    fake.add_key(name="50 or more")
    assert [key.name for key in await client_of(fake).find_keys(name)] == [name]
    assert sent(fake) == ["GET /api/token/"]


async def test_search_is_not_needed() -> None:
    fake = fake_gateway("upstream-g2", search_limit=(0, 60.0))
    fake.add_key(name="here")
    assert len(await client_of(fake).find_keys("here")) == 1
    assert sent(fake) == ["GET /api/token/search", "GET /api/token/"]
    for reply in (yes("text"), yes({"total": 500, "items": [ROW]}), html(200)):
        client, seen = answering(reply, yes({"total": 1, "items": [ROW]}))
        assert len(await client.find_keys("ci")) == 1
        assert len(seen) == 2
    client, seen = answering(no("invalid access token"))
    with pytest.raises(GatewayAuthError):
        await client.find_keys("ci")
    assert len(seen) == 1


async def test_a_list_that_moves_is_read_again() -> None:
    fake = fake_gateway()
    for number in range(150):
        fake.add_key(name=f"key {number}")
    fake.on("answer", lambda _call: fake.add_key(name="between"), path="/api/token/")
    keys = await client_of(fake).list_keys()
    assert len(keys) == len({key.id for key in keys}) == 151
    assert len(fake.requests) == 4
    assert keys == sorted(keys, key=lambda key: -key.id)


async def test_a_list_that_never_holds_still_is_given_as_last_read(caplog: pytest.LogCaptureFixture) -> None:
    pages = yes({"total": 2, "items": [ROW]}), yes({"total": 2, "items": []})
    client, seen = answering(*pages * 3)
    assert len(await client.list_keys()) == 1
    assert len(seen) == 6
    assert "kept changing" in caplog.text


async def test_no_list_is_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.gateway.listing.MOST_PAGES", 2)
    fake = fake_gateway()
    for number in range(250):
        fake.add_key(name=f"key {number}")
    assert len(await client_of(fake).keys_above(0)) == 200
    assert len(fake.requests) == 2
    assert len(await client_of(fake).list_keys()) == 200
    assert len(fake.requests) == 4


async def test_no_items_may_be_null() -> None:
    client, _ = answering(yes({"total": 0, "items": None}))
    assert await client.list_keys() == []


@pytest.mark.parametrize("how", sorted(WRONGS))
async def test_every_wrong_answer_is_an_error_or_means_nothing(how: str) -> None:
    fake = fake_gateway()
    fake.add_key(name="ci")
    fake.arm("wrong", method="GET", how=how, times=None)
    client = client_of(fake)
    if how == "message_number":
        assert len(await client.list_keys()) == 1
        return
    with pytest.raises(GatewayProtocolError):
        await client.list_keys()


async def test_a_masked_value_is_revealed_or_said_to_be_hidden() -> None:
    fake = fake_gateway("upstream-g2", reveal=False)
    row = fake.add_key(name="ci")
    with pytest.raises(GatewayRejected) as raised:
        await client_of(fake).reveal_key(KeyId(row.id))
    assert raised.value.refusal is Refusal.VALUE_HIDDEN
    client, _ = answering(yes(ROW | {"key": "ab**cd"}), yes({"key": "ab**cd"}))
    with pytest.raises(GatewayRejected):
        await client.reveal_key(KeyId(5))
    client, _ = answering(yes(ROW | {"key": "ab**cd"}), yes({"key": 5}))
    with pytest.raises(GatewayProtocolError):
        await client.reveal_key(KeyId(5))
    client, _ = answering(yes(ROW | {"key": "ab**cd"}), no("no access to group x"))
    with pytest.raises(GatewayRejected, match="group"):
        await client.reveal_key(KeyId(5))
    client, _ = answering(yes(ROW | {"key": "not a key"}))
    with pytest.raises(GatewayProtocolError):
        await client.reveal_key(KeyId(5))
    client, seen = answering(yes(ROW | {"key": "ab**cd"}), lambda: __import__("httpx").Response(429))
    with pytest.raises(GatewayUnavailable):
        await client.reveal_key(KeyId(5))
    assert len(seen) == 2


async def test_a_value_has_exactly_one_prefix() -> None:
    for raw in (ROW["key"], f"sk-{ROW['key']}"):
        client, _ = answering(yes(ROW | {"key": raw}))
        assert (await client.reveal_key(KeyId(5))).get_secret_value() == f"sk-{ROW['key']}"


async def test_many_masked_values_cost_a_call_a_hundred() -> None:
    fake = fake_gateway("upstream-g2")
    ids = [fake.add_key(name=f"key {number}").id for number in range(130)]
    found = await client_of(fake).reveal_keys([KeyId(key_id) for key_id in [*ids, 99_999]])
    assert {key_id: value.get_secret_value() for key_id, value in found.items()} == {
        key_id: fake.key_value(key_id) for key_id in ids
    }
    assert len(fake.requests) == 2
    assert await client_of(fake_gateway("cometapi")).reveal_keys([KeyId(1)]) == {}


async def test_values_that_cannot_be_had_are_left_out() -> None:
    fake = fake_gateway("upstream-g2", batch_reveal=False)
    key = fake.add_key(name="ci")
    assert await client_of(fake).reveal_keys([KeyId(key.id)]) == {}
    client, _ = answering(no("invalid access token"))
    with pytest.raises(GatewayAuthError):
        await client.reveal_keys([KeyId(key.id)])


@pytest.mark.parametrize(
    ("wanted_ids", "calls"), [([3], 1), ([1, 100, 250], 3), (range(1, 101), 3), (range(151, 251), 1)]
)
async def test_many_records_are_read_in_as_few_calls_as_possible(wanted_ids: Any, calls: int) -> None:
    fake = fake_gateway()
    ids = [fake.add_key(name=f"key {number}").id for number in range(250)]
    wanted_keys = [ids[number - 1] for number in wanted_ids]
    client = client_of(fake)
    assert set(await client.get_keys([*wanted_keys])) == set(wanted_keys)
    assert len(fake.requests) == calls
    # The second time it is known where in the list they are.
    await client.get_keys([*wanted_keys])
    assert len(fake.requests) - calls <= calls


async def test_records_that_are_gone_are_left_out_and_those_that_moved_are_found() -> None:
    fake = fake_gateway()
    ids = [fake.add_key(name=f"key {number}").id for number in range(250)]
    client = client_of(fake)
    await client.list_keys()
    for _ in range(90):
        fake.add_key(name="new")
    await client.delete_key(KeyId(ids[5]))
    assert set(await client.get_keys(ids[:20])) == set(ids[:20]) - {ids[5]}


async def test_whoever_listens_is_told_of_every_record() -> None:
    fake, told = fake_gateway(), list[Any]()
    key = fake.add_key(name="ci")
    client = client_of(fake)
    client.listen(lambda rows: told.extend((each.id, raw) for each, raw in rows))
    for read in (client.get_key(KeyId(key.id)), client.list_keys(), client.newest_keys(), client.find_keys("ci")):
        await read
    assert told == [(key.id, fake.key_value(key.id).removeprefix("sk-"))] * 4


async def test_models_in_every_shape() -> None:
    for data in (["b", "a", "a"], [{"id": "a"}, {"model_name": "b"}], {"1": ["a"], "2": ["b"], "3": None}):
        client, _ = answering(yes(data))
        assert await client.list_models() == ["a", "b"]
    wrong: list[Any] = [None, 5, [5], [{}], [""], {"a": 5}]
    for shape in wrong:
        client, _ = answering(yes(shape))
        with pytest.raises(GatewayProtocolError):
            await client.list_models()


async def test_groups_where_there_are_any() -> None:
    groups = await client_of(fake_gateway("upstream-g2")).list_groups()
    assert groups == sorted(groups, key=lambda group: group.name)
    assert groups
    with pytest.raises(GatewayRejected) as raised:
        await client_of(fake_gateway()).list_groups()
    assert raised.value.refusal is Refusal.NOT_OFFERED
    client, _ = answering(yes({"vip": [5]}))
    with pytest.raises(GatewayProtocolError):
        await client.list_groups()


@pytest.mark.parametrize("profile", PROFILES)
async def test_trying_a_key(profile: str) -> None:
    fake = fake_gateway(profile)
    row = fake.add_key(name="ci", remain_quota=5)
    client, value = client_of(fake), SecretStr(fake.key_value(row.id))
    assert (await client.check_key(value)).outcome is CheckOutcome.ACCEPTED
    assert (await client.check_key(SecretStr(value.get_secret_value()[3:]))).outcome is CheckOutcome.ACCEPTED
    fake.edit_behind(row.id, allow_ips="203.0.113.7")
    assert (await client.check_key(value)).reason == "recognised"
    fake.edit_behind(row.id, status=2)
    assert (await client.check_key(value)).outcome is CheckOutcome.REFUSED
    assert [seen.presented for seen in fake.requests] == [f"key {row.id}"] * 4


@pytest.mark.parametrize(
    ("kind", "status", "reason"),
    [("html", 524, "trouble"), ("html", 200, "not_the_gateway"), ("html", 401, "not_the_gateway"),
     ("empty_429", 0, "rate_limited"), ("lost_reply", 0, "no_answer"), ("redirect", 0, "not_the_gateway"),
     ("cut_body", 0, "no_answer"), ("truncated_gzip", 0, "not_the_gateway")],
)  # fmt: skip
async def test_a_trial_that_tells_nothing_is_unclear(kind: str, status: int, reason: str) -> None:
    fake = fake_gateway()
    row = fake.add_key(name="ci", remain_quota=5)
    fake.arm(kind, status=status)
    trial = await client_of(fake).check_key(SecretStr(fake.key_value(row.id)))
    assert (trial.outcome, trial.reason) == (CheckOutcome.UNCLEAR, reason)
    assert len(fake.requests) == 1


async def test_what_is_no_key_is_not_sent() -> None:
    fake = fake_gateway()
    for value in ("", "sk-", "with space", "ключ", "a\nb"):
        assert (await client_of(fake).check_key(SecretStr(value))).reason == "not_a_key"
    assert fake.requests == []


async def test_the_fake_has_all_that_the_client_calls() -> None:
    fake = fake_gateway("upstream-g2", public_models=True)
    client = client_of(fake)
    await client.create_key(wanted())
    (key,) = await client.list_keys()
    value = await client.reveal_key(key.id)
    await client.reveal_keys([key.id])
    await client.find_keys("ci runner")
    await client.update_key(key)
    await client.list_models()
    await client.list_prices()
    await client.get_status()
    await client.list_groups()
    await client.get_account()
    await client.check_key(value)
    await client.delete_key(key.id)
    called = {(seen.method, seen.path.replace(f"/{key.id}", "/{id}")) for seen in fake.requests}
    assert called <= set(COVERAGE)
    not_used = {
        ("POST", "/api/token/batch"),
        ("GET", "/api/models"),
        ("GET", "/api/user/token"),
        ("GET", "/api/usage/token/"),
        ("POST", "/v1/chat/completions"),
        ("GET", "/api/log/self"),
        ("GET", "/api/log/self/stat"),
        ("GET", "/api/data/self"),
        ("GET", "/api/user/self/stats"),
    }
    assert set(COVERAGE) - called == not_used
    assert not any("query" in secret for seen in fake.requests for secret in seen.secrets)


async def test_the_default_waits_are_real_and_the_pool_is_closed() -> None:
    client, _ = answering(yes(ROW), clock=Sleeper())
    assert client.timeout == 30.0
    assert client.request_id_header is None
    assert client.sends_user_id is False
    await client.aclose()


@pytest.mark.parametrize("told", [None, ROW | {"id": 6}, {"id": 5}])
async def test_an_answer_to_a_change_that_holds_no_record_of_the_key_tells_none(told: Any) -> None:
    client, _ = answering(yes(ROW), yes(told))
    key = await client.get_key(KeyId(5))
    assert await client.update_key(key) is None


async def test_whether_every_key_was_read_once_is_known() -> None:
    client, _ = answering(yes({"items": [ROW], "total": 1, "page": 1, "page_size": 100}))
    assert not client.has_listed
    await client.list_keys()
    assert client.has_listed
