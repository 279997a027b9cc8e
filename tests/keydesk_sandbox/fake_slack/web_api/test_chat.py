"""chat.*: post, update, delete, tell one person alone, link."""

from collections.abc import Callable
from typing import Any

import pytest

from keydesk_sandbox.fake_slack import SlackMessage
from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import Caller, actions, button, section
from tests.narrow import expect


async def test_bad_blocks_are_listed_twice(api: Caller) -> None:
    answer = await api("chat.postMessage", channel="C1GENERAL", text="t", blocks=[section("x" * 3001)])
    problem = "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"
    assert answer == {
        "ok": False,
        "error": "invalid_blocks",
        "errors": [problem],
        "response_metadata": {"messages": [f"[ERROR] {problem}"]},
    }


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"blocks": "not json"}, "invalid_blocks_format"),
        ({"blocks": {"type": "section"}}, "invalid_blocks_format"),
        ({"attachments": [{"invented": 1}]}, "invalid_attachments"),
        ({"attachments": [{"blocks": [{"type": "x"}]}]}, "invalid_blocks"),
        ({"text": "a", "markdown_text": "b"}, "markdown_text_conflict"),
        ({"markdown_text": "x" * 12_001}, "msg_too_long"),
        ({"text": "a", "metadata": {"event_type": "x"}}, "invalid_metadata_format"),
        ({"text": "a", "metadata": "nonsense"}, "invalid_metadata_format"),
        ({"text": "a", "thread_ts": "1.000001"}, "thread_not_found"),
        ({"text": "a", "blocks": [section("x" * 2900) for _ in range(5)]}, "msg_blocks_too_long"),
    ],
)
async def test_what_a_message_may_not_be(api: Caller, arguments: dict[str, Any], code: str) -> None:
    assert await api.refused("chat.postMessage", channel="C1GENERAL", **arguments) == code


async def test_text_past_40000_is_cut_off(slack: FakeSlack, post: Callable[..., Any]) -> None:
    await post(text="x" * 40_001)
    assert len(slack.messages("C1GENERAL")[-1].text) == 40_000


async def test_only_own_messages_are_updated_and_deleted(
    slack: FakeSlack, api: Caller, post: Callable[..., Any]
) -> None:
    said = await slack.say("U1ALICE", "C1GENERAL", "mine")
    other = await slack.post_as_app("C1GENERAL", "theirs")
    for ts in (expect(SlackMessage, said).ts, other.ts):
        assert await api.refused("chat.update", channel="C1GENERAL", ts=ts, text="x") == "cant_update_message"
        assert await api.refused("chat.delete", channel="C1GENERAL", ts=ts) == "cant_delete_message"
    assert await api.refused("chat.update", channel="C1GENERAL", ts="1.1", text="x") == "message_not_found"
    own = await post()
    await api.ok("chat.delete", channel="C1GENERAL", ts=own["ts"])
    assert await api.refused("chat.update", channel="C1GENERAL", ts=own["ts"], text="x") == "message_not_found"


async def test_update_takes_4000_characters_and_drops_blocks_without_blocks(
    slack: FakeSlack, api: Caller, post: Callable[..., Any]
) -> None:
    ts = (await post(blocks=[section(), actions(button())]))["ts"]
    too_long = await api.refused("chat.update", channel="C1GENERAL", ts=ts, text="x" * 4001)
    assert too_long == "msg_too_long"
    await api.ok("chat.update", channel="C1GENERAL", ts=ts, text="x" * 4000)
    message = slack.messages("C1GENERAL")[-1]
    assert message.blocks == []
    assert message.edited is not None


async def test_update_respects_the_edit_window_and_the_archive(
    slack: FakeSlack, api: Caller, post: Callable[..., Any]
) -> None:
    ts = (await post())["ts"]
    slack.switches.edit_window_open = False
    assert await api.refused("chat.update", channel="C1GENERAL", ts=ts, text="x") == "edit_window_closed"
    slack.switches.edit_window_open = True
    await slack.changes.archive("C1GENERAL")
    assert await api.refused("chat.update", channel="C1GENERAL", ts=ts, text="x") == "is_archived"


@pytest.mark.parametrize("user", ["U5OUT", "U7GONE", "U8BOT", "U404"])
async def test_an_ephemeral_message_needs_an_active_person_in_the_channel(api: Caller, user: str) -> None:
    refused = await api.refused("chat.postEphemeral", channel="C1GENERAL", user=user, text="x")
    assert refused == "user_not_in_channel"


async def test_an_ephemeral_message_needs_the_app_in_the_channel(api: Caller) -> None:
    assert await api.refused("chat.postEphemeral", channel="C2NOBOT", user="U1ALICE", text="x") == "not_in_channel"


async def test_a_permalink_needs_the_message(api: Caller, post: Callable[..., Any]) -> None:
    ts = (await post())["ts"]
    link = await api.ok("chat.getPermalink", channel="C1GENERAL", message_ts=ts)
    assert ts.replace(".", "") in link["permalink"]
    assert await api.refused("chat.getPermalink", channel="C1GENERAL", message_ts="1.1") == "message_not_found"


async def test_a_permalink_names_a_stored_message(api: Caller) -> None:
    posted = await api.ok("chat.postMessage", channel="C1GENERAL", text="hi")
    link = (await api.ok("chat.getPermalink", channel="C1GENERAL", message_ts=posted["ts"]))["permalink"]
    assert link.endswith(f"/archives/C1GENERAL/p{posted['ts'].replace('.', '')}")
    assert await api.refused("chat.getPermalink", channel="C1GENERAL", message_ts="1.1") == "message_not_found"
