"""What scenarios about alerts share: sending them, and the canary scan over everything a scenario produced."""

import json
from collections.abc import Mapping
from types import MappingProxyType

import httpx
import sqlalchemy as sa
from prometheus_client import generate_latest

from keydesk_sandbox import alerts, seed
from keydesk_sandbox.fake_slack.messages import SlackMessage
from tests.narrow import present
from tests.scenarios.desk import Desk, text_of

SAM = seed.SECURITY


def base(desk: Desk) -> str:
    return present(desk.slack.bot_url).removesuffix("/slack/events")


async def send(desk: Desk, source: str, text: str, *, number: int = 1, now: float | None = None) -> httpx.Response:
    body = alerts.body_of(source, number=number, text=text)
    return await post(desk, source, body, now=now)


async def post(
    desk: Desk,
    source: str,
    body: bytes,
    *,
    now: float | None = None,
    secret: str = "",
    headers: Mapping[str, str] = MappingProxyType({}),
) -> httpx.Response:
    at = desk.app.clock() if now is None else now
    sent = alerts.signed(source, body, secret=secret or desk.world.alert_secrets[source], now=at)
    async with httpx.AsyncClient() as client:
        return await client.post(base(desk) + sent.path, headers={**sent.headers, **headers}, content=sent.body)


def cards(desk: Desk, fragment: str = "") -> list[SlackMessage]:
    """Alert cards in the security channel."""
    found = desk.messages(seed.SECURITY_CHANNEL)
    return [m for m in found if "Alert " in text_of(m) and fragment in text_of(m) and not m.thread_ts]


async def learned(desk: Desk) -> None:
    """The index knows every key of the gateway."""
    await desk.eventually(
        lambda: len(desk.app.alerts.index) >= len(desk.gateway.keys()) and desk.app.alerts.index.complete
    )


def everything(desk: Desk, caplog_text: str = "") -> str:
    """All that the bot has said, stored, logged and measured, as one text."""
    said = json.dumps([call.arguments for call in desk.slack.calls], default=str)
    with desk.app.database.engine.connect() as c:
        names = sa.inspect(c).get_table_names()
        stored = [str(row) for name in names for row in c.execute(sa.text(f'SELECT * FROM "{name}"'))]
    measured = generate_latest(desk.app.health.registry).decode()
    return "\n".join([said, *stored, measured, caplog_text])
