"""G4, G14-G16: posting, changing, deleting, ephemerals, history, metadata."""

import pytest

from tests.keydesk_sandbox.fake_slack.kit import Caller, actions, button, section


@pytest.fixture
def post(api):
    async def post_one(channel="C1GENERAL", **more):
        more.setdefault("text", "hello")
        return await api.ok("chat.postMessage", channel=channel, **more)

    return post_one


async def test_bad_blocks_are_listed_twice(api):
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
async def test_what_a_message_may_not_be(api, arguments, code):
    assert await api.refused("chat.postMessage", channel="C1GENERAL", **arguments) == code


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
async def test_where_the_app_may_not_write(api, channel, code):
    assert await api.refused("chat.postMessage", channel=channel, text="x") == code


async def test_public_scope_reaches_channels_not_joined(make_slack):
    api = Caller(make_slack(manifest={"scopes": ["chat:write", "chat:write.public"]}))
    await api.ok("chat.postMessage", channel="#nobot", text="x")


async def test_a_person_as_channel_is_their_dm(slack, post):
    answer = await post("U1ALICE")
    assert answer["channel"].startswith("D")
    assert slack.dm("U1ALICE")[-1].text == "hello"


async def test_the_dm_is_closed_when_the_messages_tab_is_off(make_slack):
    api = Caller(make_slack(manifest={"messages_tab": False}))
    assert await api.refused("chat.postMessage", channel="U1ALICE", text="x") == "messages_tab_disabled"


async def test_text_past_40000_is_cut_off(slack, post):
    await post(text="x" * 40_001)
    assert len(slack.messages("C1GENERAL")[-1].text) == 40_000


async def test_only_own_messages_are_updated_and_deleted(slack, api, post):
    said = await slack.say("U1ALICE", "C1GENERAL", "mine")
    other = await slack.post_as_app("C1GENERAL", "theirs")
    for ts in (said.ts, other.ts):
        assert await api.refused("chat.update", channel="C1GENERAL", ts=ts, text="x") == "cant_update_message"
        assert await api.refused("chat.delete", channel="C1GENERAL", ts=ts) == "cant_delete_message"
    assert await api.refused("chat.update", channel="C1GENERAL", ts="1.1", text="x") == "message_not_found"
    own = await post()
    await api.ok("chat.delete", channel="C1GENERAL", ts=own["ts"])
    assert await api.refused("chat.update", channel="C1GENERAL", ts=own["ts"], text="x") == "message_not_found"


async def test_update_takes_4000_characters_and_drops_blocks_without_blocks(slack, api, post):
    ts = (await post(blocks=[section(), actions(button())]))["ts"]
    too_long = await api.refused("chat.update", channel="C1GENERAL", ts=ts, text="x" * 4001)
    assert too_long == "msg_too_long"
    await api.ok("chat.update", channel="C1GENERAL", ts=ts, text="x" * 4000)
    message = slack.messages("C1GENERAL")[-1]
    assert message.blocks == []
    assert message.edited is not None


async def test_update_respects_the_edit_window_and_the_archive(slack, api, post):
    ts = (await post())["ts"]
    slack.switches.edit_window_open = False
    assert await api.refused("chat.update", channel="C1GENERAL", ts=ts, text="x") == "edit_window_closed"
    slack.switches.edit_window_open = True
    await slack.changes.archive("C1GENERAL")
    assert await api.refused("chat.update", channel="C1GENERAL", ts=ts, text="x") == "is_archived"


async def test_metadata_stays_over_an_update_unless_emptied_and_is_returned_when_asked(api, post):
    metadata = {"event_type": "keydesk_card", "event_payload": {"id": 7}}
    ts = (await post(metadata=metadata))["ts"]
    await api.ok("chat.update", channel="C1GENERAL", ts=ts, text="two")
    seen = await api.ok("conversations.history", channel="C1GENERAL", include_all_metadata=True)
    assert seen["messages"][0]["metadata"] == metadata
    unasked = await api.ok("conversations.history", channel="C1GENERAL")
    assert "event_payload" not in unasked["messages"][0]["metadata"]
    await api.ok("chat.update", channel="C1GENERAL", ts=ts, text="three", metadata={})
    emptied = await api.ok("conversations.history", channel="C1GENERAL", include_all_metadata=True)
    assert "metadata" not in emptied["messages"][0]


async def test_history_is_newest_first_in_pages_without_replies(api, post):
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


async def test_history_is_bounded_by_oldest_and_latest(api, post):
    stamps = [(await post(text=str(n)))["ts"] for n in range(3)]
    inside = await api.ok("conversations.history", channel="C1GENERAL", oldest=stamps[0], latest=stamps[2])
    assert [message["text"] for message in inside["messages"]] == ["1"]
    whole = await api.ok(
        "conversations.history", channel="C1GENERAL", oldest=stamps[0], latest=stamps[2], inclusive=True
    )
    assert len(whole["messages"]) == 3


async def test_an_ephemeral_message_is_seen_by_one_person_and_has_no_history(slack, api):
    ts = (await api.ok("chat.postEphemeral", channel="C1GENERAL", user="U1ALICE", text="psst"))["message_ts"]
    assert [message.text for message in slack.messages("C1GENERAL", "U1ALICE")] == ["psst"]
    assert slack.messages("C1GENERAL", "U2BOB") == []
    assert (await api.ok("conversations.history", channel="C1GENERAL"))["messages"] == []
    assert await api.refused("chat.update", channel="C1GENERAL", ts=ts, text="x") == "message_not_found"
    slack.changes.reload("U1ALICE")
    assert slack.messages("C1GENERAL", "U1ALICE") == []


@pytest.mark.parametrize("user", ["U5OUT", "U7GONE", "U8BOT", "U404"])
async def test_an_ephemeral_message_needs_an_active_person_in_the_channel(api, user):
    refused = await api.refused("chat.postEphemeral", channel="C1GENERAL", user=user, text="x")
    assert refused == "user_not_in_channel"


async def test_an_ephemeral_message_needs_the_app_in_the_channel(api):
    assert await api.refused("chat.postEphemeral", channel="C2NOBOT", user="U1ALICE", text="x") == "not_in_channel"


async def test_blocks_get_their_missing_ids(slack, post):
    element = {"type": "button", "text": {"type": "plain_text", "text": "Go"}}
    await post(blocks=[{"type": "actions", "elements": [element]}])
    block = slack.messages("C1GENERAL")[-1].blocks[0]
    assert block["block_id"]
    assert block["elements"][0]["action_id"]


async def test_a_permalink_needs_the_message(api, post):
    ts = (await post())["ts"]
    link = await api.ok("chat.getPermalink", channel="C1GENERAL", message_ts=ts)
    assert ts.replace(".", "") in link["permalink"]
    assert await api.refused("chat.getPermalink", channel="C1GENERAL", message_ts="1.1") == "message_not_found"
