"""One FakeSlack with a throw-away app behind it, in process, on a clock that stands still."""

from collections.abc import AsyncIterator

import httpx
import pytest

from keydesk_sandbox.fake_slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import APP_TOKEN, BOT_TOKEN, SECRET, Bot, Caller, Clock, manifest, workspace


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def bot() -> Bot:
    return Bot()


@pytest.fixture
def make_slack(clock, bot):
    async def no_sleep(seconds: float) -> None:
        naps.append(seconds)

    naps: list[float] = []

    def make(**options) -> FakeSlack:
        changes = options.pop("manifest", {})
        options.setdefault("sleep", no_sleep)
        slack = FakeSlack(
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
        slack.naps = naps
        return slack

    return make


@pytest.fixture
async def slack(make_slack) -> AsyncIterator[FakeSlack]:
    slack = make_slack()
    yield slack
    await slack.close()


@pytest.fixture
def api(slack) -> Caller:
    return Caller(slack)
