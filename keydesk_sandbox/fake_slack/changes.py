"""What people and administrators do to the workspace, with the events that follow. Bound to no page and no test."""

from typing import Any

from keydesk_sandbox.fake_slack.answers import AppAnswer
from keydesk_sandbox.fake_slack.core import Core
from keydesk_sandbox.fake_slack.events import Events
from keydesk_sandbox.fake_slack.messages import MessageBook, SlackMessage
from keydesk_sandbox.fake_slack.people import Person, PersonKind
from keydesk_sandbox.fake_slack.views import ViewBook


class Changes:
    """Changes to people, groups, channels and other people's messages."""

    def __init__(self, core: Core, *, messages: MessageBook, views: ViewBook, events: Events) -> None:
        self._core = core
        self._messages = messages
        self._views = views
        self._events = events
        # Who was switched off here → what they were, and their user groups.
        self._before: dict[str, tuple[PersonKind, list[str]]] = {}

    async def change_person(self, user_id: str, **fields: Any) -> AppAnswer | None:
        """Sets fields of a Person (name, title, kind, locale, …) and sends user_change."""
        person = self._core.person(user_id)
        for name, value in fields.items():
            if name not in Person.__dataclass_fields__ or name == "id":
                raise ValueError(f"A person has no {name} to change.")
            setattr(person, name, value)
        person.updated = int(self._core.clock())
        self._core.changed()
        return await self._events.emit("user_change", self._events.user_event("user_change", person))

    async def deactivate(self, user_id: str) -> AppAnswer | None:
        """Switches an account off: out of every user group, clients signed out, user_change with `deleted`."""
        self._views.clear(user_id)
        groups = [group.id for group in self._core.workspace.groups.values() if user_id in group.users]
        self._before[user_id] = self._core.person(user_id).kind, groups
        answer = await self.change_person(user_id, kind=PersonKind.DEACTIVATED)
        for group in list(self._core.workspace.groups.values()):
            if user_id in group.users:
                await self.set_group(group.id, [user for user in group.users if user != user_id])
        return answer

    async def reactivate(self, user_id: str) -> AppAnswer | None:
        """Switches the account on again, as it was and with its user groups: whoever does it puts them back."""
        kind, groups = self._before.pop(user_id, (PersonKind.MEMBER, []))
        answer = await self.change_person(user_id, kind=kind)
        for group_id in groups:
            await self.set_group(group_id, [*self._core.workspace.groups[group_id].users, user_id])
        return answer

    async def join_team(self, person: Person) -> AppAnswer | None:
        """A new account, with team_join."""
        self._core.workspace.people[person.id] = person
        self._core.changed()
        return await self._events.emit("team_join", self._events.user_event("team_join", person))

    async def set_group(self, group_id: str, users: list[str]) -> AppAnswer | None:
        """Sets who is in a user group; sends subteam_updated and subteam_members_changed."""
        group = self._core.workspace.groups[group_id]
        added = [user for user in users if user not in group.users]
        removed = [user for user in group.users if user not in users]
        before, group.users = group.updated, list(users)
        group.updated = int(self._core.clock())
        self._core.changed()
        answer = await self._events.emit("subteam_updated", self._events.group_updated(group))
        event = {
            "type": "subteam_members_changed",
            "subteam_id": group.id,
            "team_id": self._core.workspace.team.id,
            "date_previous_update": before,
            "date_update": group.updated,
            "added_users": added,
            "added_users_count": len(added),
            "removed_users": removed,
            "removed_users_count": len(removed),
            "event_ts": self._core.new_ts(),
        }
        changed = await self._events.emit("subteam_members_changed", event)
        return answer if answer is not None else changed

    async def disable_group(self, group_id: str, *, disabled: bool = True) -> AppAnswer | None:
        """Disables or enables a user group; sends subteam_updated."""
        group = self._core.workspace.groups[group_id]
        group.disabled = disabled
        group.updated = int(self._core.clock())
        self._core.changed()
        return await self._events.emit("subteam_updated", self._events.group_updated(group))

    async def archive(self, channel_id: str, *, by: str = "", archived: bool = True) -> AppAnswer | None:
        """Archives a channel or takes it out of the archive."""
        channel = self._core.channel(channel_id)
        channel.is_archived = archived
        self._core.changed()
        prefix = "group" if channel.is_private else "channel"
        name = f"{prefix}_{'archive' if archived else 'unarchive'}"
        event = {"type": name, "channel": channel.id, "user": by, "event_ts": self._core.new_ts()}
        return await self._events.emit(name, event, channel=channel)

    async def leave(self, user_id: str, channel_id: str) -> AppAnswer | None:
        """Somebody leaves or is removed; when it is the bot, channel_left or group_left comes too."""
        channel = self._core.channel(channel_id)
        if user_id in channel.members:
            channel.members.remove(user_id)
        self._core.changed()
        answer = None
        if user_id == self._core.app.bot_user_id:
            name = "group_left" if channel.is_private else "channel_left"
            event = {"type": name, "channel": channel.id, "event_ts": self._core.new_ts()}
            answer = await self._events.emit(name, event, channel=channel)
        moved = await self._member("member_left_channel", user_id, channel_id)
        return answer if answer is not None else moved

    async def remove_bot(self, channel_id: str) -> AppAnswer | None:
        """The app is removed from a channel."""
        return await self.leave(self._core.app.bot_user_id, channel_id)

    async def join(self, user_id: str, channel_id: str) -> AppAnswer | None:
        """Somebody, or the bot, joins a channel."""
        channel = self._core.channel(channel_id)
        if user_id not in channel.members:
            channel.members.append(user_id)
        self._core.changed()
        return await self._member("member_joined_channel", user_id, channel_id)

    async def _member(self, name: str, user_id: str, channel_id: str) -> AppAnswer | None:
        channel = self._core.channel(channel_id)
        event = {
            "type": name,
            "user": user_id,
            "channel": channel.id,
            "channel_type": "G" if channel.is_private else "C",
            "team": self._core.workspace.team.id,
            "event_ts": self._core.new_ts(),
        }
        return await self._events.emit(name, event, channel=channel)

    async def delete_message(self, message: SlackMessage) -> AppAnswer | None:
        """A person deletes a message, the app's own ones too."""
        channel = self._core.channel(message.channel)
        wire = message.wire(team_id=self._core.workspace.team.id)
        self._messages.remove(message)
        event = {
            "type": "message",
            "subtype": "message_deleted",
            "hidden": True,
            "channel": channel.id,
            "deleted_ts": message.ts,
            "previous_message": wire,
            "ts": self._core.new_ts(),
            "event_ts": self._core.new_ts(),
        }
        return await self._events.emit(self._events.message_subscription(channel), event, channel=channel)

    def reload(self, user_id: str) -> None:
        """That person reloads their client: ephemeral messages and open modals are gone."""
        self._messages.forget_ephemerals(user_id)
        self._views.clear(user_id)
        self._core.notices = [notice for notice in self._core.notices if notice.user_id != user_id]
        self._core.changed()
