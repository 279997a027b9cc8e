"""conversations.*: open, info, history, replies, members, list (slack.md B, G14, G18)."""

from typing import Any

from keydesk_sandbox.fake_slack.errors import ApiError
from keydesk_sandbox.fake_slack.messages import SlackMessage
from keydesk_sandbox.fake_slack.people import PersonKind
from keydesk_sandbox.fake_slack.web_api.arguments import Arguments
from keydesk_sandbox.fake_slack.web_api.parts import Method, Parts
from keydesk_sandbox.fake_slack.workspace import Channel

READ = ("channels:read", "groups:read", "im:read", "mpim:read")
HISTORY = ("channels:history", "groups:history", "im:history", "mpim:history")
HISTORY_MOST = 999
OPEN_MOST = 8


def _known(parts: Parts, arguments: Arguments, verb: str) -> Channel:
    channel = parts.channel(arguments.required("channel", "channel_not_found"))
    parts.need(channel.scope(verb))
    return channel


def _info(parts: Parts, arguments: Arguments) -> dict[str, Any]:
    channel = _known(parts, arguments, "read")
    return {
        "channel": channel.wire(
            bot_user_id=parts.core.app.bot_user_id,
            team_id=parts.core.workspace.team.id,
            with_count=arguments.flag("include_num_members"),
        )
    }


def _open(parts: Parts, arguments: Arguments) -> dict[str, Any]:
    if arguments.given("channel"):
        channel = parts.channel(arguments.text("channel"))
        return {"channel": {"id": channel.id}, "no_op": True, "already_open": True}
    users = [user for user in arguments.text("users").split(",") if user]
    if not users:
        raise ApiError("users_list_not_supplied")
    if len(users) > OPEN_MOST:
        raise ApiError("too_many_users")
    for user in users:
        person = parts.person(user)
        if person.kind is PersonKind.DEACTIVATED:
            raise ApiError("user_disabled")
        if person.kind is PersonKind.BOT:
            raise ApiError("cannot_dm_bot")
        if person.kind is PersonKind.STRANGER:
            raise ApiError("user_not_visible")
        parts.reachable(user)
    parts.need("im:write" if len(users) == 1 else "mpim:write")
    before = len(parts.core.workspace.channels)
    channel = parts.core.dm_with(users[0]) if len(users) == 1 else _group_dm(parts, users)
    body: dict[str, Any] = {"id": channel.id}
    if arguments.flag("return_im"):
        body = channel.wire(bot_user_id=parts.core.app.bot_user_id, team_id=parts.core.workspace.team.id)
    answer: dict[str, Any] = {"channel": body}
    if len(parts.core.workspace.channels) == before:
        answer |= {"no_op": True, "already_open": True}
    return answer


def _group_dm(parts: Parts, users: list[str]) -> Channel:
    members = [*users, parts.core.app.bot_user_id]
    for channel in parts.core.workspace.channels.values():
        if channel.kind == "group_dm" and set(channel.members) == set(members):
            return channel
    channel = Channel(id=parts.core.new_id("G"), name="mpdm", kind="group_dm", is_private=True, members=members)
    parts.core.workspace.channels[channel.id] = channel
    parts.core.changed()
    return channel


def _history(parts: Parts, arguments: Arguments) -> dict[str, Any]:
    channel = _known(parts, arguments, "history")
    if parts.core.app.bot_user_id not in channel.members:
        raise ApiError("not_in_channel")
    shown = [
        message
        for message in reversed(parts.messages.stored(channel.id))
        if (message.thread_ts in {None, message.ts} or message.reply_broadcast) and _between(message, arguments)
    ]
    return _messages(parts, arguments, shown)


def _replies(parts: Parts, arguments: Arguments) -> dict[str, Any]:
    channel = _known(parts, arguments, "history")
    if parts.core.app.bot_user_id not in channel.members:
        raise ApiError("not_in_channel")
    first = parts.messages.find(channel.id, arguments.required("ts", "thread_not_found"))
    if first is None:
        raise ApiError("thread_not_found")
    replies = [reply for reply in parts.messages.replies(first) if _between(reply, arguments)]
    return _messages(parts, arguments, [first, *replies])


def _between(message: SlackMessage, arguments: Arguments) -> bool:
    oldest, latest = arguments.text("oldest"), arguments.text("latest")
    at = _micros(message.ts)
    inclusive = arguments.flag("inclusive")
    if oldest and oldest != "0" and (at < _micros(oldest) or (at == _micros(oldest) and not inclusive)):
        return False
    return not (latest and (at > _micros(latest) or (at == _micros(latest) and not inclusive)))


def _micros(ts: str) -> int:
    seconds, _, rest = ts.partition(".")
    if not seconds.isdigit() or (rest and not rest.isdigit()):
        raise ApiError("invalid_ts_latest")
    return int(seconds) * 1_000_000 + int(rest.ljust(6, "0")[:6] or 0)


def _messages(parts: Parts, arguments: Arguments, messages: list[SlackMessage]) -> dict[str, Any]:
    page, cursor = arguments.page(messages, most=HISTORY_MOST)
    with_metadata = arguments.flag("include_all_metadata")
    answer: dict[str, Any] = {
        "messages": [parts.wire(message, with_metadata=with_metadata) for message in page],
        "has_more": bool(cursor),
        "pin_count": 0,
    }
    if cursor:
        answer["response_metadata"] = {"next_cursor": cursor}
    return answer


def _members(parts: Parts, arguments: Arguments) -> dict[str, Any]:
    channel = _known(parts, arguments, "read")
    page, cursor = arguments.page(channel.members)
    return {"members": page, "response_metadata": {"next_cursor": cursor}}


def _list(parts: Parts, arguments: Arguments) -> dict[str, Any]:
    kinds = {kind.strip() for kind in arguments.text("types", "public_channel").split(",")}
    if kinds - _KINDS.keys():
        raise ApiError("invalid_types")
    for kind in kinds:
        parts.need(_KINDS[kind])
    bot = parts.core.app.bot_user_id
    shown = [
        channel
        for channel in parts.core.workspace.channels.values()
        if _kind(channel) in kinds
        and (_kind(channel) == "public_channel" or bot in channel.members)
        and not (channel.is_archived and arguments.flag("exclude_archived"))
    ]
    page, cursor = arguments.page(shown)
    team_id = parts.core.workspace.team.id
    return {
        "channels": [channel.wire(bot_user_id=bot, team_id=team_id, with_count=True) for channel in page],
        "response_metadata": {"next_cursor": cursor},
    }


_KINDS = {"public_channel": "channels:read", "private_channel": "groups:read", "im": "im:read", "mpim": "mpim:read"}


def _kind(channel: Channel) -> str:
    if channel.kind == "dm":
        return "im"
    if channel.kind == "group_dm":
        return "mpim"
    return "private_channel" if channel.is_private else "public_channel"


METHODS = {
    "conversations.info": Method(run=_info, scopes=READ, covered="all kinds; hidden where the app is not a member"),
    "conversations.open": Method(
        run=_open, scopes=("im:write", "mpim:write"), covered="DM and group DM; guests and outsiders too"
    ),
    "conversations.history": Method(
        run=_history, scopes=HISTORY, covered="newest first, oldest/latest/inclusive, cursors, include_all_metadata"
    ),
    "conversations.replies": Method(run=_replies, scopes=HISTORY, covered="first message and its replies, cursors"),
    "conversations.members": Method(run=_members, scopes=READ, covered="cursors"),
    "conversations.list": Method(run=_list, scopes=READ, covered="types, exclude_archived, cursors"),
}
