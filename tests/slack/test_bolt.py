"""What Bolt answers for us: Slack's questions about the app itself."""

import json
from typing import Any

import pytest

from bot.slack.bolt import _bolt, answer_about_app
from bot.slack.payloads import MalformedPayload
from bot.slack.router import Router
from tests.slack import kit


async def test_slacks_own_questions_are_answered() -> None:
    slack = kit.Slack(Router())
    challenge = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
    assert (await slack.post(challenge, content_type="application/json")).json() == {"challenge": "abc"}
    assert (await slack.post(b"ssl_check=1&token=x")).status_code == 200


async def test_the_challenge_comes_back_and_the_certificate_check_gets_nothing() -> None:
    assert json.loads(await answer_about_app({"type": "url_verification", "challenge": "abc"})) == {"challenge": "abc"}
    assert await answer_about_app({"ssl_check": "1", "token": "x"}) == ""


async def test_a_token_in_the_environment_is_no_reason_to_warn(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-not-a-real-token")
    _bolt.cache_clear()
    await answer_about_app({"ssl_check": "1", "token": "x"})
    assert caplog.records == []


@pytest.mark.parametrize("body", [{}, {"type": "block_actions"}, {"type": "event_callback", "event": 5}])
async def test_what_is_no_question_about_the_app_is_malformed(body: dict[str, Any]) -> None:
    with pytest.raises(MalformedPayload):
        await answer_about_app(body)
