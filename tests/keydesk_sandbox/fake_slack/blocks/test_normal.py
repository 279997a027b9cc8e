"""Blocks get the ids and flags that Slack adds, and what the app sent stays as it was."""

from typing import Any

from keydesk_sandbox.fake_slack.blocks.normal import normalise, short_id


def test_ids_are_given_where_there_are_none() -> None:
    button = {"type": "button", "text": {"type": "plain_text", "text": "Go"}}
    sent: list[dict[str, Any]] = [
        {"type": "actions", "elements": [button, {**button, "action_id": "mine"}]},
        {"type": "section", "block_id": "mine", "text": {"type": "mrkdwn", "text": "x"}},
    ]
    actions, section = normalise(sent)
    assert len(actions["block_id"]) == 5
    assert len(actions["elements"][0]["action_id"]) == 5
    assert (actions["elements"][1]["action_id"], section["block_id"]) == ("mine", "mine")
    assert actions["elements"][0]["text"]["emoji"] is True
    assert section["text"]["verbatim"] is False
    assert "block_id" not in sent[0]


def test_a_markdown_block_does_not_keep_its_id() -> None:
    [block] = normalise([{"type": "markdown", "block_id": "mine", "text": "x"}])
    assert block["block_id"] != "mine"


def test_ids_differ() -> None:
    assert len({short_id() for _ in range(50)}) > 45
