import asyncio
import io
import time
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from bot.cli.check import check
from bot.cli.check.scopes import needed
from bot.db.engine import open_database
from bot.errors import ConfigurationError
from bot.settings import PartialSettings
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway.faults import GatewayFault
from keydesk_sandbox.fake_slack.workspace import Channel
from keydesk_sandbox.world import World, serving
from tests.cli.conftest import Settle


async def no_wait(_seconds: float) -> None:
    """The retries of reads are tested elsewhere."""


async def look(world: World, partial: PartialSettings, **more: Any) -> tuple[int, list[str]]:
    out = io.StringIO()
    means = {"gateway_transport": world.gateway.transport(), "manifest": manifest, "sleep": no_wait} | more
    code = await check(partial, out=out, **means)
    text = out.getvalue()
    for secret in (world.bot_token, world.app_token, world.signing_secret, world.access_token):
        assert secret not in text
    lines = text.splitlines()
    for line in lines[:-1]:
        assert line[:6] in {"ok    ", "warn  ", "FAIL  "}, line
        assert ": " in line[6:], line
    assert code == any(line.startswith("FAIL") for line in lines)
    return code, lines


def bad(lines: list[str]) -> list[str]:
    """Every line that is not ok, without the last, which counts them, and without what the sandbox's policy means so."""
    meant = (": it gives key.", ": it brings any number of keys back")
    return [line for line in lines[:-1] if not line.startswith("ok ") and not any(words in line for words in meant)]


def change_app(world: World, **changes: Any) -> None:
    world.slack.core.app = replace(world.slack.core.app, **changes)


def manifest(
    *,
    scopes: Collection[str] = needed(),
    url: str = "https://keydesk.example.org/slack/events",
    socket_mode: bool = False,
) -> dict[str, Any]:
    """What `check` reads of a manifest; by default as an operator has made it, with a host of their own."""
    settings = {"event_subscriptions": {"request_url": url}, "socket_mode_enabled": socket_mode}
    return {"oauth_config": {"scopes": {"bot": sorted(scopes)}}, "settings": settings}


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


async def test_wrong_settings_do_not_stop_the_other_looks(world: World, settle: Settle) -> None:
    code, lines = await look(world, settle(SLACK_BOT_TOKEN=world.app_token, COMETAPI_ACCESS_TOKEN="sk-no", PORT="x"))
    assert code == 1
    assert bad(lines) == [
        (
            "FAIL  settings: SLACK_BOT_TOKEN: this is the app-level token, which belongs in SLACK_APP_TOKEN; the bot "
            "token starts with xoxb- (OAuth & Permissions)"
        ),
        (
            "FAIL  settings: COMETAPI_ACCESS_TOKEN: this is a model key (sk-…); the personal access token is in "
            "Console > Personal Settings"
        ),
        "FAIL  settings: PORT: Input should be a valid integer, unable to parse string as an integer",
    ]
    assert any("  policy: " in line for line in lines)
    assert any(line.startswith("ok    database: ") for line in lines)
    assert lines[-1] == "3 to mend before Keydesk works as it should."


@pytest.mark.parametrize("damage", ['"{}', "{}'", "“{}", '‘{}"'])
async def test_a_quotation_mark_at_one_end_is_named_by_check_and_serve_alike(
    world: World, settle: Settle, damage: str
) -> None:
    names = ["COMETAPI_ACCESS_TOKEN", "SLACK_SIGNING_SECRET", "GITHUB_TOKEN", "KEYDESK_ALERT_SECRET_GITHUB"]
    values = {name: f"not-a-real-value-of-{name.lower()}" for name in names}
    wrong = settle(**{name: damage.format(value) for name, value in values.items()})
    code, lines = await look(world, wrong)
    assert code == 1
    told = [f"{name}: has a quotation mark at one end; write the value without it" for name in names]
    assert sorted(bad(lines)) == sorted(f"FAIL  settings: {one}" for one in told)
    with pytest.raises(ConfigurationError) as served:
        wrong.complete()
    assert sorted(served.value.problems) == sorted(told)
    assert not any(value in line for value in values.values() for line in [*lines, *served.value.problems])


async def test_missing_settings_say_where_they_go(world: World, settle: Settle) -> None:
    _, lines = await look(world, settle(KEYDESK_CHANNEL=None))
    assert bad(lines) == [
        (
            "FAIL  settings: KEYDESK_CHANNEL is missing. Id of the channel for requests and confirmations (C…); "
            "put it into the environment or .env"
        )
    ]


async def test_a_name_that_is_no_setting_is_told(world: World, settle: Settle) -> None:
    code, lines = await look(world, settle(KEYDESK_SECURTY_CHANNEL="C0X", SLACK_CHANNEL="C0X"))
    assert code == 0
    assert bad(lines) == [
        "warn  settings: KEYDESK_SECURTY_CHANNEL is not a setting of Keydesk; did you mean KEYDESK_SECURITY_CHANNEL?"
    ]


async def test_the_token_of_an_organisation_wants_a_workspace(world: World, settle: Settle) -> None:
    team = world.slack.workspace.team
    world.slack.workspace.team = replace(team, enterprise_id="E0ORG", enterprise_name="Org", org_install=True)
    code, lines = await look(world, settle())
    assert code == 1
    assert bad(lines) == [
        (
            "FAIL  workspace: SLACK_BOT_TOKEN is of an org-wide install (Enterprise Grid), and Keydesk serves one workspace; "
            "set SLACK_TEAM_ID to its id (T…), or install the app in that workspace alone"
        )
    ]
    code, lines = await look(world, settle(SLACK_TEAM_ID=team.id))
    assert (code, bad(lines)) == (0, [])
    assert any(f"(E0ORG), serving the workspace {team.id}" in line for line in lines)
    code, lines = await look(world, settle(SLACK_TEAM_ID="T0NOWHERE"))
    assert code == 1
    assert "an administrator of the organisation adds it there" in bad(lines)[0]


async def test_a_signing_secret_of_another_shape_is_doubted(world: World, settle: Settle) -> None:
    code, lines = await look(world, settle(SLACK_SIGNING_SECRET="A1b2-not-it"))
    assert code == 0
    assert bad(lines)[0].startswith("warn  signing secret: SLACK_SIGNING_SECRET has not the shape of Slack's")
    assert lines[-1].startswith("Keydesk can start; ")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda w: setattr(w.slack.switches, "token", "token_revoked"), "FAIL  Slack token: Slack does not take SLACK_BOT_TOKEN (token_revoked); copy the Bot User OAuth Token again from OAuth & Permissions"),
        (lambda w: change_app(w, bot_id=""), "FAIL  Slack token: it is not the token of a bot; take the one that starts with xoxb- from OAuth & Permissions"),
        (lambda w: w.slack.limits.force("conversations.info", times=1), "warn  KEYDESK_CHANNEL: Slack does not answer about C0KEYS; try again"),
        (lambda w: change_app(w, scopes=(*needed(), "im:read")) or w.slack.workspace.channels.__setitem__(seed.KEYS_CHANNEL, Channel(id=seed.KEYS_CHANNEL, kind="dm", members=[seed.BOT_USER])), "FAIL  KEYDESK_CHANNEL: C0KEYS is a direct message; write the id of a channel"),
        (lambda w: setattr(w.slack.switches, "down", "503"), "FAIL  Slack: Slack cannot be reached at URL; look at the network, and at SLACK_API_URL if it is set"),
        (lambda w: setattr(w.slack.switches, "plan", "free"), "FAIL  user groups: Slack does not tell who is in S0ADMINS (plan_upgrade_required); user groups need the scope usergroups:read and a paid plan of Slack"),
        (lambda w: change_app(w, scopes=tuple(needed() - {"im:write", "users:read"})), "FAIL  Slack scopes: the token lacks im:write, users:read, so this does not work: bots.info, conversations.open, users.info; add them under OAuth & Permissions as in manifest.yml, then install the app again"),
        (lambda w: change_app(w, scopes=(*needed(), "files:write")), "warn  Slack scopes: the token has more than Keydesk needs: files:write; take them away"),
        (lambda w: w.slack.workspace.groups["S0MANAGERS"].users.clear(), "warn  user groups: the user group S0MANAGERS is empty, so nobody has its roles; add people to it in Slack"),
        (lambda w: w.slack.workspace.groups.pop("S0MANAGERS"), "FAIL  user groups: Slack has no enabled user group S0MANAGERS, so nobody has its roles; look at the id in the policy, or enable the group in Slack"),
        (lambda w: w.slack.limits.force("usergroups.users.list"), "warn  user groups: Slack could not be asked about S0ADMINS now; try again in a minute"),
        (lambda w: w.slack.workspace.channels.pop(seed.KEYS_CHANNEL), "FAIL  KEYDESK_CHANNEL: C0KEYS is not there, or is private and the bot is not in it; write the channel's id; in a private channel /invite the bot"),
        (lambda w: w.slack.workspace.channels[seed.KEYS_CHANNEL].members.remove(seed.BOT_USER), "FAIL  KEYDESK_CHANNEL: the bot is not in #api-keys (C0KEYS); /invite it there"),
        (lambda w: setattr(w.slack.workspace.channels[seed.SECURITY_CHANNEL], "is_archived", True), "FAIL  KEYDESK_SECURITY_CHANNEL: #security (C0SECURITY) is archived; unarchive it or choose another one"),
        (lambda w: setattr(w.slack.workspace.channels[seed.KEYS_CHANNEL], "is_ext_shared", True), "warn  KEYDESK_CHANNEL: #api-keys (C0KEYS) is shared with another company, who can read every request; choose a channel of your own people"),
        (lambda w: w.slack.workspace.channels.__setitem__(seed.KEYS_CHANNEL, Channel(id=seed.KEYS_CHANNEL, kind="dm", members=[seed.BOT_USER])), "FAIL  KEYDESK_CHANNEL: Slack does not tell about C0KEYS (missing_scope); look at the scopes above"),
    ],
)  # fmt: skip
async def test_what_is_wrong_in_slack(world: World, settle: Settle, change: Callable[[World], Any], told: str) -> None:
    change(world)
    code, lines = await look(world, settle())
    assert told.replace("URL", world.slack.api_url, 1) in lines, lines
    assert code == told.startswith("FAIL")


async def test_slack_that_is_not_there(world: World, settle: Settle) -> None:
    _, lines = await look(world, settle(SLACK_API_URL="http://127.0.0.1:1/api/"))
    assert (
        "FAIL  Slack: Slack cannot be reached at http://127.0.0.1:1/api/; look at the network, and at SLACK_API_URL if it is set"
        in lines
    )
    assert any("  policy: " in line for line in lines)


@pytest.mark.parametrize(
    ("token", "told"),
    [
        ("right", "ok    app token: Socket Mode can be opened; whether another Keydesk uses the same app cannot be seen from here, so give each environment an app of its own"),
        ("xapp-1-of-another-app", "FAIL  app token: Slack does not take SLACK_APP_TOKEN (invalid_auth); copy it again from Basic Information > App-Level Tokens, and switch Socket Mode on"),
        ("limited", "warn  app token: Slack does not say whether it takes SLACK_APP_TOKEN (Slack does not answer us right now. Please try again in a minute); try again"),
        ("xoxb-swapped", "FAIL  settings: SLACK_APP_TOKEN: this is the bot token, which belongs in SLACK_BOT_TOKEN; the app-level token starts with xapp- (Basic Information, scope connections:write)"),
    ],
)  # fmt: skip
async def test_the_app_token(world: World, settle: Settle, token: str, told: str) -> None:
    if token == "limited":
        world.slack.limits.force("apps.connections.open")
    real = token in {"right", "limited"}
    _, lines = await look(world, settle(SLACK_APP_TOKEN=world.app_token if real else token))
    assert told in lines
    assert sum(call.method == "apps.connections.open" for call in world.slack.calls) == (token != "xoxb-swapped")


@pytest.mark.parametrize(
    ("changes", "app_token", "told"),
    [
        ({"scopes": ()}, None, "FAIL  manifest: manifest.yml lacks the scopes channels:history, "),
        ({}, "xapp-1", "warn  manifest: manifest.yml says socket_mode_enabled: false, but SLACK_APP_TOKEN is set"),
        ({"socket_mode": True}, "xapp-1", "ok    manifest: manifest.yml has every scope that the code needs"),
        ({"url": "https://keydesk.example.com/slack/events"}, None, "warn  manifest: manifest.yml still names keydesk.example.com"),
    ],
)  # fmt: skip
async def test_the_manifest(
    world: World, settle: Settle, changes: dict[str, Any], app_token: str | None, told: str
) -> None:
    _, lines = await look(world, settle(SLACK_APP_TOKEN=app_token), manifest=lambda: manifest(**changes))
    assert any(line.startswith(told) for line in lines), lines


async def test_a_manifest_that_cannot_be_read(world: World, settle: Settle) -> None:
    _, lines = await look(world, settle(), manifest=lambda: {"oauth_config": None})
    assert bad(lines) == [
        "FAIL  manifest: manifest.yml cannot be read (TypeError); take the one of the source code",
    ]


async def test_an_installation_without_the_manifest(world: World, settle: Settle) -> None:
    def missing() -> dict[str, Any]:
        raise FileNotFoundError

    code, lines = await look(world, settle(), manifest=missing)
    assert (code, bad(lines)) == (
        0,
        ["warn  manifest: there is no manifest.yml beside this installation; it is in the source code"],
    )


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


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (GatewayFault(kind="redirect", times=None), "FAIL  gateway: https://gateway.test redirects, and Keydesk does not send its token elsewhere; set COMETAPI_BASE_URL to where it leads: scheme and host of the API itself"),
        (GatewayFault(kind="html", times=None), "FAIL  gateway: what answers at https://gateway.test is not the gateway's API; look at COMETAPI_BASE_URL: scheme and host only"),
        (GatewayFault(kind="html", status=502, times=None), "FAIL  gateway: https://gateway.test answers with HTTP 502; look at the gateway, then try again"),
        (GatewayFault(kind="empty_429", times=None), "warn  gateway: it limits how often we may ask; try again in a few minutes"),
        (GatewayFault(kind="refused", times=None), "FAIL  gateway: https://gateway.test cannot be reached; look at COMETAPI_BASE_URL and the network"),
        (GatewayFault(kind="panic", times=None, path="/api/user/self"), "warn  gateway account: the gateway does not tell about the account: The gateway has trouble."),
    ],
)  # fmt: skip
async def test_what_is_wrong_with_the_gateway(world: World, settle: Settle, fault: GatewayFault, told: str) -> None:
    world.gateway.arm(fault)
    _, lines = await look(world, settle())
    assert any(line.startswith(told) for line in lines), lines


@pytest.mark.parametrize(
    ("profile", "settings", "told"),
    [
        ("upstream-g2", {"COMETAPI_USER_ID": None}, "FAIL  gateway: it wants the account's user id; set COMETAPI_USER_ID to the number in Console > Personal Settings"),
        ("upstream-g2", {"COMETAPI_USER_ID": "77"}, "FAIL  gateway: COMETAPI_USER_ID is not the owner of the access token; look up the number in Console > Personal Settings"),
        ("upstream-g2", {"COMETAPI_USER_ID": "1"}, "ok    gateway: https://gateway.test takes our access token; it looks like a self-hosted new-api, newer (masked keys or search in pages)"),
        ("upstream-g2", {"COMETAPI_USER_ID": "1"}, "ok    key values: lists show them masked; Reveal asks for each one"),
        ("upstream-g1", {"COMETAPI_USER_ID": "1"}, "ok    gateway: https://gateway.test takes our access token; it looks like a self-hosted new-api, older (whole keys in lists, flat search)"),
        ("cometapi", {"COMETAPI_USER_ID": "1"}, "warn  user id: COMETAPI_USER_ID is set, but CometAPI needs none; take it away"),
        ("cometapi", {"COMETAPI_ACCESS_TOKEN": "wrong-token"}, "FAIL  gateway: it does not take COMETAPI_ACCESS_TOKEN; make a new personal access token in Console > Personal Settings"),
        ("upstream-g3", {"COMETAPI_ACCESS_TOKEN": "a1" * 24}, "FAIL  gateway: it does not take COMETAPI_ACCESS_TOKEN, which looks like a model key without its sk-; use the personal access token of Console > Personal Settings"),
    ],
)  # fmt: skip
async def test_which_gateway_it_is_and_whether_it_takes_us(
    world: World, settle: Settle, folder: Path, profile: str, settings: dict[str, str | None], told: str
) -> None:
    other = World(folder=folder / "other", profile=profile, access_token=world.access_token)
    seed.fill_gateway(other.gateway)
    world.gateway = other.gateway
    _, lines = await look(world, settle(**settings))
    assert told in lines


async def test_an_account_without_balance(world: World, settle: Settle) -> None:
    world.gateway.account.quota = 0
    _, lines = await look(world, settle())
    assert bad(lines) == ["warn  gateway account: keydesk has no balance left; keys work only when it is topped up"]


async def test_a_banned_account(world: World, settle: Settle) -> None:
    world.gateway.account.banned = True
    _, lines = await look(world, settle())
    assert bad(lines) == ["FAIL  gateway: the account is banned; talk to the gateway's operator"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[[rules]]\n", "FAIL  policy: {path}:1:1: the rule has no name; docs/policy.md explains the file"),
        (None, "FAIL  policy: {path}: there is no such file; policy.example.toml is one to begin with"),
        ("", "warn  policy: {path}:1:1: nobody may do anything: this policy locks everybody out; `keydesk policy explain` shows what it does"),
    ],
)  # fmt: skip
async def test_the_policy(world: World, settle: Settle, text: str | None, told: str) -> None:
    if text is None:
        world.policy_path.unlink()
    else:
        world.policy_path.write_text(text)
    _, lines = await look(world, settle())
    assert told.format(path=world.policy_path) in lines


async def test_a_policy_full_of_mistakes_is_cut(world: World, settle: Settle) -> None:
    world.policy_path.write_text("[[rules]]\n" * 30)
    _, lines = await look(world, settle())
    assert sum("policy: " in line for line in lines) == 21


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("sqlite:///new.sqlite", "warn  database: new.sqlite is not there yet; `keydesk serve` or `keydesk migrate` makes it"),
        ("sqlite:///empty.sqlite", "warn  database: empty.sqlite is not up to date (0001_requests, "),
        ("sqlite:///text.sqlite", "FAIL  database: DATABASE_URL: the file "),
        ("sqlite:///nowhere/new.sqlite", "FAIL  database: "),
        ("postgresql://me:pass-not-real@127.0.0.1:1/db", "FAIL  database: DATABASE_URL: PostgreSQL at 127.0.0.1, database db does not let us in: "),
    ],
)  # fmt: skip
async def test_the_database(world: World, settle: Settle, folder: Path, url: str, told: str) -> None:
    (folder / "empty.sqlite").touch()
    (folder / "text.sqlite").write_text("this is no database" * 100)
    _, lines = await look(world, settle(DATABASE_URL=url))
    assert any(line.startswith(told) for line in lines), lines
    assert not any("pass-not-real" in line for line in lines)
    assert not (folder / "new.sqlite").exists()


async def test_it_may_look_while_serve_runs(world: World, settle: Settle, sqlite_url: str) -> None:
    serving = open_database(sqlite_url)
    code, _ = await look(world, settle())
    serving.close()
    assert code == 0


async def test_a_gateway_that_never_answers_is_given_up(world: World, settle: Settle) -> None:
    class Silent(httpx.AsyncBaseTransport):
        async def handle_async_request(self, _request: httpx.Request) -> httpx.Response:
            await asyncio.Event().wait()
            raise AssertionError

    _, lines = await look(world, settle(), gateway_transport=Silent(), longest=0.05)
    assert "FAIL  gateway: https://gateway.test is too slow; look at the network, then try again" in lines
