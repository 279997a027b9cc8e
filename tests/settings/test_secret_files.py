"""New values of secrets from files: in force at once where they are used, the old one stays where the new one is wrong."""

import hashlib
import hmac
from pathlib import Path

import httpx
import pytest
from pydantic import SecretStr

from bot.gateway.connection import connect
from bot.redaction import holds_secret, know
from bot.settings import ROTATED, named_secret, read
from bot.settings.model import Settings
from bot.settings.secret_files import HeldSecret, SecretFiles, read_secret
from bot.slack import signature

REQUIRED = {"SLACK_SIGNING_SECRET": "0" * 32, "COMETAPI_ACCESS_TOKEN": "first-token", "KEYDESK_CHANNEL": "C0KEYS"}


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The bot token in a file, everything else in the environment."""
    monkeypatch.chdir(tmp_path)
    for field in Settings.model_fields.values():
        monkeypatch.delenv(str(field.alias), raising=False)
    for name, value in REQUIRED.items():
        monkeypatch.setenv(name, value)
    path = tmp_path / "token"
    path.write_text("xoxb-old\n")
    monkeypatch.setenv("SLACK_BOT_TOKEN_FILE", str(path))
    return path


def test_whoever_holds_the_secret_sees_the_new_value(token: Path) -> None:
    partial = read()
    secret, files = partial.settings.slack_bot_token, partial.secret_files()
    told: list[str] = []
    files.learnt = told.append
    assert files.look() == []
    token.write_text("\ufeffxoxb-new\r\n")
    assert files.look() == ["SLACK_BOT_TOKEN"]
    assert (secret.get_secret_value(), told, files.problems) == ("xoxb-new", ["xoxb-new"], ())
    assert partial.settings.model_copy().slack_bot_token.get_secret_value() == "xoxb-new"
    assert files.look() == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [("xapp-1", "this is the app-level token"), ("", "the file is empty"), (None, "the file cannot be read")],
)
def test_a_wrong_value_is_told_and_the_old_one_stays(token: Path, text: str | None, problem: str) -> None:
    partial = read()
    files = partial.secret_files()
    token.write_text(text) if text is not None else token.unlink()
    assert files.look() == []
    assert problem in " ".join(files.problems)
    assert "xapp-1" not in " ".join(files.problems)
    assert partial.settings.slack_bot_token.get_secret_value() == "xoxb-old"
    token.write_text("xoxb-new")
    assert files.look() == ["SLACK_BOT_TOKEN"]
    assert files.problems == ()


def test_the_address_of_the_database_needs_a_restart(token: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = token.with_name("database")
    address.write_text("sqlite:///one.sqlite")
    monkeypatch.setenv("DATABASE_URL_FILE", str(address))
    partial = read()
    files = partial.secret_files()
    address.write_text("sqlite:///two.sqlite")
    assert files.look() == []
    assert files.problems == (
        "DATABASE_URL_FILE: the file changed, and this one is read at the start alone: restart Keydesk.",
    )
    assert partial.settings.database_url == "sqlite:///one.sqlite"


def test_every_secret_but_the_database_is_rotated() -> None:
    """A new setting that is a secret is either looked after, or its page says that it needs a restart."""
    fields = Settings.model_fields.values()
    secrets = {str(field.alias) for field in fields if "SecretStr" in str(field.annotation)}
    assert secrets == ROTATED


async def test_the_gateway_gets_the_new_token_at_the_next_call() -> None:
    seen: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Authorization"])
        return httpx.Response(200, json={"success": True, "data": {"quota_per_unit": 1}})

    secret = HeldSecret("first-token")
    client = connect(
        base_url="https://gateway.test", access_token=secret, user_id=None, transport=httpx.MockTransport(answer)
    )
    await client.get_status(deadline=5.0)
    secret.renew("second-token")
    await client.get_status(deadline=5.0)
    await client.aclose()
    assert seen == ["first-token", "second-token"]


def test_signatures_go_by_the_new_secret() -> None:
    secret = HeldSecret("a" * 32)
    before = signature.sign(secret, "1", b"x")
    secret.renew("b" * 32)
    expected = hmac.new(b"b" * 32, b"v0:1:x", hashlib.sha256).hexdigest()
    assert not signature.is_valid(secret, "1", before, b"x")
    assert signature.is_valid(secret, "1", f"v0={expected}", b"x")


def test_a_value_is_known_as_a_secret_before_it_is_used(token: Path) -> None:
    partial = read()
    files = partial.secret_files()
    order: list[bool] = []
    held = partial.settings.slack_bot_token

    def learnt(value: str) -> None:
        order.append(held.get_secret_value() != value)
        know([value])

    files.learnt = learnt
    token.write_text("xoxb-" + "n3w" * 8)
    try:
        files.look()
        assert order == [True]
        assert holds_secret(f"see {'xoxb-' + 'n3w' * 8}")
    finally:
        know([])


def test_read_secret_names_the_setting_and_not_the_value(tmp_path: Path) -> None:
    path = tmp_path / "bad"
    path.write_bytes(b"\xff\xfesecret")
    assert read_secret("GITHUB_TOKEN", str(path)) == (
        "",
        "GITHUB_TOKEN_FILE: the file cannot be read: it is not UTF-8 text.",
    )
    assert isinstance(SecretFiles(paths={}, held={}, judge=lambda _n, t: (t, "")).look(), list)
    assert isinstance(HeldSecret("x"), SecretStr)


def test_the_token_of_a_further_gateway_is_looked_after_in_its_file(
    token: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "prod"
    path.write_text("fakePatOfTheSecondGateway01234567\n")
    monkeypatch.setenv("GATEWAY_TOKEN_PROD_FILE", str(path))
    named, files = named_secret("GATEWAY_TOKEN_PROD"), read().secret_files()
    assert isinstance(named.value, HeldSecret)
    files.watch(named.name, named.path, named.value)
    assert files.look() == []
    path.write_text("fakePatOfTheSecondGateway89012345\n")
    assert files.look() == ["GATEWAY_TOKEN_PROD"]
    assert named.value.get_secret_value() == "fakePatOfTheSecondGateway89012345"
    # What is no such token, or is gone, leaves the last good one in force.
    path.write_text("two words\n")
    assert files.look() == []
    assert "GATEWAY_TOKEN_PROD" in files.problems[0]
    path.unlink()
    assert files.look() == []
    assert named.value.get_secret_value() == "fakePatOfTheSecondGateway89012345"
    assert token.exists()
