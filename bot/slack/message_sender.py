"""The four calls by which a post becomes a message: post, update, and looking for one that may be there already.

Knows no row but what it is given; raises SlackUnavailable and SlackRefused as they come.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from bot.slack.blocks import Message, section, truncate
from bot.slack.delivery import text_of
from bot.slack.errors import SlackError, SlackRefused
from bot.slack.post_store import PostRow

logger = logging.getLogger(__name__)

METADATA = "keydesk_post"
# Slack's clock and ours may differ.
_SKEW_SECONDS = 300.0
_PAGE, _PAGES = 200, 5
# Blocks that Slack refuses are our mistake; the text is sent alone, so that people can read it.
_UNREADABLE = frozenset({"invalid_blocks", "invalid_blocks_format", "msg_blocks_too_long", "msg_too_long"})
_NO_THREAD = frozenset({"thread_not_found", "invalid_thread_ts", "cannot_reply_to_message", "message_not_found"})


class PostingWeb(Protocol):
    """The part of web.SlackWebClient that is needed here."""

    async def read(self, method: str, **params: Any) -> dict[str, Any]: ...
    async def write(self, method: str, *, interactive: bool = False, **arguments: Any) -> dict[str, Any]: ...


@dataclass(frozen=True, kw_only=True)
class MessageSender:
    """Posts, updates, removes and finds single messages, with `web`."""

    web: PostingWeb

    async def post(self, row: PostRow, channel: str, message: Message, thread_ts: str | None) -> tuple[str, str]:
        """Post and return (channel, ts) as Slack has them."""
        arguments: dict[str, Any] = {"channel": channel, **_marked(row.id), "unfurl_links": False}
        arguments["unfurl_media"] = False
        if thread_ts is not None:
            arguments["thread_ts"] = thread_ts
            arguments["reply_broadcast"] = bool(row.body.get("broadcast"))
        try:
            answer = await self._readable("chat.postMessage", row.id, arguments, message)
        except SlackRefused as error:
            if thread_ts is None or error.code not in _NO_THREAD:
                raise
            logger.warning("post %s: its thread is gone (%s); posting it in the channel", row.id, error.code)
            del arguments["thread_ts"], arguments["reply_broadcast"]
            answer = await self._readable("chat.postMessage", row.id, arguments, message)
        return str(answer.get("channel") or channel), str(answer["ts"])

    async def update(self, post_id: str, channel: str, ts: str, message: Message) -> None:
        """Draw the whole message anew; the same twice is harmless."""
        await self._readable("chat.update", post_id, {"channel": channel, "ts": ts, **_marked(post_id)}, message)

    async def _readable(
        self, method: str, post_id: str, arguments: Mapping[str, Any], message: Message
    ) -> dict[str, Any]:
        try:
            return await self.web.write(method, **arguments, **message.to_slack())
        except SlackRefused as error:
            if error.code not in _UNREADABLE:
                raise
            logger.exception("Slack does not understand the blocks of post %s; sending its text alone", post_id)
        words: dict[str, Any] = {
            "text": truncate(message.text, 1000) or " ",
            "blocks": [section(truncate(message.text, 1000))],
        }
        return await self.web.write(method, **arguments, **words)

    async def remove(self, channel: str, ts: str) -> None:
        """Delete a message of ours that stands twice. What hinders it is logged: a double does no harm."""
        try:
            await self.web.write("chat.delete", channel=channel, ts=ts)
        except SlackError as error:
            logger.warning("a second message of ours stays: %s", type(error).__name__)

    async def find(self, post_id: str, channel: str, *, since: float, thread_ts: str | None) -> str | None:
        """The ts of the message that carries this post's id, None when it is not there."""
        method = "conversations.history" if thread_ts is None else "conversations.replies"
        params: dict[str, Any] = {
            "channel": channel,
            "oldest": f"{max(0.0, since - _SKEW_SECONDS):.6f}",
            "limit": _PAGE,
            "include_all_metadata": "true",
        }
        if thread_ts is not None:
            params["ts"] = thread_ts
        for _ in range(_PAGES):
            answer = await self.web.read(method, **params)
            for message in answer.get("messages") or ():
                if _is_ours(message, post_id):
                    return text_of(message, "ts") or None
            after = answer.get("response_metadata")
            cursor = text_of(after, "next_cursor") if isinstance(after, Mapping) else ""
            if not cursor:
                return None
            params["cursor"] = cursor
        return None


def _marked(post_id: str) -> dict[str, Any]:
    """Metadata by which we find our message again; an id only, since every app in the channel can read it."""
    return {"metadata": {"event_type": METADATA, "event_payload": {"id": post_id}}}


def _is_ours(message: object, post_id: str) -> bool:
    metadata = message.get("metadata") if isinstance(message, Mapping) else None
    if not isinstance(metadata, Mapping) or metadata.get("event_type") != METADATA:
        return False
    payload = metadata.get("event_payload")
    return isinstance(payload, Mapping) and payload.get("id") == post_id
