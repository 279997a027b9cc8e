import asyncio
import io
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.cli import lookups
from bot.cli.policy import FoundKey
from bot.db.engine import open_database
from bot.errors import GatewayError, UserError
from bot.gateway.numbers import BLOCK
from bot.keys import gateway_blocks, owners
from bot.keys.owners import OwnedKey
from bot.permissions.models import Actor, ActorKind
from bot.permissions.rules import Policy, parse_policy
from bot.settings import PartialSettings
from keydesk_sandbox import seed
from keydesk_sandbox.world import World, serving
from tests.cli.conftest import Settle

POLICY = parse_policy(seed.POLICY, file="policy.toml", units_per_usd=500_000)


def roles_of(*groups: str) -> Policy:
    return parse_policy(f"[roles]\nall = {json.dumps(groups)}")


@pytest.fixture
def out() -> io.StringIO:
    return io.StringIO()


async def find_actor(
    partial: PartialSettings, user: str, out: io.StringIO, *groups: str, policy: Policy = POLICY
) -> Actor:
    """In a thread, because a command has a loop of its own."""
    return await asyncio.to_thread(lookups.find_actor, partial, policy, groups, user, out)


async def test_a_person_comes_with_the_groups_of_now(settle: Settle, out: io.StringIO) -> None:
    actor = await find_actor(settle(), seed.MANAGER, out)
    assert (actor.kind, actor.groups, actor.name) == (ActorKind.MEMBER, frozenset({"S0MANAGERS"}), "mira")
    assert out.getvalue() == ""


async def test_given_groups_are_added(settle: Settle, out: io.StringIO) -> None:
    actor = await find_actor(settle(), seed.MANAGER, out, "S0ADMINS")
    assert actor.groups == {"S0MANAGERS", "S0ADMINS"}


async def test_people_whom_slack_does_not_know_are_left_out(settle: Settle, out: io.StringIO) -> None:
    users = [seed.MANAGER, seed.GUEST, "U0NOBODY"]
    people = await asyncio.to_thread(lookups.find_people, settle(), POLICY, users, out)
    assert {user: actor.kind for user, actor in people.items()} == {
        seed.MANAGER: ActorKind.MEMBER,
        seed.GUEST: ActorKind.GUEST,
    }


@pytest.mark.parametrize(
    ("user", "kind"),
    [(seed.GUEST, ActorKind.GUEST), (seed.OUTSIDER, ActorKind.OUTSIDER), (seed.DEACTIVATED, ActorKind.DEACTIVATED)],
)
async def test_who_is_no_member_is_shown_as_such(settle: Settle, out: io.StringIO, user: str, kind: ActorKind) -> None:
    assert (await find_actor(settle(), user, out)).kind is kind


async def test_nobody_is_said_to_be_nobody(settle: Settle, out: io.StringIO) -> None:
    assert (await find_actor(settle(), "U0NOBODY", out)).kind is ActorKind.UNKNOWN
    assert out.getvalue().startswith("note: Slack does not tell who U0NOBODY is")


@pytest.mark.parametrize(
    ("state", "told"),
    [("token_revoked", "token_revoked"), ("down", "Slack does not answer us right now. Please try again in a minute")],
)
async def test_without_slack_the_given_groups_are_what_there_is(
    world: World, settle: Settle, out: io.StringIO, state: str, told: str
) -> None:
    if state == "down":
        world.slack.switches.down = "refused"
    else:
        world.slack.switches.token = "token_revoked"
    actor = await find_actor(settle(), "U0ADA", out, "S0ENGINEERS")
    assert (actor.slack_user_id, actor.groups) == ("U0ADA", frozenset({"S0ENGINEERS"}))
    assert out.getvalue() == f"note: Slack could not be asked ({told}), so U0ADA is taken to be in no other group.\n"


async def test_groups_without_members_are_told(world: World, settle: Settle, out: io.StringIO) -> None:
    world.slack.workspace.groups["S0ADMINS"].users.clear()
    await find_actor(settle(), "U0ADA", out)
    assert out.getvalue() == "note: The user group S0ADMINS is empty, so nobody has its roles.\n"


def test_a_token_that_is_missing_is_normal_and_a_wrong_one_is_told(settle: Settle, out: io.StringIO) -> None:
    assert lookups.slack_is_set(settle(), out)
    assert not lookups.slack_is_set(settle(SLACK_BOT_TOKEN=None), out)
    assert out.getvalue() == ""
    assert not lookups.slack_is_set(settle(SLACK_BOT_TOKEN="xapp-1"), out)
    assert out.getvalue().startswith("note: Slack is not asked: SLACK_BOT_TOKEN: this is the app-level token")


async def test_members_of_groups(world: World, settle: Settle) -> None:
    world.slack.workspace.groups["S0ADMINS"].users.clear()
    members, on_call = await lookups.groups_now(settle(), roles_of("S0MANAGERS", "S0ADMINS", "S0NOTHERE"))
    assert on_call == []
    managers = (seed.MANAGER, seed.SECOND_MANAGER, seed.CHINESE_MANAGER)
    assert members.known == {"S0ADMINS": (), "S0MANAGERS": managers, "S0NOTHERE": ()}
    assert members.wrong == {
        "S0ADMINS": "the user group S0ADMINS is empty, so nobody has its roles",
        "S0NOTHERE": "Slack has no enabled user group S0NOTHERE, so nobody has its roles",
    }


async def test_more_groups_than_slack_allows_are_not_asked_for(world: World, settle: Settle) -> None:
    members, _ = await lookups.groups_now(settle(), roles_of(*(f"S0NO{number:02}" for number in range(25))))
    assert list(members.wrong.values()).count("") == 5
    assert sum(call.method == "usergroups.users.list" for call in world.slack.calls) == 20


@pytest.fixture
async def gateway_url(world: World) -> AsyncIterator[str]:
    async with serving(world.gateway.app, date_header=False) as address:
        yield address


async def find_key(
    partial: PartialSettings,
    text: str,
    out: io.StringIO,
    user: str = seed.ENGINEER,
    policy: Policy = POLICY,
) -> FoundKey:
    return await asyncio.to_thread(lookups.find_key, partial, policy, text, Actor(slack_user_id=user), out)


async def test_a_key_is_found_by_number_and_by_name(
    world: World, settle: Settle, out: io.StringIO, gateway_url: str, sqlite_url: str
) -> None:
    partial = settle(COMETAPI_BASE_URL=gateway_url)
    record = world.gateway.add_key(name="77", remain_quota=5, group="vip")
    database = open_database(sqlite_url)
    ada = OwnedKey(key_id=record.id, name="77", owner_id=seed.ENGINEER, owner_team="T0", request_id=1, created_at=1.0)
    await database.run(owners.own, ada)
    found = await find_key(partial, str(record.id), out)
    assert (found.label, found.own) == (f"{record.id} “77”", True)
    assert (found.facts.remain_quota, found.facts.group) == (5, "vip")
    assert (await find_key(partial, "77", out, user=seed.MANAGER)).own is False
    assert (await find_key(partial, "ci-runner", out)).facts.allow_ips is True
    assert out.getvalue() == ""
    database.close()


async def test_a_name_that_means_several_keys_is_not_guessed(
    world: World, settle: Settle, out: io.StringIO, gateway_url: str
) -> None:
    for _ in range(2):
        world.gateway.add_key(name="twice")
    with pytest.raises(
        UserError,
        match=r"2 keys may be meant by “twice”: number \d+ \(“twice”, ….{4}\), number \d+ \(“twice”, ….{4}\)\.",
    ):
        await find_key(settle(COMETAPI_BASE_URL=gateway_url), "twice", out)


async def test_what_is_wrong_with_the_key_or_the_gateway_is_a_sentence(
    settle: Settle, out: io.StringIO, gateway_url: str
) -> None:
    with pytest.raises(UserError, match="The gateway has no key “nothing”"):
        await find_key(settle(COMETAPI_BASE_URL=gateway_url), "nothing", out)
    with pytest.raises(GatewayError, match="does not take our access token"):
        await find_key(settle(COMETAPI_BASE_URL=gateway_url, COMETAPI_ACCESS_TOKEN="wrong"), "ci-runner", out)


async def test_without_the_list_of_owners_a_key_is_somebody_elses(
    settle: Settle, out: io.StringIO, gateway_url: str, folder: Path
) -> None:
    partial = settle(COMETAPI_BASE_URL=gateway_url, DATABASE_URL="sqlite:///none.sqlite")
    found = await find_key(partial, "ci-runner", out)
    assert found.own is False
    assert "is taken as somebody else's: There is no database none.sqlite yet" in out.getvalue()
    assert not (folder / "none.sqlite").exists()


@pytest.fixture
async def second_url(world: World) -> AsyncIterator[str]:
    seed.fill_second_gateway(world.second)
    async with serving(world.second.app, date_header=False) as address:
        yield address


async def test_a_key_is_read_at_its_own_gateway(
    world: World,
    settle: Settle,
    out: io.StringIO,
    gateway_url: str,
    second_url: str,
    sqlite_url: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(seed.SECOND_GATEWAY, world.second_token)
    policy = parse_policy(seed.with_second_gateway(seed.POLICY, url=second_url))
    partial = settle(COMETAPI_BASE_URL=gateway_url)
    record = world.second.add_key(name="there", remain_quota=7)
    database = open_database(sqlite_url)
    # Another one was there before it, so its block is not the next one.
    await database.run(gateway_blocks.take, ["default", "gone", "prod"])
    line = OwnedKey(
        key_id=2 * BLOCK + record.id,
        name="there",
        owner_id=seed.ENGINEER,
        owner_team="T0",
        request_id=1,
        created_at=1.0,
    )
    await database.run(owners.own, line)
    found = await find_key(partial, f"prod/{record.id}", out, policy=policy)
    assert (found.label, found.own, found.facts.remain_quota) == (f"prod/{record.id} “there”", True, 7)
    assert found.facts.gateway == "prod"
    assert (await find_key(partial, "ci-runner", out, policy=policy)).facts.gateway == "default"
    # Without its token the others are asked.
    monkeypatch.delenv(seed.SECOND_GATEWAY)
    assert (await find_key(partial, "ci-runner", out, policy=policy)).label.startswith("default/")
    assert "note: the gateway prod is not asked: GATEWAY_TOKEN_PROD is missing." in out.getvalue()
    database.close()
