"""What is told about names that are no settings, and about lines of .env that say nothing."""

import pytest

from bot.settings import Settings
from bot.settings.env_file import broken_lines, strays, values_in

SETTINGS = [str(field.alias) for field in Settings.model_fields.values()]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("SLACK_BOT_TOKN", "SLACK_BOT_TOKEN"),
        ("SLACK_SIGNING_SECERT", "SLACK_SIGNING_SECRET"),
        ("slack_app_token", "SLACK_APP_TOKEN"),
        ("COMETAPI_BASEURL", "COMETAPI_BASE_URL"),
        ("COMETAPI_URL", "COMETAPI_BASE_URL"),
        ("KEYDESK_CHANEL", "KEYDESK_CHANNEL"),
        ("KEYDESK_CHANNEL_ID", "KEYDESK_CHANNEL"),
        ("KEYDESK_SECURITYCHANNEL", "KEYDESK_SECURITY_CHANNEL"),
        ("KEYDESK_DATABASE_URL", "DATABASE_URL"),
        ("KEYDESK_PORT", "PORT"),
    ],
)
def test_a_misspelled_setting_is_told_with_the_one_that_was_meant(name: str, meant: str) -> None:
    assert strays(["HOME", name], SETTINGS) == (f"{name} is not a setting of Keydesk; did you mean {meant}?",)


def test_any_name_of_ours_that_is_no_setting_is_told() -> None:
    assert strays(["KEYDESK_FLAVOUR"], SETTINGS) == ("KEYDESK_FLAVOUR is not a setting of Keydesk.",)


@pytest.mark.parametrize(
    "name",
    [
        "SLACK_TOKEN", "SLACK_API_TOKEN", "SLACK_WEBHOOK_URL", "SLACK_CLIENT_SECRET", "SLACK_CLIENT_ID", "SLACK_CHANNEL",
        "SLACK_USER_TOKEN", "SLACK_VERIFICATION_TOKEN", "COMETAPI_KEY", "COMETAPI_API_KEY", "PATH", "PORTS",
    ],
)  # fmt: skip
def test_names_of_other_tools_annoy_nobody(name: str) -> None:
    assert strays([name], SETTINGS) == ()


def test_a_setting_that_is_there_is_not_taken_for_missing() -> None:
    assert strays(["SLACK_BOT_TOKEN", "SLACK_BOT_TOKEN_2"], SETTINGS) == ()
    assert strays(SETTINGS, SETTINGS) == ()


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("PORT=1\n\n\nxoxb-1-not-real\n", 4, "there is no = in it"),
        ("SLACK_BOT_TOKEN xoxb-1-not-real", 1, "it is not NAME=value"),
        ("SLACK BOT TOKEN=xoxb-1-not-real", 1, "it is not NAME=value"),
        ("# tokens\r\nexport SLACK_BOT_TOKEN: xoxb-1-not-real\r\n", 2, "it is not NAME=value"),
        ("=xoxb-1-not-real", 1, "there is no name before the ="),
        ("A=1\nSLACK_BOT_TOKEN='xoxb-1-not-real\n", 2, "its quotation marks do not fit"),
        ('SLACK_BOT_TOKEN="xoxb-1-not-real" xoxb-2\nPORT=1', 1, "its quotation marks do not fit"),
    ],
)
def test_a_line_that_says_nothing_is_told_without_what_it_holds(text: str, line: int, what: str) -> None:
    ((told_line, told),) = broken_lines(text)
    assert (told_line, told[: len(what)]) == (line, what)
    assert "xoxb" not in told


def test_every_broken_line_is_told() -> None:
    assert [line for line, _ in broken_lines("A\nB=1\nC D\n\n=2\n")] == [1, 3, 5]


def test_what_dotenv_understands_is_no_mistake() -> None:
    text = "\ufeff# a comment\n\n  export A=1\nB='two words' # why\nC=two words\nD=\"1\n2\"\nE=\nF = 3\n'G'=4\n"
    assert broken_lines(text) == []
    assert values_in(text).keys() == set("ABCDEFG")


def test_what_kubernetes_says_of_a_service_is_no_setting() -> None:
    of_service = ["KEYDESK_SERVICE_HOST", "KEYDESK_SERVICE_PORT_HTTP", "KEYDESK_PORT", "KEYDESK_PORT_3000_TCP_ADDR"]
    assert strays([*of_service, "KEYDESK_WEB_SERVICE_HOST", "KEYDESK_WEB_PORT_80_TCP"], SETTINGS) == ()
    assert len(strays(["KEYDESK_PORT", "KEYDESK_SERVICE_PORT"], SETTINGS)) == 2
