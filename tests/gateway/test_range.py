"""The range of what gateways answer: lists, units, refusals in Traditional Chinese, request ids, block pages, names."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from bot.gateway.capabilities import Capabilities
from bot.gateway.entitlements import MOST_MODELS, units_per_dollar
from bot.gateway.errors import GatewayBlocked, GatewayOutcomeUnknown, GatewayProtocolError, Refusal, refusal_of
from bot.gateway.key_check import judge_key_check
from bot.gateway.models import CheckOutcome, GatewayAccount, ModelAccess, over_promise
from bot.gateway.replies import ApiReply, without_secrets
from bot.gateway.validation import name_in_bytes
from bot.gateway.writes import KeyChanges, WriteStatus, create, update
from bot.redaction import redact
from tests.gateway.answers import answering, no, yes
from tests.gateway.kit import MemoryJournal, client_of, fake_gateway, wanted
from tests.gateway.test_models import NOW, key
from tests.gateway.writes.test_update import a_key
from tests.narrow import present

REQUEST_ID = "20261127064300123456789abcDEFgh12345678"  # 39 characters
NO_SUCH_CALL = lambda: httpx.Response(404, json={"error": {"message": "Invalid URL"}})  # noqa: E731


def refusing(header: str, request_id: str) -> Callable[..., Any]:
    return lambda: httpx.Response(200, json={"success": False, "message": "?"}, headers={header: request_id})


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ("名稱過長", Refusal.NAME_TOO_LONG),
        ("額度值不能為負數", Refusal.QUOTA_NEGATIVE),
        ("額度值超出有效範圍，最大值為 2147483647", Refusal.QUOTA_TOO_LARGE),
        ("令牌已過期，無法啟用", Refusal.EXPIRED_CANNOT_ENABLE),
        ("令牌可用額度已用盡，無法啟用", Refusal.EXHAUSTED_CANNOT_ENABLE),
        ("無效的參數", Refusal.BAD_PARAMS),
        ("New-Api-User does not match logged in user", Refusal.WRONG_USER_ID),
        ("Unauthorized, New-Api-User header format error", Refusal.WRONG_USER_ID),
        ("New-Api-User 与登录用户不匹配", Refusal.WRONG_USER_ID),
        ("未提供 New-Api-User", Refusal.USER_HEADER),
    ],
)
def test_traditional_texts_and_a_wrong_user_id_are_classed(words: str, refusal: Refusal) -> None:
    assert refusal_of(words) is refusal


@pytest.mark.parametrize("header", ["X-Cometapi-Request-Id", "X-Oneapi-Request-Id"])
async def test_the_request_id_is_told_and_is_no_secret(header: str) -> None:
    client, _ = answering(refusing(header, REQUEST_ID))
    with pytest.raises(Exception, match=REQUEST_ID):
        await client.get_account()
    assert without_secrets(f"(request id: {REQUEST_ID})") == f"(request id: {REQUEST_ID})"
    assert redact(REQUEST_ID) == REQUEST_ID
    assert without_secrets("aB3d" * 8) == "[secret]"


async def test_a_request_id_of_another_form_is_checked_for_secrets() -> None:
    client, _ = answering(refusing("X-Oneapi-Request-Id", "sk-abcdefgh12345"))
    with pytest.raises(Exception, match="request id \\[secret\\]"):
        await client.get_account()


@pytest.mark.parametrize("headers", [{"content-type": "text/html"}, {"cf-mitigated": "challenge"}])
async def test_a_block_page_is_called_that(headers: dict[str, str]) -> None:
    client, _ = answering(lambda: httpx.Response(403, content=b"<html>Just a moment", headers=headers))
    with pytest.raises(GatewayBlocked, match="CDN"):
        await client.get_account()
    with pytest.raises(GatewayOutcomeUnknown):
        await client.create_key(wanted())


@pytest.mark.parametrize("status", [403, 503])
def test_what_is_no_refusal_of_the_key_is_no_proof_of_its_death(status: int) -> None:
    body = b'{"error":{"message":"no","type":"new_api_error","code":"system_cpu_overloaded"}}'
    check = judge_key_check(ApiReply(status=status, request_id=None, body=body))
    assert check.outcome is CheckOutcome.UNCLEAR


async def test_models_are_those_of_the_account_and_the_catalogue_only_where_there_is_no_such_list() -> None:
    client, seen = answering(yes(["b", "a"]))
    assert await client.list_models(group="vip") == ["a", "b"]
    assert str(seen[0].url).endswith("/api/user/models?group=vip")
    client, seen = answering(NO_SUCH_CALL, yes([{"id": "c"}]))
    assert await client.list_models() == ["c"]
    assert [each.url.path for each in seen] == ["/api/user/models", "/api/models"]


async def test_cometapi_is_asked_for_its_catalogue_and_a_refused_list_is_told() -> None:
    told = {"headers": {"X-Cometapi-Request-Id": "1"}}
    client, seen = answering(yes({"id": 1}, **told), yes([{"id": "c"}], **told))
    with pytest.raises(GatewayProtocolError):
        await client.get_account()
    assert await client.list_models() == ["c"]
    assert seen[-1].url.path == "/api/models"
    for refused in (no("insufficient privilege", 403), no("nothing for you")):
        client, seen = answering(refused)
        with pytest.raises(Exception, match="gateway"):
            await client.list_models()
        assert len(seen) == 1


async def test_a_list_of_models_has_an_end() -> None:
    client, _ = answering(yes([f"m{number}" for number in range(MOST_MODELS + 1)]))
    with pytest.raises(GatewayProtocolError, match="more than 20,000"):
        await client.list_models()


@pytest.mark.parametrize("data", [["1", 2], {"1": 1.5, "2": {"ratio": "auto", "desc": "d"}}])
async def test_groups_may_be_numbers(data: dict[str, Any] | list[int | str]) -> None:
    client, _ = answering(yes(data))
    assert [group.name for group in await client.list_groups()] == ["1", "2"]


async def test_groups_of_another_shape_are_an_error() -> None:
    client, _ = answering(yes("vip"))
    with pytest.raises(GatewayProtocolError):
        await client.list_groups()


@pytest.mark.parametrize(
    ("value", "units"),
    [(500_000, 500_000), ("250000", 250_000), (1e6, 1_000_000), (0, None), ("0", None), (-5, None), (True, None),
     (0.5, None), ("a lot", None), ("９", None), ("9" * 40, None), (float("inf"), None), (None, None), ([], None)],
)  # fmt: skip
def test_units_per_dollar_survive_nonsense(value: Any, units: int | None) -> None:
    assert units_per_dollar(value) == units


@pytest.mark.parametrize(
    ("data", "units", "version"),
    [({"quota_per_unit": 500000.0, "version": "v9"}, 500_000, "v9"), ({"version": 3}, None, ""), (None, None, "")],
)
async def test_the_status_is_read_without_trust(data: dict[str, Any] | None, units: int | None, version: str) -> None:
    status = await answering(yes(data))[0].get_status()
    assert (status.quota_per_unit, status.version) == (units, version)


def test_a_key_limited_to_nothing_is_told_from_one_without_limits() -> None:
    assert key(model_limits_enabled=True, model_limits="").model_access is ModelAccess.NOTHING
    assert key(model_limits_enabled=True, model_limits="a").model_access is ModelAccess.LIMITED
    assert key(model_limits_enabled=False, model_limits="a").model_access is ModelAccess.EVERY


def test_promises_are_added_up_over_the_keys_that_work() -> None:
    account = GatewayAccount(id=1, username="ops", group="", quota=100, used_quota=0, request_count=0)
    keys = [key(remain_quota=80), key(remain_quota=70), key(remain_quota=9, status=2), key(unlimited_quota=True)]
    found = over_promise(keys, account, now=NOW)
    assert (found.promised, found.balance, found.unlimited, found.missing) == (150, 100, 1, 50)


def test_a_name_is_told_in_characters_and_bytes() -> None:
    assert name_in_bytes("中" * 16) == ""
    assert name_in_bytes("中" * 18) == "The name has 18 characters, which are 54 bytes; this gateway takes 50 bytes."


@pytest.mark.parametrize("name", ["中" * 50, "ع" * 50, "é" * 50])
async def test_fifty_characters_are_sent_and_a_gateway_that_counts_bytes_is_learnt(name: str) -> None:
    made = await create(client_of(fake_gateway("cometapi")), wanted(name), MemoryJournal())
    assert (made.status, present(made.key).name) == (WriteStatus.DONE, name)
    fake = fake_gateway("upstream-g2")
    client = client_of(fake)
    refused = await create(client, wanted(name), MemoryJournal())
    renamed = await update(client, a_key(fake), KeyChanges(name=name), MemoryJournal())
    for result in (refused, renamed):
        assert (result.status, result.refusal) == (WriteStatus.REFUSED, Refusal.NAME_TOO_LONG)
        assert "this gateway takes 50 bytes" in result.sentence
        assert Capabilities().learn(**result.learned).names_in_bytes
