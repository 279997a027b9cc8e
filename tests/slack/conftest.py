"""A FakeSlack on loopback and the real clients in front of it, on a clock that stands still until it is moved."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from bot.slack.directory import Directory
from bot.slack.web_client import SlackWebClient
from keydesk_sandbox.fake_slack import FakeSlack
from keydesk_sandbox.fake_slack.server import LoopbackServer
from tests.keydesk_sandbox.fake_slack.kit import APP_TOKEN, BOT_TOKEN, SECRET, Clock, manifest, workspace


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def fake(clock: Clock) -> AsyncIterator[FakeSlack]:
    slack = FakeSlack(
        manifest=manifest(socket_mode=True),
        signing_secret=SECRET,
        bot_token=BOT_TOKEN,
        app_token=APP_TOKEN,
        workspace=workspace(),
        base_url="http://127.0.0.1:1",
        clock=clock,
    )
    async with LoopbackServer(slack.app) as server:
        slack.base_url = server.url
        yield slack
    await slack.close()


@pytest.fixture
def naps() -> list[float]:
    return []


@pytest.fixture
async def web(fake: FakeSlack, naps: list[float]) -> AsyncIterator[SlackWebClient]:
    async def sleep(seconds: float) -> None:
        naps.append(seconds)

    web = SlackWebClient(token=SecretStr(BOT_TOKEN), api_url=fake.api_url, timeout=30.0, sleep=sleep)
    yield web
    await web.close()


@pytest.fixture
def directory(fake: FakeSlack, web: SlackWebClient, clock: Clock) -> Directory:
    return Directory(
        web=web, team_id=fake.workspace.team.id, group_ids=lambda: frozenset({"S1ENG"}), clock=clock, patience=1.0
    )
