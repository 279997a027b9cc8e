from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import main
from bot.cli.env_example import env_example
from bot.errors import ConfigurationError
from bot.settings import Settings, load, load_database_url, read

ROOT = Path(__file__).parent.parent.parent
GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-not-a-real-token",
    "SLACK_SIGNING_SECRET": "0123456789abcdef0123456789abcdef",
    "COMETAPI_ACCESS_TOKEN": "fakePatForTests0123456789+/ABCDE",
    "KEYDESK_CHANNEL": "C0KEYS",
}
POLICY = '[[rules]]\nname = "all"\nwho = ["*"]\ndo = ["*"]\nallow = true\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory and an environment without our settings."""
    monkeypatch.chdir(tmp_path)
    for field in Settings.model_fields.values():
        monkeypatch.delenv(str(field.alias), raising=False)
    return tmp_path


def problems(**settings: Any) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        load(GOOD | settings)
    return caught.value.problems


def test_every_missing_setting_is_named_at_once() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load()
    assert [problem.split()[0] for problem in caught.value.problems] == [*GOOD, "KEYDESK_POLICY:"]


def test_missing_and_wrong_settings_are_named_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "http")
    monkeypatch.setenv("COMETAPI_BASE_URL", "https://api.example.com/v1")
    monkeypatch.setenv("SLACK_BOT_TOKEN", " ")
    with pytest.raises(ConfigurationError) as caught:
        load()
    named = {problem.split()[0].rstrip(":") for problem in caught.value.problems}
    assert named == {*GOOD, "PORT", "COMETAPI_BASE_URL", "KEYDESK_POLICY"}


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("SLACK_BOT_TOKEN", "xapp-1-A0", "this is the app-level token, which belongs in SLACK_APP_TOKEN"),
        ("SLACK_BOT_TOKEN", "xoxp-1-A0", "this is a user's token"),
        ("SLACK_BOT_TOKEN", "xoxe.xoxb-1-A0", "this is a rotating token"),
        ("SLACK_BOT_TOKEN", "secret", "the bot token starts with xoxb-"),
        ("SLACK_APP_TOKEN", "xoxb-1-A0", "this is the bot token, which belongs in SLACK_BOT_TOKEN"),
        ("SLACK_APP_TOKEN", "secret", "the app-level token starts with xapp-"),
        ("COMETAPI_ACCESS_TOKEN", "sk-not-a-real-key", "this is a model key (sk-…)"),
        ("COMETAPI_ACCESS_TOKEN", "xoxb-not-a-real-token", "this is a Slack token"),
        ("COMETAPI_ACCESS_TOKEN", "Bearer abc", "write the bare token, without “Bearer”"),
        ("COMETAPI_ACCESS_TOKEN", "a b", "is empty or holds characters no such secret has"),
        ("COMETAPI_BASE_URL", "https://api.example.com/api/token", "must not have a path"),
        ("COMETAPI_BASE_URL", "https://me:pw@api.example.com", "scheme and host only"),
        ("COMETAPI_BASE_URL", "api.example.com", "is not a URL"),
        ("COMETAPI_USER_ID", "ada", "is not a number"),
        ("KEYDESK_CHANNEL", "#api-keys", "is not a channel id such as C0123ABCD"),
        ("KEYDESK_SECURITY_CHANNEL", "security", "is not a channel id such as C0123ABCD"),
        ("KEYDESK_UNITS_PER_USD", "0", "must be more than 0"),
        ("DATABASE_URL", "mysql://host/db", "must begin with sqlite:/// or postgresql://"),
        ("PORT", "70000", "must be 65535 or less"),
    ],
)
def test_a_wrong_setting_is_told_by_its_name(folder: Path, name: str, value: str, told: str) -> None:
    (folder / "policy.toml").write_text(POLICY)
    (problem,) = problems(**{name: value})
    assert problem.startswith(f"{name}: ")
    assert told in problem
    assert value not in problem.removeprefix(f"{name}: ") or value in {"api.example.com", "0", "security"}


def test_a_missing_policy_file_is_named() -> None:
    assert problems() == (
        "KEYDESK_POLICY: policy.toml: there is no such file; policy.example.toml is one to begin with",
    )


def test_good_settings_are_read_with_their_defaults(folder: Path) -> None:
    (folder / "policy.toml").write_text(POLICY)
    settings = load(GOOD | {"COMETAPI_BASE_URL": "https://api.example.com/", "SLACK_API_URL": "http://127.0.0.1:9/api"})
    assert settings.security_channel == "C0KEYS"
    assert settings.cometapi_base_url == "https://api.example.com"
    assert settings.slack_api_url == "http://127.0.0.1:9/api/"
    assert (settings.port, settings.keydesk_units_per_usd) == (3000, 500_000)
    assert settings.slack_app_token is None


def test_the_environment_comes_before_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "policy.toml").write_text(POLICY)
    lines = [f"{name}={value}" for name, value in GOOD.items()]
    (folder / ".env").write_text("\n".join([*lines, "PORT=4000", "SLACK_APP_TOKEN=", "SOMETHING_ELSE=1"]))
    assert load().port == 4000
    monkeypatch.setenv("PORT", "5000")
    assert load().port == 5000
    assert load().slack_app_token is None


def test_given_settings_stand_alone(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "policy.toml").write_text(POLICY)
    (folder / ".env").write_text("PORT=4000")
    monkeypatch.setenv("SLACK_APP_TOKEN", "xapp-of-the-real-app")
    settings = load(GOOD, env_file=None)
    assert (settings.port, settings.slack_app_token) == (3000, None)
    with pytest.raises(ConfigurationError):
        load({}, env_file=None)


def test_a_file_that_is_no_text_is_told(folder: Path) -> None:
    (folder / ".env").write_bytes(b"PORT=\xff\xfe")
    with pytest.raises(ConfigurationError, match=r"\.env cannot be read: it is not UTF-8"):
        load()


def test_a_broken_line_of_the_file_is_told_by_its_number(folder: Path) -> None:
    (folder / ".env").write_text("PORT=4000\nSLACK_BOT_TOKEN xoxb-not-a-real-token\n\nxoxb-2\n")
    with pytest.raises(ConfigurationError) as caught:
        read()
    assert caught.value.problems == (
        ".env, line 2: it is not NAME=value.",
        ".env, line 4: there is no = in it; write NAME=value on one line.",
    )


@pytest.mark.parametrize(
    "words",
    [
        ["serve"], ["work"], ["migrate"], ["check"], ["policy", "lint"], ["policy", "explain", "key.list", "--as", "nobody"],
        ["policy", "test", "cases.toml"], ["policy", "replay", "policy.toml"], ["audit", "export"], ["audit", "verify"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_with_a_broken_file_every_command_ends_with_2(
    folder: Path, capsys: pytest.CaptureFixture[str], words: list[str]
) -> None:
    (folder / "policy.toml").write_text(POLICY)
    (folder / ".env").write_text("KEYDESK_CHANNEL: C0KEYS\n")
    assert main(words) == 2
    shown = capsys.readouterr()
    first, *more = shown.err.splitlines()
    assert (shown.out, first) == ("", ".env, line 1: it is not NAME=value.")
    # Those who need every setting are told of all that is missing at once.
    assert [line.split(" ")[0] for line in more] == (list(GOOD) if words[0] in {"serve", "work", "check"} else [])


def test_a_broken_line_is_told_with_everything_else_that_is_wrong(folder: Path) -> None:
    (folder / ".env").write_text("PORT=many\nKEYDESK_CHANNEL C0KEYS\nKEYDESK_CHANEL=C0KEYS\nKEYDESK_METRICS_PORT=0\n")
    with pytest.raises(ConfigurationError) as caught:
        read()
    assert caught.value.problems == (
        ".env, line 2: it is not NAME=value.",
        "PORT: must be a whole number",
        "KEYDESK_METRICS_PORT: must be 1 or more",
        "KEYDESK_CHANEL is not a setting of Keydesk; did you mean KEYDESK_CHANNEL?",
    )
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in GOOD.items()) + "nonsense here\n")
    with pytest.raises(ConfigurationError, match="line 5: it is not NAME=value"):
        read()


def test_what_may_be_misspelled_is_told_with_what_is_missing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "policy.toml").write_text(POLICY)
    (folder / ".env").write_text("KEYDESK_CHANEL=C0KEYS\nSLACK_CHANNEL=C0OTHER\n")
    monkeypatch.setenv("SLACK_BOT_TOKN", "xoxb-not-a-real-token")
    with pytest.raises(ConfigurationError) as caught:
        load()
    assert caught.value.problems[-2:] == (
        "KEYDESK_CHANEL is not a setting of Keydesk; did you mean KEYDESK_CHANNEL?",
        "SLACK_BOT_TOKN is not a setting of Keydesk; did you mean SLACK_BOT_TOKEN?",
    )
    assert load(GOOD | {"KEYDESK_SECURTY_CHANNEL": "C0X"}, env_file=None).security_channel == "C0KEYS"


def test_what_is_right_can_be_used_although_the_rest_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "4000")
    monkeypatch.setenv("KEYDESK_UNITS_PER_USD", "many")
    partial = read()
    assert partial.settings.port == 4000
    assert not partial.usable("PORT", "SLACK_BOT_TOKEN")
    assert partial.usable("PORT", "DATABASE_URL")
    assert set(partial.problems) == {*GOOD, "KEYDESK_UNITS_PER_USD"}


def test_the_database_alone_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert load_database_url() == "sqlite:///keydesk.sqlite"
    monkeypatch.setenv("DATABASE_URL", "nonsense")
    with pytest.raises(ConfigurationError, match="DATABASE_URL: must begin with"):
        load_database_url()


def test_secrets_are_known_and_never_shown(folder: Path) -> None:
    (folder / "policy.toml").write_text(POLICY)
    settings = load(GOOD | {"SLACK_APP_TOKEN": "xapp-not-a-real-token", "GITHUB_TOKEN": "not-a-github-token"})
    secrets = settings.secrets()
    assert set(secrets) == {
        *(value for name, value in GOOD.items() if name != "KEYDESK_CHANNEL"),
        "xapp-not-a-real-token",
        "not-a-github-token",
    }
    assert not any(secret in repr(settings) or secret in str(settings) for secret in secrets)


def test_every_setting_says_what_it_is_for() -> None:
    for field in Settings.model_fields.values():
        assert field.alias
        assert field.description, field.alias


def test_the_example_file_is_the_model() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert example == env_example(), "run: python -m bot.cli.env_example > .env.example"


@pytest.mark.parametrize(
    "url", ["http://new-api:3000", "http://10.1.2.3:3000", "http://gateway.svc", "http://[::1]:80"]
)
def test_a_gateway_in_a_private_network_may_speak_http(url: str, folder: Path) -> None:
    (folder / "policy.toml").write_text(POLICY)
    assert load(GOOD | {"COMETAPI_BASE_URL": url}).cometapi_base_url == url


def test_a_public_address_must_be_https() -> None:
    assert any("must be https" in problem for problem in problems(COMETAPI_BASE_URL="http://8.8.8.8"))


SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-not-a-real-token",
    "SLACK_SIGNING_SECRET": "0123456789abcdef0123456789abcdef",
    "SLACK_APP_TOKEN": "xapp-not-a-real-token",
    "COMETAPI_ACCESS_TOKEN": "fakePatForTests0123456789+/ABCDE",
    "GITHUB_TOKEN": "not-a-real-github-token",
    "KEYDESK_ALERT_SECRET_GENERIC": "not-a-real-secret-1",
    "KEYDESK_ALERT_SECRET_GITHUB": "not-a-real-secret-2",
    "KEYDESK_ALERT_SECRET_GITGUARDIAN": "not-a-real-secret-3",
    "KEYDESK_ALERT_TOKEN_ALERTMANAGER": "not-a-real-secret-4",
    "KEYDESK_ALERT_TOKEN_GITLAB": "not-a-real-secret-5",
    "KEYDESK_PAGERDUTY_TOKEN": "not-a-real-token-6",
    "KEYDESK_WEBHOOK_SECRET": "whsec_bm90LWEtcmVhbC1zZWNyZXQtZm9yLXRlc3RzLW9ubHk=",
    "DATABASE_URL": "postgresql://keydesk:not-a-real-password@db/keydesk",
}


def value_of(settings: Settings, name: str) -> str:
    field = next(key for key, field in Settings.model_fields.items() if field.alias == name)
    found = getattr(settings, field)
    return found.get_secret_value() if hasattr(found, "get_secret_value") else str(found)


@pytest.mark.parametrize("quotes", ['""', "''", "“”", "‘’", "„“", "«»", "``", "\u200b\ufeff", '\ufeff"|"', "'\"|\"'"])
def test_quotation_marks_that_an_env_file_kept_are_taken_away(
    quotes: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.joinpath("policy.toml").write_text(POLICY)
    plain = SECRETS | {"KEYDESK_CHANNEL": "C0KEYS", "PORT": "3100", "COMETAPI_BASE_URL": "https://gateway.example.com"}
    for name, value in plain.items():
        before, _, after = quotes.partition("|") if "|" in quotes else (quotes[0], "", quotes[1])
        monkeypatch.setenv(name, f"{before}{value}{after}")
    settings = load()
    assert {name: value_of(settings, name) for name in plain} == plain


@pytest.mark.parametrize("damage", ['"{}', "{}'", "“{}", "{}”", "'{}\"", "`{}", "{}»", "\u200b'{}"])
def test_one_quotation_mark_too_many_is_named(damage: str) -> None:
    values = SECRETS | dict.fromkeys(["KEYDESK_CHANNEL", "KEYDESK_SECURITY_CHANNEL", "COMETAPI_BASE_URL"], "C0KEYS")
    found = problems(**{name: damage.format(value) for name, value in values.items()})
    wrong = {f"{name}: has a quotation mark at one end; write the value without it" for name in values}
    assert wrong <= set(found)
    assert not any(value in problem for problem in found for value in values.values())


def test_every_secret_is_in_the_table() -> None:
    fields = Settings.model_fields.values()
    assert set(SECRETS) == {str(f.alias) for f in fields if "Secret" in str(f.annotation)} | {"DATABASE_URL"}


def test_an_env_file_of_another_system_is_read(folder: Path) -> None:
    folder.joinpath("policy.toml").write_text(POLICY)
    lines = ["# Keydesk", *(f'export {name}="{value}"' for name, value in GOOD.items()), "PORT = 3100", ""]
    folder.joinpath(".env").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    settings = load()
    assert settings.port == 3100
    assert {name: value_of(settings, name) for name in GOOD} == GOOD


def test_every_secret_may_stand_in_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.joinpath("policy.toml").write_text(POLICY)
    monkeypatch.setenv("KEYDESK_CHANNEL", "C0KEYS")
    for name, value in SECRETS.items():
        folder.joinpath(name.lower()).write_text(value + "\n")
        monkeypatch.setenv(f"{name}_FILE", name.lower())
    reading = read()
    assert {name: value_of(reading.complete(), name) for name in SECRETS} == SECRETS
    assert reading.strays == ()
    fields = [field for field in Settings.model_fields.values() if "SecretStr" in str(field.annotation)]
    assert {field.alias for field in fields} <= set(SECRETS)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "the file cannot be read: No such file or directory."),
        (b"\xff\xfe\x00x", "the file cannot be read: it is not UTF-8 text."),
        (b" \n", "the file is empty."),
    ],
)
def test_a_secret_file_that_cannot_be_used_is_named_with_everything_else(
    content: bytes | None, told: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if content is not None:
        folder.joinpath("token").write_bytes(content)
    monkeypatch.setenv("SLACK_BOT_TOKEN_FILE", "token")
    monkeypatch.setenv("GITHUB_TOKEN_FILE", "nowhere")
    monkeypatch.setenv("PORT", "http")
    reading = read()
    assert reading.problems["SLACK_BOT_TOKEN"] == f"SLACK_BOT_TOKEN_FILE: {told}"
    assert reading.problems["GITHUB_TOKEN"].startswith("GITHUB_TOKEN_FILE: the file cannot be read")
    assert {"PORT", "KEYDESK_CHANNEL"} <= set(reading.problems)


def test_a_secret_given_twice_is_named_but_the_environment_comes_before_the_env_file(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.joinpath("token").write_text("xoxb-of-the-file")
    monkeypatch.setenv("SLACK_BOT_TOKEN_FILE", "token")
    folder.joinpath(".env").write_text("SLACK_BOT_TOKEN=xoxb-of-the-env-file\n")
    reading = read()
    assert "SLACK_BOT_TOKEN" not in reading.problems
    assert value_of(reading.settings, "SLACK_BOT_TOKEN") == "xoxb-of-the-file"
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-of-the-environment")
    told = "SLACK_BOT_TOKEN and SLACK_BOT_TOKEN_FILE are both set; leave one of them out."
    assert read().problems["SLACK_BOT_TOKEN"] == told
    monkeypatch.delenv("SLACK_BOT_TOKEN_FILE")
    folder.joinpath(".env").write_text("SLACK_BOT_TOKEN_FILE=token\n")
    assert value_of(read().settings, "SLACK_BOT_TOKEN") == "xoxb-of-the-environment"


@pytest.mark.parametrize("password", ["p@ss/w#rd", "p/w", "p#w", "p@w", "p?w", "p?a=b&c@w", "50%off", "p[w", "p?x=1@y"])
def test_no_piece_of_an_unencoded_password_is_shown(
    password: str, folder: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", f"postgresql://user:{password}@127.0.0.1:1/db")
    assert main(["migrate"]) == 2
    out, err = capfd.readouterr()
    assert "percent-encoded" in err
    for piece in (password, "ss/w", "w#rd", "50%"):
        assert piece not in out + err


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("postgres://u:p%40ss@h/db", "postgresql://u:p%40ss@h/db"),
        ("postgresql://u:p@h:5432/db?sslmode=require", "postgresql://u:p@h:5432/db?sslmode=require"),
        ("postgresql://u:p@h/db?application_name=a@b", "postgresql://u:p@h/db?application_name=a@b"),
        ("postgresql:///db?host=/run/postgresql&user=u", "postgresql:///db?host=/run/postgresql&user=u"),
        ("sqlite:////data/at@home#1.sqlite", "sqlite:////data/at@home#1.sqlite"),
    ],
)
def test_sound_database_urls_are_taken(given: str, kept: str) -> None:
    reading = read({"DATABASE_URL": given}, env_file=None)
    assert (reading.problems.get("DATABASE_URL"), reading.settings.database_url) == (None, kept)
