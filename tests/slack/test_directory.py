import asyncio
from typing import Any

import pytest

from bot.permissions.models import ActorKind
from bot.slack.delivery import Kind
from bot.slack.directory import Directory
from bot.slack.errors import SlackRefused
from bot.slack.membership import actor_of
from bot.slack.router import Router
from bot.slack.web_client import SlackWebClient
from keydesk_sandbox.fake_slack import FakeSlack, PersonKind
from keydesk_sandbox.fake_slack.switches import Down
from tests.keydesk_sandbox.fake_slack.kit import Clock
from tests.slack.kit import make_delivery

TEAM = "T0HOME"


def calls(fake: FakeSlack, method: str) -> int:
    return sum(call.method == method for call in fake.calls)


@pytest.fixture
def home(fake: FakeSlack) -> str:
    return fake.workspace.team.id


@pytest.mark.parametrize(
    ("user", "kind"),
    [
        ({}, ActorKind.MEMBER),
        ({"team_id": "T0OTHER"}, ActorKind.OUTSIDER),
        ({"is_stranger": True}, ActorKind.OUTSIDER),
        ({"is_restricted": True}, ActorKind.GUEST),
        ({"is_restricted": True, "is_ultra_restricted": True}, ActorKind.GUEST),
        ({"is_ultra_restricted": True}, ActorKind.GUEST),
        ({"is_invited_user": True}, ActorKind.UNKNOWN),
        ({"is_bot": True}, ActorKind.BOT),
        ({"is_workflow_bot": True}, ActorKind.BOT),
        ({"deleted": True, "is_bot": True}, ActorKind.DEACTIVATED),
        ({"deleted": True, "team_id": "T0OTHER"}, ActorKind.DEACTIVATED),
        ({"team_id": "T0GRID", "enterprise_user": {"teams": ["T0HOME"]}}, ActorKind.MEMBER),
        ({"team_id": "T0GRID", "enterprise_user": {"teams": ["T0X"]}}, ActorKind.OUTSIDER),
        ({"team_id": "T0HOME", "enterprise_user": {"teams": ["T0X"]}}, ActorKind.OUTSIDER),
        ({"team_id": "T0HOME", "enterprise_user": {"teams": []}}, ActorKind.OUTSIDER),
        ({"team_id": "T0HOME", "enterprise_user": {}}, ActorKind.MEMBER),
        ({"team_id": ""}, ActorKind.OUTSIDER),
        ({"team_id": None}, ActorKind.OUTSIDER),
    ],
)
def test_only_a_full_member_is_a_member(user: dict[str, Any], kind: ActorKind) -> None:
    found = actor_of({"team_id": "T0HOME", **user}, slack_user_id="U1", team_id="T0HOME")
    assert found.kind is kind


def test_slackbot_is_a_bot_although_it_says_no() -> None:
    assert actor_of({"is_bot": False}, slack_user_id="USLACKBOT", team_id=TEAM).kind is ActorKind.BOT


def test_a_name_is_the_one_people_see() -> None:
    user = {"name": "ann", "profile": {"display_name": "", "real_name": "Ann A."}}
    assert actor_of(user, slack_user_id="U1", team_id=TEAM).name == "Ann A."
    assert actor_of({"name": "ann"}, slack_user_id="U1", team_id=TEAM).name == "ann"


@pytest.mark.parametrize(
    ("user_id", "kind", "groups"),
    [
        ("U1ALICE", ActorKind.MEMBER, {"S1ENG"}),
        ("W9ORG", ActorKind.MEMBER, set()),
        ("U3GUEST", ActorKind.GUEST, set()),
        ("U4SINGLE", ActorKind.GUEST, set()),
        ("U5OUT", ActorKind.OUTSIDER, set()),
        ("U7GONE", ActorKind.DEACTIVATED, set()),
        ("U8BOT", ActorKind.BOT, set()),
        ("U404", ActorKind.UNKNOWN, set()),
    ],
)
async def test_everybody_is_what_slack_says(
    directory: Directory, home: str, user_id: str, kind: ActorKind, groups: set[str]
) -> None:
    actor = await directory.actor(user_id, home)
    assert (actor.kind, set(actor.groups)) == (kind, groups)


async def test_the_workspace_in_a_payload_neither_makes_a_member_nor_an_outsider(directory: Directory) -> None:
    """On Enterprise Grid clicks and forms carry one fixed workspace of the person."""
    assert (await directory.actor("U1ALICE", "T0OTHER")).kind is ActorKind.MEMBER


async def test_an_organisations_id_says_nothing_and_slack_is_asked(directory: Directory) -> None:
    assert (await directory.actor("U1ALICE", "E0ORG")).kind is ActorKind.MEMBER


async def test_a_minute_needs_one_call(directory: Directory, fake: FakeSlack, home: str, clock: Clock) -> None:
    for _ in range(3):
        await directory.actor("U1ALICE", home)
    assert (calls(fake, "users.info"), calls(fake, "usergroups.users.list")) == (1, 1)
    clock.now += 61
    await directory.actor("U1ALICE", home)
    assert (calls(fake, "users.info"), calls(fake, "usergroups.users.list")) == (2, 2)


async def test_what_was_seen_within_a_minute_is_told_without_a_call(
    directory: Directory, fake: FakeSlack, home: str, clock: Clock
) -> None:
    assert directory.seen_actor("U1ALICE").kind is ActorKind.UNKNOWN
    assert directory.seen_people(["U3GUEST", "S1ENG"]) == {"U3GUEST"}
    actor = await directory.actor("U1ALICE", home)
    called = len(fake.calls)
    assert directory.seen_actor("U1ALICE") == actor
    assert "U1ALICE" in directory.seen_people(["S1ENG"])
    clock.now += 61
    assert directory.seen_actor("U1ALICE").kind is ActorKind.UNKNOWN
    assert len(fake.calls) == called


async def test_many_at_once_ask_once(directory: Directory, fake: FakeSlack, home: str) -> None:
    await asyncio.gather(*(directory.actor("U1ALICE", home) for _ in range(10)))
    assert (calls(fake, "users.info"), calls(fake, "usergroups.users.list")) == (1, 1)


async def test_a_decision_asks_again(directory: Directory, fake: FakeSlack, home: str, clock: Clock) -> None:
    await directory.actor("U1ALICE", home)
    fake.workspace.groups["S1ENG"].users.remove("U1ALICE")
    clock.now += 3
    assert (await directory.actor("U1ALICE", home)).groups == {"S1ENG"}
    assert (await directory.actor("U1ALICE", home, fresh=True)).groups == frozenset()


async def test_a_burst_of_decisions_stays_within_slacks_limit(
    directory: Directory, fake: FakeSlack, home: str, clock: Clock
) -> None:
    for _ in range(60):
        clock.now += 1.9
        assert (await directory.actor("U1ALICE", home, fresh=True)).kind is ActorKind.MEMBER
    assert not [call for call in fake.calls if call.status == 429]
    assert 25 <= calls(fake, "usergroups.users.list") <= 60


@pytest.mark.parametrize("down", ["503", "refused"])
async def test_what_was_true_ten_minutes_ago_stands_in_for_a_silent_slack(
    directory: Directory, fake: FakeSlack, home: str, clock: Clock, down: Down
) -> None:
    await directory.actor("U1ALICE", home)
    fake.switches.down = down
    clock.now += 590
    assert (await directory.actor("U1ALICE", home)).groups == {"S1ENG"}
    assert (await directory.actor("U1ALICE", home, fresh=True)).kind is ActorKind.UNKNOWN, "never still a member"
    clock.now += 20
    assert (await directory.actor("U1ALICE", home)).kind is ActorKind.UNKNOWN


async def test_nobody_is_known_while_slack_is_silent_from_the_start(
    directory: Directory, fake: FakeSlack, home: str
) -> None:
    fake.switches.down = "503"
    assert (await directory.actor("U1ALICE", home)).kind is ActorKind.UNKNOWN
    assert directory.problems() == ("Slack did not tell us about group S1ENG (no answer).",)


async def test_half_a_picture_is_none(directory: Directory, fake: FakeSlack, home: str) -> None:
    fake.faults.add("usergroups.users.list", "error_500", times=2)
    assert (await directory.actor("U1ALICE", home)).kind is ActorKind.UNKNOWN


async def test_a_slow_slack_is_not_waited_for(fake: FakeSlack, web: SlackWebClient, clock: Clock, home: str) -> None:
    directory = Directory(web=web, team_id=home, group_ids=lambda: frozenset({"S1ENG"}), clock=clock, patience=0.02)
    fake.faults.add("users.info", "delay", delay=0.3)
    assert (await directory.actor("U1ALICE", home)).kind is ActorKind.UNKNOWN
    await asyncio.sleep(1.0)
    assert (await directory.actor("U1ALICE", home)).kind is ActorKind.MEMBER
    assert calls(fake, "users.info") == 1


async def test_groups_that_cannot_be_read_are_told(
    fake: FakeSlack, web: SlackWebClient, clock: Clock, home: str
) -> None:
    fake.workspace.groups["S1ENG"].users.clear()
    groups = frozenset({"S1ENG", "S404"})
    directory = Directory(web=web, team_id=home, group_ids=lambda: groups, clock=clock)
    await directory.refresh()
    assert directory.problems() == (
        "The user group S1ENG is empty, so nobody has its roles.",
        "Slack has no user group S404; is the id in the policy right?",
    )
    assert (await directory.actor("U1ALICE", home)).kind is ActorKind.MEMBER
    assert await directory.members("S404") == frozenset()


async def test_a_plan_without_groups_is_told_once(
    fake: FakeSlack, web: SlackWebClient, clock: Clock, home: str
) -> None:
    fake.switches.plan = "free"
    directory = Directory(web=web, team_id=home, group_ids=lambda: frozenset({"S1", "S2"}), clock=clock)
    await directory.refresh()
    assert len(directory.problems()) == 1
    assert (await directory.actor("U1ALICE", home)).kind is ActorKind.MEMBER


async def test_members_of_a_group(directory: Directory) -> None:
    assert await directory.members("S1ENG") == {"U1ALICE", "U2BOB"}


async def tell(directory: Directory, event: dict[str, Any]) -> None:
    await directory.on_event(make_delivery(Kind.EVENT, payload={"event": event}))


async def test_a_deactivation_counts_at_once(directory: Directory, fake: FakeSlack, home: str) -> None:
    await directory.actor("U1ALICE", home)
    fake.switches.down = "503"
    user = {"id": "U1ALICE", "team_id": home, "deleted": True}
    await tell(directory, {"type": "user_change", "user": user})
    assert (await directory.actor("U1ALICE", home)).kind is ActorKind.DEACTIVATED


async def test_an_event_makes_us_ask_again(directory: Directory, fake: FakeSlack, home: str) -> None:
    await directory.actor("U1ALICE", home)
    await tell(directory, {"type": "user_change", "user": {"id": "U1ALICE", "team_id": home, "is_restricted": True}})
    # The event was late: Slack knows better.
    assert (await directory.actor("U1ALICE", home)).kind is ActorKind.MEMBER
    assert calls(fake, "users.info") == 2


@pytest.mark.parametrize(
    "event",
    [
        {"type": "subteam_updated", "subteam": {"id": "S1ENG", "users": ["U2BOB"]}},
        {"type": "subteam_members_changed", "subteam_id": "S1ENG", "removed_users": ["U1ALICE"]},
        {"type": "subteam_updated", "subteam": {"id": "S1ENG"}},
        {"type": "subteam_self_removed", "subteam_id": "S1ENG"},
    ],
)
async def test_a_change_of_a_group_is_seen(
    directory: Directory, fake: FakeSlack, home: str, event: dict[str, Any]
) -> None:
    await directory.actor("U1ALICE", home)
    fake.workspace.groups["S1ENG"].users.remove("U1ALICE")
    await tell(directory, event)
    assert (await directory.actor("U1ALICE", home)).groups == frozenset()


async def test_an_event_during_a_call_outdates_its_answer(
    directory: Directory, fake: FakeSlack, home: str, clock: Clock
) -> None:
    fake.faults.add("usergroups.users.list", "delay", delay=0.05)
    await directory.actor("U1ALICE", home)
    clock.now += 61
    fake.faults.add("usergroups.users.list", "delay", delay=0.05)
    looking = asyncio.create_task(directory.actor("U1ALICE", home))
    await asyncio.sleep(0.01)
    await tell(directory, {"type": "subteam_members_changed", "subteam_id": "S1ENG", "removed_users": ["U1ALICE"]})
    await looking
    before = calls(fake, "usergroups.users.list")
    await directory.actor("U1ALICE", home)
    assert calls(fake, "usergroups.users.list") == before + 1


async def test_events_about_what_we_do_not_keep_are_nothing(directory: Directory) -> None:
    events: list[dict[str, Any]] = [
        {"type": "subteam_created", "subteam": {"id": "S9"}},
        {"type": "user_change", "user": "U1"},
        {},
    ]
    for event in events:
        await tell(directory, event)


async def test_the_router_brings_the_events(directory: Directory) -> None:
    router = Router()
    directory.register(router)
    assert "subteam_members_changed" in router.names("event")
    assert "user_change" in router.names("event")


async def test_a_dm_is_opened_once(directory: Directory, fake: FakeSlack) -> None:
    first = await directory.dm_channel("U1ALICE")
    assert first.startswith("D")
    assert await directory.dm_channel("U1ALICE") == first
    assert calls(fake, "conversations.open") == 1
    with pytest.raises(SlackRefused, match="user_disabled"):
        await directory.dm_channel("U7GONE")


async def test_a_lost_event_counts_for_three_seconds_at_most(
    directory: Directory, fake: FakeSlack, home: str, clock: Clock
) -> None:
    await directory.actor("U1ALICE", home, fresh=True)
    fake.workspace.people["U1ALICE"].kind = PersonKind.DEACTIVATED
    clock.now += 3
    assert (await directory.actor("U1ALICE", home, fresh=True)).kind is ActorKind.DEACTIVATED


async def test_without_a_look_up_left_nobody_is_still_a_member(
    directory: Directory, fake: FakeSlack, home: str, clock: Clock
) -> None:
    await directory.actor("U1ALICE", home)
    while directory._groups_window.take():
        pass
    clock.now += 4
    assert (await directory.actor("U1ALICE", home, fresh=True)).kind is ActorKind.UNKNOWN
    assert (await directory.actor("U1ALICE", home)).groups == {"S1ENG"}, "what only shows may be older"
    clock.now += 60
    assert (await directory.actor("U1ALICE", home, fresh=True)).groups == {"S1ENG"}


async def test_who_has_no_role_spends_no_look_up(fake: FakeSlack, web: SlackWebClient, clock: Clock, home: str) -> None:
    directory = Directory(
        web=web,
        team_id=home,
        group_ids=lambda: frozenset({"S1ENG"}),
        clock=clock,
        counts=lambda actor: bool(actor.groups),
    )
    fake.workspace.groups["S1ENG"].users.remove("U2BOB")
    for _ in range(30):
        assert not (await directory.actor("U2BOB", home, fresh=True)).groups
        clock.now += 1.9
    assert (calls(fake, "users.info"), calls(fake, "usergroups.users.list")) == (1, 1)
    await directory.close()


async def test_what_somebody_is_here_is_asked_anew_also_of_people_without_rights(
    directory: Directory, fake: FakeSlack, home: str, clock: Clock
) -> None:
    assert (await directory.standing("U1ALICE")).kind is ActorKind.MEMBER
    begun = calls(fake, "users.info")
    await directory.standing("U1ALICE")
    assert calls(fake, "users.info") == begun, "a moment ago is now"
    clock.now += 4
    await directory.standing("U1ALICE")
    assert calls(fake, "users.info") == begun + 1
    assert (await directory.standing("U0NOSUCH")).kind is ActorKind.UNKNOWN
    fake.switches.down = "503"
    clock.now += 4
    assert (await directory.standing("U1ALICE")).kind is ActorKind.UNKNOWN, "an older answer does not count"
