"""What a source says again, who may close an alert, and what is said while nobody could look."""

import functools
import json
from collections.abc import Sized

import httpx
import pytest
from pydantic import SecretStr

from bot.alerts import store
from bot.alerts.intake.github import GithubApi
from keydesk_sandbox import alerts, seed
from tests.scenarios.alerting import SAM, cards, learned, post, send
from tests.scenarios.desk import Desk, buttons_of, text_of, view_text

pytestmark = pytest.mark.thorough

ADA = seed.ENGINEER


def _went_on(desk: Desk, asked: Sized, before: int) -> bool:
    return len(asked) > before or bool(cards(desk, "could not be fetched"))


def github(action: str, text: str) -> bytes:
    body = json.loads(alerts.body_of("github", number=7, text=text))
    return json.dumps({**body, "action": action}).encode()


async def test_reopened_after_a_false_alarm_is_open_again_and_says_so(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    value = desk.gateway.key_value(desk.key("production").id)
    await post(desk, "github", github("created", value))
    card = (await desk.eventually(lambda: cards(desk, "production")))[0]
    await desk.slack.click(SAM, card, "false_alarm")
    await desk.eventually(lambda: cards(desk, "False alarm, says"))
    await post(desk, "github", github("created", value))
    await desk.eventually(lambda: cards(desk, "delivered 2 times"))
    assert cards(desk, "False alarm, says")
    await post(desk, "github", github("reopened", value))
    card = (await desk.eventually(lambda: cards(desk, "GitHub: reopened")))[0]
    assert "Leaked key" in text_of(card)
    assert {"disable", "false_alarm"} <= set(buttons_of(card))
    assert len(cards(desk)) == 1


async def test_another_kind_of_event_with_the_same_number_takes_nothing_from_a_leak(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    value = desk.gateway.key_value(desk.key("production").id)
    dependabot = {
        "action": "created",
        "alert": {"number": 42, "html_url": "https://github.com/lighthouse/search/security/dependabot/42"},
        "repository": {"full_name": "lighthouse/search"},
    }
    answer = await post(desk, "github", json.dumps(dependabot).encode(), headers={"X-GitHub-Event": "dependabot_alert"})
    assert (answer.status_code, answer.json()) == (200, {"id": None})
    leak = alerts.body_of("github", number=42, text=value)
    assert (await post(desk, "github", leak)).status_code == 202
    card = (await desk.eventually(lambda: cards(desk, "production")))[0]
    assert "https://github.com/lighthouse/search/security/secret-scanning/42" in text_of(card)
    assert "dependabot" not in text_of(card)
    assert len(cards(desk)) == 1
    (alert,) = await desk.app.database.read(store.recent)
    assert (alert.their_id, alert.deliveries) == ("secret_scanning_alert:lighthouse/search#42", 1)
    for kind in ("dependabot_alert", "code_scanning_alert", "repository_vulnerability_alert", "push", ""):
        await post(desk, "github", leak, headers={"X-GitHub-Event": kind})
    (alert,) = await desk.app.database.read(store.recent)
    assert alert.deliveries == 1


async def test_an_owner_does_not_close_the_alert_about_the_own_key(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    record = await desk.own(ADA, desk.key("production"))
    message = await desk.slack.post_as_app(seed.KEYS_CHANNEL, f"oops: {desk.gateway.key_value(record.id)}")
    await desk.slack.shortcut(ADA, "disable_leaked_key", seed.KEYS_CHANNEL, message.ts)
    await desk.eventually(lambda: "production" in view_text(desk.slack.top_view(ADA)))
    await desk.slack.click(ADA, desk.slack.top_view(ADA), "false_alarm")
    await desk.eventually(lambda: "somebody else has to say" in view_text(desk.slack.top_view(ADA)))
    assert not cards(desk, "False alarm, says")


async def test_a_rotation_says_how_long_the_leaked_key_lives_and_can_be_cut_short(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    record = await desk.own(ADA, desk.key("production"))
    await send(desk, "generic", desk.gateway.key_value(record.id))
    card = (await desk.eventually(lambda: cards(desk, "production")))[0]
    await desk.slack.click(SAM, card, "rotate")
    await desk.eventually(lambda: "rotate" in str(desk.slack.top_view(SAM).body.get("blocks")))
    await desk.slack.click(SAM, desk.slack.top_view(SAM), "rotate")
    card = (await desk.eventually(lambda: cards(desk, "The leaked key still works")))[0]
    assert "at the latest" in text_of(card)
    assert desk.gateway.key(record.id).status == 1
    await desk.slack.click(SAM, card, "disable")
    await desk.eventually(lambda: desk.gateway.key(record.id).status == 2)
    await desk.eventually(lambda: cards(desk, "dead"))


async def test_what_could_not_be_looked_up_is_said_so_and_corrected(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    late = desk.gateway.add_key(name="late", unlimited_quota=True)
    desk.gateway.arm("refused", times=None)
    await send(desk, "generic", desk.gateway.key_value(late.id))
    card = (await desk.eventually(lambda: cards(desk, "not looked up yet")))[0]
    assert "no key of this account" not in text_of(card)
    message = await desk.slack.post_as_app(seed.SECURITY_CHANNEL, f"look: {desk.gateway.key_value(late.id)}")
    await desk.slack.shortcut(SAM, "disable_leaked_key", seed.SECURITY_CHANNEL, message.ts)
    await desk.eventually(lambda: "could not be looked up yet" in view_text(desk.slack.top_view(SAM)))
    # That the index has learned some other key is no look for this one.
    await desk.app.alerts._grown()
    waiting = await desk.app.database.read(store.with_unknown, since=0.0)
    assert len(waiting) == 2
    assert all(alert.awaits_lookup for alert in waiting)
    desk.gateway.disarm()
    await desk.eventually(lambda: cards(desk, "late"))
    await desk.eventually(lambda: "late" in view_text(desk.slack.top_view(SAM)))


async def test_a_key_enabled_in_the_console_is_open_again_when_its_alert_is_delivered_again(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    record = desk.key("production")
    value = desk.gateway.key_value(record.id)
    await send(desk, "generic", value)
    card = (await desk.eventually(lambda: cards(desk, "production")))[0]
    await desk.slack.click(SAM, card, "disable")
    await desk.eventually(lambda: cards(desk, "dead"))
    desk.gateway.edit_behind(record.id, status=1)
    await desk.pass_time(5)
    await send(desk, "generic", value)
    card = (await desk.eventually(lambda: cards(desk, "enabled again")))[0]
    assert "disable" in buttons_of(card)


async def test_a_github_secret_that_is_not_there_yet_is_asked_for_again_then_said_loudly(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    asked: list[httpx.Request] = []
    answers = [404]

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        value = desk.gateway.key_value(desk.key("production").id)
        return httpx.Response(answers[-1], json={"number": 7, "secret": value} if answers[-1] == 200 else {})

    desk.app.alerts.triage.github = GithubApi(token=SecretStr("test"), transport=httpx.MockTransport(answer))
    await post(desk, "github", github("created", ""))
    await desk.eventually(lambda: cards(desk, "not looked up yet"))
    first = len(asked)
    await desk.pass_time(30)
    await desk.eventually(lambda: len(asked) > first)
    for _ in range(40):
        if cards(desk, "could not be fetched"):
            break
        before = len(asked)
        await desk.pass_time(100)
        await desk.eventually(functools.partial(_went_on, desk, asked, before))
    assert cards(desk, "could not be fetched")
    answers.append(200)
    await post(desk, "github", github("created", ""))
    await desk.eventually(lambda: cards(desk, "production"))


async def test_a_key_pasted_before_the_index_knows_it_is_answered_when_it_does(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    late = desk.gateway.add_key(name="late", unlimited_quota=True)
    await desk.slack.say(ADA, seed.KEYS_CHANNEL, f"use {desk.gateway.key_value(late.id)} for now")
    assert not cards(desk)
    desk.app.alerts.changed()
    await desk.eventually(lambda: cards(desk, "late"))
    await desk.eventually(lambda: [m for m in desk.messages(seed.KEYS_CHANNEL) if m.thread_ts and "late" in text_of(m)])
