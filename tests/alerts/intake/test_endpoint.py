"""The door: statuses, and a record that nobody can fill from outside."""

import json
from collections.abc import AsyncIterator, MutableMapping
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from bot.alerts.intake.endpoint import AlertEndpoint
from bot.alerts.intake.signatures import sign_generic
from bot.alerts.intake.sources import IncomingAlert
from bot.audit import read as read_audit
from bot.db.engine import Database
from keydesk_sandbox import alerts as senders
from tests.alerts.detection.test_long_text import MOST_MILLISECONDS, loop_cost
from tests.alerts.kit import NOW


class Door:
    def __init__(self, database: Database) -> None:
        self.now = NOW
        self.database = database
        self.counted: list[str] = []
        self.received: list[IncomingAlert] = []
        secrets = {source: SecretStr(f"{source}-secret") for source in ("generic", "github")}
        self.intake = AlertEndpoint(
            secrets={**secrets, "gitguardian": SecretStr("")},
            receive=self.receive,
            database=database,
            count=self.counted.append,
            clock=lambda: self.now,
        )
        app = Starlette(routes=self.intake.routes())
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://keydesk.test")

    async def receive(self, incoming: IncomingAlert) -> int:
        self.received.append(incoming)
        return len(self.received)

    async def send(self, source: str, body: bytes, *, secret: str = "", **headers: str) -> httpx.Response:
        sent = senders.signed(source, body, secret=secret or f"{source}-secret", now=self.now)
        return await self.http.post(sent.path, headers={**sent.headers, **headers}, content=body)

    async def refusals(self) -> list[dict[str, Any]]:
        return [line["details"] for line in await self.database.read(read_audit, limit=100)]


@pytest.fixture
def door(sqlite_database: Database) -> Door:
    return Door(sqlite_database)


async def test_a_proven_alert_is_answered_with_its_id(door: Door) -> None:
    answer = await door.send("generic", b'{"id": "a", "title": "T", "text": "nothing"}')
    assert (answer.status_code, answer.json()) == (202, {"id": 1})
    assert door.received[0].title == "T"


async def test_githubs_ping_is_answered_and_is_no_alert(door: Door) -> None:
    answer = await door.send("github", b'{"zen": "Keep it simple."}', **{"X-GitHub-Event": "ping"})
    assert answer.status_code == 200
    assert door.received == []


@pytest.mark.parametrize("path", ["gitguardian", "alertmanager", "nothing", "generic%2f.."])
async def test_a_source_without_a_secret_does_not_exist(door: Door, path: str) -> None:
    assert (await door.http.post(f"/alerts/{path}", content=b"{}")).status_code == 404


async def test_a_body_that_never_ends_is_cut_off(door: Door) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(10_000):
            yield b"x" * 10_000

    # Signed for another body: that is seen only at its end, and this one has none.
    signed: dict[str, Any] = dict(proof())
    assert (await door.http.post("/alerts/generic", content=endless(), headers=signed)).status_code == 413
    declared = {**signed, "Content-Length": "9" * 20}
    assert (await door.http.post("/alerts/generic", content=b"x", headers=declared)).status_code == 413


async def test_a_flood_of_refusals_is_a_line_a_minute_with_its_number(door: Door) -> None:
    for _ in range(100):
        assert (await door.send("generic", b"{}", secret="wrong")).status_code == 401
    assert [line["count"] for line in await door.refusals()] == [1]
    door.now += 61
    await door.send("generic", b"{}", secret="wrong")
    assert [line["count"] for line in await door.refusals()] == [100, 1]
    await door.send("generic", b"{}", secret="wrong")
    await door.intake.close()
    assert [line["count"] for line in await door.refusals()] == [1, 100, 1]
    assert door.counted.count("alert_wrong_proof") == 102


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json; charset=utf-8", 202),
        ("Application/JSON", 202),
        ("application/problem+json", 202),
        ("", 202),
        ("text/plain", 400),
        ("application/x-www-form-urlencoded", 400),
        ("multipart/form-data; boundary=application/json", 400),
    ],
)
async def test_a_body_that_is_named_as_something_else_is_refused(door: Door, content_type: str, status: int) -> None:
    answer = await door.send("generic", b'{"id": "a", "text": "x"}', **{"Content-Type": content_type})
    assert answer.status_code == status
    assert door.counted == ([] if status == 202 else ["alert_content_type"])


@pytest.mark.parametrize("source", ["generic", "github"])
@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b'"sk-"', b"\xff", b"[" * 5000, b'{"id": 1' + b"0" * 5000 + b"}"]
)
async def test_a_proven_body_that_is_no_object_is_one_line_without_it(
    door: Door, source: str, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await door.send(source, body)).status_code == 400
    assert door.counted == ["alert_malformed"]
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("bot.")]
    assert lines == [f"refused an alert from {source} with 400: malformed"]
    assert door.received == []


@pytest.mark.parametrize("kind", ["push", "secret_scanning_scan", "dependabot_alert", "secret_scanning_alert_location"])
async def test_events_of_other_kinds_are_taken_and_are_no_alert(door: Door, kind: str) -> None:
    body = senders.body_of("github", number=42, text="x")
    answer = await door.send("github", body, **{"X-GitHub-Event": kind})
    assert (answer.status_code, answer.json()) == (200, {"id": None})
    assert door.received == []


async def test_githubs_default_content_type_is_taken(door: Door) -> None:
    form = urlencode({"payload": senders.body_of("github", number=7, text="x").decode()}).encode()
    answer = await door.send("github", form, **{"Content-Type": "application/x-www-form-urlencoded"})
    assert answer.status_code == 202
    assert door.received[0].their_id == "secret_scanning_alert:lighthouse/search#7"
    for wrong in (b"payload", b"payload=%7B&payload=%7B", b"other=1", "payload=\u00e9".encode()):
        answer = await door.send("github", wrong, **{"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status_code == 400


BODY = b'{"id": "a", "text": "x"}'
NAME, STAMP = "X-Keydesk-Signature", "X-Keydesk-Timestamp"


def proof(at: float | str = NOW) -> list[tuple[str, str | bytes]]:
    stamp = str(int(at)) if isinstance(at, float) else at
    signed = sign_generic(SecretStr("generic-secret"), stamp, BODY)
    return [(STAMP, stamp), (NAME, signed)]


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        ([], "missing_proof"),
        (proof()[:1], "missing_proof"),
        (proof()[1:], "missing_proof"),
        ([(STAMP, str(int(NOW))), (NAME, "v1=" + "0" * 64)], "wrong_proof"),
        ([(STAMP, str(int(NOW))), (NAME, "é".encode())], "wrong_proof"),
        ([(STAMP, str(int(NOW) - 1)), proof()[1]], "wrong_proof"),
        (proof(NOW - 301), "too_old"),
        (proof(NOW + 60), "from_the_future"),
        (proof("now"), "the_timestamp_is_no_number"),
        (proof(""), "the_timestamp_is_no_number"),
        (proof(f"-{int(NOW)}"), "the_timestamp_is_no_number"),
        (proof("nan"), "the_timestamp_is_no_number"),
        (proof("9" * 400), "the_timestamp_is_no_number"),
        ([*proof(), *proof()], "a_header_came_twice"),
        ([*proof(), (NAME, "v1=other")], "a_header_came_twice"),
    ],
)
async def test_a_doubtful_proof_is_counted_and_one_line_without_the_body(
    door: Door, headers: list[tuple[str, str | bytes]], why: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await door.http.post("/alerts/generic", content=BODY, headers=headers)  # type: ignore[arg-type]  # not ASCII
    assert (answer.status_code, answer.json()) == (401, {"error": "not proven"})
    assert door.counted == [f"alert_{why}"]
    lines = [record.getMessage() for record in caplog.records if record.name.startswith("bot.")]
    assert lines == [f"refused an alert from generic with 401: {why.replace('_', ' ')}"]
    assert door.received == []


async def test_who_is_not_proven_learns_nothing(door: Door) -> None:
    wrong = await door.send("generic", b"{}", secret="wrong")
    missing = await door.http.post("/alerts/generic", content=b"{}")
    assert wrong.json() == missing.json() == {"error": "not proven"}


@pytest.mark.parametrize(
    ("source", "headers", "why"),
    [
        ("generic", {}, "missing proof"),
        ("generic", {"X-Keydesk-Timestamp": str(int(NOW))}, "missing proof"),
        ("generic", {"X-Keydesk-Timestamp": "1", "X-Keydesk-Signature": "v1=" + "0" * 64}, "too old"),
        ("generic", {"X-Keydesk-Timestamp": str(int(NOW)), "X-Keydesk-Signature": "v1=guess"}, "wrong proof"),
        ("github", {}, "missing proof"),
        ("github", {"X-Hub-Signature-256": "sha256=" + "0" * 63}, "wrong proof"),
        ("alertmanager", {"Authorization": "Bearer guess"}, "wrong proof"),
        ("gitlab", {"Authorization": "guess"}, "wrong proof"),
    ],
)
async def test_what_its_headers_do_not_prove_is_not_read(
    sqlite_database: Database, source: str, headers: dict[str, str], why: str
) -> None:
    door = Door(sqlite_database)
    door.intake = AlertEndpoint(
        secrets={source: SecretStr("right")},
        receive=door.receive,
        database=sqlite_database,
        count=door.counted.append,
        clock=lambda: NOW,
    )
    read: list[int] = []

    async def receive() -> dict[str, Any]:
        read.append(1)
        return {"type": "http.request", "body": b"x" * 1000, "more_body": True}

    answers: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        answers.append(message)

    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "POST", "path": f"/alerts/{source}", "headers": raw, "query_string": b""}
    await Starlette(routes=door.intake.routes())(scope, receive, send)
    assert answers[0]["status"] == 401
    assert read == []
    assert door.counted == [f"alert_{why.replace(' ', '_')}"]


@pytest.mark.parametrize("unit", ["sk-", "\u200bsk-", "sk-abcd***"])
async def test_a_megabyte_that_is_proven_holds_up_nobody(door: Door, unit: str) -> None:
    body = json.dumps(
        {"id": "a", "text": unit * (300_000 // len(unit)), "secrets": [unit * (90_000 // len(unit))]},
        ensure_ascii=False,
    )
    assert await loop_cost(lambda: door.send("generic", body.encode())) < MOST_MILLISECONDS
    assert door.received
