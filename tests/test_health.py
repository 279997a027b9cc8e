import re
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from bot import durable
from bot.db.engine import Database
from bot.db.tables import posts, requests
from bot.errors import BotError
from bot.gateway.client import GatewayClient
from bot.gateway.connection import connect
from bot.health import Health
from bot.policy_file import PolicyFile
from bot.slack.http_endpoint import http_app
from bot.slack.web_client import SlackWebClient
from keydesk_sandbox.fake_gateway import FakeGateway
from keydesk_sandbox.fake_slack.server import LoopbackServer
from keydesk_sandbox.world import World

NOW = 1_800_000_000.0
PAT = "fakePatForTests0123456789+/ABCDE"
POLICY = '[[rules]]\nname = "all"\nwho = ["*"]\ndo = ["*"]\nallow = true\n'
Numbers = dict[str, float]


class Watched:
    """A Health with its pages behind HTTP, and levers for what it is told."""

    def __init__(self, database: Database, folder: Path, *, clock: Callable[[], float] = lambda: NOW) -> None:
        self.path = folder / "policy.toml"
        self.path.write_text(POLICY)
        self.policy = PolicyFile(self.path, units_per_usd=500_000)
        self.blocked: list[str] = []
        self.reasons: list[str] = []
        self.health = Health(
            database=database,
            policy=self.policy,
            blocked=lambda: self.blocked,
            reasons=self.told,
            clock=clock,
        )
        self.health.ready = True
        # As in Socket Mode: the pages without Slack's route.
        transport = httpx.ASGITransport(app=http_app(endpoint=None, routes=self.health.detailed_routes()))
        self.http = httpx.AsyncClient(transport=transport, base_url="http://keydesk.test")

    async def told(self) -> list[str]:
        return self.reasons

    async def ready(self) -> tuple[int, list[str], list[str]]:
        answer = await self.http.get("/readyz")
        body = answer.json()
        assert body["ready"] is (answer.status_code == 200)
        return answer.status_code, body["problems"], body["notes"]

    async def numbers(self) -> Numbers:
        answer = await self.http.get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=")
        lines = [line for line in answer.text.splitlines() if not line.startswith("#")]
        return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


@pytest.fixture
async def watched(sqlite_database: Database, tmp_path: Path) -> AsyncIterator[Watched]:
    watched = Watched(sqlite_database, tmp_path)
    yield watched
    await watched.http.aclose()


async def test_healthz_answers_whatever_happens(watched: Watched) -> None:
    watched.health.ready = False
    answer = await watched.http.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")


async def test_ready_when_nothing_is_wrong(watched: Watched) -> None:
    assert await watched.ready() == (200, [], [])


async def test_slack_payloads_have_no_route_in_socket_mode(watched: Watched) -> None:
    assert (await watched.http.post("/slack/events")).status_code == 404


async def test_not_ready_before_the_start_and_while_stopping(watched: Watched) -> None:
    watched.health.ready = False
    assert await watched.ready() == (503, ["starting or stopping"], [])


async def test_not_ready_when_something_blocks_this_process(watched: Watched) -> None:
    watched.blocked = ["Socket Mode is not connected"]
    assert await watched.ready() == (503, ["Socket Mode is not connected"], [])


async def test_not_ready_without_the_database(watched: Watched, sqlite_database: Database) -> None:
    def broken(*_: object) -> None:
        raise sa.exc.OperationalError("SELECT 1", {}, Exception("gone"))

    sa.event.listen(sqlite_database.engine, "before_cursor_execute", broken)
    assert await watched.ready() == (503, ["database: OperationalError"], [])
    numbers = await watched.numbers()
    assert numbers['keydesk_up{what="database"}'] == 0
    assert not any(name.startswith(("keydesk_requests{", "keydesk_queue_rows{")) for name in numbers)
    sa.event.remove(sqlite_database.engine, "before_cursor_execute", broken)
    assert (await watched.ready())[0] == 200
    assert (await watched.numbers())['keydesk_up{what="database"}'] == 1


async def test_a_broken_policy_file_is_a_note_because_the_old_one_works(watched: Watched) -> None:
    watched.path.write_text("[[rules]]\n")
    watched.policy.look()
    status, problems, notes = await watched.ready()
    assert (status, problems) == (200, [])
    assert f"policy file: {watched.path}:1:1: the rule has no name" in notes
    assert (await watched.numbers())['keydesk_up{what="policy"}'] == 0


async def test_what_the_directory_says_is_a_note(watched: Watched) -> None:
    watched.reasons = ["The user group S0MANAGERS is empty, so nobody has its roles."]
    assert await watched.ready() == (200, [], watched.reasons)


@pytest.mark.parametrize(
    ("fault", "token", "result", "note"),
    [
        ("refused", PAT, "GatewayUnavailable", "the gateway cannot be reached, or has trouble"),
        ("html", PAT, "GatewayProtocolError", "what answers is not the gateway's API; look at COMETAPI_BASE_URL"),
        (None, "wrong-token", "GatewayAuthError", "the gateway does not take our access token; look at COMETAPI_ACCESS_TOKEN"),
    ],
)  # fmt: skip
async def test_the_gateway_as_last_seen_is_a_note(
    watched: Watched, fault: str | None, token: str, result: str, note: str
) -> None:
    fake = FakeGateway(access_token=PAT)

    def client_with(token: str) -> GatewayClient:
        return connect(
            base_url="https://gateway.test",
            access_token=SecretStr(token),
            transport=fake.transport(),
            clock=fake.clock,
            sleep=fake.clock.sleep,
            observe=watched.health.gateway_called,
        )

    client = client_with(token)
    if fault is not None:
        fake.arm(fault, times=None)
    with pytest.raises(BotError):
        await client.newest_keys()
    assert await watched.ready() == (200, [], [note])
    numbers = await watched.numbers()
    assert numbers[f'keydesk_gateway_calls_total{{result="{result}"}}'] >= 1
    assert numbers['keydesk_up{what="gateway"}'] == 0
    asked = len(fake.requests)
    fake.disarm()
    well = client_with(PAT)
    await well.newest_keys()
    assert await watched.ready() == (200, [], [])
    assert len(fake.requests) == asked + 1, "a look at /readyz asks the gateway nothing"
    await client.aclose()
    await well.aclose()


async def test_a_refusal_of_one_call_says_nothing_about_the_gateway(watched: Watched) -> None:
    watched.health.gateway_called("reading key", "KeyNotFound", 0.1)
    assert await watched.ready() == (200, [], [])
    assert (await watched.numbers())['keydesk_up{what="gateway"}'] == 1


@pytest.fixture
async def web(watched: Watched, tmp_path: Path) -> AsyncIterator[tuple[World, SlackWebClient]]:
    world = World(folder=tmp_path / "world")
    async with LoopbackServer(world.slack.app) as server:
        world.slack.base_url = server.url
        web = SlackWebClient(
            token=SecretStr(world.bot_token), api_url=world.slack.api_url, observe=watched.health.slack_called
        )
        yield world, web
        await web.close()
    await world.slack.close()


async def test_a_dead_slack_token_takes_the_process_out(watched: Watched, web: tuple[World, SlackWebClient]) -> None:
    world, slack = web
    world.slack.switches.token = "token_revoked"
    with pytest.raises(BotError):
        await slack.read("auth.test")
    assert await watched.ready() == (
        503,
        ["Slack does not take our token (token_revoked); look at SLACK_BOT_TOKEN"],
        [],
    )
    world.slack.switches.down = "503"
    with pytest.raises(BotError):
        await slack.read("auth.test")
    assert (await watched.ready())[0] == 503, "no answer says nothing about the token"
    world.slack.switches.token, world.slack.switches.down = "valid", "up"
    await slack.read("auth.test")
    assert await watched.ready() == (200, [], [])
    numbers = await watched.numbers()
    assert numbers['keydesk_slack_calls_total{method="auth.test",result="ok"}'] == 1
    assert numbers['keydesk_slack_calls_total{method="auth.test",result="token_revoked"}'] == 1
    assert numbers['keydesk_slack_calls_total{method="auth.test",result="unavailable"}'] == 2


async def test_slack_that_is_away_is_seen_in_the_metrics_only(
    watched: Watched, web: tuple[World, SlackWebClient]
) -> None:
    world, slack = web
    world.slack.switches.down = "refused"
    with pytest.raises(BotError):
        await slack.read("auth.test")
    assert await watched.ready() == (200, [], [])
    assert (await watched.numbers())['keydesk_up{what="slack"}'] == 0


async def test_deliveries_are_counted_and_timed(watched: Watched) -> None:
    watched.health.observe("command", "ok", 0.02)
    watched.health.observe("command", "error", 0.2)
    watched.health.count("rejected")
    watched.health.key_died(4.0)
    numbers = await watched.numbers()
    assert numbers['keydesk_deliveries_total{kind="command",outcome="ok"}'] == 1
    assert numbers['keydesk_deliveries_total{kind="command",outcome="error"}'] == 1
    assert numbers['keydesk_ack_seconds_bucket{kind="command",le="0.025"}'] == 1
    assert numbers['keydesk_ack_seconds_count{kind="command"}'] == 2
    assert numbers['keydesk_rejected_total{why="rejected"}'] == 1
    assert numbers['keydesk_time_to_dead_seconds_bucket{le="5.0"}'] == 1


def a_request(number: int, status: str) -> dict[str, Any]:
    text = {"delivery_id": f"d{number}", "operation": "key.create", "status": status, "requester_id": "U0ADA"}
    text |= {"requester_team": "T0", "channel_id": "C0", "key_name": "ci", "reason": ""}
    plain = {"version": 1, "input": {}, "summary": [], "decision": {}, "votes": [], "progress": {}, "asked_at": NOW}
    return text | plain


def a_post(number: int, *, drawn: int, error: str | None) -> dict[str, Any]:
    text = {"id": f"p{number}", "kind": "card", "subject": "1", "target": "C0", "error": error}
    return text | {"wanted": 1, "drawn": drawn, "attempts": 0, "created_at": NOW}


async def test_rows_are_counted_at_each_look(database: Database, tmp_path: Path) -> None:
    watched = Watched(database, tmp_path, clock=lambda: time.time() + 60)
    engine = durable.Engine(database=database, jobs={"run": _nothing}, executor_id="test")

    def fill(c: sa.Connection) -> None:
        c.execute(sa.insert(requests), [a_request(1, "pending"), a_request(2, "pending"), a_request(3, "failed")])
        undone = [a_post(1, drawn=0, error=None), a_post(2, drawn=0, error="is_archived")]
        c.execute(sa.insert(posts), [*undone, a_post(3, drawn=1, error=None)])
        engine.start(c, "run", "now", "1")
        engine.start(c, "run", "later", "2", delay=3600)

    await database.run(fill)
    numbers = await watched.numbers()
    assert numbers['keydesk_requests{status="pending"}'] == 2
    assert numbers['keydesk_requests{status="failed"}'] == 1
    assert numbers['keydesk_requests{status="running"}'] == 0
    assert numbers['keydesk_queue_rows{state="due"}'] == 1
    assert numbers['keydesk_queue_rows{state="later"}'] == 1
    assert 59 <= numbers["keydesk_queue_oldest_due_seconds"] <= 70
    assert numbers['keydesk_posts{state="waiting"}'] == 1
    assert numbers['keydesk_posts{state="in_trouble"}'] == 1
    await watched.http.aclose()


async def _nothing(_argument: str) -> None:
    """A job."""


async def test_nothing_that_people_typed_is_a_label(watched: Watched) -> None:
    answer = await watched.http.get("/metrics")
    labels = set(re.findall(r'(\w+)="', answer.text))
    assert labels <= {"kind", "outcome", "why", "result", "method", "what", "status", "state", "version", "le"}


async def test_the_public_port_says_yes_or_no_only(watched: Watched) -> None:
    transport = httpx.ASGITransport(app=http_app(endpoint=None, routes=watched.health.routes()))
    async with httpx.AsyncClient(transport=transport, base_url="http://keydesk.test") as http:
        assert (await http.get("/readyz")).json() == {"ready": True}
        watched.blocked.append("Socket Mode is not connected")
        answer = await http.get("/readyz")
        assert (answer.status_code, answer.json()) == (503, {"ready": False})
        assert (await http.get("/metrics")).status_code == 404
