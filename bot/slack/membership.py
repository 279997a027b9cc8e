"""What Slack's user object says about somebody's standing here. Knows no cache. slack.md D."""

from collections.abc import Mapping
from typing import Any, Protocol

from bot.errors import BotError
from bot.languages import tr
from bot.permissions.models import Actor, ActorKind
from bot.slack.delivery import text_of
from bot.slack.errors import SlackError, SlackRefused

SLACKBOT = "USLACKBOT"


class Reads(Protocol):
    """The part of web_client.SlackWebClient that is needed here."""

    async def read(self, method: str, **params: Any) -> dict[str, Any]: ...


async def member_by_email(web: Reads, team_id: str, email: str) -> str | None:
    """The id of the full member with this e-mail address, None where there is none. Raises BotError, with the reason
    for a sentence about whoever was looked for.
    """
    try:
        answer = await web.read("users.lookupByEmail", email=email)
    except SlackError as error:
        code = error.code if isinstance(error, SlackRefused) else ""
        if code == "users_not_found":
            return None
        if code == "missing_scope":
            raise BotError(tr("the Slack app lacks the scope users:read.email")) from error
        raise BotError(tr("Slack does not tell who has the e-mail addresses of those on call")) from error
    found = answer.get("user")
    user = found if isinstance(found, Mapping) else {}
    slack_user_id = text_of(user, "id")
    kind = actor_of(user, slack_user_id=slack_user_id, team_id=team_id).kind
    return slack_user_id if slack_user_id and kind is ActorKind.MEMBER else None


def actor_of(user: Mapping[str, Any], *, slack_user_id: str, team_id: str) -> Actor:
    """The actor without groups. `team_id` is our workspace; doubt never makes a member."""
    return Actor(
        slack_user_id=slack_user_id,
        team_id=team_id if _belongs(user, team_id) else text_of(user, "team_id"),
        kind=_kind(user, slack_user_id, team_id),
        name=_name(user),
    )


def _kind(user: Mapping[str, Any], slack_user_id: str, team_id: str) -> ActorKind:
    if user.get("deleted"):
        return ActorKind.DEACTIVATED
    # Slackbot says is_bot: false.
    if user.get("is_bot") or user.get("is_workflow_bot") or slack_user_id == SLACKBOT:
        return ActorKind.BOT
    if user.get("is_stranger") or not _belongs(user, team_id):
        return ActorKind.OUTSIDER
    if user.get("is_invited_user"):
        return ActorKind.UNKNOWN
    # Any guest is restricted; single-channel guests are ultra restricted besides.
    if user.get("is_restricted") or user.get("is_ultra_restricted"):
        return ActorKind.GUEST
    return ActorKind.MEMBER


def _belongs(user: Mapping[str, Any], team_id: str) -> bool:
    """On Enterprise Grid the list of a person's workspaces is the truth, and `team_id` may be any of them."""
    organisation = user.get("enterprise_user")
    teams = organisation.get("teams") if isinstance(organisation, Mapping) else None
    return team_id in teams if isinstance(teams, list) else text_of(user, "team_id") == team_id


def _name(user: Mapping[str, Any]) -> str:
    found = user.get("profile")
    profile = found if isinstance(found, Mapping) else {}
    return text_of(profile, "display_name") or text_of(profile, "real_name") or text_of(user, "name")
