"""What Slack's user object makes of somebody; doubt never makes a member."""

from dataclasses import replace
from typing import Any

import pytest

from bot.errors import BotError
from bot.permissions.models import ActorKind
from bot.slack.membership import actor_of, member_by_email
from bot.slack.web_client import SlackWebClient
from keydesk_sandbox.fake_slack import FakeSlack

HERE = {"team_id": "T0HOME"}


@pytest.mark.parametrize(
    ("user", "kind"),
    [
        (HERE, ActorKind.MEMBER),
        ({**HERE, "deleted": True}, ActorKind.DEACTIVATED),
        ({**HERE, "deleted": True, "is_bot": True}, ActorKind.DEACTIVATED),
        ({**HERE, "is_bot": True}, ActorKind.BOT),
        ({**HERE, "is_workflow_bot": True}, ActorKind.BOT),
        ({**HERE, "is_stranger": True}, ActorKind.OUTSIDER),
        ({"team_id": "T0ELSE"}, ActorKind.OUTSIDER),
        ({}, ActorKind.OUTSIDER),
        ({**HERE, "is_invited_user": True}, ActorKind.UNKNOWN),
        ({**HERE, "is_restricted": True}, ActorKind.GUEST),
        ({**HERE, "is_ultra_restricted": True}, ActorKind.GUEST),
        ({"team_id": "T0ELSE", "enterprise_user": {"teams": ["T0ELSE", "T0HOME"]}}, ActorKind.MEMBER),
        ({"team_id": "T0HOME", "enterprise_user": {"teams": ["T0ELSE"]}}, ActorKind.OUTSIDER),
    ],
)
def test_the_kind_of_a_person(user: dict[str, Any], kind: ActorKind) -> None:
    assert actor_of(user, slack_user_id="U0ADA", team_id="T0HOME").kind is kind


def test_slackbot_is_a_bot_whatever_it_says() -> None:
    found = actor_of({**HERE, "is_bot": False}, slack_user_id="USLACKBOT", team_id="T0HOME")
    assert found.kind is ActorKind.BOT


def test_the_team_and_the_name() -> None:
    other = actor_of({"team_id": "T0ELSE", "name": "ada"}, slack_user_id="U0ADA", team_id="T0HOME")
    assert (other.team_id, other.name) == ("T0ELSE", "ada")
    profile = {"display_name": "", "real_name": "Ada L."}
    assert actor_of({**HERE, "profile": profile}, slack_user_id="U0ADA", team_id="T0HOME").name == "Ada L."


@pytest.mark.parametrize(
    ("user", "found"),
    [("U1ALICE", True), ("U3GUEST", False), ("U5OUT", False), ("U7GONE", False), ("U8BOT", False), ("", False)],
)
async def test_only_a_full_member_is_found(web: SlackWebClient, fake: FakeSlack, user: str, found: bool) -> None:
    if user:
        fake.workspace.people[user].email = "somebody@example.com"
    who = await member_by_email(web, fake.workspace.team.id, "Somebody@example.com")
    assert who == (user if found else None)


async def test_a_missing_scope_is_named_and_everything_else_is_silence(web: SlackWebClient, fake: FakeSlack) -> None:
    fake.switches.down = "503"
    with pytest.raises(BotError, match="Slack does not tell who has the e-mail addresses"):
        await member_by_email(web, fake.workspace.team.id, "alice@example.com")
    fake.switches.down = "up"
    fake.core.app = replace(fake.core.app, scopes=("users:read",))
    with pytest.raises(BotError, match=r"lacks the scope users:read\.email"):
        await member_by_email(web, fake.workspace.team.id, "alice@example.com")
