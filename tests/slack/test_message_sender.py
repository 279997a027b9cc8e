"""Posting, updating and finding messages: what Slack refuses about a message is answered with the message's text."""

from typing import Any

import pytest

from bot.slack.blocks import Message, section
from bot.slack.errors import SlackRefused, refused
from bot.slack.message_sender import METADATA, MessageSender
from bot.slack.post_store import PostRow
from tests.slack.outboxes import post_row

MESSAGE = Message("words", [section("*words*")])


class Web:
    """Fails as told, then answers; remembers the calls."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.calls: list[tuple[str, dict[str, Any]]] = []

    async def write(self, method: str, **arguments: Any) -> Any:
        return await self.read(method, **arguments)

    async def read(self, method: str, **arguments: Any) -> Any:
        self.calls.append((method, arguments))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def row(**changes: Any) -> PostRow:
    return post_row(**{"id": "p1", "subject": "7", "created_at": 1.0, **changes})


async def test_a_message_carries_the_id_of_its_post() -> None:
    web = Web({"channel": "C1", "ts": "1.2"})
    assert await MessageSender(web=web).post(row(), "C1", MESSAGE, None) == ("C1", "1.2")
    [(method, sent)] = web.calls
    assert (method, sent["text"]) == ("chat.postMessage", "words")
    assert sent["metadata"] == {"event_type": METADATA, "event_payload": {"id": "p1"}}
    assert "thread_ts" not in sent


async def test_without_its_thread_it_stands_in_the_channel() -> None:
    web = Web(refused("chat.postMessage", "thread_not_found"), {"ts": "1.2"})
    assert await MessageSender(web=web).post(row(body={"broadcast": True}), "C1", MESSAGE, "0.9") == ("C1", "1.2")
    assert [sent.get("thread_ts") for _, sent in web.calls] == ["0.9", None]
    assert "reply_broadcast" not in web.calls[1][1]


async def test_blocks_that_slack_refuses_are_replaced_by_the_text() -> None:
    web = Web(refused("chat.update", "invalid_blocks"), {"ts": "1.2"})
    await MessageSender(web=web).update("p1", "C1", "1.2", MESSAGE)
    assert web.calls[1][1]["blocks"] == [section("words")]


async def test_another_refusal_is_not_hidden() -> None:
    with pytest.raises(SlackRefused, match="is_archived"):
        await MessageSender(web=Web(refused("chat.postMessage", "is_archived"))).post(row(), "C1", MESSAGE, None)


async def test_a_message_is_found_by_its_id_over_several_pages() -> None:
    ours = {"ts": "3.0", "metadata": {"event_type": METADATA, "event_payload": {"id": "p1"}}}
    other = {"ts": "2.0", "metadata": {"event_type": METADATA, "event_payload": {"id": "p2"}}}
    pages = {"messages": [other, {"ts": "2.5"}], "response_metadata": {"next_cursor": "n"}}
    web = Web(pages, {"messages": [ours]})
    assert await MessageSender(web=web).find("p1", "C1", since=1_000.0, thread_ts=None) == "3.0"
    assert [sent.get("cursor") for _, sent in web.calls] == [None, "n"]
    assert await MessageSender(web=Web({"messages": [other]})).find("p1", "C1", since=0.0, thread_ts="1.0") is None
