"""What the app may do, read from its manifest (slack.md B). Knows nothing of tokens and deliveries."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Command:
    """A slash command; `command` begins with `/`."""

    command: str
    description: str
    usage_hint: str
    should_escape: bool


@dataclass(frozen=True, kw_only=True)
class Shortcut:
    """A shortcut; `type` is `global` or `message`."""

    name: str
    type: str
    callback_id: str
    description: str


@dataclass(frozen=True, kw_only=True)
class App:
    """The installed app: its ids and what the manifest gives it."""

    id: str
    bot_id: str
    bot_user_id: str
    name: str
    scopes: tuple[str, ...]
    commands: Mapping[str, Command]
    shortcuts: Mapping[str, Shortcut]
    events: frozenset[str]
    home_tab: bool
    messages_tab: bool
    interactivity: bool
    socket_mode: bool


def parse_manifest(manifest: Mapping[str, Any], *, app_id: str, bot_id: str, bot_user_id: str) -> App:
    """The app of a manifest that its schema has accepted. Missing parts mean: the app has none of it."""
    features = manifest.get("features", {})
    settings = manifest.get("settings", {})
    home = features.get("app_home", {})
    display = manifest.get("display_information", {})
    commands = [_command(item) for item in features.get("slash_commands", [])]
    shortcuts = [Shortcut(**{name: item[name] for name in _SHORTCUT}) for item in features.get("shortcuts", [])]
    return App(
        id=app_id,
        bot_id=bot_id,
        bot_user_id=bot_user_id,
        name=features.get("bot_user", {}).get("display_name") or display.get("name", "app"),
        scopes=tuple(manifest.get("oauth_config", {}).get("scopes", {}).get("bot", [])),
        commands={command.command: command for command in commands},
        shortcuts={shortcut.callback_id: shortcut for shortcut in shortcuts},
        events=frozenset(settings.get("event_subscriptions", {}).get("bot_events", [])),
        home_tab=bool(home.get("home_tab_enabled", False)),
        messages_tab=bool(home.get("messages_tab_enabled", False)),
        interactivity=bool(settings.get("interactivity", {}).get("is_enabled", False)),
        socket_mode=bool(settings.get("socket_mode_enabled", False)),
    )


_SHORTCUT = ("name", "type", "callback_id", "description")


def _command(item: Mapping[str, Any]) -> Command:
    return Command(
        command=item["command"],
        description=item["description"],
        usage_hint=item.get("usage_hint", ""),
        should_escape=bool(item.get("should_escape", False)),
    )
