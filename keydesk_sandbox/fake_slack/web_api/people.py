"""users.*, usergroups.*, bots.info and team.info (slack.md D, F, G17, G18)."""

from typing import Any

from keydesk_sandbox.fake_slack.errors import ApiError
from keydesk_sandbox.fake_slack.people import Person, PersonKind, UserGroup
from keydesk_sandbox.fake_slack.web_api.arguments import Arguments
from keydesk_sandbox.fake_slack.web_api.parts import Method, Parts


def _wire(parts: Parts, arguments: Arguments, person: Person) -> dict[str, Any]:
    return person.wire(
        with_email="users:read.email" in parts.core.app.scopes, with_locale=arguments.flag("include_locale")
    )


def _info(parts: Parts, arguments: Arguments) -> dict[str, Any]:
    person = parts.person(arguments.required("user", "user_not_found"))
    return {"user": _wire(parts, arguments, person)}


def _list(parts: Parts, arguments: Arguments) -> dict[str, Any]:
    everybody = [person for person in parts.core.workspace.people.values() if person.kind is not PersonKind.STRANGER]
    page, cursor = arguments.page(everybody)
    return {
        "members": [_wire(parts, arguments, person) for person in page],
        "cache_ts": int(parts.core.clock()),
        "response_metadata": {"next_cursor": cursor},
    }


def _by_email(parts: Parts, arguments: Arguments) -> dict[str, Any]:
    email = arguments.required("email", "users_not_found").lower()
    for person in parts.core.workspace.people.values():
        wire = person.wire(with_email=True, with_locale=False)
        if wire["profile"].get("email", "").lower() == email and person.kind is not PersonKind.DEACTIVATED:
            return {"user": wire}
    raise ApiError("users_not_found")


def _in_workspace(parts: Parts, arguments: Arguments) -> None:
    """With the token of a whole org the workspace must be named."""
    team = parts.core.workspace.team
    if team.org_install and not arguments.given("team_id"):
        raise ApiError("missing_argument")
    if arguments.given("team_id") and team.org_install and arguments.text("team_id") != team.id:
        raise ApiError("team_access_not_granted")


def _paid(parts: Parts) -> None:
    if parts.core.switches.plan == "free":
        raise ApiError("plan_upgrade_required")


def _groups(parts: Parts, arguments: Arguments) -> dict[str, Any]:
    _in_workspace(parts, arguments)
    _paid(parts)
    with_users, with_count = arguments.flag("include_users"), arguments.flag("include_count")
    team_id = parts.core.workspace.team.id
    return {
        "usergroups": [
            group.wire(team_id, with_users=with_users, with_count=with_count)
            for group in parts.core.workspace.groups.values()
            if not group.disabled or arguments.flag("include_disabled")
        ]
    }


def _group(parts: Parts, group_id: str) -> UserGroup:
    group = parts.core.workspace.groups.get(group_id)
    if group is None:
        raise ApiError("no_such_subteam")
    return group


def _group_users(parts: Parts, arguments: Arguments) -> dict[str, Any]:
    _in_workspace(parts, arguments)
    _paid(parts)
    group = _group(parts, arguments.required("usergroup", "no_such_subteam"))
    if group.disabled and not arguments.flag("include_disabled"):
        raise ApiError("no_such_subteam")
    return {"users": list(group.users)}


def _bot(parts: Parts, arguments: Arguments) -> dict[str, Any]:
    _in_workspace(parts, arguments)
    app = parts.core.app
    if arguments.required("bot", "bot_not_found") != app.bot_id:
        raise ApiError("bot_not_found")
    return {
        "bot": {
            "id": app.bot_id,
            "deleted": False,
            "name": app.name,
            "updated": 0,
            "app_id": app.id,
            "user_id": app.bot_user_id,
            "icons": {},
        }
    }


def _team(parts: Parts, _: Arguments) -> dict[str, Any]:
    team = parts.core.workspace.team
    return {"team": {"id": team.id, "name": team.name, "domain": team.domain, "email_domain": "", "icon": {}}}


METHODS = {
    "users.info": Method(
        run=_info, scopes=("users:read",), covered="every kind of person; include_locale; e-mail by scope"
    ),
    "users.list": Method(run=_list, scopes=("users:read",), covered="cursors, include_locale"),
    "users.lookupByEmail": Method(run=_by_email, scopes=("users:read.email",), covered="active people of this team"),
    "usergroups.list": Method(
        run=_groups, scopes=("usergroups:read",), covered="include_users, include_count, include_disabled; plan switch"
    ),
    "usergroups.users.list": Method(
        run=_group_users, scopes=("usergroups:read",), covered="no_such_subteam, include_disabled; plan switch"
    ),
    "bots.info": Method(run=_bot, scopes=("users:read",), covered="the app's own bot"),
    "team.info": Method(run=_team, scopes=("team:read",), covered="this team"),
}
