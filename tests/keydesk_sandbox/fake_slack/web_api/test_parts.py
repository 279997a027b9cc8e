"""What many methods ask first: scopes, and whether a channel can be written to."""

from collections.abc import Callable
from typing import Any

import pytest

from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import (
    Caller,
    MakeSlack,
)


@pytest.mark.parametrize(
    ("channel", "code"),
    [
        ("C404", "channel_not_found"),
        ("C2NOBOT", "not_in_channel"),
        ("G3SECRET", "channel_not_found"),
        ("C5OLD", "is_archived"),
        ("U7GONE", "user_disabled"),
        ("U8BOT", "cannot_dm_bot"),
        ("U6STRANGER", "user_not_visible"),
    ],
)
async def test_where_the_app_may_not_write(api: Caller, channel: str, code: str) -> None:
    assert await api.refused("chat.postMessage", channel=channel, text="x") == code


async def test_public_scope_reaches_channels_not_joined(make_slack: MakeSlack) -> None:
    api = Caller(make_slack(manifest={"scopes": ["chat:write", "chat:write.public"]}))
    await api.ok("chat.postMessage", channel="#nobot", text="x")


async def test_a_person_as_channel_is_their_dm(slack: FakeSlack, post: Callable[..., Any]) -> None:
    answer = await post("U1ALICE")
    assert answer["channel"].startswith("D")
    assert slack.dm("U1ALICE")[-1].text == "hello"


async def test_the_dm_is_closed_when_the_messages_tab_is_off(make_slack: MakeSlack) -> None:
    api = Caller(make_slack(manifest={"messages_tab": False}))
    assert await api.refused("chat.postMessage", channel="U1ALICE", text="x") == "messages_tab_disabled"


async def test_a_missing_scope_names_what_is_needed_and_what_is_there(make_slack: MakeSlack) -> None:
    api = Caller(make_slack(manifest={"scopes": ["commands"]}))
    answer = await api("chat.postMessage", channel="C1GENERAL", text="x")
    assert (answer["error"], answer["needed"], answer["provided"]) == ("missing_scope", "chat:write", "commands")


async def test_the_scope_for_a_private_channel_is_another(make_slack: MakeSlack) -> None:
    slack = make_slack(manifest={"scopes": ["channels:read"]})
    slack.workspace.channels["G3SECRET"].members.append("U0KEYDESK")
    api = Caller(slack)
    await api.ok("conversations.info", channel="C1GENERAL")
    assert await api.refused("conversations.info", channel="G3SECRET") == "missing_scope"
