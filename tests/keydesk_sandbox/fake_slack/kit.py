"""A small workspace, a manifest, a throw-away app and a caller, for the tests of the fake Slack."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import httpx
from starlette.types import Receive, Scope, Send

from keydesk_sandbox.fake_slack import Channel, FakeSlack, Person, PersonKind, Team, UserGroup, Workspace
from keydesk_sandbox.fake_slack.views import View
from tests.narrow import fields

SECRET = "not-a-real-signing-secret"
BOT_TOKEN = "xoxb-not-a-real-token"
APP_TOKEN = "xapp-not-a-real-token"
START = 1_790_000_000.0
SCOPES = [
    "commands",
    "chat:write",
    "im:write",
    "im:read",
    "im:history",
    "users:read",
    "users:read.email",
    "usergroups:read",
    "channels:read",
    "channels:history",
    "groups:read",
    "groups:history",
    "app_mentions:read",
]
EVENTS = [
    "app_home_opened",
    "message.channels",
    "message.im",
    "user_change",
    "team_join",
    "subteam_updated",
    "subteam_members_changed",
    "channel_archive",
    "channel_left",
    "member_left_channel",
    "app_mention",
]

MakeSlack = Callable[..., FakeSlack]


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


def manifest(**changes: Any) -> dict[str, Any]:
    scopes = changes.get("scopes", SCOPES)
    return {
        "display_information": {"name": "Keydesk"},
        "features": {
            "app_home": {
                "home_tab_enabled": changes.get("home", True),
                "messages_tab_enabled": changes.get("messages_tab", True),
            },
            "bot_user": {"display_name": "Keydesk"},
            "slash_commands": [
                {"command": "/apikey", "description": "keys", "usage_hint": "new", "should_escape": True}
            ],
            "shortcuts": [
                {"name": "New key", "type": "global", "callback_id": "new_key", "description": "d"},
                {"name": "Leaked", "type": "message", "callback_id": "leaked", "description": "d"},
            ],
        },
        "oauth_config": {"scopes": {"bot": scopes}},
        "settings": {
            "interactivity": {"is_enabled": changes.get("interactivity", True)},
            "event_subscriptions": {"bot_events": changes.get("events", EVENTS)},
            "socket_mode_enabled": changes.get("socket_mode", False),
        },
    }


def workspace() -> Workspace:
    bot = "U0KEYDESK"
    people = [
        Person(id="U1ALICE", name="alice", real_name="Alice", email="alice@example.com", locale="de-DE"),
        Person(id="U2BOB", name="bob", real_name="Bob", kind=PersonKind.ADMIN),
        Person(id="U3GUEST", name="gus", real_name="Gus", kind=PersonKind.GUEST),
        Person(id="U4SINGLE", name="sia", real_name="Sia", kind=PersonKind.SINGLE_CHANNEL_GUEST),
        Person(id="U5OUT", name="oz", real_name="Oz", kind=PersonKind.OUTSIDER, team_id="T0OTHER"),
        Person(id="U6STRANGER", name="stan", real_name="Stan", kind=PersonKind.STRANGER, team_id="T0OTHER"),
        Person(id="U7GONE", name="gil", real_name="Gil", kind=PersonKind.DEACTIVATED),
        Person(id="U8BOT", name="robot", real_name="Robot", kind=PersonKind.BOT),
        Person(id="W9ORG", name="wes", real_name="Wes", enterprise_id="E0ORG"),
    ]
    return Workspace(
        team=Team(),
        people=people,
        groups=[UserGroup(id="S1ENG", handle="eng", name="Engineers", users=["U1ALICE", "U2BOB"])],
        channels=[
            Channel(id="C1GENERAL", name="general", members=["U1ALICE", "U2BOB", "U3GUEST", "W9ORG", bot]),
            Channel(id="C2NOBOT", name="nobot", members=["U1ALICE"]),
            Channel(id="G3SECRET", name="secret", members=["U2BOB"], is_private=True),
            Channel(id="C4SHARED", name="shared", members=["U1ALICE", "U5OUT", bot], is_ext_shared=True),
            Channel(id="C5OLD", name="old", members=["U1ALICE", bot], is_archived=True),
        ],
    )


Reply = tuple[int, Any]
Handler = Callable[["Got"], Awaitable[Reply] | Reply]


class Got:
    """One request as the throw-away app saw it."""

    def __init__(self, headers: dict[str, str], raw: bytes) -> None:
        self.headers = headers
        self.raw = raw
        if headers["content-type"] == "application/json":
            self.payload: dict[str, Any] = json.loads(raw)
        else:
            form = {name: values[0] for name, values in parse_qs(raw.decode(), keep_blank_values=True).items()}
            self.payload = json.loads(form["payload"]) if "payload" in form else form


class Bot:
    """A throw-away ASGI app: keeps what comes in, answers with `answer`."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.answer: Handler = lambda _: (200, None)
        self.answer_headers: list[tuple[bytes, bytes]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert scope["type"] == "http"
        message = await receive()
        got = Got({name.decode(): value.decode() for name, value in scope["headers"]}, message["body"])
        self.got.append(got)
        reply = self.answer(got)
        status, body = reply if isinstance(reply, tuple) else await reply
        raw = b"" if body is None else body.encode() if isinstance(body, str) else json.dumps(body).encode()
        await send({"type": "http.response.start", "status": status, "headers": self.answer_headers})
        await send({"type": "http.response.body", "body": raw})

    @property
    def last(self) -> dict[str, Any]:
        return [got.payload for got in self.got if "event" not in got.payload][-1]

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        events = [got.payload["event"] for got in self.got if "event" in got.payload]
        return [event for event in events if event["type"] == kind]


class Caller:
    """Calls the Web API as the app would, without an SDK."""

    def __init__(self, slack: FakeSlack) -> None:
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(slack.app), base_url=slack.base_url)

    async def raw(self, method: str, *, token: str = BOT_TOKEN, **arguments: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return await self._http.post(f"/api/{method}", json=arguments, headers=headers)

    async def __call__(self, method: str, *, token: str = BOT_TOKEN, **arguments: Any) -> dict[str, Any]:
        return fields(await self.raw(method, token=token, **arguments))

    async def ok(self, method: str, **arguments: Any) -> dict[str, Any]:
        answer = await self(method, **arguments)
        assert answer["ok"], answer
        return answer

    async def refused(self, method: str, **arguments: Any) -> str:
        answer = await self(method, **arguments)
        assert not answer["ok"], answer
        return str(answer["error"])

    @property
    def http(self) -> httpx.AsyncClient:
        return self._http


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def section(text: str = "hello", **more: Any) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **more}


def button(action_id: str = "go", value: str = "1", **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": action_id, "text": plain("Go"), "value": value, **more}


def actions(*elements: dict[str, Any], block_id: str = "acts") -> dict[str, Any]:
    return {"type": "actions", "block_id": block_id, "elements": list(elements)}


def text_input(block_id: str = "name", *, optional: bool = False, block: Any = None, **element: Any) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain("Name"),
        "optional": optional,
        **(block or {}),
        "element": {"type": "plain_text_input", "action_id": "value", **element},
    }


def modal(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    view = {"type": "modal", "title": plain("Title"), "callback_id": "form", "blocks": list(blocks), **more}
    if any(block["type"] == "input" for block in blocks):
        view.setdefault("submit", plain("Send"))
    return view


async def late(_: Got) -> tuple[Any, ...]:
    await asyncio.sleep(0.03)
    return 200, None


def input_of(kind: str, block_id: str = "f", **element: Any) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain("l"),
        "element": {"type": kind, "action_id": "value", **element},
    }


async def open_form(slack: FakeSlack, api: Caller, *blocks: dict[str, Any], **more: Any) -> View:
    view = modal(*(blocks or (text_input(optional=True),)), **more)
    await api.ok("views.open", trigger_id=slack.triggers.issue("U1ALICE"), view=view)
    return slack.top_view("U1ALICE")
