"""What Slack's user object makes of somebody; doubt never makes a member."""

from typing import Any

import pytest

from bot.permissions.models import ActorKind
from bot.slack.membership import actor_of

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
