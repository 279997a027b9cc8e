"""Whom a message calls: those it mentions, by name or by group, and the other side of a direct message. Pure."""

import json
import re
from typing import TYPE_CHECKING

from keydesk_sandbox.fake_slack.workspace import Channel, Workspace

if TYPE_CHECKING:
    from keydesk_sandbox.fake_slack.messages import SlackMessage

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_GROUP = re.compile(r"<!subteam\^(S[A-Z0-9]+)(?:\|[^>]*)?>")
_EVERYBODY = re.compile(r"<!(?:channel|here|everyone)(?:\|[^>]*)?>")


def called(message: "SlackMessage", channel: Channel, workspace: Workspace) -> frozenset[str]:
    """People who get a notification when it is posted. A change of a message calls nobody."""
    if message.ephemeral_to is not None:
        return frozenset()
    members = frozenset(channel.members)
    writer = message.author.user_id if message.author is not None else message.user
    if channel.kind != "channel":
        return members - {writer}
    said = message.text + json.dumps([message.blocks, message.attachments], ensure_ascii=False)
    if _EVERYBODY.search(said):
        return members - {writer}
    people = set(_MENTION.findall(said))
    for group_id in _GROUP.findall(said):
        group = workspace.groups.get(group_id)
        people.update(group.users if group is not None and not group.disabled else ())
    return members & people - {writer}
