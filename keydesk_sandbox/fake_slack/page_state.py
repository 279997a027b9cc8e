"""Everything one person can see, as the page draws it. Reads the simulator, changes nothing."""

from typing import Any

from keydesk_sandbox.fake_slack.messages import SlackMessage
from keydesk_sandbox.fake_slack.people import PAGE_KIND, PersonKind
from keydesk_sandbox.fake_slack.simulator import SlackSimulator
from keydesk_sandbox.fake_slack.views import View
from keydesk_sandbox.fake_slack.workspace import Channel


def page_state(slack: SlackSimulator, me: str) -> dict[str, Any]:
    """The answer of `GET state?as=…`."""
    workspace, core = slack.workspace, slack.core
    person = workspace.people[me]
    if person.kind not in {PersonKind.BOT, PersonKind.DEACTIVATED}:
        core.dm_with(me)
    home = slack.home(me)
    return {
        "version": core.version,
        "now": core.clock(),
        "me": me,
        "team": {"id": workspace.team.id, "name": workspace.team.name},
        "app": {"id": core.app.id, "name": core.app.name, "bot_user_id": core.app.bot_user_id},
        "people": [
            {
                "id": one.id,
                "name": one.name,
                "real_name": one.real_name,
                "title": one.title,
                "locale": one.locale,
                "kind": PAGE_KIND[one.kind],
                "team_id": one.team_id,
                "groups": workspace.groups_of(one.id),
                "pings": [list(ping) for ping in slack.message_book.pings(one.id)],
            }
            for one in workspace.people.values()
        ],
        "groups": [
            {"id": group.id, "handle": group.handle, "name": group.name, "users": group.users}
            for group in workspace.groups.values()
            if not group.disabled
        ],
        "channels": [_channel(slack, channel, me) for channel in workspace.channels.values() if me in channel.members],
        "views": [_view(slack, view) for view in slack.open_views(me)],
        "home": _view(slack, home) if home is not None else None,
        "notices": [{"id": one.id, "code": one.code, "text": one.text} for one in slack.notices(me)],
        "commands": [
            {"command": one.command, "description": one.description, "usage_hint": one.usage_hint}
            for one in core.app.commands.values()
        ],
        "shortcuts": [
            {"name": one.name, "type": one.type, "callback_id": one.callback_id, "description": one.description}
            for one in core.app.shortcuts.values()
        ],
    }


def _channel(slack: SlackSimulator, channel: Channel, me: str) -> dict[str, Any]:
    body: dict[str, Any] = {
        "id": channel.id,
        "name": channel.name,
        "kind": "dm" if channel.kind != "channel" else "channel",
        "is_private": channel.is_private,
        "is_ext_shared": channel.is_ext_shared,
        "is_archived": channel.is_archived,
        "topic": channel.topic,
        "messages": [_message(message) for message in slack.messages(channel.id, me)],
    }
    if channel.kind == "dm":
        body["with"] = slack.core.app.bot_user_id
        body["name"] = slack.core.app.name
    return body


def _message(message: SlackMessage) -> dict[str, Any]:
    body: dict[str, Any] = {
        "ts": message.ts,
        "user": message.user,
        "bot": {"name": message.author.name, "user": message.author.user_id} if message.author is not None else None,
        "text": message.text,
        "blocks": message.blocks,
        "attachments": message.attachments,
        "edited": message.edited is not None,
        "ephemeral": message.ephemeral_to is not None,
    }
    if message.thread_ts is not None:
        body |= {"thread_ts": message.thread_ts, "reply_broadcast": message.reply_broadcast}
    return body


def _view(slack: SlackSimulator, view: View) -> dict[str, Any]:
    wire = slack.view_book.wire(view)
    return {
        **wire,
        "values": view.values,
        "errors": view.errors,
        "banner": view.banner,
        "busy": view.busy,
    }
