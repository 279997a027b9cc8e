"""Whom a message calls."""

import pytest

from keydesk_sandbox.fake_slack.messages import Author, SlackMessage
from keydesk_sandbox.fake_slack.people import Team, UserGroup
from keydesk_sandbox.fake_slack.pings import called
from keydesk_sandbox.fake_slack.workspace import Channel, Workspace

ROOM = Channel(id="C1", name="room", members=["U1", "U2", "U3", "UBOT"])
DM = Channel(id="D1", name="", kind="dm", members=["U1", "UBOT"])
GROUPS = [
    UserGroup(id="S1", handle="managers", name="Managers", users=["U2", "U3", "U9"]),
    UserGroup(id="S2", handle="gone", name="Gone", users=["U2"], disabled=True),
]
OFFICE = Workspace(team=Team(id="T1", name="T"), people=[], groups=GROUPS, channels=[ROOM])
APP = Author(app_id="A1", bot_id="B1", user_id="UBOT", name="bot")


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("hello", set()),
        ("<@U1> and <@U9|nine>", {"U1"}),
        ("<!subteam^S1>", {"U2", "U3"}),
        ("<!subteam^S2> <!subteam^S7>", set()),
        ("<!here|here>", {"U1", "U2", "U3"}),
        ("<@UBOT>", set()),
    ],
)
def test_a_message_in_a_channel_calls_those_it_mentions(text: str, people: set[str]) -> None:
    assert called(SlackMessage(ts="1", channel="C1", text=text, author=APP), ROOM, OFFICE) == people
    section = {"type": "section", "text": {"type": "mrkdwn", "text": text}}
    assert called(SlackMessage(ts="1", channel="C1", text="", author=APP, blocks=[section]), ROOM, OFFICE) == people


def test_a_direct_message_calls_the_other_side_and_an_ephemeral_one_nobody() -> None:
    assert called(SlackMessage(ts="1", channel="D1", text="hello", author=APP), DM, OFFICE) == {"U1"}
    assert (
        called(SlackMessage(ts="1", channel="C1", text="<@U1>", author=APP, ephemeral_to="U1"), ROOM, OFFICE) == set()
    )
    assert called(SlackMessage(ts="1", channel="C1", text="<@U1> <@U2>", user="U1"), ROOM, OFFICE) == {"U2"}
