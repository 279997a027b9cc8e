import dataclasses
import logging
from typing import Any

import pytest
from pydantic import SecretStr

from bot.slack.errors import (
    SlackRefused,
    SlackUnavailable,
    TriggerExpired,
    TriggerUsed,
    ViewChanged,
    ViewClosed,
    refused,
)
from bot.slack.web_client import SlackWebClient
from keydesk_sandbox.fake_slack import FakeSlack
from keydesk_sandbox.fake_slack.limits import FaultKind

POST: dict[str, Any] = {"channel": "C1GENERAL", "text": "hi"}


async def test_what_slack_says_is_returned(web: SlackWebClient, fake: FakeSlack) -> None:
    answer = await web.write("chat.postMessage", **POST)
    assert answer["ts"] == fake.messages("C1GENERAL")[-1].ts
    assert (await web.read("users.info", user="U1ALICE", include_locale=None))["user"]["name"] == "alice"


async def test_a_refusal_carries_slacks_word(web: SlackWebClient) -> None:
    with pytest.raises(SlackRefused) as caught:
        await web.write("chat.postMessage", channel="C404", text="hi")
    assert (caught.value.method, caught.value.code) == ("chat.postMessage", "channel_not_found")


async def test_a_missing_scope_is_named(web: SlackWebClient, fake: FakeSlack) -> None:
    fake.core.app = dataclasses.replace(fake.core.app, scopes=("commands",))
    with pytest.raises(SlackRefused) as caught:
        await web.read("users.info", user="U1ALICE")
    assert (caught.value.code, caught.value.needed) == ("missing_scope", "users:read")


async def test_slacks_complaints_about_blocks_go_to_the_log(
    web: SlackWebClient, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(SlackRefused, match="invalid_blocks"):
        await web.write("chat.postMessage", channel="C1GENERAL", text="x", blocks=[{"type": "section"}])
    assert "/blocks/0" in caplog.text


async def test_a_write_is_sent_once_and_may_have_arrived(web: SlackWebClient, fake: FakeSlack) -> None:
    fake.faults.add("chat.postMessage", "lost_answer")
    with pytest.raises(SlackUnavailable) as caught:
        await web.write("chat.postMessage", **POST)
    assert caught.value.unsure
    assert len(fake.messages("C1GENERAL")) == 1


@pytest.mark.parametrize("fault", ["error_500", "error_500_after"])
async def test_a_server_error_is_unsure(web: SlackWebClient, fake: FakeSlack, fault: FaultKind) -> None:
    fake.faults.add("chat.postMessage", fault)
    with pytest.raises(SlackUnavailable) as caught:
        await web.write("chat.postMessage", **POST)
    assert caught.value.unsure


async def test_nothing_was_sent_when_nobody_listens() -> None:
    web = SlackWebClient(token=SecretStr("xoxb-none"), api_url="http://127.0.0.1:1/api/")
    with pytest.raises(SlackUnavailable) as caught:
        await web.write("chat.postMessage", **POST)
    assert not caught.value.unsure
    with pytest.raises(SlackUnavailable):
        await web.respond("http://127.0.0.1:1/r", {"text": "hi"})
    await web.close()
    await web.close()


async def test_a_slow_slack_is_given_up(fake: FakeSlack) -> None:
    web = SlackWebClient(token=SecretStr("xoxb-none"), api_url=fake.api_url, timeout=0.05)
    fake.faults.add("chat.postMessage", "delay", delay=0.3)
    with pytest.raises(SlackUnavailable) as caught:
        await web.write("chat.postMessage", **POST)
    assert caught.value.unsure
    await web.close()


async def test_a_read_is_tried_twice(web: SlackWebClient, fake: FakeSlack) -> None:
    fake.faults.add("users.info", "reset")
    assert (await web.read("users.info", user="U1ALICE"))["ok"]
    fake.faults.add("users.info", "reset", times=2)
    with pytest.raises(SlackUnavailable):
        await web.read("users.info", user="U1ALICE")


async def test_a_short_limit_is_waited_out_only_where_somebody_waits(
    web: SlackWebClient, fake: FakeSlack, naps: list[float]
) -> None:
    fake.limits.force("chat.postMessage", retry_after=2)
    await web.write("chat.postMessage", interactive=True, **POST)
    assert naps == [2.0]
    fake.limits.force("chat.postMessage", retry_after=2)
    with pytest.raises(SlackUnavailable) as caught:
        await web.write("chat.postMessage", **POST)
    assert (caught.value.retry_after, caught.value.unsure) == (2.0, False)
    fake.limits.force("chat.postMessage", retry_after=30)
    with pytest.raises(SlackUnavailable):
        await web.write("chat.postMessage", interactive=True, **POST)
    assert naps == [2.0]


async def test_a_response_url_takes_five_answers(web: SlackWebClient, fake: FakeSlack) -> None:
    url = f"{fake.base_url}/response/{fake.response_urls.issue(channel='C1GENERAL', user_id='U1ALICE')}"
    for _ in range(5):
        await web.respond(url, {"text": "hi"})
    with pytest.raises(SlackRefused) as caught:
        await web.respond(url, {"text": "hi"})
    assert caught.value.code.startswith("http_4")
    assert len(fake.messages("C1GENERAL", viewer="U1ALICE")) == 5


@pytest.mark.parametrize(
    ("method", "code", "kind"),
    [
        ("views.open", "expired_trigger_id", TriggerExpired),
        ("views.push", "exchanged_trigger_id", TriggerUsed),
        ("views.open", "invalid_trigger_id", TriggerExpired),
        ("views.update", "hash_conflict", ViewChanged),
        ("views.update", "not_found", ViewClosed),
        ("chat.update", "not_found", SlackRefused),
    ],
)
def test_words_of_slack_have_their_own_errors(method: str, code: str, kind: type[Exception]) -> None:
    assert type(refused(method, code)) is kind


async def test_the_sdk_never_prints_requests(web: SlackWebClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await web.write("chat.postMessage", channel="C1GENERAL", text="top secret")
    assert "top secret" not in caplog.text
    assert "xoxb" not in caplog.text


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/collect",
        "http://hooks.slack.com/actions/1",
        "https://hooks.slack.com.evil.example/",
        "https://slack.com@evil.example/",
        "https://evilslack.com/",
        "file:///etc/passwd",
        "http://[::1",
        "",
    ],
)
async def test_another_host_than_slacks_gets_no_answer(web: SlackWebClient, url: str) -> None:
    with pytest.raises(SlackRefused) as caught:
        await web.respond(url, {"text": "x"})
    assert caught.value.code == "foreign_host"
