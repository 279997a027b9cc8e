"""Each setting says what is wrong with it, never with its value; what is derived from the settings."""

from typing import Any

import pytest

from bot.settings import Settings, read

GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-not-a-real-token",
    "SLACK_SIGNING_SECRET": "0123456789abcdef0123456789abcdef",
    "COMETAPI_ACCESS_TOKEN": "fakePatForTests0123456789+/ABCDE",
    "KEYDESK_CHANNEL": "C0KEYS",
}


def settings(**more: Any) -> Settings:
    found = read(GOOD | more, env_file=None)
    assert found.problems == {}
    return found.settings


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SLACK_BOT_TOKEN", "Bearer xoxb-1", "without “Bearer”"),
        ("SLACK_SIGNING_SECRET", "two words", "no such secret"),
        ("COMETAPI_ACCESS_TOKEN", "sk-abcdef", "model key"),
        ("KEYDESK_CHANNEL", "#keys", "channel id"),
        ("COMETAPI_BASE_URL", "http://api.example.com", "must be https"),
        ("COMETAPI_BASE_URL", "https://u:p@example.com", "without user"),
        ("KEYDESK_PAGERDUTY_URL", "http://api.pagerduty.test.example", "must be https"),
        ("KEYDESK_PAGERDUTY_URL", "https://api.pagerduty.com/oncalls", "must not have a path"),
        ("KEYDESK_PAGERDUTY_TOKEN", "Token token=abc", "write the bare token, without “Token”"),
        ("COMETAPI_USER_ID", "forty-two", "not a number"),
        ("DATABASE_URL", "mysql://x", "sqlite:///"),
        ("PORT", "0", "must be 1 or more"),
    ],
)
def test_a_wrong_value_is_told_by_its_setting(name: str, value: str, told: str) -> None:
    problem = read(GOOD | {name: value}, env_file=None).problems[name]
    assert problem.startswith(name)
    assert told in problem
    assert value not in problem


def test_addresses_and_urls_are_brought_into_form() -> None:
    found = settings(
        SLACK_API_URL="https://slack.test/api", COMETAPI_BASE_URL="https://g.test/", DATABASE_URL="postgres://a@b/c"
    )
    assert (found.slack_api_url, found.cometapi_base_url) == ("https://slack.test/api/", "https://g.test")
    assert found.database_url == "postgresql://a@b/c"


def test_alerts_go_to_the_channel_of_requests_unless_there_is_another() -> None:
    assert settings().security_channel == "C0KEYS"
    assert settings(KEYDESK_SECURITY_CHANNEL="C0SEC").security_channel == "C0SEC"


def test_only_configured_sources_of_alerts_have_a_secret() -> None:
    assert settings().alert_secrets() == {}
    found = settings(KEYDESK_ALERT_SECRET_GITHUB="g" * 20, KEYDESK_ALERT_TOKEN_GITLAB="l" * 20).alert_secrets()
    assert {source: secret.get_secret_value() for source, secret in found.items()} == {
        "github": "g" * 20,
        "gitlab": "l" * 20,
    }


def test_every_secret_is_known_to_the_log() -> None:
    found = settings(GITHUB_TOKEN="ghp_secret").secrets()
    assert {GOOD["SLACK_BOT_TOKEN"], GOOD["COMETAPI_ACCESS_TOKEN"], "ghp_secret"} <= set(found)
