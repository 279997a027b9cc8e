"""Refusals that last: channels, people, methods and block types that this Slack is told not to take; people of an org."""

import pytest

from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import Caller


@pytest.mark.parametrize("code", ["is_archived", "restricted_action", "not_in_channel", "channel_not_found"])
async def test_a_channel_refuses_until_it_is_taken_back(slack: FakeSlack, api: Caller, code: str) -> None:
    slack.switches.refused_channels = {"C1GENERAL": code}
    for _ in range(2):
        assert await api.refused("chat.postMessage", channel="C1GENERAL", text="hi") == code
    assert await api.refused("chat.postEphemeral", channel="C1GENERAL", user="U1ALICE", text="hi") == code
    assert slack.messages("C1GENERAL") == []
    slack.switches.refused_channels = {}
    await api.ok("chat.postMessage", channel="C1GENERAL", text="hi")


async def test_a_channel_that_is_gone_is_not_described_and_an_archived_one_is_not_updated(
    slack: FakeSlack, api: Caller
) -> None:
    posted = await api.ok("chat.postMessage", channel="C1GENERAL", text="hi")
    slack.switches.refused_channels = {"C1GENERAL": "channel_not_found"}
    assert await api.refused("conversations.info", channel="C1GENERAL") == "channel_not_found"
    assert await api.refused("chat.update", channel="C1GENERAL", ts=posted["ts"], text="x") == "channel_not_found"
    slack.switches.refused_channels = {"C1GENERAL": "is_archived"}
    assert await api.refused("chat.update", channel="C1GENERAL", ts=posted["ts"], text="x") == "is_archived"


@pytest.mark.parametrize("code", ["messages_tab_disabled", "cannot_dm_bot", "user_not_found"])
async def test_a_person_cannot_be_written_to(slack: FakeSlack, api: Caller, code: str) -> None:
    channel = (await api.ok("conversations.open", users="U1ALICE"))["channel"]["id"]
    slack.switches.refused_people = {"U1ALICE": code}
    assert await api.refused("chat.postMessage", channel="U1ALICE", text="hi") == code
    assert await api.refused("chat.postMessage", channel=channel, text="hi") == code
    assert await api.refused("conversations.open", users="U1ALICE") == code
    await api.ok("chat.postMessage", channel="U2BOB", text="hi")


async def test_only_a_person_that_is_not_found_is_hidden_from_users_info(slack: FakeSlack, api: Caller) -> None:
    slack.switches.refused_people = {"U1ALICE": "messages_tab_disabled", "U2BOB": "user_not_found"}
    await api.ok("users.info", user="U1ALICE")
    assert await api.refused("users.info", user="U2BOB") == "user_not_found"


async def test_a_method_refuses_whatever_it_is_called_with(slack: FakeSlack, api: Caller) -> None:
    slack.switches.refused_methods = {"chat.postMessage": "team_access_not_granted"}
    for channel in ("C1GENERAL", "U1ALICE"):
        assert await api.refused("chat.postMessage", channel=channel, text="hi") == "team_access_not_granted"
    await api.ok("auth.test")


async def test_a_person_of_an_org_may_come_without_team_id_and_with_several_teams(
    slack: FakeSlack, api: Caller
) -> None:
    person = slack.workspace.people["W9ORG"]
    person.shows_team, person.org_teams = False, ("T0OTHER", "T0SANDBOX")
    user = (await api.ok("users.info", user="W9ORG"))["user"]
    assert "team_id" not in user
    assert user["enterprise_user"]["teams"] == ["T0OTHER", "T0SANDBOX"]
