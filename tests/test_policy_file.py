"""One reader of the policy file: every command says the same about the same file."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import main
from bot.errors import ConfigurationError
from bot.permissions.toml_document import MAX_BYTES
from bot.policy_file import PolicyFile, load_policy
from bot.units import MAX_QUOTA
from tests.cli.conftest import folder, log_as_before

__all__ = ["folder", "log_as_before"]

GOOD = "[roles]\nall = ['*']\n\n[[rules]]\nname = 'r'\nwho = ['all']\ndo = ['*']\non = 'any'\nallow = true\n"
COMMANDS = {
    "serve": ["serve"],
    "lint": ["policy", "lint"],
    "explain": ["policy", "explain", "key.show", "--as", "all"],
    "test": ["policy", "test", "cases.toml"],
    "replay": ["policy", "replay", "policy.toml"],
}


def _directory(path: Path) -> None:
    path.mkdir()


def _bytes(content: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content)


UNREADABLE: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda _path: None, "policy.toml: there is no such file; policy.example.toml is one to begin with"),
    "a directory": (_directory, "policy.toml: this is a directory, not a policy file"),
    "over 1 MB": (_bytes(b"#" * (MAX_BYTES + 1)), "policy.toml:1:1: the file is larger than 1 MB"),
    "not UTF-8": (_bytes(b"[roles]\n# caf\xe9"), "policy.toml:2:6: the file is not UTF-8 text from here on"),
    "bare CR": (_bytes(GOOD.replace("\n", "\r").encode()), "policy.toml:1:8: the line ends in a bare carriage return"),
    "UTF-16": (_bytes(GOOD.encode("utf-16")), "policy.toml:1:1: the file is not UTF-8 text from here on"),
}


def _said(capsys: pytest.CaptureFixture[str], command: str) -> tuple[int, str]:
    code = main(COMMANDS[command])
    captured = capsys.readouterr()
    return code, captured.out + captured.err


@pytest.fixture
def settings(folder: Path, log_as_before: None, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in {
        "SLACK_SIGNING_SECRET": "0123456789abcdef" * 2,
        "COMETAPI_ACCESS_TOKEN": "made-up-token",
        "KEYDESK_CHANNEL": "C0KEYS",
    }.items():
        monkeypatch.setenv(name, value)
    (folder / "cases.toml").write_text("[[cases]]\nas = 'all'\ndo = 'key.show'\nexpect = 'allow'\n")
    return folder


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("kind", UNREADABLE)
def test_what_cannot_be_read_is_told_in_the_same_words(
    settings: Path, capsys: pytest.CaptureFixture[str], command: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, told = UNREADABLE[kind]
    make(settings / "policy.toml")
    if command == "serve":
        monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-made-up")
    code, said = _said(capsys, command)
    assert code == (1 if command == "lint" else 2)
    assert told in said


@pytest.mark.parametrize("command", COMMANDS)
def test_a_file_without_rights_is_told_in_the_same_words(
    settings: Path, capsys: pytest.CaptureFixture[str], command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (settings / "policy.toml").write_text(GOOD)
    if command == "serve":
        monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-made-up")
    opened = Path.open

    def refuse(path: Path, *arguments: Any, **more: Any) -> object:
        if path.name == "policy.toml":
            raise PermissionError(13, "Permission denied")
        return opened(path, *arguments, **more)

    # Tests may run as root, for whom no rights are missing.
    monkeypatch.setattr(Path, "open", refuse)
    assert "policy.toml: Keydesk may not read this file" in _said(capsys, command)[1]


@pytest.mark.parametrize(
    "text", [GOOD, "\ufeff" + GOOD, GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD.replace("\n", "\r\n")]
)
def test_a_byte_order_mark_and_crlf_are_accepted_by_every_reader(
    settings: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    path = settings / "policy.toml"
    path.write_bytes(text.encode())
    for command in ("explain", "test"):
        code, said = _said(capsys, command)
        assert (code, "r" in said) == (0, True), said
    # The policy gives everything away, which lint says; what matters is that it read the rule.
    assert "policy.toml:4:1: rule “r”" in _said(capsys, "lint")[1] or "1 rule" in _said(capsys, "lint")[1]
    assert PolicyFile(path, units_per_usd=500_000).current().hash == load_policy(path).hash
    assert [rule.name for rule in load_policy(path).rules] == ["r"]


def test_a_path_that_no_file_can_have_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="the file cannot be read: its name is not possible"):
        load_policy(tmp_path / "a\0b")


@pytest.mark.parametrize("usual", [500_000, 1])
def test_what_gateways_count_for_a_dollar_can_make_no_limit_larger(tmp_path: Path, usual: int) -> None:
    """$20.50 is no whole number of units where one is a dollar: the limit is the next one below, not 10,250,000 units,
    as it would be where the policy were left as it was read first."""
    path = tmp_path / "policy.toml"
    path.write_text(LIMITED)
    policy = PolicyFile(path, units_per_usd=500_000)
    policy.count_dollars(usual, {"cheap": 1, "dear": 10**14})
    assert policy.problems == ()
    found = policy.current()
    assert [one.value for one in found.at("cheap").rules[0].conditions] == [20, 0]
    assert [one.value for one in found.at("dear").rules[0].conditions] == [MAX_QUOTA, 10**13]
    assert [one.value for one in found.rules[0].conditions] == ([20, 0] if usual == 1 else [10_250_000, 50_000])


LIMITED = """
[gateways.cheap]
base_url = "https://cheap.example"
access_token = "GATEWAY_TOKEN_CHEAP"

[gateways.dear]
base_url = "https://dear.example"
access_token = "GATEWAY_TOKEN_DEAR"

[roles]
all = ["*"]

[[rules]]
name = "r"
who = ["all"]
do = ["key.create"]
when = { granted_at_most = "$20.50", per = "30d", remain_quota_at_most = "$0.10" }
allow = true

[[templates]]
name = "small"
fields = { remain_quota = "$0.10" }
"""
