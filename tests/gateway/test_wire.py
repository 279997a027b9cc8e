"""What one exchange sends, takes, refuses and logs."""

import asyncio
import gzip
import json
import logging
from itertools import count
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from bot.errors import ConfigurationError
from bot.gateway.connection import connect
from bot.gateway.errors import (
    GatewayAuthError,
    GatewayLimited,
    GatewayOutcomeUnknown,
    GatewayProtocolError,
    GatewayRejected,
    GatewayUnavailable,
    KeyNotFound,
    Refusal,
)
from bot.gateway.limiter import Priority, prioritized
from bot.gateway.models import KeyId
from bot.gateway.wire import MOST_ROUNDS, fenced
from tests.gateway.answers import ROW, Raw, Sleeper, answering, html, no, yes
from tests.gateway.kit import BASE, PAT, wanted


async def test_sends_the_raw_token_and_asks_for_english_json() -> None:
    client, seen = answering(yes(ROW), user_id="42")
    await client.get_key(KeyId(5))
    headers = seen[0].headers
    assert headers["authorization"] == PAT
    assert headers["accept"] == "application/json"
    assert headers["accept-language"] == "en"
    assert headers["new-api-user"] == "42"
    assert str(seen[0].url) == f"{BASE}/api/token/5"
    await client.aclose()


async def test_no_user_header_unless_told_and_a_prefix_in_the_base_url_is_kept() -> None:
    client, seen = answering(yes(ROW), base_url="https://gateway.test/prefix/")
    await client.get_key(KeyId(5))
    assert "new-api-user" not in seen[0].headers
    assert seen[0].url.path == "/prefix/api/token/5"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"base_url": "gateway.test"}, "COMETAPI_BASE_URL"),
        ({"base_url": "ftp://gateway.test"}, "COMETAPI_BASE_URL"),
        ({"base_url": "https://user:pw@gateway.test"}, "COMETAPI_BASE_URL"),
        ({"base_url": "https://gateway.test/?a=b"}, "COMETAPI_BASE_URL"),
        ({"base_url": "https://gateway.test:port"}, "COMETAPI_BASE_URL"),
        ({"access_token": SecretStr("")}, "COMETAPI_ACCESS_TOKEN"),
        ({"access_token": SecretStr("Bearer abc")}, "COMETAPI_ACCESS_TOKEN"),
        ({"access_token": SecretStr("abc\r\nX: y")}, "COMETAPI_ACCESS_TOKEN"),
        ({"access_token": SecretStr("ключ")}, "COMETAPI_ACCESS_TOKEN"),
        ({"user_id": "me"}, "COMETAPI_USER_ID"),
    ],
)
def test_settings_that_cannot_work_stop_the_start(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        connect(**{"base_url": BASE, "access_token": SecretStr(PAT), **settings})


READS = [
    (no("record not found"), KeyNotFound),
    (no("Unauthorized, invalid access token"), GatewayAuthError),
    (no("User has been banned"), GatewayAuthError),
    (no("", status=401, code="AUTH_UNAUTHORIZED"), GatewayAuthError),
    (no("no", status=403), GatewayAuthError),
    (html(401), GatewayAuthError),
    (no("something odd"), GatewayRejected),
    (lambda: httpx.Response(429), GatewayLimited),
    (html(429), GatewayLimited),
    (html(524), GatewayUnavailable),
    (no("database is down", status=500), GatewayUnavailable),
    (httpx.ConnectError("no"), GatewayUnavailable),
    (httpx.ReadTimeout("no"), GatewayUnavailable),
    (httpx.RemoteProtocolError("cut"), GatewayUnavailable),
    (html(200), GatewayProtocolError),
    (html(404), GatewayProtocolError),
    (lambda: httpx.Response(301, headers={"Location": "https://elsewhere.test/"}), GatewayProtocolError),
    (lambda: httpx.Response(200, json=[1]), GatewayProtocolError),
    (lambda: httpx.Response(200, json={"success": "true", "data": ROW}), GatewayProtocolError),
    (lambda: httpx.Response(200, json={"success": 1, "data": ROW}), GatewayProtocolError),
    (lambda: httpx.Response(200, json={"data": ROW}), GatewayProtocolError),
    (lambda: httpx.Response(302, json={"success": True, "data": ROW}), GatewayProtocolError),
    (lambda: httpx.Response(200, content=b'{"success":true,"data":NaN}'), GatewayProtocolError),
    (lambda: httpx.Response(200, content=b"[" * 100_000), GatewayProtocolError),
    (lambda: httpx.Response(200, content=b'{"success":true,"x":"\xff"}'), GatewayProtocolError),
    (lambda: httpx.Response(404, json={"error": {"message": "Invalid URL"}}), GatewayRejected),
    (lambda: httpx.Response(400, json={"error": {"message": "record not found"}}), KeyNotFound),
    (lambda: httpx.Response(400, json={"error": 5}), GatewayRejected),
]


@pytest.mark.parametrize(("reply", "error"), READS)
async def test_a_read_is_classed(reply: Any, error: type[Any], caplog: pytest.LogCaptureFixture) -> None:
    client, seen = answering(reply)
    with pytest.raises(error) as raised:
        await client.get_key(KeyId(5))
    assert type(raised.value) is error
    assert raised.value.facts.key_id == 5
    assert raised.value.facts.reference in raised.value.sentence
    assert len(seen) == {GatewayUnavailable: 4, GatewayLimited: 2}.get(error, 1)
    assert {request.url.host for request in seen} == {"gateway.test"}
    assert PAT not in caplog.text + str(raised.value) + repr(raised.value)


WRITES = [
    (lambda: httpx.Response(429), GatewayLimited),
    (lambda: httpx.Response(429, headers={"Content-Encoding": "gzip"}), GatewayLimited),
    (no("slow down", status=429), GatewayLimited),
    (html(429), GatewayOutcomeUnknown),
    (httpx.ConnectError("no"), GatewayUnavailable),
    (httpx.ConnectTimeout("no"), GatewayUnavailable),
    (httpx.PoolTimeout("no"), GatewayUnavailable),
    (httpx.ReadTimeout("no"), GatewayOutcomeUnknown),
    (httpx.WriteError("no"), GatewayOutcomeUnknown),
    (httpx.RemoteProtocolError("no"), GatewayOutcomeUnknown),
    (html(524), GatewayOutcomeUnknown),
    (html(200), GatewayOutcomeUnknown),
    (lambda: httpx.Response(500, json={"error": {"type": "new_api_panic"}}), GatewayOutcomeUnknown),
    (no("database", status=500), GatewayOutcomeUnknown),
    (lambda: httpx.Response(307, headers={"Location": "/api/token"}), GatewayOutcomeUnknown),
    (lambda: httpx.Response(200, json={"success": "yes"}), GatewayOutcomeUnknown),
    (no("token name is too long"), GatewayRejected),
    (lambda: httpx.Response(401), GatewayAuthError),
    (lambda: httpx.Response(404, json={"error": {"message": "Invalid URL (POST /api/token/)"}}), GatewayRejected),
]


@pytest.mark.parametrize(("reply", "error"), WRITES)
async def test_a_write_is_sure_or_unknown_and_never_repeated(reply: Any, error: type[Any]) -> None:
    client, seen = answering(reply)
    with pytest.raises(error) as raised:
        await client.create_key(wanted())
    assert type(raised.value) is error
    # What the limit refused did nothing, so it may be sent again when it is its turn.
    assert len(seen) == (2 if error is GatewayLimited else 1)


async def test_reads_are_retried_with_growing_pauses() -> None:
    clock = Sleeper()
    client, seen = answering(html(503), httpx.ReadTimeout("no"), html(504), yes(ROW), clock=clock)
    assert (await client.get_key(KeyId(5))).id == 5
    assert len(seen) == 4
    assert [0.25, 0.5, 1.0] < clock.pauses < [0.51, 1.01, 2.01]


async def test_a_deadline_bounds_all_attempts_together() -> None:
    clock = Sleeper()
    client, _ = answering(html(503), clock=clock)
    with pytest.raises(GatewayUnavailable):
        await client.get_key(KeyId(5), deadline=1.5)
    assert sum(clock.pauses) < 1.5


async def test_a_deadline_holds_for_all_pages_of_a_list() -> None:
    clock = Sleeper()
    numbers = count(1000, -1)

    def slow_page() -> httpx.Response:
        clock.now += 1.0
        page: httpx.Response = yes({"total": 1000, "items": [ROW | {"id": next(numbers)}]})()
        return page

    client, seen = answering(slow_page, clock=clock)
    with pytest.raises(GatewayUnavailable, match="too slow"):
        await client.list_keys(deadline=3.5)
    assert len(seen) <= 4


async def test_a_gateway_that_never_answers_is_given_up() -> None:
    async def hang(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(5)
        raise AssertionError

    client = connect(
        base_url=BASE,
        access_token=SecretStr(PAT),
        transport=httpx.MockTransport(hang),
        timeout=0.02,
        sleep=Sleeper().sleep,
    )
    with pytest.raises(GatewayUnavailable):
        await client.get_key(KeyId(5))
    with pytest.raises(GatewayOutcomeUnknown):
        await client.delete_key(KeyId(5))


async def test_a_huge_body_is_not_held() -> None:
    stream = Raw(*[b"x" * 65_536] * 160)
    client, _ = answering(httpx.Response(200, stream=stream))
    with pytest.raises(GatewayProtocolError):
        await client.get_key(KeyId(5))
    assert stream.taken < 10


async def test_a_compressed_bomb_is_not_inflated() -> None:
    bomb = gzip.compress(b"x" * 20_000_000)
    client, _ = answering(httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Raw(bomb)))
    with pytest.raises(GatewayProtocolError):
        await client.get_key(KeyId(5))


@pytest.mark.parametrize("chunk", [1, 7, 100_000])
async def test_gzip_is_read_however_it_is_cut_into_chunks(chunk: int) -> None:
    body = gzip.compress(json.dumps({"success": True, "data": ROW}).encode())
    chunks = [body[start : start + chunk] for start in range(0, len(body), chunk)]
    client, _ = answering(lambda: httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Raw(*chunks)))
    assert (await client.get_key(KeyId(5))).name == "ci"


@pytest.mark.parametrize("encoding", ["gzip", "br"])
async def test_what_cannot_be_decompressed_is_tried_again(encoding: str) -> None:
    body = gzip.compress(json.dumps({"success": True, "data": ROW}).encode())[:-20] if encoding == "gzip" else b"?"
    broken = lambda: httpx.Response(200, headers={"Content-Encoding": encoding}, stream=Raw(body))  # noqa: E731
    client, seen = answering(broken, yes(ROW))
    assert (await client.get_key(KeyId(5))).id == 5
    assert len(seen) == 2


async def test_false_gzip_and_a_cut_body_are_no_answer() -> None:
    false = httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=Raw(b"not gzip"))
    cut = httpx.Response(200, stream=Raw(b'{"succ', error=httpx.ReadError("cut")))
    client, seen = answering(false, cut, yes(ROW))
    assert (await client.get_key(KeyId(5))).id == 5
    assert len(seen) == 3


@pytest.mark.parametrize(
    "change",
    [
        {"id": "5"}, {"id": True}, {"id": 5.0}, {"remain_quota": 2**63}, {"remain_quota": -(2**63) - 1}, {"name": None},
        {"unlimited_quota": 0}, {"unlimited_quota": "false"}, {"status": None}, {"allow_ips": 5}, {"key": None},
        {"expired_time": 1e5},
    ],
)  # fmt: skip
async def test_a_wrong_type_is_an_error_and_not_a_guess(
    change: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    client, _ = answering(yes(ROW | change))
    with pytest.raises(GatewayProtocolError):
        await client.get_key(KeyId(5))


@pytest.mark.parametrize("field", list(ROW))
async def test_a_missing_field_is_an_error_and_not_a_zero(field: str) -> None:
    client, _ = answering(yes({name: value for name, value in ROW.items() if name != field}))
    with pytest.raises(GatewayProtocolError):
        await client.get_key(KeyId(5))


async def test_half_a_character_is_a_wrong_type() -> None:
    body = json.dumps({"success": True, "data": ROW | {"name": "\ud800"}})
    client, _ = answering(lambda: httpx.Response(200, content=body))
    with pytest.raises(GatewayProtocolError):
        await client.get_key(KeyId(5))


async def test_another_key_than_asked_for_is_an_error() -> None:
    client, _ = answering(yes(ROW))
    with pytest.raises(GatewayProtocolError):
        await client.get_key(KeyId(6))


async def test_the_raw_words_go_to_the_log_without_secrets_and_bounded(caplog: pytest.LogCaptureFixture) -> None:
    key = "sk-" + "a1B2" * 12
    client, _ = answering(
        lambda: httpx.Response(
            200, json={"success": False, "message": f"no {PAT} {key} {key[3:]}\n" + "rumour " * 900},
            headers={"X-Oneapi-Request-Id": "req-7"},
        )
    )  # fmt: skip
    with caplog.at_level(logging.WARNING), pytest.raises(GatewayRejected) as raised:
        await client.get_key(KeyId(5))
    record: Any = next(each for each in caplog.records if each.msg == "gateway call failed")
    assert record.request_id == "req-7"
    assert record.reference == raised.value.facts.reference
    assert record.gateway_text.count("[secret]") == 3
    assert len(record.gateway_text) <= 500
    assert not {PAT, key, key[3:]} & set(record.gateway_text.split())
    assert "rumour" not in raised.value.sentence
    assert raised.value.refusal is Refusal.UNKNOWN


async def test_the_server_clock_comes_from_its_date_header() -> None:
    clock = Sleeper()
    ahead = "Fri, 15 Jan 2027 09:00:00 GMT"
    client, _ = answering(
        yes(ROW, headers={"Date": ahead}), yes(ROW, headers={"Date": "nonsense"}), yes(ROW), clock=clock
    )
    assert client.server_now() == clock.now
    await client.get_key(KeyId(5))
    assert client.server_now() - clock.now == pytest.approx(3600.5)
    await client.get_key(KeyId(5))
    assert client.server_now() - clock.now == pytest.approx(3600.5)
    assert client.now() == clock.now


async def test_a_second_of_rounding_is_not_a_wrong_clock() -> None:
    clock = Sleeper()
    client, _ = answering(yes(ROW, headers={"Date": "Fri, 15 Jan 2027 08:00:00 GMT"}), clock=clock)
    await client.get_key(KeyId(5))
    assert client.server_now() == clock.now


async def test_a_gateway_that_refuses_for_ever_without_a_pause_is_given_up() -> None:
    client, seen = answering(lambda: httpx.Response(429, headers={"Retry-After": "0"}))
    with prioritized(Priority.KILL), pytest.raises(GatewayLimited) as refused:
        await client.get_key(KeyId(5))
    assert (refused.value.seconds, len(seen)) == (0.0, MOST_ROUNDS)


async def test_a_fence_stops_writes_before_the_first_byte_and_no_read() -> None:
    client, seen = answering(yes(ROW))
    key = await client.get_key(KeyId(5))

    def lost() -> None:
        raise LookupError("the lock is somebody else's now")

    with fenced(lost):
        assert await client.get_key(KeyId(5)) == key
        with pytest.raises(LookupError):
            await client.delete_key(KeyId(5))
    assert [request.method for request in seen] == ["GET", "GET"]
    await client.delete_key(KeyId(5))
    assert seen[-1].method == "DELETE"
