"""users.*, usergroups.* and who is told what of a person."""

from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import Caller, MakeSlack


async def test_locale_comes_when_asked_and_never_for_outsiders(api: Caller) -> None:
    assert "locale" not in (await api.ok("users.info", user="U1ALICE"))["user"]
    assert (await api.ok("users.info", user="U1ALICE", include_locale=True))["user"]["locale"] == "de-DE"
    assert "locale" not in (await api.ok("users.info", user="U5OUT", include_locale="true"))["user"]


async def test_the_address_comes_with_its_scope_only(api: Caller, make_slack: MakeSlack) -> None:
    assert (await api.ok("users.info", user="U1ALICE"))["user"]["profile"]["email"] == "alice@example.com"
    blind = Caller(make_slack(manifest={"scopes": ["users:read"]}))
    assert "email" not in (await blind.ok("users.info", user="U1ALICE"))["user"]["profile"]


async def test_people_are_found_by_address_or_not(api: Caller) -> None:
    assert (await api.ok("users.lookupByEmail", email="Alice@example.com"))["user"]["id"] == "U1ALICE"
    assert await api.refused("users.lookupByEmail", email="gil@example.com") == "users_not_found"
    assert await api.refused("users.info", user="U404") == "user_not_found"


async def test_lists_come_in_pages(api: Caller) -> None:
    seen, cursor = [], ""
    for _ in range(10):
        page = await api.ok("users.list", limit=3, cursor=cursor)
        seen += [person["id"] for person in page["members"]]
        cursor = page["response_metadata"]["next_cursor"]
        if not cursor:
            break
    assert len(seen) == len(set(seen)) == 9
    assert await api.refused("users.list", limit="many") == "invalid_limit"


async def test_user_groups_are_read(slack: FakeSlack, api: Caller) -> None:
    listed = (await api.ok("usergroups.list", include_users=True, include_count=True))["usergroups"][0]
    assert (listed["users"], listed["user_count"]) == (["U1ALICE", "U2BOB"], 2)
    assert "users" not in (await api.ok("usergroups.list"))["usergroups"][0]
    assert (await api.ok("usergroups.users.list", usergroup="S1ENG"))["users"] == ["U1ALICE", "U2BOB"]
    assert await api.refused("usergroups.users.list", usergroup="S404") == "no_such_subteam"
    await slack.changes.disable_group("S1ENG")
    assert (await api.ok("usergroups.list"))["usergroups"] == []
    assert await api.refused("usergroups.users.list", usergroup="S1ENG") == "no_such_subteam"
    slack.switches.plan = "free"
    assert await api.refused("usergroups.list") == "plan_upgrade_required"
