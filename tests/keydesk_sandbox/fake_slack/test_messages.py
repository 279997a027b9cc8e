"""G4, G14-G16: posting, changing, deleting, ephemerals, history, metadata."""

from collections.abc import Callable
from typing import Any

from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import Caller


async def test_metadata_stays_over_an_update_unless_emptied_and_is_returned_when_asked(
    api: Caller, post: Callable[..., Any]
) -> None:
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


async def test_an_ephemeral_message_is_seen_by_one_person_and_has_no_history(slack: FakeSlack, api: Caller) -> None:
    ts = (await api.ok("chat.postEphemeral", channel="C1GENERAL", user="U1ALICE", text="psst"))["message_ts"]
    assert [message.text for message in slack.messages("C1GENERAL", "U1ALICE")] == ["psst"]
    assert slack.messages("C1GENERAL", "U2BOB") == []
    assert (await api.ok("conversations.history", channel="C1GENERAL"))["messages"] == []
    assert await api.refused("chat.update", channel="C1GENERAL", ts=ts, text="x") == "message_not_found"
    slack.changes.reload("U1ALICE")
    assert slack.messages("C1GENERAL", "U1ALICE") == []


async def test_blocks_get_their_missing_ids(slack: FakeSlack, post: Callable[..., Any]) -> None:
    element = {"type": "button", "text": {"type": "plain_text", "text": "Go"}}
    await post(blocks=[{"type": "actions", "elements": [element]}])
    block = slack.messages("C1GENERAL")[-1].blocks[0]
    assert block["block_id"]
    assert block["elements"][0]["action_id"]
