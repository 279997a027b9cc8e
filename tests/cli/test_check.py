import time

from keydesk_sandbox.world import World, serving
from tests.cli.checking import bad, look
from tests.cli.conftest import Settle


async def test_all_is_well(world: World, settle: Settle) -> None:
    code, lines = await look(world, settle())
    assert bad(lines) == []
    assert code == 0
    assert lines[-1].startswith("Keydesk can start")
    assert list(dict.fromkeys(line.split(":")[0].split("  ")[-1] for line in lines[:-1])) == [
        "settings", "manifest", "Slack token", "Slack scopes", "KEYDESK_CHANNEL", "KEYDESK_SECURITY_CHANNEL",
        "user groups", "cards and forms", "transport", "policy", "gateway", "gateway account", "list of keys",
        "alert sources", "database", "gateway, as seen so far",
    ]  # fmt: skip


async def test_it_changes_nothing(world: World, settle: Settle) -> None:
    await look(world, settle(SLACK_APP_TOKEN=world.app_token))
    assert {call.method for call in world.slack.calls} == {
        "auth.test", "blocks.validate", "conversations.info", "usergroups.users.list", "apps.connections.open",
    }  # fmt: skip
    assert {seen.method for seen in world.gateway.requests} == {"GET"}
    assert not any(seen.path == "/api/user/token" for seen in world.gateway.requests)
    assert world.slack.hub.links == []


async def test_clocks_that_differ(world: World, settle: Settle) -> None:
    # The other server is quicker to stop, and tells no date.
    async with serving(world.slack.app) as address:
        world.slack.base_url = address
        fast = await look(world, settle(), clock=lambda: time.time() + 60)
        slow = await look(world, settle(), clock=lambda: time.time() - 290)
    assert fast[0] == 0
    assert [line.rpartition(" by -")[0] for line in bad(fast[1])] == [
        "warn  clock: Slack's clock differs from ours",
        "warn  clock: the gateway's clock differs from ours",
    ]
    assert slow[0] == 1
    assert bad(slow[1])[0].startswith("FAIL  clock: Slack's clock differs from ours by +")
    assert bad(slow[1])[0].endswith("its signatures look too old; set this machine's clock by NTP")
