"""The app as its manifest describes it; what is missing the app does not have."""

from keydesk_sandbox.fake_slack.manifest import parse_manifest

IDS = {"app_id": "A1", "bot_id": "B1", "bot_user_id": "U1"}


def test_an_empty_manifest_gives_an_app_that_can_do_nothing() -> None:
    app = parse_manifest({}, **IDS)
    assert (app.name, app.scopes, dict(app.commands), dict(app.shortcuts)) == ("app", (), {}, {})
    assert not any((app.home_tab, app.messages_tab, app.interactivity, app.socket_mode))


def test_commands_and_shortcuts_are_found_by_their_names() -> None:
    shortcut = {"name": "Report", "type": "message", "callback_id": "report", "description": "d"}
    features = {
        "bot_user": {"display_name": "Keydesk"},
        "slash_commands": [{"command": "/apikey", "description": "keys", "should_escape": True}],
        "shortcuts": [shortcut],
        "app_home": {"home_tab_enabled": True},
    }
    settings = {"event_subscriptions": {"bot_events": ["app_home_opened"]}, "interactivity": {"is_enabled": True}}
    app = parse_manifest({"features": features, "settings": settings}, **IDS)
    assert (app.name, app.home_tab, app.interactivity) == ("Keydesk", True, True)
    assert (app.commands["/apikey"].usage_hint, app.commands["/apikey"].should_escape) == ("", True)
    assert app.shortcuts["report"].type == "message"
    assert app.events == {"app_home_opened"}
