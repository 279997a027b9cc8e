"""chat.*: post, update, delete, ephemeral, permalink (slack.md A6, G14-G16)."""

from typing import Any

from keydesk_sandbox.fake_slack.contents import read_content
from keydesk_sandbox.fake_slack.errors import ApiError
from keydesk_sandbox.fake_slack.messages import POST_CHARACTERS, UPDATE_CHARACTERS, SlackMessage
from keydesk_sandbox.fake_slack.web_api.arguments import Arguments
from keydesk_sandbox.fake_slack.web_api.parts import Method, Parts
from keydesk_sandbox.fake_slack.workspace import Channel


def _post(parts: Parts, arguments: Arguments) -> dict[str, Any]:
    channel = parts.target(arguments.required("channel", "channel_not_found"))
    parts.writable(channel)
    content = read_content(arguments.content())
    message = parts.messages.add(
        SlackMessage(
            ts=parts.core.new_ts(),
            channel=channel.id,
            text=(content.text or "")[:POST_CHARACTERS],
            author=parts.author,
            blocks=content.blocks or [],
            attachments=content.attachments or [],
            thread_ts=_thread(parts, channel, arguments),
            reply_broadcast=arguments.flag("reply_broadcast"),
            metadata=content.metadata or None,
        )
    )
    event = parts.wire(message) | {"channel": channel.id, "event_ts": message.ts}
    parts.events.emit_beside(parts.events.message_subscription(channel), event, channel=channel)
    return {
        "channel": channel.id,
        "ts": message.ts,
        "message": parts.wire(message, with_metadata=True),
    }


def _thread(parts: Parts, channel: Channel, arguments: Arguments) -> str | None:
    thread_ts = arguments.text("thread_ts")
    if not thread_ts:
        return None
    parent = parts.messages.find(channel.id, thread_ts)
    if parent is None:
        raise ApiError("thread_not_found")
    return parent.thread_ts or parent.ts


def _update(parts: Parts, arguments: Arguments) -> dict[str, Any]:
    channel = parts.channel(arguments.required("channel", "channel_not_found"))
    if channel.is_archived or parts.core.switches.refused_channels.get(channel.id) == "is_archived":
        raise ApiError("is_archived")
    message = parts.messages.own(channel, arguments.required("ts", "message_not_found"), refusal="cant_update_message")
    if not parts.core.switches.edit_window_open:
        raise ApiError("edit_window_closed")
    given = arguments.content()
    emptied = given.get("blocks") == []
    content = read_content(given)
    if content.text is not None and len(content.text) > UPDATE_CHARACTERS:
        raise ApiError("msg_too_long")
    # Text without blocks drops the blocks; blocks without text drop the text (slack.md A6).
    change: dict[str, Any] = {"text": content.text or "", "blocks": [] if emptied else content.blocks or []}
    if content.attachments is not None:
        change["attachments"] = content.attachments
    if content.metadata is not None:
        change["metadata"] = content.metadata or None
    parts.messages.change(message, change)
    event = {
        "type": "message",
        "subtype": "message_changed",
        "channel": channel.id,
        "ts": message.edited,
        "event_ts": message.edited,
        "message": parts.wire(message),
    }
    parts.events.emit_beside(parts.events.message_subscription(channel), event, channel=channel)
    return {
        "channel": channel.id,
        "ts": message.ts,
        "text": message.text,
        "message": parts.wire(message, with_metadata=True),
    }


def _delete(parts: Parts, arguments: Arguments) -> dict[str, Any]:
    channel = parts.channel(arguments.required("channel", "channel_not_found"))
    message = parts.messages.own(channel, arguments.required("ts", "message_not_found"), refusal="cant_delete_message")
    parts.messages.remove(message)
    return {"channel": channel.id, "ts": message.ts}


def _ephemeral(parts: Parts, arguments: Arguments) -> dict[str, Any]:
    channel = parts.channel(arguments.required("channel", "channel_not_found"))
    parts.writable(channel, joined=True)
    user_id = arguments.required("user", "user_not_in_channel")
    person = parts.core.workspace.people.get(user_id)
    if person is None or user_id not in channel.members or person.kind in {"deactivated", "bot"}:
        raise ApiError("user_not_in_channel")
    content = read_content(arguments.content())
    message = parts.messages.add(
        SlackMessage(
            ts=parts.core.new_ts(),
            channel=channel.id,
            text=(content.text or "")[:POST_CHARACTERS],
            author=parts.author,
            blocks=content.blocks or [],
            attachments=content.attachments or [],
            thread_ts=_thread(parts, channel, arguments),
            ephemeral_to=user_id,
        )
    )
    return {"message_ts": message.ts}


def _permalink(parts: Parts, arguments: Arguments) -> dict[str, Any]:
    channel = parts.channel(arguments.required("channel", "channel_not_found"))
    ts = arguments.required("message_ts", "message_not_found")
    if parts.messages.find(channel.id, ts) is None:
        raise ApiError("message_not_found")
    host = f"https://{parts.core.workspace.team.domain}.slack.com"
    return {"channel": channel.id, "permalink": f"{host}/archives/{channel.id}/p{ts.replace('.', '')}"}


WRITE = ("chat:write",)
METHODS = {
    "chat.postMessage": Method(
        run=_post,
        scopes=WRITE,
        covered="ids, #names and people as channel; text, markdown_text, blocks, attachments, threads, metadata",
    ),
    "chat.update": Method(
        run=_update,
        scopes=WRITE,
        covered="own messages only, 4,000 characters, text alone drops blocks, edit window switch",
    ),
    "chat.delete": Method(run=_delete, scopes=WRITE, covered="own messages only"),
    "chat.postEphemeral": Method(
        run=_ephemeral, scopes=WRITE, covered="one active person in the channel; no history, no metadata"
    ),
    "chat.getPermalink": Method(run=_permalink, covered="stored messages"),
}
