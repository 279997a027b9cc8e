"""What can be checked without Slack and gateway: settings, policy, manifest, database."""

import io
from pathlib import Path
from typing import Any

import pytest

from bot.cli.check import files
from bot.cli.check.report import Report
from bot.db.engine import open_database
from bot.errors import ConfigurationError
from keydesk_sandbox.world import World
from tests.cli.checking import bad, look, manifest
from tests.cli.conftest import Settle


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
        "FAIL  settings: PORT: must be a whole number",
    ]
    assert any("  policy: " in line for line in lines)
    assert any(line.startswith("ok    database: ") for line in lines)
    assert lines[-1] == "3 to mend before Keydesk works as it should."


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


async def test_a_signing_secret_of_another_shape_is_doubted(world: World, settle: Settle) -> None:
    code, lines = await look(world, settle(SLACK_SIGNING_SECRET="A1b2-not-it"))
    assert code == 0
    assert bad(lines)[0].startswith("warn  signing secret: SLACK_SIGNING_SECRET has not the shape of Slack's")
    assert lines[-1].startswith("Keydesk can start; ")


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


def told(url: str) -> list[str]:
    out = io.StringIO()
    files.look_at_database(Report(out=out, secrets=[]), url)
    return out.getvalue().splitlines()


@pytest.mark.postgres
def test_postgresql_says_its_version_and_time_zone(postgres_url: str) -> None:
    joint = "&" if "?" in postgres_url else "?"
    lines = told(f"{postgres_url}{joint}options=-c%20timezone%3DAsia/Tokyo")
    (line,) = [one for one in lines if "database time" in one]
    assert line.startswith("ok    database time: PostgreSQL ")
    assert "time zone Asia/Tokyo; Keydesk's own times are Unix seconds" in line


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        ("OLDEST_POSTGRES", 99, "FAIL  database: PostgreSQL "),
        ("SKEW_SECONDS", -1.0, "warn  database time: its clock differs from ours by "),
    ],
)
def test_what_is_not_supported(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch, name: str, value: Any, line: str
) -> None:
    monkeypatch.setattr(files, name, value)
    assert any(one.startswith(line) for one in told(postgres_url))


def test_sqlite_has_neither(sqlite_url: str) -> None:
    assert not any("database time" in line for line in told(sqlite_url))


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


async def test_ids_of_the_example_are_told(world: World, settle: Settle) -> None:
    rules = '[[rules]]\nname = "all"\nwho = ["S0ADMINS", "U0ONCALL"]\ndo = ["key.disable"]\non = "any"\nallow = true\n'
    world.policy_path.write_text(rules, encoding="utf-8")
    # The sandbox's Slack has that group, and nobody of that id; without Slack neither is known.
    for settings, told in (({}, "U0ONCALL"), ({"SLACK_BOT_TOKEN": None}, "S0ADMINS, U0ONCALL")):
        _, lines = await look(world, settle(**settings))
        assert any(line.startswith("warn") and f": {told} of the example stand for your own" in line for line in lines)


async def test_a_policy_by_which_nobody_is_called_when_a_key_leaks_is_told(world: World, settle: Settle) -> None:
    rules = '[[rules]]\nname = "own"\nwho = ["*"]\ndo = ["key.list", "key.disable"]\nallow = true\n'
    world.policy_path.write_text(rules, encoding="utf-8")
    code, lines = await look(world, settle())
    assert code == 0
    assert any("nobody is called when a key leaks" in line for line in bad(lines))
