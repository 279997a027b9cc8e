"""A small sandbox for the tests of the page: both fakes, the page, and a throw-away app that draws every kind of block."""

from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount

from keydesk_sandbox.fake_gateway import Clock, FakeGateway
from keydesk_sandbox.fake_slack import Channel, FakeSlack, Person, PersonKind, UserGroup, Workspace
from keydesk_sandbox.panel import panel_routes
from tests.keydesk_sandbox.fake_slack.kit import BOT_TOKEN, SECRET, Bot, Got, manifest

ADA, MAX, GUS, OLGA, OTTO = "U0ADA", "U0MAX", "U0GUS", "U0OLGA", "U0OTTO"
ROOM, ANNEX = "C0KEYS", "C0ANNEX"
HOSTILE = '<img src=x onerror="window.broken=1"> &lt;b&gt; *bold* <javascript:window.broken=1|press> ```<i>code</i>```'


def plain(text: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": text}


def mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text}


def option(value: str, text: str = "") -> dict[str, Any]:
    return {"value": value, "text": plain(text or value)}


def field(block_id: str, label: str, element: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "input",
        "block_id": block_id,
        "label": plain(label),
        "element": {"action_id": "value", **element},
        **more,
    }


def modal(title: str = "New API key", **more: Any) -> dict[str, Any]:
    return {
        "type": "modal",
        "callback_id": "key.create",
        "title": plain(title),
        "submit": plain("Ask for it"),
        "blocks": [
            field("name", "Name", {"type": "plain_text_input", "max_length": 50}, hint=plain("As at the gateway")),
            field("remain_quota", "Quota", {"type": "plain_text_input", "initial_value": "100k"}),
            field(
                "unlimited_quota",
                "Unlimited",
                {"type": "checkboxes", "options": [option("on", "No limit")]},
                optional=True,
            ),
            field("expired_time", "Expires", {"type": "static_select", "options": [option("7d"), option("30d")]}),
            field(
                "group",
                "Group",
                {"type": "static_select", "option_groups": [{"label": plain("Listed"), "options": [option("vip")]}]},
                optional=True,
            ),
            field("model_limits", "Models", {"type": "multi_external_select", "min_query_length": 0}, optional=True),
            field("allow_ips", "Networks", {"type": "plain_text_input", "multiline": True}, optional=True),
            field(
                "plan",
                "Plan",
                {"type": "radio_buttons", "options": [option("a", "Small"), option("b", "Large")]},
                optional=True,
            ),
            field("day", "Day", {"type": "datepicker"}, optional=True),
            field("hour", "Hour", {"type": "timepicker"}, optional=True),
            field("moment", "Moment", {"type": "datetimepicker"}, optional=True),
            field("owner", "Owner", {"type": "users_select"}, optional=True),
            field("rooms", "Rooms", {"type": "multi_channels_select"}, optional=True),
            field("count", "Count", {"type": "number_input", "is_decimal_allowed": False}, optional=True),
        ],
        **more,
    }


def card() -> list[dict[str, Any]]:
    confirm = {
        "title": plain("Deny it?"),
        "text": plain("Ada is told at once."),
        "confirm": plain("Yes, deny"),
        "deny": plain("Keep it"),
    }
    button = {"type": "button", "value": "1"}
    return [
        {"type": "header", "text": plain("A new key")},
        {"type": "section", "text": mrkdwn(f"<@{ADA}> asks <!subteam^S0MANAGERS> for *a key* :key:")},
        {
            "type": "section",
            "fields": [mrkdwn("*Quota*\n100k"), mrkdwn("*Expires*\n<!date^1790000000^{date_num}|then>")],
        },
        {
            "type": "actions",
            "elements": [
                {**button, "action_id": "approve", "text": plain("Approve"), "style": "primary"},
                {**button, "action_id": "deny", "text": plain("Deny"), "style": "danger", "confirm": confirm},
                {"type": "overflow", "action_id": "more", "options": [option("why", "Why?")]},
                {
                    "type": "static_select",
                    "action_id": "pick",
                    "placeholder": plain("Pick a key"),
                    "options": [option("1", "ci"), option("2", "lab")],
                },
            ],
        },
        {"type": "context", "elements": [mrkdwn("Request #1")]},
    ]


def rich(kind: str, *elements: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": f"rich_text_{kind}", "elements": list(elements), **more}


def words(text: str, **style: bool) -> dict[str, Any]:
    return {"type": "text", "text": text, **({"style": style} if style else {})}


def every_kind() -> list[dict[str, Any]]:
    """The blocks for messages that `card` does not have."""
    section = rich(
        "section",
        words("Bold", bold=True),
        {"type": "link", "url": "https://example.com/", "text": "a link"},
        {"type": "user", "user_id": MAX},
        words(" in "),
        {"type": "channel", "channel_id": ANNEX},
        words(", "),
        {"type": "usergroup", "usergroup_id": "S0ENGINEERS"},
        words(" "),
        {"type": "emoji", "name": "tada"},
        {"type": "date", "timestamp": 1_790_000_000, "format": "{date_long}", "fallback": "then"},
        {"type": "broadcast", "range": "here"},
    )
    items = rich("list", rich("section", words("first")), style="ordered", indent=1)
    text = (
        "## Second\n[docs](https://example.com/) **b**\n```\n<b>raw</b>\n```\n> said\n\n1. one\n\n|a|b|\n|-|-|\n|1|2|"
    )
    rows = [["Key", "Quota"], ["ci", "10"]]
    return [
        {
            "type": "rich_text",
            "elements": [section, items, rich("quote", words("quoted")), rich("preformatted", words("let x = 1"))],
        },
        {"type": "divider"},
        {"type": "table", "rows": [[{"type": "raw_text", "text": cell} for cell in row] for row in rows]},
        {"type": "image", "image_url": "https://example.com/a.png", "alt_text": "A chart"},
        {"type": "markdown", "text": text},
    ]


class World:
    """Both fakes behind one address; `bot` keeps what it was sent."""

    def __init__(self) -> None:
        self.clock = Clock(ticking=True)
        self.gateway = FakeGateway(access_token="pat-not-a-real-one", clock=self.clock)
        self.gateway.account.quota = 10**9
        self.gateway.add_key(name="ci", remain_quota=100_000, model_limits_enabled=True, model_limits="gpt-5.1")
        self.bot = Bot()
        self.bot.answer = self._answer
        self.submission: Any = None  # how the app answers the next submissions
        self.slack = FakeSlack(
            manifest=manifest(),
            signing_secret=SECRET,
            bot_token=BOT_TOKEN,
            workspace=_workspace(),
            base_url="http://127.0.0.1:1",
            bot_url="http://bot.test/slack/events",
            transport=httpx.ASGITransport(app=self.bot),
            clock=self.clock,
        )
        panel = panel_routes(gateways={"first": self.gateway}, first_person=ADA)
        self.app = Starlette(routes=[*panel, Mount("/", app=self.slack.app)])

    async def api(self, method: str, **arguments: Any) -> dict[str, Any]:
        """One Web API call of the app."""
        reply = await self.slack.web_api.call(method, arguments, token=BOT_TOKEN)
        assert reply.body is not None
        assert reply.body["ok"], reply.body
        return dict(reply.body)

    async def _answer(self, got: Got) -> tuple[int, Any]:
        payload = got.payload
        if payload.get("command"):
            await self.api("views.open", trigger_id=payload["trigger_id"], view=modal())
        elif payload.get("type") == "block_suggestion":
            names = ["gpt-5.1", "gpt-5.1-mini", "claude-opus-4-5"]
            return 200, {"options": [option(name) for name in names if payload["value"] in name]}
        elif payload.get("type") in {"shortcut", "message_action"}:
            await self.api("views.open", trigger_id=payload["trigger_id"], view=modal(payload["callback_id"]))
        elif payload.get("type") == "view_submission":
            return 200, self.submission
        return 200, None

    @property
    def actions(self) -> list[dict[str, Any]]:
        """What was clicked, oldest first."""
        return [got.payload["actions"][0] for got in self.bot.got if got.payload.get("type") == "block_actions"]


def _workspace() -> Workspace:
    everybody = [ADA, MAX, GUS, OLGA, OTTO, "U0KEYDESK"]
    return Workspace(
        people=[
            Person(id=ADA, name="ada", real_name="Ada Lovelace", title="Engineer"),
            Person(id=MAX, name="max", real_name="Max Planck", title="Manager"),
            Person(id=GUS, name="gus", real_name="Gus Guest", kind=PersonKind.GUEST),
            Person(id=OLGA, name="olga", real_name="Olga Out", kind=PersonKind.OUTSIDER, team_id="T0OTHER"),
            Person(id=OTTO, name="otto", real_name="Otto Old", kind=PersonKind.DEACTIVATED),
        ],
        groups=[
            UserGroup(id="S0ENGINEERS", handle="engineers", name="Engineers", users=[ADA]),
            UserGroup(id="S0MANAGERS", handle="managers", name="Managers", users=[MAX]),
        ],
        channels=[
            Channel(id=ROOM, name="api-keys", members=everybody, topic="Ask for keys here"),
            Channel(id=ANNEX, name="annex", members=everybody),
        ],
    )
