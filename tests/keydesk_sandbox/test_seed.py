"""The little company of the sandbox: its policy reads, its people are in the groups of the policy, its keys are there."""

from bot.db.engine import Database
from bot.keys import owners
from bot.permissions import parse_policy
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import FakeGateway


def test_the_policy_reads_and_names_groups_that_have_people() -> None:
    policy = parse_policy(seed.POLICY)
    groups = {group.id: group.users for group in seed.workspace().groups.values()}
    for members in policy.roles.members.values():
        for member in members:
            assert groups[member]


def test_every_person_of_a_channel_or_group_exists() -> None:
    workspace = seed.workspace()
    people = set(workspace.people) | {seed.BOT_USER}
    for channel in workspace.channels.values():
        assert set(channel.members) <= people
    for group in workspace.groups.values():
        assert set(group.users) <= people
    assert {seed.ENGINEER, seed.MANAGER, seed.SECURITY, seed.ADMIN, seed.GUEST, seed.OUTSIDER} <= people


def test_the_keys_of_the_console_have_the_owners_that_the_page_shows(sqlite_database: Database) -> None:
    gateway = FakeGateway(access_token="x" * 20)
    seed.fill_gateway(gateway)
    sqlite_database.run_here(seed.own_keys, gateway)
    whose = sqlite_database.run_here(owners.all_owners)
    named = {key.name: whose.get(key.id) for key in gateway.keys()}  # noqa: SIM118 no mapping
    assert (named["notebooks"], named["production"]) == (seed.ENGINEER, None)
    assert seed.SECOND_ENGINEER in named.values()
