"""conversations.*: open, describe, read, list."""

from collections.abc import Callable
from typing import Any

import pytest

from keydesk_sandbox.fake_slack import SlackMessage
from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import SCOPES, Caller, MakeSlack
from tests.narrow import expect


@pytest.fixture
def wide(make_slack: MakeSlack) -> tuple[Any, ...]:
    slack = make_slack(manifest={"scopes": [*SCOPES, "mpim:write", "mpim:read", "mpim:history"]})
    return slack, Caller(slack)


async def test_a_group_dm_is_opened_once(wide: tuple[Any, ...]) -> None:
    slack, api = wide
    opened = await api.ok("conversations.open", users="U1ALICE,U2BOB", return_im=True)
    assert opened["channel"]["is_mpim"] is True
    again = await api.ok("conversations.open", users="U2BOB,U1ALICE")
    assert again["channel"]["id"] == opened["channel"]["id"]
    assert again["no_op"]
    await slack.say("U1ALICE", opened["channel"]["id"], "hello")
    assert (await api.ok("conversations.list", types="mpim"))["channels"][0]["num_members"] == 3


async def test_a_dm_is_described_and_opened_again_by_its_id(api: Caller) -> None:
    opened = await api.ok("conversations.open", users="U1ALICE", return_im=True)
    channel = opened["channel"]["id"]
    assert (await api.ok("conversations.info", channel=channel))["channel"]["user"] == "U1ALICE"
    assert (await api.ok("conversations.open", channel=channel))["already_open"]
    assert (await api.ok("conversations.list", types="im"))["channels"][0]["id"] == channel


@pytest.mark.parametrize(
    ("users", "code"),
    [
        ("U404", "user_not_found"),
        ("U8BOT", "cannot_dm_bot"),
        ("U6STRANGER", "user_not_visible"),
        (",".join(["U1ALICE"] * 9), "too_many_users"),
    ],
)
async def test_who_cannot_be_written_to(api: Caller, users: str, code: str) -> None:
    assert await api.refused("conversations.open", users=users) == code


async def test_a_private_channel_does_not_exist_for_an_app_outside_it(slack: FakeSlack, api: Caller) -> None:
    for method in ("conversations.info", "conversations.members", "conversations.history"):
        assert await api.refused(method, channel="G3SECRET") == "channel_not_found"
    await slack.changes.join("U0KEYDESK", "G3SECRET")
    assert (await api.ok("conversations.info", channel="G3SECRET"))["channel"]["is_private"]
    assert await api.refused("conversations.list", types="secret_channel") == "invalid_types"
    names = [channel["name"] for channel in (await api.ok("conversations.list", types="private_channel"))["channels"]]
    assert names == ["secret"]


async def test_replies_need_a_first_message_in_a_channel_the_app_is_in(slack: FakeSlack, api: Caller) -> None:
    assert await api.refused("conversations.replies", channel="C1GENERAL", ts="1.1") == "thread_not_found"
    assert await api.refused("conversations.replies", channel="C2NOBOT", ts="1.1") == "not_in_channel"
    first = await slack.say("U1ALICE", "C1GENERAL", "one")
    await slack.say("U1ALICE", "C1GENERAL", "two", thread_ts=expect(SlackMessage, first).ts)
    page = await api.ok("conversations.replies", channel="C1GENERAL", ts=expect(SlackMessage, first).ts, limit=1)
    assert page["has_more"]
    assert await api.refused("conversations.history", channel="C1GENERAL", oldest="yesterday") == "invalid_ts_latest"


async def test_a_cursor_of_another_list_is_invalid(slack: FakeSlack, api: Caller) -> None:
    for n in range(3):
        await slack.say("U1ALICE", "C1GENERAL", str(n))
    page = await api.ok("conversations.history", channel="C1GENERAL", limit=2)
    cursor = page["response_metadata"]["next_cursor"]
    assert await api.refused("conversations.members", channel="C2NOBOT", cursor=cursor) == "invalid_cursor"


async def test_members_come_in_pages(api: Caller) -> None:
    page = await api.ok("conversations.members", channel="C1GENERAL", limit=4)
    assert page["members"] == ["U1ALICE", "U2BOB", "U3GUEST", "W9ORG"]
    rest = await api.ok(
        "conversations.members", channel="C1GENERAL", cursor=page["response_metadata"]["next_cursor"], limit=4
    )
    assert rest["members"] == ["U0KEYDESK"]


async def test_history_is_newest_first_in_pages_without_replies(api: Caller, post: Callable[..., Any]) -> None:
    first = (await post(text="one"))["ts"]
    await post(text="reply", thread_ts=first)
    await post(text="two")
    page = await api.ok("conversations.history", channel="C1GENERAL", limit=1)
    assert [message["text"] for message in page["messages"]] == ["two"]
    cursor = page["response_metadata"]["next_cursor"]
    rest = await api.ok("conversations.history", channel="C1GENERAL", limit=1, cursor=cursor)
    assert [message["text"] for message in rest["messages"]] == ["one"]
    assert rest["has_more"] is False
    replies = await api.ok("conversations.replies", channel="C1GENERAL", ts=first)
    assert [message["text"] for message in replies["messages"]] == ["one", "reply"]
    assert replies["messages"][0]["reply_count"] == 1
    assert await api.refused("conversations.history", channel="C1GENERAL", cursor="junk") == "invalid_cursor"


async def test_history_is_bounded_by_oldest_and_latest(api: Caller, post: Callable[..., Any]) -> None:
    stamps = [(await post(text=str(n)))["ts"] for n in range(3)]
    inside = await api.ok("conversations.history", channel="C1GENERAL", oldest=stamps[0], latest=stamps[2])
    assert [message["text"] for message in inside["messages"]] == ["1"]
    whole = await api.ok(
        "conversations.history", channel="C1GENERAL", oldest=stamps[0], latest=stamps[2], inclusive=True
    )
    assert len(whole["messages"]) == 3


async def test_conversations_are_opened_and_described(api: Caller) -> None:
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
