"""What a workspace holds at the start: team, people, groups, channels. Data only; the behaviour is elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

from keydesk_sandbox.fake_slack.people import Person, Team, UserGroup

ChannelKind = Literal["channel", "dm", "group_dm"]


@dataclass(kw_only=True)
class Channel:
    """A conversation. `members` are user ids, the bot's user id among them when the app is in it."""

    id: str
    name: str = ""
    members: list[str] = field(default_factory=list)
    kind: ChannelKind = "channel"
    is_private: bool = False
    is_ext_shared: bool = False
    is_archived: bool = False
    topic: str = ""
    created: int = 0
    with_user: str | None = None  # the person of a DM with the app

    def wire(self, *, bot_user_id: str, team_id: str, with_count: bool = False) -> dict[str, Any]:
        """The object of `conversations.info`."""
        if self.kind == "dm":
            return {
                "id": self.id,
                "created": self.created,
                "is_archived": self.is_archived,
                "is_im": True,
                "is_org_shared": False,
                "user": self.with_user,
                "is_user_deleted": False,
                "priority": 0,
                "context_team_id": team_id,
            }
        body: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": not self.is_private and self.kind == "channel",
            "is_group": self.is_private and self.kind == "channel",
            "is_im": False,
            "is_mpim": self.kind == "group_dm",
            "is_private": self.is_private or self.kind == "group_dm",
            "created": self.created,
            "creator": self.members[0] if self.members else "",
            "is_archived": self.is_archived,
            "is_general": False,
            "is_shared": self.is_ext_shared,
            "is_ext_shared": self.is_ext_shared,
            "is_org_shared": False,
            "is_pending_ext_shared": False,
            "is_member": bot_user_id in self.members,
            "topic": {"value": self.topic, "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
            "context_team_id": team_id,
        }
        if with_count:
            body["num_members"] = len(self.members)
        return body

    def scope(self, verb: str) -> str:
        """The scope for `read` or `history` of this kind of conversation."""
        if self.kind == "dm":
            return f"im:{verb}"
        if self.kind == "group_dm":
            return f"mpim:{verb}"
        return f"groups:{verb}" if self.is_private else f"channels:{verb}"


class Workspace:
    """The team with everybody and everything in it, looked up by id."""

    def __init__(
        self,
        *,
        team: Team | None = None,
        people: Iterable[Person] = (),
        groups: Iterable[UserGroup] = (),
        channels: Iterable[Channel] = (),
    ) -> None:
        self.team = team or Team()
        self.people = {person.id: person for person in people}
        self.groups = {group.id: group for group in groups}
        self.channels = {channel.id: channel for channel in channels}

    def groups_of(self, user_id: str) -> list[str]:
        """Ids of the enabled user groups of which that person is a member."""
        return [group.id for group in self.groups.values() if user_id in group.users and not group.disabled]
