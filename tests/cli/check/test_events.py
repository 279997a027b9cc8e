"""What other systems send and get: GitHub's and the webhook's answers become a line each, and no event is sent."""

import io
from typing import Any

import httpx
import pytest

from bot.cli.check import events
from bot.cli.check.report import Report
from bot.proxies import Proxies
from keydesk_sandbox.world import World
from tests.cli.conftest import Settle

HOOK = {"KEYDESK_WEBHOOK_URL": "https://siem.example/in", "KEYDESK_WEBHOOK_SECRET": f"whsec_{'0' * 32}"}
GITHUB = {"GITHUB_TOKEN": "ghp_0123456789"}


async def told(settle: Settle, answer: Any, **settings: str) -> tuple[list[str], list[httpx.Request]]:
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if isinstance(answer, Exception):
            raise answer
        return httpx.Response(answer)

    out = io.StringIO()
    report = Report(out=out, secrets=[])
    transport = httpx.MockTransport(respond)
    await events.look(report, settle(**settings), proxies=Proxies(), transport=transport)
    return out.getvalue().splitlines(), seen


@pytest.mark.parametrize(
    ("settings", "answer", "line"),
    [
        (HOOK, 405, "ok    webhook: the server of KEYDESK_WEBHOOK_URL answers"),
        (HOOK, 502, "warn  webhook: the server of KEYDESK_WEBHOOK_URL answers with 502; events wait for a day"),
        (HOOK, httpx.ConnectError("no"), "warn  webhook: the server of KEYDESK_WEBHOOK_URL cannot be reached (ConnectError); look at KEYDESK_WEBHOOK_URL and the network; events wait for a day"),
        (GITHUB, 200, "ok    GitHub: https://api.github.com takes GITHUB_TOKEN"),
        (GITHUB, 401, "FAIL  GitHub: it does not take GITHUB_TOKEN; make a new one that reads secret scanning alerts"),
        (GITHUB, httpx.ConnectTimeout("no"), "warn  GitHub: https://api.github.com cannot be reached (ConnectTimeout); look at the network and the proxy"),
    ],
)  # fmt: skip
async def test_each_answer(world: World, settle: Settle, settings: dict[str, str], answer: Any, line: str) -> None:
    lines, seen = await told(settle, answer, **settings)
    assert line in lines
    assert {request.method for request in seen} <= {"OPTIONS", "GET"}
    assert all(not request.content for request in seen)


async def test_sources_say_where_they_are_reached(world: World, settle: Settle) -> None:
    lines, _ = await told(settle, 200)
    assert lines == [
        (
            "ok    alert sources: /alerts/alertmanager, /alerts/generic, /alerts/gitguardian, /alerts/github, /alerts/gitlab on the "
            "address that Slack calls"
        )
    ]
    lines, _ = await told(settle, 200, SLACK_APP_TOKEN=world.app_token)
    assert "on port 3000, which must be reached by https" in lines[0]
