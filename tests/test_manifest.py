"""manifest.yml against Slack's rules (slack.md B), and against what the code registers and calls."""

import ast
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot.app import Application
from bot.cli.check import scopes
from bot.manifest import read_manifest
from bot.services import Services
from bot.settings import load
from bot.slack.edge import Identity
from bot.slack.router import Router
from keydesk_sandbox.fake_slack.web_api import METHODS
from keydesk_sandbox.world import World

ROOT = Path(__file__).parent.parent
# Slack sends these about the person a token belongs to; ours belongs to a bot, which is in no user group.
ABOUT_OURSELVES = {"subteam_self_added", "subteam_self_removed"}


def text(most: int, least: int = 1, **more: Any) -> dict[str, Any]:
    return {"type": "string", "minLength": least, "maxLength": most} | more


def thing(required: list[str], **properties: Any) -> dict[str, Any]:
    """An object without unknown keys, as Slack wants it at every level we use."""
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def several(most: int, items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "minItems": 1, "maxItems": most, "items": items, "uniqueItems": True}


FLAG = {"type": "boolean"}
URL = text(3000, pattern=r"^https://[^/]+/slack/events$")
NAMES = several(100, text(100, pattern=r"^[a-z_:.]+$"))
SCHEMA = thing(
    ["display_information", "features", "oauth_config", "settings"],
    _metadata=thing(["major_version"], major_version={"enum": [1, 2]}),
    display_information=thing(
        ["name"],
        name=text(35),
        description=text(140),
        long_description=text(4000, 175),
        background_color=text(7, 4, pattern="^#[0-9a-f]+$"),
    ),
    features=thing(
        ["app_home", "bot_user", "slash_commands", "shortcuts"],
        app_home=thing(
            ["home_tab_enabled", "messages_tab_enabled"],
            home_tab_enabled=FLAG,
            messages_tab_enabled=FLAG,
            messages_tab_read_only_enabled=FLAG,
        ),
        bot_user=thing(["display_name"], display_name=text(80), always_online=FLAG),
        shortcuts=several(
            10,
            thing(
                ["name", "type", "callback_id", "description"],
                name=text(24),
                type={"enum": ["message", "global"]},
                callback_id=text(255),
                description=text(150),
            ),
        ),
        slash_commands=several(
            50,
            thing(
                ["command", "description"],
                command=text(32, 2, pattern="^/"),
                url=URL,
                description=text(2000),
                usage_hint=text(1000),
                should_escape=FLAG,
            ),
        ),
    ),
    oauth_config=thing(["scopes"], scopes=thing(["bot"], bot=NAMES)),
    settings=thing(
        ["event_subscriptions", "interactivity", "socket_mode_enabled"],
        event_subscriptions=thing(["bot_events"], request_url=URL, bot_events=NAMES),
        interactivity=thing(["is_enabled"], is_enabled=FLAG, request_url=URL, message_menu_options_url=URL),
        org_deploy_enabled=FLAG,
        socket_mode_enabled=FLAG,
        token_rotation_enabled={"const": False},
    ),
)

# It takes the app-level token, whose scope is no bot scope.
APP_METHOD = "apps.connections.open"


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((ROOT / "manifest.yml").read_text(encoding="utf-8"))
    return found


@pytest.fixture
async def router(tmp_path: Path) -> AsyncIterator[Router]:
    """The router with everything registered, as the composition root makes it; nobody is called."""
    world = World(folder=tmp_path)
    settings = load(world.environment(gateway_url="https://gateway.test", port=3000), env_file=None)
    application = Application(settings)
    application.services = Services(application.resources, Identity(team_id="T0", bot_user_id="U0", bot_id="B0"))
    yield application.services.router
    await application.stop()
    await world.slack.close()


def called_methods() -> set[str]:
    """Every Web API method named in a string of the code, our own tables left out."""
    families = {name.split(".")[0] for name in METHODS}
    pattern = re.compile(rf"(?:{'|'.join(families)})(?:\.[a-z][A-Za-z]+)+")
    found = set()
    for path in (ROOT / "bot").rglob("*.py"):
        if path.name == "scopes.py":
            continue
        strings = (node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant))
        found |= {value for value in strings if isinstance(value, str) and pattern.fullmatch(value)}
    return found


def test_slack_would_take_it(manifest: dict[str, Any]) -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)
    errors = [
        f"{error.json_path}: {error.message}" for error in jsonschema.Draft7Validator(SCHEMA).iter_errors(manifest)
    ]
    assert errors == []


def test_the_sandbox_uses_the_same_file(manifest: dict[str, Any]) -> None:
    assert read_manifest() == manifest


def test_http_has_every_url_that_slack_needs(manifest: dict[str, Any]) -> None:
    # Slack's own schema lets an HTTP app without any URL pass.
    settings = manifest["settings"]
    urls = {
        *(command["url"] for command in manifest["features"]["slash_commands"]),
        settings["event_subscriptions"]["request_url"],
        settings["interactivity"]["request_url"],
        settings["interactivity"]["message_menu_options_url"],
    }
    assert len(urls) == 1
    assert settings["interactivity"]["is_enabled"] is True
    assert manifest["features"]["app_home"]["home_tab_enabled"] is True
    assert manifest["features"]["app_home"]["messages_tab_enabled"] is True


def test_an_organisation_may_install_it_for_all_its_workspaces(manifest: dict[str, Any]) -> None:
    """True because SLACK_TEAM_ID chooses one of them (tests/scenarios/test_enterprise_grid.py)."""
    assert manifest["settings"]["org_deploy_enabled"] is True


def test_the_command_is_the_routers(manifest: dict[str, Any], router: Router) -> None:
    (command,) = manifest["features"]["slash_commands"]
    assert command["command"] == router.command_name
    # People and channels in the text then come as ids, never as names that have to be guessed.
    assert command["should_escape"] is True


def test_the_shortcuts_are_the_routers(manifest: dict[str, Any], router: Router) -> None:
    assert {shortcut["callback_id"] for shortcut in manifest["features"]["shortcuts"]} == router.names("shortcut")


def test_the_events_are_the_routers(manifest: dict[str, Any], router: Router) -> None:
    # `message.channels` says for which kind of channel; what arrives is a `message`.
    subscribed = {name.partition(".")[0] for name in manifest["settings"]["event_subscriptions"]["bot_events"]}
    assert subscribed == router.names("event") - ABOUT_OURSELVES


def test_every_subscribed_event_has_its_scope(manifest: dict[str, Any]) -> None:
    granted = set(manifest["oauth_config"]["scopes"]["bot"])
    for event in manifest["settings"]["event_subscriptions"]["bot_events"]:
        assert set(scopes.EVENTS[event]) <= granted, event


def test_the_table_of_methods_is_what_the_code_calls() -> None:
    assert called_methods() == {*scopes.METHODS, APP_METHOD}


def test_the_table_of_methods_agrees_with_the_sandboxs_slack() -> None:
    for method, wanted in scopes.METHODS.items():
        accepted = set(METHODS[method].scopes)
        assert set(wanted) <= accepted, method
        assert bool(wanted) == bool(accepted), method


def test_the_manifest_grants_what_the_code_needs_and_no_more(manifest: dict[str, Any]) -> None:
    assert set(manifest["oauth_config"]["scopes"]["bot"]) == scopes.needed()
