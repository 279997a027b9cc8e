"""G12, G14, G17-G19, G22: tokens, scopes, limits, faults, the ways to send arguments, people and groups."""

import pytest

from keydesk_sandbox.fake_slack import COVERAGE
from tests.keydesk_sandbox.fake_slack.kit import APP_TOKEN, BOT_TOKEN, SCOPES, Caller


async def test_an_unknown_method_is_unknown(api):
    assert await api.refused("chat.invent") == "unknown_method"
    assert "chat.invent" not in COVERAGE


async def test_every_covered_method_is_there(api):
    for method in COVERAGE:
        assert (await api(method)).get("error") != "unknown_method"


async def test_tokens_are_judged(slack, api):
    assert await api.refused("auth.test", token="") == "not_authed"
    assert await api.refused("auth.test", token="xoxb-other") == "invalid_auth"
    assert await api.refused("auth.test", token=APP_TOKEN) == "not_allowed_token_type"
    assert await api.refused("apps.connections.open") == "not_allowed_token_type"
    for state in ("token_revoked", "account_inactive"):
        slack.switches.token = state
        assert await api.refused("auth.test") == state


async def test_a_missing_scope_names_what_is_needed_and_what_is_there(make_slack):
    api = Caller(make_slack(manifest={"scopes": ["commands"]}))
    answer = await api("chat.postMessage", channel="C1GENERAL", text="x")
    assert (answer["error"], answer["needed"], answer["provided"]) == ("missing_scope", "chat:write", "commands")


async def test_scopes_stand_in_a_header(api):
    answer = await api.raw("auth.test")
    assert answer.headers["x-oauth-scopes"].split(",") == SCOPES


async def test_the_scope_for_a_private_channel_is_another(make_slack):
    slack = make_slack(manifest={"scopes": ["channels:read"]})
    slack.workspace.channels["G3SECRET"].members.append("U0KEYDESK")
    api = Caller(slack)
    await api.ok("conversations.info", channel="C1GENERAL")
    assert await api.refused("conversations.info", channel="G3SECRET") == "missing_scope"


@pytest.mark.parametrize("way", ["query", "form", "json", "get"])
async def test_arguments_and_token_come_in_every_form(api, way):
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


async def test_blocks_in_a_form_are_json_text(slack, api):
    form = {"channel": "C1GENERAL", "blocks": '[{"type":"divider"}]', "token": BOT_TOKEN}
    assert (await api.http.post("/api/chat.postMessage", data=form)).json()["ok"]
    assert slack.messages("C1GENERAL")[-1].blocks[0]["type"] == "divider"


async def test_a_body_that_is_no_json_object_is_refused(api):
    headers = {"content-type": "application/json", "authorization": f"Bearer {BOT_TOKEN}"}
    for body, code in ((b"{", "invalid_json"), (b"[]", "json_not_object")):
        answer = await api.http.post("/api/auth.test", content=body, headers=headers)
        assert answer.json()["error"] == code


async def test_every_call_is_logged_with_the_token_masked(slack, api):
    await api.ok("users.info", user="U1ALICE")
    call = slack.calls[-1]
    assert (call.method, call.arguments, call.status) == ("users.info", {"user": "U1ALICE"}, 200)
    assert call.answer["ok"]
    assert BOT_TOKEN not in repr(slack.calls)


async def test_limits_are_per_method_and_minute(slack, api, clock):
    slack.limits.per_minute["users.info"] = 2
    for _ in range(2):
        await api.ok("users.info", user="U1ALICE")
    limited = await api.raw("users.info", user="U1ALICE")
    assert (limited.status_code, limited.json()["error"]) == (429, "ratelimited")
    assert int(limited.headers["retry-after"]) > 0
    await api.ok("auth.test")
    clock.now += 61
    await api.ok("users.info", user="U1ALICE")


async def test_messages_are_one_per_second_and_channel_after_a_burst(slack, api, clock):
    slack.limits.post_burst = 2
    for _ in range(2):
        await api.ok("chat.postMessage", channel="C1GENERAL", text="x")
    assert await api.refused("chat.postMessage", channel="C1GENERAL", text="x") == "ratelimited"
    await api.ok("chat.postMessage", channel="U1ALICE", text="x")
    clock.now += 1
    await api.ok("chat.postMessage", channel="C1GENERAL", text="x")


async def test_a_429_can_be_forced_and_limits_switched_off(slack, api):
    slack.limits.force("auth.test", times=2, retry_after=7)
    for _ in range(2):
        answer = await api.raw("auth.test")
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    await api.ok("auth.test")
    slack.limits.enforced = False
    slack.limits.per_minute["auth.test"] = 0
    await api.ok("auth.test")


async def test_a_500_comes_before_or_after_the_effect(slack, api):
    slack.faults.add("chat.postMessage", "error_500")
    assert (await api.raw("chat.postMessage", channel="C1GENERAL", text="x")).status_code == 500
    assert slack.messages("C1GENERAL") == []
    slack.faults.add("chat.postMessage", "error_500_after", skip=1)
    await api.ok("chat.postMessage", channel="C1GENERAL", text="x")
    assert (await api.raw("chat.postMessage", channel="C1GENERAL", text="x")).status_code == 500
    assert len(slack.messages("C1GENERAL")) == 2


async def test_a_fault_can_refuse_in_slacks_words(slack, api):
    slack.faults.add("chat.postMessage", "refuse", code="restricted_action")
    answer = await api.raw("chat.postMessage", channel="C1GENERAL", text="x")
    assert answer.json() == {"ok": False, "error": "restricted_action"}
    assert slack.messages("C1GENERAL") == []


async def test_a_fault_can_delay_any_method(slack, api):
    slack.faults.add("*", "delay", delay=0.001)
    await api.ok("auth.test")
    assert slack.faults.armed == []


async def test_slack_can_be_down(slack, api):
    slack.switches.down = "503"
    assert (await api.raw("auth.test")).status_code == 503


@pytest.mark.parametrize(
    ("user", "flags"),
    [
        ("U1ALICE", {"deleted": False, "is_bot": False, "is_restricted": False, "is_admin": False}),
        ("U2BOB", {"is_admin": True}),
        ("U3GUEST", {"is_restricted": True, "is_ultra_restricted": False}),
        ("U4SINGLE", {"is_restricted": True, "is_ultra_restricted": True}),
        ("U5OUT", {"team_id": "T0OTHER", "is_stranger": False}),
        ("U6STRANGER", {"team_id": "T0OTHER", "is_stranger": True}),
        ("U7GONE", {"deleted": True}),
        ("U8BOT", {"is_bot": True}),
        ("W9ORG", {"id": "W9ORG"}),
    ],
)
async def test_every_kind_of_person_has_its_flags(api, user, flags):
    wire = (await api.ok("users.info", user=user))["user"]
    assert {name: wire[name] for name in flags} == flags


async def test_locale_comes_when_asked_and_never_for_outsiders(api):
    assert "locale" not in (await api.ok("users.info", user="U1ALICE"))["user"]
    assert (await api.ok("users.info", user="U1ALICE", include_locale=True))["user"]["locale"] == "de-DE"
    assert "locale" not in (await api.ok("users.info", user="U5OUT", include_locale="true"))["user"]


async def test_the_address_comes_with_its_scope_only(api, make_slack):
    assert (await api.ok("users.info", user="U1ALICE"))["user"]["profile"]["email"] == "alice@example.com"
    blind = Caller(make_slack(manifest={"scopes": ["users:read"]}))
    assert "email" not in (await blind.ok("users.info", user="U1ALICE"))["user"]["profile"]


async def test_people_are_found_by_address_or_not(api):
    assert (await api.ok("users.lookupByEmail", email="Alice@example.com"))["user"]["id"] == "U1ALICE"
    assert await api.refused("users.lookupByEmail", email="gil@example.com") == "users_not_found"
    assert await api.refused("users.info", user="U404") == "user_not_found"


async def test_lists_come_in_pages(api):
    seen, cursor = [], ""
    for _ in range(10):
        page = await api.ok("users.list", limit=3, cursor=cursor)
        seen += [person["id"] for person in page["members"]]
        cursor = page["response_metadata"]["next_cursor"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 9
    assert await api.refused("users.list", limit="many") == "invalid_limit"


async def test_user_groups_are_read(slack, api):
    listed = (await api.ok("usergroups.list", include_users=True, include_count=True))["usergroups"][0]
    assert (listed["users"], listed["user_count"]) == (["U1ALICE", "U2BOB"], 2)
    assert "users" not in (await api.ok("usergroups.list"))["usergroups"][0]
    assert (await api.ok("usergroups.users.list", usergroup="S1ENG"))["users"] == ["U1ALICE", "U2BOB"]
    assert await api.refused("usergroups.users.list", usergroup="S404") == "no_such_subteam"
    await slack.changes.disable_group("S1ENG")
    assert (await api.ok("usergroups.list"))["usergroups"] == []
    assert await api.refused("usergroups.users.list", usergroup="S1ENG") == "no_such_subteam"
    slack.switches.plan = "free"
    assert await api.refused("usergroups.list") == "plan_upgrade_required"


async def test_conversations_are_opened_and_described(api):
    opened = await api.ok("conversations.open", users="U1ALICE")
    again = await api.ok("conversations.open", users="U1ALICE")
    assert again["channel"]["id"] == opened["channel"]["id"]
    assert again["already_open"]
    assert await api.refused("conversations.open") == "users_list_not_supplied"
    assert await api.refused("conversations.open", users="U7GONE") == "user_disabled"
    assert await api.refused("conversations.open", users="U1ALICE,U2BOB") == "missing_scope"
    shared = (await api.ok("conversations.info", channel="C4SHARED"))["channel"]
    assert (shared["is_ext_shared"], shared["is_private"], shared["is_member"]) == (True, False, True)
    assert (await api.ok("conversations.members", channel="C4SHARED"))["members"] == ["U1ALICE", "U5OUT", "U0KEYDESK"]
    assert await api.refused("conversations.history", channel="C2NOBOT") == "not_in_channel"
    names = [channel["name"] for channel in (await api.ok("conversations.list", exclude_archived=True))["channels"]]
    assert names == ["general", "nobot", "shared"]


async def test_the_app_is_described(api):
    assert (await api.ok("auth.test"))["user_id"] == "U0KEYDESK"
    assert (await api.ok("bots.info", bot="B0KEYDESK"))["bot"]["app_id"] == "A0KEYDESK"
    assert await api.refused("bots.info", bot="B1") == "bot_not_found"
    assert await api.refused("api.test", error="my_error") == "my_error"
    assert (await api.ok("api.test", foo="bar"))["args"] == {"foo": "bar"}
