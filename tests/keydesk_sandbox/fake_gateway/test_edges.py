"""Sections 1, 4, 5, 12 and 15; 19.2 and 19.3: sign-in, envelopes, redirects, limits, the account."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from .talk import BASE_URL, PAT


async def test_the_pat_is_taken_raw_and_behind_one_bearer(talk: Callable[..., Any]) -> None:
    t = talk()
    for sent, good in ((PAT, True), (f"Bearer {PAT}", True), (f"Bearer Bearer {PAT}", False), ("nonsense", False)):
        assert (await t.get("/api/token/", headers={"Authorization": sent}))["success"] is good


async def test_no_authorization_is_401(talk: Callable[..., Any]) -> None:
    t = talk()
    response = await t.client.get("/api/token/")
    assert response.status_code == 401
    assert response.json() == {
        "success": False,
        "message": "unauthorized, not logged in and no access token provided",
    }


@pytest.mark.parametrize(
    ("profile", "status", "code"),
    [
        ("cometapi", 200, None),
        ("upstream-g1", 200, None),
        ("upstream-g2", 200, None),
        ("upstream-g3", 401, "AUTH_UNAUTHORIZED"),
    ],
)
async def test_a_bad_pat_is_http_200_before_g3_and_401_with_a_code_then(
    talk: Callable[..., Any], profile: str, status: int, code: str | None
) -> None:
    response = await talk(profile).send("GET", "/api/token/", headers={"Authorization": "wrong-token"})
    assert response.status_code == status
    assert response.json()["success"] is False
    assert response.json().get("code") == code


async def test_a_model_key_is_no_pat(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.add_key(unlimited_quota=True)
    answer = await t.get("/api/token/", headers={"Authorization": t.gateway.key_value(101)})
    assert "invalid access token" in answer["message"]


@pytest.mark.parametrize(
    ("header", "fragment"), [("", "not provided"), ("abc", "format error"), ("2", "does not match logged in user")]
)
async def test_g1_and_g2_want_the_owners_id_in_a_header_and_others_do_not(
    talk: Callable[..., Any], header: str, fragment: str
) -> None:
    response = await talk("upstream").send("GET", "/api/token/", headers={"New-Api-User": header})
    assert response.status_code == 401
    assert fragment in response.json()["message"]
    for profile in ("cometapi", "upstream-g3"):
        assert (await talk(profile).get("/api/token/", headers={"New-Api-User": header}))["success"]


async def test_a_bad_pat_is_noticed_before_the_user_header(talk: Callable[..., Any]) -> None:
    answer = await talk("upstream").get("/api/token/", headers={"Authorization": "wrong-token", "New-Api-User": ""})
    assert "invalid access token" in answer["message"]


@pytest.mark.parametrize(
    ("change", "fragment", "g3"),
    [
        ({"banned": True}, "banned", (401, "AUTH_USER_DISABLED")),
        ({"role": 0}, "privilege", (403, "AUTH_INSUFFICIENT_PRIVILEGE")),
    ],
)
async def test_banned_and_too_low_accounts_are_refused(
    talk: Callable[..., Any], change: dict[str, Any], fragment: str, g3: tuple[Any, ...]
) -> None:
    for profile, expected in (("upstream-g2", (200, None)), ("upstream-g3", g3)):
        t = talk(profile)
        for name, value in change.items():
            setattr(t.gateway.account, name, value)
        response = await t.send("GET", "/api/token/")
        assert (response.status_code, response.json().get("code")) == expected
        assert fragment in response.json()["message"]


async def test_a_database_that_is_down_is_500_with_the_envelope(talk: Callable[..., Any]) -> None:
    response = await talk("upstream", database_down=True).send("GET", "/api/token/")
    assert (response.status_code, response.json()["success"]) == (500, False)


async def test_words_are_lower_case_chinese_or_negotiated(talk: Callable[..., Any]) -> None:
    async def words(profile: str, accept: str, **switches: Any) -> str:
        t = talk(profile, **switches)
        response = await t.send("POST", "/api/token/", json={"name": "n" * 99}, headers={"Accept-Language": accept})
        return str(response.json()["message"])

    assert await words("cometapi", "zh-CN") == "token name is too long"
    assert await words("upstream-g1", "en") == "令牌名称过长"
    assert await words("upstream-g2", "en") == "Token name is too long"
    assert await words("upstream-g2", "fr") == "Token name is too long"
    assert await words("upstream-g2", "zh-CN,zh;q=0.9") == "令牌名称过长"
    assert await words("upstream-g2", "en", account_language="zh-TW") == "令牌名稱過長"


async def test_too_many_requests_from_an_address_get_an_empty_429_until_the_window_has_moved(
    talk: Callable[..., Any],
) -> None:
    t = talk(ip_limit=(2, 60.0))
    plain = {"Accept-Encoding": "identity"}
    assert [(await t.send("GET", "/api/token/")).status_code for _ in range(3)] == [200, 200, 429]
    response = await t.send("GET", "/api/token/", headers=plain)
    assert (response.status_code, response.content, "retry-after" in response.headers) == (429, b"", False)
    async with httpx.AsyncClient(transport=t.gateway.transport(client_ip="10.9.9.9"), base_url=BASE_URL) as other:
        assert (await other.get("/api/token/", headers={"Authorization": PAT})).status_code == 200
    t.gateway.advance(60)
    assert (await t.send("GET", "/api/token/")).status_code == 200


async def test_the_model_side_does_not_count_for_the_limit_of_the_api(talk: Callable[..., Any]) -> None:
    t = talk(ip_limit=(1, 60.0))
    t.gateway.add_key(unlimited_quota=True)
    assert [(await t.try_key(101)).status_code for _ in range(3)] == [200, 200, 200]


async def test_reveals_and_usage_share_a_limit_of_twenty_in_twenty_minutes(talk: Callable[..., Any]) -> None:
    t = talk("upstream")
    t.gateway.add_key(unlimited_quota=True)
    for _ in range(19):
        assert (await t.send("POST", "/api/token/101/key")).status_code == 200
    bearer = {"Authorization": f"Bearer {t.gateway.key_value(101)}"}
    assert (await t.send("GET", "/api/usage/token/", headers=bearer)).status_code == 200
    assert (await t.send("POST", "/api/token/batch/keys", json={"ids": [101]})).status_code == 429
    assert (await t.send("GET", "/api/token/101")).status_code == 200


async def test_search_is_limited_per_user_whatever_the_address(talk: Callable[..., Any]) -> None:
    t = talk("upstream")
    codes = [(await t.send("GET", "/api/token/search?keyword=a")).status_code for _ in range(10)]
    headers = {"X-Forwarded-For": "10.1.1.1"}
    assert codes == [200] * 10
    assert (await t.send("GET", "/api/token/search?keyword=a", headers=headers)).status_code == 429


async def test_the_account_and_its_groups(talk: Callable[..., Any]) -> None:
    t = talk("upstream")
    data = await t.data("/api/user/self")
    assert data.keys() >= {"id", "username", "email", "role", "status", "group", "quota", "used_quota", "request_count"}
    assert (await t.data("/api/user/self/groups")).keys() == {"default", "vip"}
    t.gateway.switch("auto_group", True)
    assert (await t.data("/api/user/self/groups"))["auto"]["ratio"] == "auto"
    assert (await talk().send("GET", "/api/user/self/groups")).status_code == 404


async def test_asking_for_the_pat_replaces_it_and_that_is_counted(talk: Callable[..., Any]) -> None:
    t = talk()
    new = await t.data("/api/user/token")
    assert t.gateway.pat_replacements == 1
    assert t.gateway.access_token == new != PAT
    assert not (await t.get("/api/token/"))["success"]
    assert t.gateway.requests[-1].presented == "old pat"
    assert (await t.get("/api/token/", headers={"Authorization": new}))["success"]


async def test_the_refusal_of_a_batch_has_three_wordings(talk: Callable[..., Any]) -> None:
    async def words(profile: str, accept: str) -> str:
        response = await talk(profile, batch_delete=True).send(
            "POST", "/api/token/batch", json={}, headers={"Accept-Language": accept}
        )
        return str(response.json()["message"])

    assert await words("upstream-g1", "en") == "参数错误"
    assert await words("upstream-g2", "en") == "Invalid parameters"
    assert await words("upstream-g2", "zh-CN") == "无效的参数"
