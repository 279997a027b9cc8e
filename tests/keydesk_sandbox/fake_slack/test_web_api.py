"""G12, G14, G17-G19, G22: tokens, scopes, limits, faults, the ways to send arguments, people and groups."""

import pytest

from keydesk_sandbox.fake_slack import COVERAGE
from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import APP_TOKEN, BOT_TOKEN, SCOPES, Caller, Clock
from tests.narrow import present


async def test_an_unknown_method_is_unknown(api: Caller) -> None:
    assert await api.refused("chat.invent") == "unknown_method"
    assert "chat.invent" not in COVERAGE


async def test_every_covered_method_is_there(api: Caller) -> None:
    for method in COVERAGE:
        assert (await api(method)).get("error") != "unknown_method"


async def test_tokens_are_judged(slack: FakeSlack, api: Caller) -> None:
    assert await api.refused("auth.test", token="") == "not_authed"
    assert await api.refused("auth.test", token="xoxb-other") == "invalid_auth"
    assert await api.refused("auth.test", token=APP_TOKEN) == "not_allowed_token_type"
    assert await api.refused("apps.connections.open") == "not_allowed_token_type"
    for state in ("token_revoked", "account_inactive"):
        slack.switches.token = state
        assert await api.refused("auth.test") == state


async def test_scopes_stand_in_a_header(api: Caller) -> None:
    answer = await api.raw("auth.test")
    assert answer.headers["x-oauth-scopes"].split(",") == SCOPES


@pytest.mark.parametrize("way", ["query", "form", "json", "get"])
async def test_arguments_and_token_come_in_every_form(api: Caller, way: str) -> None:
    arguments = {"user": "U1ALICE", "token": BOT_TOKEN}
    if way == "get":
        answer = await api.http.get("/api/users.info", params=arguments)
    elif way == "query":
        answer = await api.http.post("/api/users.info", params=arguments)
    elif way == "form":
        answer = await api.http.post("/api/users.info", data=arguments)
    else:
        answer = await api.http.post("/api/users.info", json=arguments)
    assert answer.json()["user"]["id"] == "U1ALICE"


async def test_blocks_in_a_form_are_json_text(slack: FakeSlack, api: Caller) -> None:
    form = {"channel": "C1GENERAL", "blocks": '[{"type":"divider"}]', "token": BOT_TOKEN}
    assert (await api.http.post("/api/chat.postMessage", data=form)).json()["ok"]
    assert slack.messages("C1GENERAL")[-1].blocks[0]["type"] == "divider"


async def test_a_body_that_is_no_json_object_is_refused(api: Caller) -> None:
    headers = {"content-type": "application/json", "authorization": f"Bearer {BOT_TOKEN}"}
    for body, code in ((b"{", "invalid_json"), (b"[]", "json_not_object")):
        answer = await api.http.post("/api/auth.test", content=body, headers=headers)
        assert answer.json()["error"] == code


async def test_every_call_is_logged_with_the_token_masked(slack: FakeSlack, api: Caller) -> None:
    await api.ok("users.info", user="U1ALICE")
    call = slack.calls[-1]
    assert (call.method, call.arguments, call.status) == ("users.info", {"user": "U1ALICE"}, 200)
    assert present(call.answer)["ok"]
    assert BOT_TOKEN not in repr(slack.calls)


async def test_limits_are_per_method_and_minute(slack: FakeSlack, api: Caller, clock: Clock) -> None:
    slack.limits.per_minute["users.info"] = 2
    for _ in range(2):
        await api.ok("users.info", user="U1ALICE")
    limited = await api.raw("users.info", user="U1ALICE")
    assert (limited.status_code, limited.json()["error"]) == (429, "ratelimited")
    assert int(limited.headers["retry-after"]) > 0
    await api.ok("auth.test")
    clock.now += 61
    await api.ok("users.info", user="U1ALICE")


async def test_messages_are_one_per_second_and_channel_after_a_burst(
    slack: FakeSlack, api: Caller, clock: Clock
) -> None:
    slack.limits.post_burst = 2
    for _ in range(2):
        await api.ok("chat.postMessage", channel="C1GENERAL", text="x")
    assert await api.refused("chat.postMessage", channel="C1GENERAL", text="x") == "ratelimited"
    await api.ok("chat.postMessage", channel="U1ALICE", text="x")
    clock.now += 1
    await api.ok("chat.postMessage", channel="C1GENERAL", text="x")


async def test_a_429_can_be_forced_and_limits_switched_off(slack: FakeSlack, api: Caller) -> None:
    slack.limits.force("auth.test", times=2, retry_after=7)
    for _ in range(2):
        answer = await api.raw("auth.test")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    await api.ok("auth.test")
    slack.limits.enforced = False
    slack.limits.per_minute["auth.test"] = 0
    await api.ok("auth.test")


async def test_a_500_comes_before_or_after_the_effect(slack: FakeSlack, api: Caller) -> None:
    slack.faults.add("chat.postMessage", "error_500")
    assert (await api.raw("chat.postMessage", channel="C1GENERAL", text="x")).status_code == 500
    assert slack.messages("C1GENERAL") == []
    slack.faults.add("chat.postMessage", "error_500_after", skip=1)
    await api.ok("chat.postMessage", channel="C1GENERAL", text="x")
    assert (await api.raw("chat.postMessage", channel="C1GENERAL", text="x")).status_code == 500
    assert len(slack.messages("C1GENERAL")) == 2


async def test_a_fault_can_refuse_in_slacks_words(slack: FakeSlack, api: Caller) -> None:
    slack.faults.add("chat.postMessage", "refuse", code="restricted_action")
    answer = await api.raw("chat.postMessage", channel="C1GENERAL", text="x")
    assert answer.json() == {"ok": False, "error": "restricted_action"}
    assert slack.messages("C1GENERAL") == []


async def test_a_fault_can_delay_any_method(slack: FakeSlack, api: Caller) -> None:
    slack.faults.add("*", "delay", delay=0.001)
    await api.ok("auth.test")
    assert slack.faults.armed == []


async def test_slack_can_be_down(slack: FakeSlack, api: Caller) -> None:
    slack.switches.down = "503"
    assert (await api.raw("auth.test")).status_code == 503
