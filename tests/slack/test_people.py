"""People, their languages and zones are built together, and schedules come from the policy of now."""

from bot.db.engine import Database
from bot.permissions.rules import parse_policy
from bot.slack.people import people_of
from bot.slack.web_client import SlackWebClient
from keydesk_sandbox.fake_slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import Clock

POLICY = """
[roles.oncall]
members = ["pagerduty:P0ABC12"]
fallback = ["U1ALICE", "S1ENG"]

[[rules]]
name = "r"
who = ["oncall"]
do = ["key.show"]
allow = true
"""


async def test_whoever_stands_in_for_a_silent_schedule_has_its_role(
    web: SlackWebClient, fake: FakeSlack, clock: Clock, sqlite_database: Database
) -> None:
    policies = [parse_policy(POLICY)]
    people = people_of(
        web=web,
        team_id=fake.workspace.team.id,
        database=sqlite_database,
        policy=lambda: policies[0],
        pagerduty=None,
        clock=clock,
    )
    alice = await people.directory.actor("U1ALICE", "", fresh=True)
    assert "pagerduty:P0ABC12" in alice.groups
    guest = await people.directory.actor("U3GUEST", "", fresh=True)
    assert guest.groups == frozenset()
    ids = ["pagerduty:P0ABC12"]
    assert "U1ALICE" in await people.directory.people(ids)
    assert await people.directory.all_people(ids) == await people.directory.people(ids)
    assert await people.directory.all_holders(ids) == await people.directory.people(ids)
    assert any("KEYDESK_PAGERDUTY_TOKEN is not set" in problem for problem in people.directory.problems())
    policies[0] = parse_policy("")
    assert "pagerduty:P0ABC12" not in (await people.directory.actor("U1ALICE", "")).groups
    await people.directory.close()
