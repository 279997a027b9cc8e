"""What a workspace holds: channels as Slack's API tells them, and groups of a person."""

import pytest

from keydesk_sandbox.fake_slack.people import UserGroup
from keydesk_sandbox.fake_slack.workspace import Channel, Workspace


@pytest.mark.parametrize(
    ("channel", "scope"),
    [
        (Channel(id="C1"), "channels:read"),
        (Channel(id="C2", is_private=True), "groups:read"),
        (Channel(id="D1", kind="dm"), "im:read"),
        (Channel(id="G1", kind="group_dm"), "mpim:read"),
    ],
)
def test_each_kind_of_conversation_has_its_scope(channel: Channel, scope: str) -> None:
    assert channel.scope("read") == scope


def test_a_channel_says_who_is_in_it_and_a_dm_with_whom() -> None:
    channel = Channel(id="C1", name="keys", members=["U1", "UBOT"])
    wire = channel.wire(bot_user_id="UBOT", team_id="T1", with_count=True)
    assert (wire["is_member"], wire["num_members"], wire["creator"]) == (True, 2, "U1")
    dm = Channel(id="D1", kind="dm", with_user="U1").wire(bot_user_id="UBOT", team_id="T1")
    assert (dm["is_im"], dm["user"]) == (True, "U1")


def test_a_disabled_group_counts_for_nobody() -> None:
    groups = [
        UserGroup(id="S1", handle="a", name="A", users=["U1"]),
        UserGroup(id="S2", handle="b", name="B", users=["U1"], disabled=True),
    ]
    assert Workspace(groups=groups).groups_of("U1") == ["S1"]
