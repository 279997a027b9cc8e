"""People, user groups and the team as Slack describes them. Knows no channel and no message.

Kinds follow section D of the Slack contract: what a person is decides which flags `users.info` shows
and what their client lets them do.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class PersonKind(StrEnum):
    """What a person is to this workspace."""

    MEMBER = "member"
    ADMIN = "admin"
    GUEST = "guest"
    SINGLE_CHANNEL_GUEST = "single_channel_guest"
    OUTSIDER = "outsider"  # of another team, met in a shared channel
    STRANGER = "stranger"  # of another team, no shared channel
    DEACTIVATED = "deactivated"
    BOT = "bot"
    INVITED = "invited"


OUTSIDE = frozenset({PersonKind.OUTSIDER, PersonKind.STRANGER})
PAGE_KIND = {
    PersonKind.MEMBER: "member",
    PersonKind.ADMIN: "member",
    PersonKind.INVITED: "member",
    PersonKind.GUEST: "guest",
    PersonKind.SINGLE_CHANNEL_GUEST: "guest",
    PersonKind.OUTSIDER: "outsider",
    PersonKind.STRANGER: "outsider",
    PersonKind.DEACTIVATED: "deactivated",
    PersonKind.BOT: "bot",
}


@dataclass(frozen=True, kw_only=True)
class Team:
    """A workspace. `enterprise_id` is set when it belongs to an org; `org_install`: the app is in the whole org."""

    id: str = "T0SANDBOX"
    name: str = "Sandbox"
    domain: str = "sandbox"
    enterprise_id: str | None = None
    enterprise_name: str | None = None
    org_install: bool = False

    @property
    def installed_in(self) -> str:
        """The workspace or the org that has the app."""
        return self.enterprise_id if self.org_install and self.enterprise_id else self.id


@dataclass(kw_only=True)
class Person:
    """One account. `id` begins with U, or with W for an org user; `team_id` differs for outsiders."""

    id: str
    name: str
    real_name: str
    kind: PersonKind = PersonKind.MEMBER
    team_id: str = "T0SANDBOX"
    email: str | None = None
    title: str = ""
    tz: str = "Europe/Berlin"
    tz_offset: int = 3600
    locale: str = "en-US"
    enterprise_id: str | None = None
    org_teams: tuple[str, ...] | None = None  # workspaces of the org; by default the one of `team_id`
    shows_team: bool = True  # False: `users.info` leaves `team_id` out, as it may on Enterprise Grid
    updated: int = 0

    @property
    def is_outside(self) -> bool:
        """Whether this is somebody of another team."""
        return self.kind in OUTSIDE

    def short(self) -> dict[str, Any]:
        """The `user` object of interaction payloads."""
        return {"id": self.id, "username": self.name, "name": self.name, "team_id": self.team_id}

    def wire(self, *, with_email: bool, with_locale: bool) -> dict[str, Any]:
        """The user object of `users.info` (slack.md D, F)."""
        outside = self.is_outside
        profile: dict[str, Any] = {
            "real_name": self.real_name,
            "display_name": self.name,
            "real_name_normalized": self.real_name,
            "display_name_normalized": self.name,
            "title": self.title,
            "team": self.team_id,
        }
        if with_email and self.kind is not PersonKind.BOT and not outside:
            profile["email"] = self.email or f"{self.name}@example.com"
        user: dict[str, Any] = {
            "id": self.id,
            "team_id": self.team_id,
            "name": self.name,
            "deleted": self.kind is PersonKind.DEACTIVATED,
            "profile": profile,
            "is_bot": self.kind is PersonKind.BOT,
            "updated": self.updated,
        }
        if self.enterprise_id is not None:
            user["enterprise_user"] = {
                "id": self.id,
                "enterprise_id": self.enterprise_id,
                "teams": list(self.org_teams or (self.team_id,)),
            }
        if not self.shows_team:
            del user["team_id"]
        if outside:
            user["is_stranger"] = self.kind is PersonKind.STRANGER
        if self.kind is PersonKind.DEACTIVATED:
            return user
        user |= self._rights()
        if with_locale and not outside:
            user["locale"] = self.locale
        return user

    def _rights(self) -> dict[str, Any]:
        rights: dict[str, Any] = {
            "real_name": self.real_name,
            "tz": self.tz,
            "tz_label": self.tz,
            "tz_offset": self.tz_offset,
            "is_admin": self.kind is PersonKind.ADMIN,
            "is_owner": False,
            "is_primary_owner": False,
            "is_restricted": self.kind in {PersonKind.GUEST, PersonKind.SINGLE_CHANNEL_GUEST},
            "is_ultra_restricted": self.kind is PersonKind.SINGLE_CHANNEL_GUEST,
            "is_app_user": False,
        }
        if self.kind is PersonKind.INVITED:
            rights["is_invited_user"] = True
        return rights


@dataclass(kw_only=True)
class UserGroup:
    """A user group (`S…`)."""

    id: str
    handle: str
    name: str
    users: list[str] = field(default_factory=list)
    disabled: bool = False
    updated: int = 0

    def wire(self, team_id: str, *, with_users: bool, with_count: bool) -> dict[str, Any]:
        """The object of `usergroups.list` and of `subteam_updated`."""
        body: dict[str, Any] = {
            "id": self.id,
            "team_id": team_id,
            "is_usergroup": True,
            "is_subteam": True,
            "name": self.name,
            "handle": self.handle,
            "description": "",
            "is_external": False,
            "date_create": 0,
            "date_update": self.updated,
            "date_delete": self.updated if self.disabled else 0,
            "auto_type": None,
            "created_by": "",
            "updated_by": "",
            "deleted_by": None,
            "prefs": {"channels": [], "groups": []},
        }
        if with_users:
            body["users"] = list(self.users)
        if with_count:
            body["user_count"] = len(self.users)
        return body
