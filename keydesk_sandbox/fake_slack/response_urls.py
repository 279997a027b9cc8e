"""response_urls: five uses in thirty minutes, own host, replace and delete (slack.md A1, A6, G13). Knows no HTTP."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keydesk_sandbox.fake_slack.contents import of_types, raise_if, read_content
from keydesk_sandbox.fake_slack.core import Core
from keydesk_sandbox.fake_slack.errors import ApiError
from keydesk_sandbox.fake_slack.messages import Author, MessageBook, SlackMessage

USES = 5
LIFE = 30 * 60.0


@dataclass(kw_only=True)
class ResponseUrl:
    """Where one answer may go. `source` is the message that was clicked; None after a command."""

    id: str
    channel: str
    user_id: str
    source: SlackMessage | None
    at: float
    uses: int = 0


class ResponseUrls:
    """Gives out response_urls and takes answers to them."""

    def __init__(self, core: Core, messages: MessageBook, *, author: Author) -> None:
        self._core = core
        self._messages = messages
        self._author = author
        self._book: dict[str, ResponseUrl] = {}

    def issue(self, *, channel: str, user_id: str, source: SlackMessage | None = None) -> str:
        """The id of a new response_url."""
        entry = ResponseUrl(
            id=secrets.token_urlsafe(18), channel=channel, user_id=user_id, source=source, at=self._core.clock()
        )
        self._book[entry.id] = entry
        return entry.id

    def take(self, url_id: str, body: Mapping[str, Any]) -> None:
        """One post to a response_url. Raises ApiError: `used_url`, `expired_url`, or what the content breaks."""
        entry = self._book.get(url_id)
        if entry is None or self._core.clock() - entry.at > LIFE:
            raise ApiError("expired_url")
        if entry.uses >= USES:
            raise ApiError("used_url")
        entry.uses += 1
        raise_if(of_types(self._core.switches.refused_blocks, body.get("blocks"), "/blocks"))
        if body.get("delete_original"):
            self._delete(entry, body)
        elif body.get("replace_original"):
            self._replace(entry, body)
        else:
            self.answer(entry.channel, entry.user_id, body)

    def _source(self, entry: ResponseUrl) -> SlackMessage:
        source = entry.source
        if source is None or self._messages.find(source.channel, source.ts, ephemeral=True) is not source:
            raise ApiError("message_not_found")
        return source

    def _delete(self, entry: ResponseUrl, body: Mapping[str, Any]) -> None:
        if body.keys() - {"delete_original"}:
            raise ApiError("invalid_arguments")
        self._messages.remove(self._source(entry))

    def _replace(self, entry: ResponseUrl, body: Mapping[str, Any]) -> None:
        if "thread_ts" in body:
            raise ApiError("invalid_arguments")
        content = read_content(body)
        change = {
            "text": content.text or "",
            "blocks": content.blocks or [],
            "attachments": content.attachments or [],
        }
        self._messages.change(self._source(entry), change)

    def answer(self, channel: str, user_id: str, body: Mapping[str, Any]) -> SlackMessage:
        """A new message in answer to a command or a click: ephemeral unless `response_type` is in_channel."""
        content = read_content(body)
        in_channel = body.get("response_type") == "in_channel"
        return self._messages.add(
            SlackMessage(
                ts=self._core.new_ts(),
                channel=channel,
                text=content.text or "",
                author=self._author,
                blocks=content.blocks or [],
                attachments=content.attachments or [],
                thread_ts=body.get("thread_ts"),
                metadata=(content.metadata or None) if in_channel else None,
                ephemeral_to=None if in_channel else user_id,
            )
        )
