"""What is wrong in Slack, and what Slack says of cards and forms, the list of keys and secrets from files."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import bot.cli.check.slack
from bot.cli.check import gateway
from bot.cli.check.report import Report
from bot.cli.check.samples import Sample
from bot.cli.check.scopes import needed
from bot.slack.blocks import Message
from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack.workspace import Channel
from keydesk_sandbox.world import World
from tests.cli.checking import bad, look
from tests.cli.conftest import Settle


def change_app(world: World, **changes: Any) -> None:
    world.slack.core.app = replace(world.slack.core.app, **changes)


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


def make_it_a_dm(world: World) -> None:
    change_app(world, scopes=(*needed(), "im:read"))
    channel = Channel(id=seed.KEYS_CHANNEL, kind="dm", members=[seed.BOT_USER])
    world.slack.workspace.channels[seed.KEYS_CHANNEL] = channel


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda w: setattr(w.slack.switches, "token", "token_revoked"), "FAIL  Slack token: Slack does not take SLACK_BOT_TOKEN (token_revoked); copy the Bot User OAuth Token again from OAuth & Permissions"),
        (lambda w: change_app(w, bot_id=""), "FAIL  Slack token: it is not the token of a bot; take the one that starts with xoxb- from OAuth & Permissions"),
        (lambda w: w.slack.limits.force("conversations.info", times=1), "warn  KEYDESK_CHANNEL: Slack does not answer about C0KEYS; try again"),
        (make_it_a_dm, "FAIL  KEYDESK_CHANNEL: C0KEYS is a direct message; write the id of a channel"),
        (lambda w: setattr(w.slack.switches, "down", "503"), "FAIL  Slack: Slack cannot be reached at URL; look at the network, and at SLACK_API_URL if it is set"),
        (lambda w: setattr(w.slack.switches, "plan", "free"), "FAIL  user groups: Slack does not tell who is in S0ADMINS (plan_upgrade_required); user groups need the scope usergroups:read and a paid plan of Slack"),
        (lambda w: change_app(w, scopes=tuple(needed() - {"im:write", "users:read"})), "FAIL  Slack scopes: the token lacks im:write, users:read, so this does not work: bots.info, conversations.open, users.info, users.list; add them under OAuth & Permissions as in manifest.yml, then install the app again"),
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


async def test_every_card_and_form_is_judged_by_slack(world: World, settle: Settle) -> None:
    _, lines = await look(world, settle())
    asked = [call for call in world.slack.calls if call.method == "blocks.validate"]
    assert f"ok    cards and forms: Slack takes all {len(asked)} of this version" in lines
    assert len(asked) > 50


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda w: setattr(w.slack.switches, "refused_methods", {"blocks.validate": "unknown_method"}), "warn  cards and forms: Slack does not judge them (unknown_method); Keydesk works without"),
        (lambda w: w.slack.limits.force("blocks.validate", times=1), "warn  cards and forms: Slack judged 0 of "),
        (lambda w: setattr(w.slack.switches, "refused_methods", {"blocks.validate": "invalid_blocks"}), "FAIL  cards and forms: Slack does not take the request card, pending: invalid_blocks; please report it"),
    ],
)  # fmt: skip
async def test_what_slack_says_of_cards_and_forms(
    world: World, settle: Settle, change: Callable[[World], Any], line: str
) -> None:
    change(world)
    _, lines = await look(world, settle())
    assert any(one.startswith(line) for one in lines), [one for one in lines if "cards" in one]


async def test_the_place_of_a_wrong_block_is_told(
    world: World, settle: Settle, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = Sample("card", Message("x", [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]))
    monkeypatch.setattr(bot.cli.check.slack, "samples", lambda: iter([long]))
    _, lines = await look(world, settle())
    (told,) = [one for one in lines if "cards and forms" in one]
    assert told.startswith("FAIL  cards and forms: Slack does not take the card: ")
    assert "/message/blocks/0/text/text" in told


def test_many_keys_are_more_calls_than_background_work_has() -> None:
    out = io.StringIO()
    report = Report(out=out, secrets=[])
    gateway._tell_budget(report, 300, hidden=0)
    gateway._tell_budget(report, 30_000, hidden=600)
    assert out.getvalue().splitlines() == [
        "ok    list of keys: 300 keys take 3 calls, made again after about 5 minutes; background work has 90 in 180 s",
        (
            "warn  list of keys: 30,000 keys take 300 calls, made again after about 20 minutes; that takes about 10 minutes, "
            "since background work has 90 calls in 180 s; a new key is learnt within a minute all the same; keys that are gone are "
            "noticed later"
        ),
        "ok    masked values: 600 keys are known by their ends, and by their values after about 40 minutes",
    ]


async def test_secrets_from_files_are_named_with_their_rights(world: World, settle: Settle, tmp_path: Path) -> None:
    token, address = tmp_path / "token", tmp_path / "address"
    for path in (token, address):
        path.write_text("x")
        path.chmod(0o644)
    files = {"SLACK_BOT_TOKEN": str(token), "DATABASE_URL": str(address)}
    _, lines = await look(world, replace(settle(), files=files))
    assert "ok    secrets: from files: DATABASE_URL, SLACK_BOT_TOKEN; a new DATABASE_URL needs a restart" in lines
    assert f"warn  rights: other users of this machine may read {token}; chmod 600 {token}" in lines
