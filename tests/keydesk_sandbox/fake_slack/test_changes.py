"""What people and administrators change, and the events that follow; only subscribed ones, with their scopes."""

from keydesk_sandbox.fake_slack import Person
from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import Bot, Caller, MakeSlack


async def test_messages_reach_the_app_only_where_it_is(slack: FakeSlack, bot: Bot) -> None:
    await slack.say("U1ALICE", "C1GENERAL", "hello")
    await slack.say("U1ALICE", "C2NOBOT", "unseen")
    assert [event["text"] for event in bot.of_type("message")] == ["hello"]
    envelope = bot.got[0].payload
    assert envelope["authorizations"][0]["user_id"] == "U0KEYDESK"
    assert envelope["is_ext_shared_channel"] is False


async def test_a_mention_is_an_event_of_its_own(slack: FakeSlack, bot: Bot) -> None:
    await slack.say("U1ALICE", "C1GENERAL", "<@U0KEYDESK> hi")
    assert len(bot.of_type("app_mention")) == 1


async def test_deactivation_is_told_and_leaves_the_groups(slack: FakeSlack, bot: Bot, api: Caller) -> None:
    await slack.changes.deactivate("U1ALICE")
    assert bot.of_type("user_change")[0]["user"]["deleted"] is True
    assert bot.of_type("subteam_updated")[0]["subteam"]["users"] == ["U2BOB"]
    assert bot.of_type("subteam_members_changed")[0]["removed_users"] == ["U1ALICE"]
    assert (await api.ok("usergroups.users.list", usergroup="S1ENG"))["users"] == ["U2BOB"]


async def test_new_people_and_new_names_are_told(slack: FakeSlack, bot: Bot) -> None:
    await slack.changes.join_team(Person(id="U10", name="new", real_name="New"))
    await slack.changes.change_person("U10", name="newer")
    assert bot.of_type("team_join")[0]["user"]["id"] == "U10"
    assert bot.of_type("user_change")[0]["user"]["name"] == "newer"


async def test_an_archived_channel_and_a_removed_bot_are_told(slack: FakeSlack, bot: Bot, api: Caller) -> None:
    await slack.changes.archive("C1GENERAL", by="U2BOB")
    assert bot.of_type("channel_archive")[0]["channel"] == "C1GENERAL"
    assert await api.refused("chat.postMessage", channel="C1GENERAL", text="x") == "is_archived"
    await slack.changes.archive("C1GENERAL", archived=False)
    await slack.changes.remove_bot("C1GENERAL")
    assert bot.of_type("channel_left")
    assert bot.of_type("member_left_channel")
    assert await api.refused("chat.postMessage", channel="C1GENERAL", text="x") == "not_in_channel"
    await slack.changes.join("U0KEYDESK", "C1GENERAL")
    await api.ok("chat.postMessage", channel="C1GENERAL", text="x")


async def test_a_deleted_message_is_gone_for_the_app(slack: FakeSlack, bot: Bot, api: Caller) -> None:
    ts = (await api.ok("chat.postMessage", channel="C1GENERAL", text="x"))["ts"]
    await slack.settle()
    await slack.changes.delete_message(slack.messages("C1GENERAL")[-1])
    assert [event.get("subtype") for event in bot.of_type("message")][-1] == "message_deleted"
    assert await api.refused("chat.update", channel="C1GENERAL", ts=ts, text="y") == "message_not_found"


async def test_unsubscribed_events_and_those_without_scope_stay_away(make_slack: MakeSlack, bot: Bot) -> None:
    slack = make_slack(manifest={"events": []})
    assert await slack.say("U1ALICE", "C1GENERAL", "hello")
    assert await slack.open_home("U1ALICE") is None
    slack = make_slack(manifest={"scopes": ["chat:write"]})
    await slack.changes.deactivate("U1ALICE")
    assert bot.got == []
