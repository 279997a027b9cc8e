"""Whom a message calls: those it mentions, by name or by group, and the other side of a direct message. Pure."""

import json
import re
from collections.abc import Sequence
from typing import Any, Protocol

from keydesk_sandbox.fake_slack.workspace import Channel, Workspace

_MENTION = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
_GROUP = re.compile(r"<!subteam\^(S[A-Z0-9]+)(?:\|[^>]*)?>")
_EVERYBODY = re.compile(r"<!(?:channel|here|everyone)(?:\|[^>]*)?>")


class Writer(Protocol):
    """The part of messages.Author that is needed here."""

    @property
    def user_id(self) -> str: ...


class Posted(Protocol):
    """The part of messages.SlackMessage that is needed here."""

    @property
    def text(self) -> str: ...
    @property
    def user(self) -> str | None: ...
    @property
    def author(self) -> Writer | None: ...
    @property
    def blocks(self) -> Sequence[dict[str, Any]]: ...
    @property
    def attachments(self) -> Sequence[dict[str, Any]]: ...
    @property
    def ephemeral_to(self) -> str | None: ...


def called(message: Posted, channel: Channel, workspace: Workspace) -> frozenset[str]:
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
