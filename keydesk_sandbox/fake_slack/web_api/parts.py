"""What the methods of the Web API work on, and what many of them ask first: scopes and channels."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from keydesk_sandbox.fake_slack.core import Core
from keydesk_sandbox.fake_slack.errors import ApiError
from keydesk_sandbox.fake_slack.events import Events
from keydesk_sandbox.fake_slack.messages import Author, MessageBook, SlackMessage
from keydesk_sandbox.fake_slack.people import Person, PersonKind
from keydesk_sandbox.fake_slack.sockets import SocketHub
from keydesk_sandbox.fake_slack.triggers import TriggerBook
from keydesk_sandbox.fake_slack.views import ViewBook
from keydesk_sandbox.fake_slack.web_api.arguments import Arguments
from keydesk_sandbox.fake_slack.workspace import Channel


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The books of one FakeSlack."""

    core: Core
    messages: MessageBook
    views: ViewBook
    triggers: TriggerBook
    hub: SocketHub
    events: Events
    author: Author
    base_url: Callable[[], str]

    def need(self, *scopes: str) -> None:
        """Raises missing_scope unless the app has one of the scopes."""
        if scopes and not set(scopes) & set(self.core.app.scopes):
            raise ApiError("missing_scope", needed=",".join(scopes), provided=",".join(self.core.app.scopes))

    def person(self, user_id: str) -> Person:
        """A person by id. Raises user_not_found."""
        person = self.core.workspace.people.get(user_id)
        if person is None or self.core.switches.refused_people.get(user_id) == "user_not_found":
            raise ApiError("user_not_found")
        return person

    def channel(self, channel_id: str) -> Channel:
        """A conversation that the app may know of. Raises channel_not_found."""
        channel = self.core.channel(channel_id)
        if self.core.switches.refused_channels.get(channel_id) == "channel_not_found":
            raise ApiError("channel_not_found")
        hidden = channel.is_private or channel.kind != "channel"
        if hidden and self.core.app.bot_user_id not in channel.members:
            raise ApiError("channel_not_found")
        return channel

    def target(self, name: str) -> Channel:
        """Where a message is to go: an id, `#name`, or a person's id for the DM. Raises channel_not_found."""
        person = self.core.workspace.people.get(name)
        if person is not None:
            if person.kind is PersonKind.BOT:
                raise ApiError("cannot_dm_bot")
            if person.kind is PersonKind.DEACTIVATED:
                raise ApiError("user_disabled")
            if person.kind is PersonKind.STRANGER:
                raise ApiError("user_not_visible")
            self.reachable(person.id)
            return self.core.dm_with(person.id)
        if name.startswith("#"):
            for channel in self.core.workspace.channels.values():
                if channel.name == name[1:]:
                    return self.channel(channel.id)
            raise ApiError("channel_not_found")
        return self.channel(name)

    def reachable(self, user_id: str) -> None:
        """Raises what `refused_people` says of a DM with that person."""
        if code := self.core.switches.refused_people.get(user_id):
            raise ApiError(code)

    def writable(self, channel: Channel, *, joined: bool = False) -> None:
        """Raises is_archived, not_in_channel, restricted_action or messages_tab_disabled when the app cannot write.

        `joined` asks for membership even where chat:write.public would do.
        """
        app = self.core.app
        if code := self.core.switches.refused_channels.get(channel.id):
            raise ApiError(code)
        if channel.with_user:
            self.reachable(channel.with_user)
        if channel.is_archived:
            raise ApiError("is_archived")
        if channel.kind == "dm" and not app.messages_tab:
            raise ApiError("messages_tab_disabled")
        if app.bot_user_id not in channel.members and (joined or "chat:write.public" not in app.scopes):
            raise ApiError("not_in_channel")

    def wire(self, message: SlackMessage, *, with_metadata: bool = False) -> dict[str, Any]:
        """A message object, with the thread's numbers on its first message."""
        body = message.wire(team_id=self.core.workspace.team.id, with_metadata=with_metadata)
        replies = self.messages.replies(message) if message.ephemeral_to is None else []
        if replies:
            body |= {
                "thread_ts": message.ts,
                "reply_count": len(replies),
                "latest_reply": replies[-1].ts,
                "reply_users_count": len({reply.wire(team_id="")["user"] for reply in replies}),
            }
        return body


@dataclass(frozen=True, kw_only=True)
class Method:
    """One Web API method: the scopes it needs (any of them), what it does, what of it is covered."""

    run: Callable[[Parts, Arguments], Mapping[str, Any]]
    covered: str
    scopes: tuple[str, ...] = ()
    app_token: bool = False
