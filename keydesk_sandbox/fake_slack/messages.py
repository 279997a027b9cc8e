"""Messages: posting, changing, deleting, who sees what (slack.md A6, G15, G16). Knows no scope and no HTTP."""

from dataclasses import dataclass, field
from typing import Any

from keydesk_sandbox.fake_slack.blocks import normalise
from keydesk_sandbox.fake_slack.core import Core
from keydesk_sandbox.fake_slack.errors import ApiError
from keydesk_sandbox.fake_slack.pings import called
from keydesk_sandbox.fake_slack.workspace import Channel

UPDATE_CHARACTERS = 4000
POST_CHARACTERS = 40_000


@dataclass(frozen=True, kw_only=True)
class Author:
    """An app that writes messages: ours or another."""

    app_id: str
    bot_id: str
    user_id: str
    name: str


@dataclass(kw_only=True)
class SlackMessage:
    """One message. `ephemeral_to` names the one person who sees it; such a message has no history."""

    ts: str
    channel: str
    text: str
    user: str | None = None
    author: Author | None = None
    blocks: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    thread_ts: str | None = None
    reply_broadcast: bool = False
    metadata: dict[str, Any] | None = None
    edited: str | None = None
    ephemeral_to: str | None = None
    pings: frozenset[str] = frozenset()  # whom it called when it was posted
    command_text: bool = False  # a person's own slash command, published by an in_channel answer

    def wire(self, *, team_id: str, with_metadata: bool = False) -> dict[str, Any]:
        """The message object of histories, payloads and events."""
        body: dict[str, Any] = {"type": "message", "text": self.text, "ts": self.ts}
        if self.author is not None:
            body |= {
                "user": self.author.user_id,
                "bot_id": self.author.bot_id,
                "app_id": self.author.app_id,
                "team": team_id,
                "bot_profile": {
                    "id": self.author.bot_id,
                    "app_id": self.author.app_id,
                    "name": self.author.name,
                    "team_id": team_id,
                    "deleted": False,
                },
            }
        else:
            body |= {"user": self.user, "team": team_id}
        if self.blocks:
            body["blocks"] = self.blocks
        if self.attachments:
            body["attachments"] = self.attachments
        if self.thread_ts:
            body["thread_ts"] = self.thread_ts
        if self.reply_broadcast:
            body["subtype"] = "thread_broadcast"
        if self.edited:
            body["edited"] = {"user": body["user"], "ts": self.edited}
        if self.metadata is not None:
            body["metadata"] = self.metadata if with_metadata else {"event_type": self.metadata["event_type"]}
        return body


class MessageBook:
    """All messages by channel, oldest first."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._book: dict[str, list[SlackMessage]] = {}

    def add(self, message: SlackMessage) -> SlackMessage:
        """Keeps a message; its blocks get their ids here."""
        message.blocks = normalise(message.blocks)
        message.attachments = [_attachment(entry, number) for number, entry in enumerate(message.attachments, 1)]
        channel = self._core.workspace.channels.get(message.channel)
        if channel is not None:
            message.pings = called(message, channel, self._core.workspace)
        self._book.setdefault(message.channel, []).append(message)
        self._core.changed()
        return message

    def pings(self, user_id: str) -> list[tuple[str, str]]:
        """Channel and time of each message that called that person."""
        return [
            (message.channel, message.ts)
            for messages in self._book.values()
            for message in messages
            if user_id in message.pings
        ]

    def in_channel(self, channel_id: str, *, viewer: str | None = None) -> list[SlackMessage]:
        """The channel's messages, oldest first: the stored ones, and the ephemeral ones of `viewer`.

        Without a viewer every message is listed, everybody's ephemeral ones too.
        """
        messages = self._book.get(channel_id, [])
        if viewer is None:
            return list(messages)
        return [message for message in messages if message.ephemeral_to in {None, viewer}]

    def stored(self, channel_id: str) -> list[SlackMessage]:
        """The channel's history: everything but ephemeral messages."""
        return [message for message in self._book.get(channel_id, []) if message.ephemeral_to is None]

    def find(self, channel_id: str, ts: str, *, ephemeral: bool = False) -> SlackMessage | None:
        """That message, or None; ephemeral ones only when asked for."""
        for message in reversed(self._book.get(channel_id, [])):
            if message.ts == ts and (ephemeral or message.ephemeral_to is None):
                return message
        return None

    def own(self, channel: Channel, ts: str, *, refusal: str) -> SlackMessage:
        """The app's own stored message. Raises message_not_found, or `refusal` for somebody else's."""
        message = self.find(channel.id, ts)
        if message is None:
            raise ApiError("message_not_found")
        if message.author is None or message.author.app_id != self._core.app.id:
            raise ApiError(refusal)
        return message

    def change(self, message: SlackMessage, change: dict[str, Any]) -> None:
        """Writes the given fields and marks the message as edited."""
        for name, value in change.items():
            setattr(message, name, value)
        if "blocks" in change:
            message.blocks = normalise(message.blocks)
        if "attachments" in change:
            message.attachments = [_attachment(entry, number) for number, entry in enumerate(message.attachments, 1)]
        if message.ephemeral_to is None:
            message.edited = self._core.new_ts()
        self._core.changed()

    def remove(self, message: SlackMessage) -> None:
        """Takes a message away."""
        self._book[message.channel].remove(message)
        self._core.changed()

    def forget_ephemerals(self, user_id: str) -> None:
        """That person reloads their client: the ephemeral messages are gone."""
        for channel_id, messages in self._book.items():
            self._book[channel_id] = [message for message in messages if message.ephemeral_to != user_id]
        self._core.changed()

    def replies(self, message: SlackMessage) -> list[SlackMessage]:
        """The stored replies of a thread's first message."""
        return [
            other for other in self.stored(message.channel) if other.thread_ts == message.ts and other.ts != message.ts
        ]


def _attachment(attachment: dict[str, Any], number: int) -> dict[str, Any]:
    copy = {"id": number, **attachment}
    if isinstance(copy.get("blocks"), list):
        copy["blocks"] = normalise(copy["blocks"])
    return copy
