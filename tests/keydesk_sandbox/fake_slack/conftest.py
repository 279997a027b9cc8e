"""One FakeSlack with a throw-away app behind it, in process, on a clock that stands still."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from keydesk_sandbox.fake_slack import FakeSlack
from keydesk_sandbox.fake_slack.views import View
from tests.keydesk_sandbox.fake_slack.kit import (
    APP_TOKEN,
    BOT_TOKEN,
    SECRET,
    Bot,
    Caller,
    Clock,
    MakeSlack,
    manifest,
    modal,
    workspace,
)
from tests.narrow import fields


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bot() -> Bot:
    return Bot()


@pytest.fixture
def naps() -> list[float]:
    """How long the sandbox waited."""
    return []


@pytest.fixture
def make_slack(clock: Clock, bot: Bot, naps: list[float]) -> MakeSlack:
    async def no_sleep(seconds: float) -> None:
        naps.append(seconds)

    def make(**options: Any) -> FakeSlack:
        changes = options.pop("manifest", {})
        options.setdefault("sleep", no_sleep)
        return FakeSlack(
            manifest=manifest(**changes),
            signing_secret=SECRET,
            bot_token=BOT_TOKEN,
            app_token=APP_TOKEN,
            workspace=workspace(),
            base_url="http://127.0.0.1:4999",
            bot_url="http://127.0.0.1:4998/slack/events",
            transport=httpx.ASGITransport(bot),
            clock=clock,
            **options,
        )

    return make


@pytest.fixture
async def slack(make_slack: MakeSlack) -> AsyncIterator[FakeSlack]:
    slack = make_slack()
    yield slack
    await slack.close()


@pytest.fixture
def api(slack: FakeSlack) -> Caller:
    return Caller(slack)


@pytest.fixture
def post(api: Caller) -> Callable[..., Any]:
    async def post_one(channel: str = "C1GENERAL", **more: Any) -> dict[str, Any]:
        more.setdefault("text", "hello")
        return await api.ok("chat.postMessage", channel=channel, **more)

    return post_one


@pytest.fixture
def open_modal(slack: FakeSlack, api: Caller) -> Callable[..., Any]:
    async def open_one(*blocks: dict[str, Any], user: str = "U1ALICE", **more: Any) -> View:
        await api.ok("views.open", trigger_id=slack.triggers.issue(user), view=modal(*blocks, **more))
        return slack.top_view(user)

    return open_one


@pytest.fixture
def page(api: Caller) -> Any:
    class Page:
        async def __call__(self, name: str, **body: Any) -> dict[str, Any]:
            return fields(await api.http.post(f"/sandbox/api/{name}", json={"as": "U1ALICE", **body}))

        async def state(self, me: str = "U1ALICE") -> dict[str, Any]:
            return fields(await api.http.get("/sandbox/api/state", params={"as": me}))

    return Page()


@pytest.fixture
def impatient(make_slack: MakeSlack) -> FakeSlack:
    return make_slack(ack_seconds=0.01)
