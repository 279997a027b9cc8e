"""The gateway panel's routes, over a real FakeGateway and without a socket."""

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from keydesk_sandbox.fake_gateway import FakeGateway
from keydesk_sandbox.panel import PAGE, panel_routes
from tests.narrow import fields

API = "/sandbox/api/gateway"


@pytest.fixture
def gateway() -> FakeGateway:
    gateway = FakeGateway(access_token="pat-not-a-real-one")
    gateway.account.quota = 10**9
    return gateway


@pytest.fixture
async def http(gateway: FakeGateway) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=panel_routes(gateways={"first": gateway}, first_person="U0ADA"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:3000") as client:
        yield client


async def state(http: httpx.AsyncClient) -> dict[str, Any]:
    return fields(await http.get(API))


async def test_the_page_and_its_files_come_with_a_strict_policy(http: httpx.AsyncClient) -> None:
    index = await http.get("/")
    linked = re.findall(r'(?:href|src)="([^"]+)"', index.text)
    assert linked
    for path in ["/", *linked]:
        answer = await http.get(path)
        assert answer.status_code == 200, path
        assert "script-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_no_file_of_the_page_reaches_outside_or_writes_html() -> None:
    for path in PAGE.rglob("*"):
        if path.suffix in {".js", ".css", ".html"}:
            text = path.read_text(encoding="utf-8")
            code = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("//"))
            assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", code), path.name
            assert not re.search(r"(?:src|href|from|import|url)\s*[=(]?\s*[\"'](?:https?:)?//", code), path.name
            assert len(text.splitlines()) <= 400, path.name


def test_every_module_that_is_imported_is_there() -> None:
    for path in (PAGE / "js").glob("*.js"):
        for name in re.findall(r'from "\./([\w.]+)"', path.read_text(encoding="utf-8")):
            assert (PAGE / "js" / name).is_file(), f"{path.name} imports {name}"


async def test_the_page_learns_whom_it_plays_first(http: httpx.AsyncClient) -> None:
    assert (await http.get("/sandbox/api/first")).json() == {"id": "U0ADA"}


async def test_records_are_shown_without_their_value(http: httpx.AsyncClient, gateway: FakeGateway) -> None:
    record = gateway.add_key(name="ci", remain_quota=10)
    answer = await http.get(API)
    assert record.key not in answer.text
    row = answer.json()["keys"][0]
    assert (row["name"], row["hint"], row["state"], row["deleted"]) == ("ci", record.key[-4:], "active", False)
    assert "key" not in row


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"remain_quota": 1}, "active"),
        ({"unlimited_quota": True, "remain_quota": -5}, "active"),
        ({"remain_quota": 0}, "exhausted"),
        ({"remain_quota": -1}, "overdrawn"),
        ({"remain_quota": 1, "expired_time": 5}, "expired"),
        ({"remain_quota": 1, "status": 2, "expired_time": 5}, "disabled"),
        ({"remain_quota": 1, "status": 3}, "expired"),
        ({"remain_quota": 1, "status": 4}, "exhausted"),
        ({"remain_quota": 1, "status": 99}, "unknown"),
        ({"remain_quota": 1, "deleted_at": 5}, "deleted"),
    ],
)
async def test_the_state_is_the_one_the_key_is_really_in(
    http: httpx.AsyncClient, gateway: FakeGateway, settings: dict[str, Any], expected: str
) -> None:
    gateway.add_key(**settings)
    assert (await state(http))["keys"][0]["state"] == expected


async def test_calls_are_shown_newest_first_and_fifty_at_most(http: httpx.AsyncClient, gateway: FakeGateway) -> None:
    async with httpx.AsyncClient(transport=gateway.transport(), base_url="http://gateway.test") as client:
        for number in range(55):
            await client.get(f"/api/token/{number}", headers={"Authorization": "pat-not-a-real-one"})
    answer = await http.get(API)
    calls = answer.json()["calls"]
    assert len(calls) == 50
    assert calls[0]["path"] == "/api/token/54"
    assert calls[0]["status"] == 200
    assert "pat-not" not in answer.text


async def test_using_a_key_charges_it(http: httpx.AsyncClient, gateway: FakeGateway) -> None:
    key = gateway.add_key(
        remain_quota=100, model_limits_enabled=True, model_limits="a-model", allow_ips="junk\n10.9.0.0/16"
    )
    answer = await http.post(f"{API}/use", json={"id": key.id, "units": 40})
    assert answer.json() == {"ok": True, "served": True, "status": 200}
    assert (gateway.key(key.id).remain_quota, gateway.key(key.id).used_quota) == (60, 40)


async def test_a_dead_key_is_refused_as_the_gateway_would(http: httpx.AsyncClient, gateway: FakeGateway) -> None:
    key = gateway.add_key(remain_quota=100, status=2)
    answer = await http.post(f"{API}/use", json={"id": key.id, "units": 40})
    assert answer.json() == {"ok": True, "served": False, "status": 401, "code": ""}
    assert gateway.key(key.id).used_quota == 0


async def test_a_key_that_was_never_there_cannot_be_used(http: httpx.AsyncClient) -> None:
    answer = await http.post(f"{API}/use", json={"id": 7, "units": 1})
    assert answer.status_code == 200
    assert answer.json() == {"ok": False, "error": "There is no key 7."}


async def test_faults_are_armed_shown_and_taken_away(http: httpx.AsyncClient, gateway: FakeGateway) -> None:
    answer = await http.post(f"{API}/fault", json={"name": "lost_reply", "method": "PUT", "path": "/api/token/?.*"})
    assert answer.json()["armed"]["kind"] == "lost_reply"
    assert (await state(http))["faults"][0]["method"] == "PUT"
    assert (await http.post(f"{API}/fault", json={"name": "none"})).json() == {"ok": True}
    assert gateway.faults == ()


async def test_a_switch_changes_one_answer_of_the_deployment(http: httpx.AsyncClient, gateway: FakeGateway) -> None:
    assert (await http.post(f"{API}/switch", json={"name": "masked", "value": True})).json() == {"ok": True}
    assert gateway.switches.masked
    assert (await state(http))["switches"]["masked"] is True


async def test_the_clock_moves_ahead(http: httpx.AsyncClient, gateway: FakeGateway) -> None:
    before = gateway.clock.now()
    answer = await http.post(f"{API}/clock", json={"seconds": 3600})
    assert answer.json() == {"ok": True, "now": before + 3600}


async def test_of_several_accounts_one_is_shown_and_played(gateway: FakeGateway) -> None:
    prod = FakeGateway(access_token="another-not-a-real-one", seed=2)
    prod.account.quota = 10**9
    gateway.add_key(name="mine")
    key = prod.add_key(name="checkout", remain_quota=100)
    app = Starlette(routes=panel_routes(gateways={"first": gateway, "prod": prod}, first_person="U0ADA"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        for asked, account, names in (("prod", "prod", ["checkout"]), ("gone", "first", ["mine"])):
            shown = fields(await client.get(API, params={"account": asked}))
            assert (shown["account"], shown["accounts"]) == (account, ["first", "prod"])
            assert [one["name"] for one in shown["keys"]] == names
        change = {"id": key.id, "change": {"name": "checkout-2"}}
        assert (await client.post(f"{API}/console", json={"account": "prod", **change})).json()["ok"] is True
        used = await client.post(f"{API}/use", json={"account": "prod", "id": key.id, "units": 40})
        await client.post(f"{API}/fault", json={"account": "prod", "name": "panic"})
        assert (await client.post(f"{API}/use", json={"account": "gone", "id": 1, "units": 1})).status_code == 400
    assert used.json()["served"] is True
    assert (prod.key(key.id).name, prod.key(key.id).remain_quota) == ("checkout-2", 60)
    assert ([one.name for one in gateway.keys(deleted=True)], len(gateway.faults), len(prod.faults)) == (["mine"], 0, 1)


async def test_every_clock_is_moved_by_the_function_given(gateway: FakeGateway) -> None:
    moved: list[float] = []

    async def advance(seconds: float) -> None:
        moved.append(seconds)

    app = Starlette(routes=panel_routes(gateways={"first": gateway}, first_person="U0ADA", advance=advance))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        await client.post(f"{API}/clock", json={"seconds": 60})
    assert moved == [60.0]


@pytest.mark.parametrize(
    ("route", "body"),
    [
        ("use", {"id": "7", "units": 1}),
        ("use", {"id": 7, "units": -1}),
        ("use", {"id": True, "units": 1}),
        ("use", {"units": 1}),
        ("fault", {"name": "meteor"}),
        ("fault", {"name": 5}),
        ("fault", {"name": "slow", "colour": "red"}),
        ("fault", {"name": "slow", "path": "("}),
        ("switch", {"name": "gravity", "value": True}),
        ("switch", {"name": "masked", "value": "yes"}),
        ("clock", {"seconds": -1}),
        ("clock", {"seconds": True}),
        ("clock", {"seconds": 1e12}),
        ("clock", {}),
        ("clock", []),
    ],
)
async def test_a_malformed_request_is_400_and_says_why(
    http: httpx.AsyncClient, gateway: FakeGateway, route: str, body: list[Any] | dict[str, Any]
) -> None:
    answer = await http.post(f"{API}/{route}", json=body)
    assert answer.status_code == 400
    assert answer.json()["ok"] is False
    assert answer.json()["error"].endswith(".")
    assert gateway.faults == ()


@pytest.mark.parametrize("raw", [b"{", b"\xff", b'"text"'])
async def test_what_is_not_a_json_object_is_400(http: httpx.AsyncClient, raw: bytes) -> None:
    answer = await http.post(f"{API}/clock", content=raw, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content-Type": "text/plain"}, 400),
        ({"Origin": "https://elsewhere.test"}, 403),
        ({"Host": "rebound.test"}, 403),
        ({"Origin": "http://localhost:3000"}, 200),
    ],
)
async def test_a_web_page_of_somebody_else_pulls_no_lever(
    http: httpx.AsyncClient, headers: dict[str, str], status: int
) -> None:
    headers = {"Content-Type": "application/json", **headers}
    answer = await http.post(f"{API}/clock", content=b'{"seconds": 5}', headers=headers)
    assert answer.status_code == status
    if "Content-Type" in headers and status == 403:
        assert (await http.get(API, headers=headers)).status_code == 403


async def test_somebody_works_in_the_console_past_the_bot(http: httpx.AsyncClient, gateway: FakeGateway) -> None:
    url = "/sandbox/api/gateway/console"
    made = (await http.post(url, json={"id": None, "change": {"name": "by hand", "remain_quota": 5}})).json()
    assert gateway.key(made["id"]).name == "by hand"
    changed = await http.post(url, json={"id": made["id"], "change": {"status": 2, "group": "vip"}})
    assert changed.json() == {"ok": True, "id": made["id"]}
    assert (gateway.key(made["id"]).status, gateway.key(made["id"]).group) == (2, "vip")
    assert (await http.post(url, json={"id": 99, "change": {"status": 2}})).json()["ok"] is False
    for change in (None, {}, {"key": "sk-x"}, {"status": True}, {"name": 3}):
        assert (await http.post(url, json={"id": made["id"], "change": change})).status_code == 400
