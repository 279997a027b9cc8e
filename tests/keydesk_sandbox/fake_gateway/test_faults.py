"""19.9, 19.11 and 19.13: faults on demand, a second writer, the request log."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from keydesk_sandbox.fake_gateway import KINDS, WRONGS, ConnectionCutError, FakeGateway, GatewayFault
from tests.keydesk_sandbox.fake_gateway.talk import Talk

from .talk import BASE_URL, FULL, PAT

BODY = {"name": "ci", "unlimited_quota": True}


async def outcome(t: Talk, method: str = "POST", path: str = "/api/token/", **options: Any) -> int | str:
    """The status, or the name of the exception that a client sees."""
    try:
        return (await t.send(method, path, **({"json": BODY} | options))).status_code
    except httpx.HTTPError as error:
        return type(error).__name__


@pytest.mark.parametrize(
    ("fault", "seen", "keys"),
    [
        (GatewayFault(kind="lost_reply"), "RemoteProtocolError", 1),
        (GatewayFault(kind="lost_request"), "RemoteProtocolError", 0),
        (GatewayFault(kind="refused"), "ConnectError", 0),
        (GatewayFault(kind="late", delay=20), "RemoteProtocolError", 0),
        (GatewayFault(kind="slow", delay=4), 200, 1),
        (GatewayFault(kind="slow", delay=40), "ReadTimeout", 1),
        (GatewayFault(kind="cut_body"), "RemoteProtocolError", 1),
        (GatewayFault(kind="hang"), "ReadTimeout", 1),
        (GatewayFault(kind="hang", lands=False), "ReadTimeout", 0),
        (GatewayFault(kind="duplicate"), 200, 2),
        (GatewayFault(kind="duplicate", delay=9), 200, 1),
        (GatewayFault(kind="html"), 200, 1),
        (GatewayFault(kind="html", status=502, lands=False), 502, 0),
        (GatewayFault(kind="html", status=524), 524, 1),
        (GatewayFault(kind="big_html"), 200, 1),
        (GatewayFault(kind="empty", status=504), 504, 1),
        (GatewayFault(kind="empty_429"), 429, 0),
        (GatewayFault(kind="panic"), 500, 0),
        (GatewayFault(kind="panic", lands=True), 500, 1),
        (GatewayFault(kind="truncated_gzip"), 200, 1),
        (GatewayFault(kind="bad_gzip"), "DecodingError", 1),
        (GatewayFault(kind="redirect"), 307, 0),
        (GatewayFault(kind="wrong"), 200, 1),
    ],
    ids=lambda value: f"{value.kind}-{value.status}-{value.lands}" if isinstance(value, GatewayFault) else None,
)
async def test_each_fault_shows_its_face_and_lands_or_does_not(
    talk: Callable[..., Any], fault: GatewayFault, seen: int | str, keys: int
) -> None:
    t = talk()
    t.gateway.arm(fault)
    assert await outcome(t) == seen
    assert len(t.keys) == keys
    assert t.gateway.requests[-1].note == fault.kind
    assert t.gateway.faults == ()
    assert await outcome(t) == 200


async def test_every_kind_is_named_in_the_table_above() -> None:
    cases = test_each_fault_shows_its_face_and_lands_or_does_not.pytestmark[0].args[1]
    assert {case[0].kind for case in cases} == set(KINDS)


async def test_a_late_write_lands_after_the_connection_is_gone(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.arm("late", delay=20)
    await outcome(t)
    t.gateway.advance(19)
    assert (await t.data("/api/token/"))["total"] == 0
    t.gateway.advance(1)
    assert (await t.data("/api/token/"))["total"] == 1


async def test_a_late_write_may_hang_first_and_the_clock_moves_by_the_clients_patience(
    talk: Callable[..., Any],
) -> None:
    t = talk()
    began = t.gateway.clock.now()
    t.gateway.arm("late", delay=40, then="hang")
    assert await outcome(t, timeout=30) == "ReadTimeout"
    assert t.gateway.clock.now() - began == 30
    assert t.keys == []
    t.gateway.advance(10)
    assert [key.created_time for key in t.keys] == [int(began) + 40]


async def test_a_duplicate_delivery_may_come_later(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.arm("duplicate", delay=9)
    await outcome(t)
    t.gateway.advance(9)
    assert len(t.keys) == 2


async def test_a_duplicated_delete_is_answered_by_the_second_one(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.add_key()
    t.gateway.arm("duplicate")
    assert (await t.send("DELETE", "/api/token/101")).json()["message"] == "record not found"


async def test_a_fault_strikes_only_what_matches_so_many_times_after_so_many(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.arm("panic", method="GET", path=r"/api/token/\d+", times=2, skip=1)
    t.gateway.add_key()
    assert await outcome(t) == 200
    assert await outcome(t, "GET", "/api/token/") == 200
    assert [await outcome(t, "GET", "/api/token/101") for _ in range(4)] == [200, 500, 500, 200]


async def test_a_fault_without_a_count_strikes_until_disarmed(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.arm("empty_429", times=None)
    assert [await outcome(t) for _ in range(3)] == [429, 429, 429]
    t.gateway.disarm()
    assert await outcome(t) == 200


async def test_a_redirect_fault_points_to_another_host(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.arm("redirect")
    response = await t.send("GET", "/api/token/")
    assert (response.status_code, response.headers["location"]) == (301, "https://elsewhere.test/")


async def test_a_big_page_is_ten_megabytes(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.arm("big_html")
    assert len((await t.send("GET", "/api/token/")).content) >= 10 * 1024 * 1024


@pytest.mark.parametrize("how", sorted(WRONGS))
async def test_whatever_can_go_wrong_in_an_answer_changes_it(talk: Callable[..., Any], how: str) -> None:
    t = talk()
    t.gateway.add_key(**FULL)
    true = (await t.send("GET", "/api/token/")).content
    t.gateway.arm("wrong", how=how)
    assert (await t.send("GET", "/api/token/")).content != true


async def test_a_wrong_answer_where_there_is_nothing_to_go_wrong_is_an_error_of_the_test(
    talk: Callable[..., Any],
) -> None:
    t = talk()
    t.gateway.arm("wrong", how="total_string")
    with pytest.raises(ValueError, match="no such data"):
        await t.create(name="ci")


def test_faults_events_and_switches_are_spelled_right_or_refused(talk: Callable[..., Any]) -> None:
    gateway = talk().gateway
    for wrong in (
        lambda: GatewayFault(kind="nothing"),
        lambda: GatewayFault(kind="wrong", how="nothing"),
        lambda: gateway.switch("nothing", 1),
        lambda: gateway.on("nothing", print),
        lambda: gateway.edit_behind(gateway.add_key().id, colour="red"),
        lambda: gateway.add_key(id=gateway.add_key().id),
        lambda: gateway.add_key(key="with-dashes"),
        lambda: gateway.clock.advance(-1),
        lambda: FakeGateway(access_token="short"),
    ):
        with pytest.raises(ValueError):
            wrong()


async def test_a_charge_or_a_second_writer_may_come_between_a_read_and_a_write(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.add_key(remain_quota=100)
    t.gateway.on("answer", lambda _call: t.gateway.charge(101, 7), method="GET", path="/api/token/101")
    t.gateway.on("request", lambda _call: t.gateway.edit_behind(101, name="theirs"), method="PUT")
    read = await t.data("/api/token/101")
    assert (read["remain_quota"], t.gateway.key(101).remain_quota) == (100, 93)
    await t.put("?status_only=true", id=101, status=2)
    assert (t.gateway.key(101).name, t.gateway.key(101).status) == ("theirs", 2)
    await t.data("/api/token/101")
    assert t.gateway.key(101).remain_quota == 93


async def test_a_callback_may_be_called_more_than_once(talk: Callable[..., Any]) -> None:
    t = talk()
    calls: list[object] = []
    t.gateway.on("request", calls.append, times=2)
    t.gateway.on("answer", calls.append, times=None)
    for _ in range(3):
        await t.send("GET", "/api/token/")
    assert len(calls) == 5


async def test_the_log_says_which_secret_was_where_and_holds_none(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.add_key(unlimited_quota=True)
    value = t.gateway.key_value(101)
    await t.try_key(101)
    await t.send("GET", "/api/token/", headers={"Authorization": f"Bearer {PAT}"})
    await t.send("GET", "/api/token/search", params={"token": value})
    await t.create(name=f"my {PAT}")
    await t.client.get(f"/elsewhere/{value}", headers={"X-Other": PAT, "Authorization": "Bearer guessed"})
    assert [seen.secrets for seen in t.gateway.requests] == [
        ("authorization: key 101",),
        ("authorization: pat",),
        ("authorization: pat", "query: key 101"),
        ("authorization: pat", "body: pat"),
        ("x-other: pat", "authorization: unknown", "path: key 101"),
    ]
    assert [seen.presented for seen in t.gateway.requests] == ["key 101", "pat", "pat", "pat", "unknown"]
    text = repr(t.gateway.requests)
    assert PAT not in text
    assert value.removeprefix("sk-") not in text


async def test_the_log_names_a_key_that_nobody_knows_and_the_host_that_was_asked(talk: Callable[..., Any]) -> None:
    t = talk()
    unknown = "sk-" + "Ab1" * 16
    await t.client.get("http://other.test/v1/models", headers={"Authorization": f"Bearer {unknown}"})
    seen = t.gateway.requests[-1]
    assert (seen.host, seen.presented, seen.status, seen.landed) == ("other.test", "unknown key", 401, "now")
    assert unknown not in repr(seen)


def test_secrets_stay_out_of_every_repr(talk: Callable[..., Any]) -> None:
    gateway = talk().gateway
    record = gateway.add_key()
    assert record.key not in repr(record)
    assert PAT not in repr(gateway._state)


async def test_ids_and_key_values_follow_from_the_seed(talk: Callable[..., Any]) -> None:
    def values(seed: int) -> list[tuple[Any, ...]]:
        gateway = FakeGateway(access_token=PAT, seed=seed)
        return [(gateway.add_key().id, gateway.key_value(101)) for _ in range(2)]

    assert values(1) == values(1)
    assert values(1) != values(2)


async def test_under_a_server_that_hides_the_connection_a_cut_is_an_exception(talk: Callable[..., Any]) -> None:
    t = talk()
    t.gateway.arm("lost_reply", times=2)
    transport = httpx.ASGITransport(app=t.gateway.app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE_URL, headers={"Authorization": PAT}) as client:
        with pytest.raises(ConnectionCutError):
            await client.post("/api/token/", json=BODY)
        t.gateway.disarm()
        assert (await client.get("/api/token/")).json()["data"]["total"] == 1
