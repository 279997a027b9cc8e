"""Payloads as Slack sends them, a signing client, and a Web API that only notes what it is asked."""

import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import httpx
from pydantic import SecretStr

from bot.slack import signature
from bot.slack.delivery import Delivery, Kind
from bot.slack.edge import Edge, Identity
from bot.slack.http_endpoint import SlackEndpoint, http_app
from bot.slack.payloads import to_delivery
from bot.slack.responder import Responder
from bot.slack.router import Router
from bot.slack.view_seal import ViewSeal
from tests.narrow import present

TEAM = "T0HOME"
NOW = 1_800_000_000.0
SECRET = SecretStr("signing-secret-for-tests")
FORM = "application/x-www-form-urlencoded"


class NotingWeb:
    """Answers ok to everything and keeps what it was asked; `fail` maps a method to the error it raises once."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.responded: list[tuple[str, dict[str, Any]]] = []
        self.fail: dict[str, Exception] = {}

    async def write(self, method: str, *, interactive: bool = False, **arguments: Any) -> dict[str, Any]:
        self.calls.append((method, arguments))
        if method in self.fail:
            raise self.fail.pop(method)
        return {"ok": True, "view": {"id": f"V{len(self.calls)}"}, "ts": "1.0", "channel": arguments.get("channel")}

    async def respond(self, response_url: str, body: dict[str, Any]) -> None:
        if "response_url" in self.fail:
            raise self.fail.pop("response_url")
        self.responded.append((response_url, body))

    @property
    def methods(self) -> list[str]:
        return [method for method, _ in self.calls]


async def dm_of(user_id: str) -> str:
    return f"D{user_id}"


def make_seal() -> ViewSeal:
    return ViewSeal.of(SecretStr("a secret of this desk"), clock=lambda: NOW)


def make_responder(web: NotingWeb | None = None) -> Responder:
    noting: Any = web or NotingWeb()
    return Responder(web=noting, dm_channel=dm_of, view_seal=make_seal())


def make_delivery(kind: Kind = Kind.COMMAND, **changes: Any) -> Delivery:
    fields: dict[str, Any] = {
        "kind": kind,
        "id": f"{kind}:1",
        "team_id": TEAM,
        "user_id": "U0ANN",
        "user_team_id": TEAM,
        "responder": make_responder(),
    }
    return Delivery(**(fields | changes))


class Slack:
    """Signs and sends to the app in process. `counted` is what the transport counted."""

    def __init__(self, router: Router, *, responder: Responder | None = None) -> None:
        self.now = NOW
        self.counted: list[str] = []
        self.strangers: list[Delivery] = []
        self.responder = responder or make_responder()
        clock: Callable[[], float] = lambda: self.now  # noqa: E731
        me = Identity(team_id=TEAM, bot_user_id="U0BOT", app_id="A0")
        self.edge: Edge = Edge(router=router, responder=self.responder, clock=clock, me=me, on_stranger=self._stranger)
        endpoint = SlackEndpoint(edge=self.edge, signing_secret=SECRET, clock=clock, count=self.counted.append)
        self.app = http_app(endpoint=endpoint)

    async def _stranger(self, delivery: Delivery) -> None:
        self.strangers.append(delivery)

    async def post(
        self, body: bytes, *, content_type: str = FORM, headers: list[tuple[str, str]] | None = None
    ) -> httpx.Response:
        timestamp = str(int(self.now))
        if headers is None:
            proof = signature.sign(SECRET, timestamp, body)
            headers = [("X-Slack-Request-Timestamp", timestamp), ("X-Slack-Signature", proof)]
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://keydesk.test") as client:
            return await client.post("/slack/events", content=body, headers=[("Content-Type", content_type), *headers])

    async def command(self, text: str = "", **changes: Any) -> httpx.Response:
        return await self.post(urlencode(command(text, **changes)).encode())

    async def interaction(self, payload: dict[str, Any]) -> httpx.Response:
        return await self.post(urlencode({"payload": json.dumps(payload)}).encode())

    async def event(self, event: dict[str, Any], **envelope: Any) -> httpx.Response:
        body = {"type": "event_callback", "event_id": "Ev1", "team_id": TEAM, "event": event} | envelope
        return await self.post(json.dumps(body).encode(), content_type="application/json")


def command(text: str = "", **changes: Any) -> dict[str, str]:
    return {
        "command": "/apikey",
        "text": text,
        "team_id": TEAM,
        "user_id": "U0ANN",
        "channel_id": "C0KEYS",
        "trigger_id": "1.2.3",
        "response_url": "http://127.0.0.1/response/1",
        "api_app_id": "A0",
        "is_enterprise_install": "false",
    } | changes


def interaction(kind: str, **changes: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "user": {"id": "U0ANN", "team_id": TEAM, "name": "ann"},
        "team": {"id": TEAM, "domain": "home"},
        "api_app_id": "A0",
        "trigger_id": "1.2.3",
    } | changes


def click(action_id: str = "approve", *, value: str = "7", **changes: Any) -> dict[str, Any]:
    return interaction(
        "block_actions",
        channel={"id": "C0KEYS"},
        container={"type": "message", "message_ts": "100.1", "channel_id": "C0KEYS"},
        response_url="http://127.0.0.1/response/2",
        actions=[
            {"type": "button", "block_id": "b", "action_id": action_id, "value": value, "action_ts": "1.5"},
        ],
        **changes,
    )


def view(callback_id: str = "key.create", **changes: Any) -> dict[str, Any]:
    return {
        "id": "V0FORM",
        "type": "modal",
        "callback_id": callback_id,
        "private_metadata": "",
        "hash": "h1",
        "blocks": [
            {"type": "section", "block_id": "intro"},
            {"type": "input", "block_id": "name"},
            {"type": "input", "block_id": "reason"},
        ],
        "state": {"values": {"name": {"value": {"type": "plain_text_input", "value": "ci"}}}},
    } | changes


def submission(callback_id: str = "key.create", **changes: Any) -> dict[str, Any]:
    return interaction("view_submission", **({"view": view(callback_id)} | changes))


def read(body: Mapping[str, Any]) -> Delivery:
    return present(taken(body))


def taken(body: Mapping[str, Any]) -> Delivery | None:
    return to_delivery(body, responder=make_responder(), received_at=NOW)
