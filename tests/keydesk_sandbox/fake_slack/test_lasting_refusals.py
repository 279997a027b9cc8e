"""Refusals that last: channels, people, methods and block types that this Slack is told not to take; people of an org."""

import pytest

from tests.keydesk_sandbox.fake_slack.kit import plain, section


@pytest.mark.parametrize("code", ["is_archived", "restricted_action", "not_in_channel", "channel_not_found"])
async def test_a_channel_refuses_until_it_is_taken_back(slack, api, code):
    slack.switches.refused_channels = {"C1GENERAL": code}
    for _ in range(2):
        assert await api.refused("chat.postMessage", channel="C1GENERAL", text="hi") == code
    assert await api.refused("chat.postEphemeral", channel="C1GENERAL", user="U1ALICE", text="hi") == code
    assert slack.messages("C1GENERAL") == []
    slack.switches.refused_channels = {}
    await api.ok("chat.postMessage", channel="C1GENERAL", text="hi")


async def test_a_channel_that_is_gone_is_not_described_and_an_archived_one_is_not_updated(slack, api):
    posted = await api.ok("chat.postMessage", channel="C1GENERAL", text="hi")
    slack.switches.refused_channels = {"C1GENERAL": "channel_not_found"}
    assert await api.refused("conversations.info", channel="C1GENERAL") == "channel_not_found"
    assert await api.refused("chat.update", channel="C1GENERAL", ts=posted["ts"], text="x") == "channel_not_found"
    slack.switches.refused_channels = {"C1GENERAL": "is_archived"}
    assert await api.refused("chat.update", channel="C1GENERAL", ts=posted["ts"], text="x") == "is_archived"


@pytest.mark.parametrize("code", ["messages_tab_disabled", "cannot_dm_bot", "user_not_found"])
async def test_a_person_cannot_be_written_to(slack, api, code):
    channel = (await api.ok("conversations.open", users="U1ALICE"))["channel"]["id"]
    slack.switches.refused_people = {"U1ALICE": code}
    assert await api.refused("chat.postMessage", channel="U1ALICE", text="hi") == code
    assert await api.refused("chat.postMessage", channel=channel, text="hi") == code
    assert await api.refused("conversations.open", users="U1ALICE") == code
    await api.ok("chat.postMessage", channel="U2BOB", text="hi")


async def test_only_a_person_that_is_not_found_is_hidden_from_users_info(slack, api):
    slack.switches.refused_people = {"U1ALICE": "messages_tab_disabled", "U2BOB": "user_not_found"}
    await api.ok("users.info", user="U1ALICE")
    assert await api.refused("users.info", user="U2BOB") == "user_not_found"


async def test_a_method_refuses_whatever_it_is_called_with(slack, api):
    slack.switches.refused_methods = {"chat.postMessage": "team_access_not_granted"}
    for channel in ("C1GENERAL", "U1ALICE"):
        assert await api.refused("chat.postMessage", channel=channel, text="hi") == "team_access_not_granted"
    await api.ok("auth.test")


async def test_a_block_type_may_be_refused_in_messages_and_in_views(slack, api):
    slack.switches.refused_blocks = frozenset({"divider", "alert"})
    blocks = [section("hi"), {"type": "divider"}]
    answer = await api("chat.postMessage", channel="C1GENERAL", text="hi", blocks=blocks)
    assert (answer["error"], answer["errors"]) == (
        "invalid_blocks", ["unsupported type: divider [json-pointer:/blocks/1/type]"],
    )  # fmt: skip
    view = {"type": "home", "blocks": blocks}
    answer = await api("views.publish", user_id="U1ALICE", view=view)
    assert answer["error"] == "invalid_arguments"
    assert "[json-pointer:/view/blocks/1/type]" in answer["response_metadata"]["messages"][0]
    await api.ok("chat.postMessage", channel="C1GENERAL", text="hi", blocks=[section("hi")])


async def test_blocks_are_validated_wherever_they_are_meant_for(api):
    wrong = [section("x" * 3001)]
    await api.ok("blocks.validate", blocks=[section("hi")])
    await api.ok("blocks.validate", message={"text": "hi", "blocks": [section("hi")]})
    await api.ok("blocks.validate", view={"type": "modal", "title": plain("A"), "blocks": [section("hi")]})
    assert "/blocks/0/text" in (await api("blocks.validate", blocks=wrong))["errors"][0]
    assert "/message/blocks/0/text" in (await api("blocks.validate", message={"blocks": wrong}))["errors"][0]
    answer = await api("blocks.validate", view={"type": "home", "blocks": wrong})
    assert any("/view/blocks/0/text" in text for text in answer["errors"])
    assert await api.refused("blocks.validate") == "no_blocks"
    assert await api.refused("blocks.validate", message=[]) == "invalid_arguments"


async def test_a_permalink_names_a_stored_message(api):
    posted = await api.ok("chat.postMessage", channel="C1GENERAL", text="hi")
    link = (await api.ok("chat.getPermalink", channel="C1GENERAL", message_ts=posted["ts"]))["permalink"]
    assert link.endswith(f"/archives/C1GENERAL/p{posted['ts'].replace('.', '')}")
    assert await api.refused("chat.getPermalink", channel="C1GENERAL", message_ts="1.1") == "message_not_found"


async def test_a_person_of_an_org_may_come_without_team_id_and_with_several_teams(slack, api):
    person = slack.workspace.people["W9ORG"]
    person.shows_team, person.org_teams = False, ("T0OTHER", "T0SANDBOX")
    user = (await api.ok("users.info", user="W9ORG"))["user"]
    assert "team_id" not in user
    assert user["enterprise_user"]["teams"] == ["T0OTHER", "T0SANDBOX"]
