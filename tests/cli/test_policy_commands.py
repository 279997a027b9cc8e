"""`keydesk policy …`: its arguments, and what the commands are given to work with."""

import asyncio
from pathlib import Path

import pytest

from bot.__main__ import main
from keydesk_sandbox import seed
from keydesk_sandbox.world import World
from tests.cli.conftest import Captured

pytestmark = pytest.mark.usefixtures("log_as_before", "folder")


NO_DOUBT = """
[roles]
engineer = ["S0ENGINEERS"]
security = ["S0SECURITY"]
admin    = ["S0ADMINS"]

[[rules]]
name     = "two decide"
who      = ["engineer"]
do       = ["*"]
approval = { stages = [{ from = ["security"] }, { from = ["admin"] }] }
"""


def test_lint_takes_the_argument_or_the_setting(
    capsys: Captured, policy: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy.write_text(NO_DOUBT)
    assert main(["policy", "lint"]) == 0
    assert capsys.readouterr().out.endswith("policy.toml: 1 rule, no mistake and no doubt.\n")
    (folder / "other.toml").write_text("[[rules]]\n")
    assert main(["policy", "lint", "other.toml"]) == 1
    monkeypatch.setenv("KEYDESK_POLICY", "other.toml")
    assert main(["policy", "lint"]) == 1
    assert capsys.readouterr().out.count("other.toml:1:1: the rule has no name") == 2
    policy.unlink()
    assert main(["policy", "lint", "policy.toml"]) == 1


def test_a_wrong_rate_is_told(capsys: Captured, policy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYDESK_UNITS_PER_USD", "-1")
    assert main(["policy", "lint", str(policy)]) == 2
    assert capsys.readouterr().err.startswith("KEYDESK_UNITS_PER_USD: ")


@pytest.mark.usefixtures("policy")
def test_explain_takes_what_the_form_takes(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYDESK_UNITS_PER_USD", "1000")
    question = ["policy", "explain", "key.create", "--as", "engineer"]
    assert main([*question, "--with", "remain_quota=$5", "expired_time=30d", "--with", "reason=a b"]) == 0
    assert capsys.readouterr().out.splitlines()[2] == "allowed: Rule “small keys are free” allows it."
    assert main([*question, "--with", "remain_quota=$501", "expired_time=30d"]) == 0
    assert capsys.readouterr().out.splitlines()[2].startswith("needs approval: Rule “a manager decides the rest”")
    assert main(["policy", "explain", "key.list", "--as", "U0NEW", "--in", "S0MANAGERS", "--on", "any"]) == 0
    assert "allowed: Rule “managers see everything” allows it.\n" in capsys.readouterr().out
    assert main(["policy", "explain", "key.show", "--as", "engineer", "--key", "ci"]) == 2
    assert capsys.readouterr().out.startswith("--key needs the gateway")


async def test_lint_looks_the_groups_up_in_slack(
    capsys: Captured, world: World, live: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.policy_path.write_text(NO_DOUBT)
    assert await asyncio.to_thread(main, ["policy", "lint"]) == 0
    world.slack.workspace.groups["S0ADMINS"].users.clear()
    del world.slack.workspace.groups["S0SECURITY"]
    capsys.readouterr()
    assert await asyncio.to_thread(main, ["policy", "lint"]) == 1
    shown = capsys.readouterr().out
    assert f"{world.policy_path}: the user group S0ADMINS is empty, so nobody has its roles\n" in shown
    assert f"{world.policy_path}: Slack has no enabled user group S0SECURITY, so nobody has its roles\n" in shown
    world.slack.switches.down = "503"
    assert await asyncio.to_thread(main, ["policy", "lint"]) == 0
    assert f"{world.policy_path}: 1 rule, no mistake and no doubt.\nnote: " in capsys.readouterr().out
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xapp-1")
    assert await asyncio.to_thread(main, ["policy", "lint"]) == 0
    assert capsys.readouterr().out.startswith("note: Slack is not asked: SLACK_BOT_TOKEN: this is the app-level token")
    world.policy_path.write_text("[[rules]]\n")
    monkeypatch.setenv("SLACK_BOT_TOKEN", world.bot_token)
    assert await asyncio.to_thread(main, ["policy", "lint"]) == 1
    assert f"{world.policy_path}:1:1: the rule has no name\n" in capsys.readouterr().out


async def test_explain_asks_slack_and_the_gateway(capsys: Captured, live: None) -> None:
    question = ["policy", "explain", "key.quota", "--as", seed.ENGINEER, "--key", "notebooks", "--with", "delta=+1k"]
    assert await asyncio.to_thread(main, question) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "key.quota on what belongs to somebody else, by ada (engineer)"
    assert lines[1].startswith("denied: The role engineer does not allow changing the quota of keys beyond one's own.")
    assert await asyncio.to_thread(main, [*question, "--on", "own"]) == 0
    told = capsys.readouterr().out
    assert "allowed: Rule “small top-ups are free” allows it.\n" in told
    assert told.endswith("(KEYDESK_UNITS_PER_USD); the gateway does not say.\n")


async def test_replay_asks_slack(capsys: Captured, world: World, live: None) -> None:
    (world.folder / "other.toml").write_text(seed.POLICY)
    world.policy_path.write_text("[[rules]]\n")
    assert await asyncio.to_thread(main, ["policy", "replay", str(world.folder / "other.toml")]) == 0
    assert capsys.readouterr().out == (
        f"note: {world.policy_path} has mistakes and is not used for the roles.\n"
        "0 past requests: 0 would be decided otherwise, 0 the same by another rule.\n"
    )


@pytest.mark.usefixtures("policy")
def test_cases_are_tested(capsys: Captured, folder: Path) -> None:
    case = '[[cases]]\nas = "engineer"\ndo = "key.list"\nexpect = "{0}"\n'
    (folder / "good.toml").write_text(case.format("allow"))
    (folder / "bad.toml").write_text(case.format("deny"))
    assert main(["policy", "test", "good.toml"]) == 0
    assert main(["policy", "test", "bad.toml"]) == 1
    assert main(["policy", "test", "none.toml"]) == 2
    assert capsys.readouterr().out.count("1 case") == 2


def test_replay_reads_the_record(
    capsys: Captured, policy: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///nowhere.sqlite")
    assert main(["policy", "replay", str(policy)]) == 2
    assert capsys.readouterr().err.startswith("There is no database nowhere.sqlite yet")
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    assert main(["policy", "replay", str(policy)]) == 0
    assert capsys.readouterr().out == "0 past requests: 0 would be decided otherwise, 0 the same by another rule.\n"
