import asyncio
import io
import json
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bot import __version__, audit
from bot.__main__ import main
from bot.audit import Fact
from bot.db.engine import open_database
from keydesk_sandbox import seed
from keydesk_sandbox.world import World, serving

ROOT = Path(__file__).parent.parent.parent
COMMANDS = [
    ["serve"], ["work"], ["sandbox"], ["migrate"], ["check"], ["policy"], ["policy", "lint"], ["policy", "explain"],
    ["policy", "test"], ["policy", "replay"], ["audit"], ["audit", "export"], ["audit", "verify"],
]  # fmt: skip

pytestmark = pytest.mark.usefixtures("log_as_before", "folder")
Captured = pytest.CaptureFixture[str]


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


@pytest.fixture
def policy(folder: Path) -> Path:
    """The sandbox's policy as policy.toml."""
    path = folder / "policy.toml"
    path.write_text(seed.POLICY)
    return path


@pytest.fixture
async def live(world: World, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """An environment whose Slack and gateway are on loopback."""
    async with serving(world.gateway.app, date_header=False) as gateway_url:
        for name, value in world.environment(gateway_url=gateway_url, port=3000, database_url=sqlite_url).items():
            monkeypatch.setenv(name, value)
        yield


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "bot", *arguments]


def variables(**settings: str) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)} | settings


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_says_what_it_needs(capsys: Captured, words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*words, "--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: keydesk {' '.join(words)}")
    if words not in (["policy"], ["audit"]):
        assert "Exit codes: 0 " in shown, "the exit codes"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["serve"], ["keydesk.sqlite", "policy.toml", "PORT is\n3000", "--no-worker", "30 seconds"]),
        (["migrate"], ["keydesk.sqlite"]),
        (["audit"], ["keydesk.sqlite"]),
        (["policy"], ["policy.toml", "policy.example.toml"]),
        (["sandbox"], ["cometapi, upstream-g1, upstream-g2, upstream-g3 or sibling"]),
        ([], ["Exit codes: 0 well", "bot.cli.env_example"]),
    ],
)
def test_help_says_where_things_are_by_default(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, words: list[str], told: list[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit):
        main([*words, "--help"])
    shown = capsys.readouterr().out
    assert [words for words in told if words not in shown] == []


def test_help_lists_the_commands_of_the_product(capsys: Captured) -> None:
    assert main([]) == 2
    shown = capsys.readouterr().out
    for name in ("serve", "work", "sandbox", "migrate", "check", "policy", "audit"):
        assert f"\n    {name} " in shown
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"keydesk {__version__}\n"


@pytest.mark.parametrize("words", [["nothing"], ["policy"], ["audit"], ["policy", "explain", "key.create"], ["sandbox", "--port", "-1"]])  # fmt: skip
def test_wrong_arguments_end_with_2(capsys: Captured, words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage: keydesk" in capsys.readouterr().err


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
    assert capsys.readouterr().out.splitlines()[1] == "allowed: Rule “small keys are free” allows it."
    assert main([*question, "--with", "remain_quota=$501", "expired_time=30d"]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("needs approval: Rule “a manager decides the rest”")
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
    assert lines[1].startswith("denied: No rule allows key.quota on what belongs to somebody else for ")
    assert await asyncio.to_thread(main, [*question, "--on", "own"]) == 0
    assert "allowed: Rule “small top-ups are free” allows it.\n" in capsys.readouterr().out


async def test_replay_asks_slack(capsys: Captured, world: World, live: None) -> None:
    (world.folder / "other.toml").write_text(seed.POLICY)
    world.policy_path.write_text("[[rules]]\n")
    assert await asyncio.to_thread(main, ["policy", "replay", str(world.folder / "other.toml")]) == 0
    assert capsys.readouterr().out == (
        f"note: {world.policy_path} has mistakes and is not used for the roles.\n"
        "0 past requests: 0 would be decided otherwise, 0 the same by another rule.\n"
    )


@pytest.mark.usefixtures("policy")
def test_without_slack_serve_ends_with_one_line_and_1(
    capsys: Captured, folder: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    # Nobody listens there any more; asked once, not for 30 seconds.
    monkeypatch.setattr("bot.slack.identity.SLACK_SECONDS", 0.0)
    world = World(folder=folder / "world")
    for name, value in world.environment(gateway_url="http://127.0.0.1:9", port=port, database_url=sqlite_url).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("SLACK_API_URL", f"http://127.0.0.1:{port}/api/")
    assert main(["serve"]) == 1
    *logged, told = capsys.readouterr().err.splitlines()
    assert told == f"Slack cannot be reached at http://127.0.0.1:{port}/api/; look at the network."
    assert {json.loads(line)["level"] for line in logged} <= {"info"}


def test_work_beside_sqlite_is_refused(capsys: Captured, world: World, live: None) -> None:
    assert main(["work"]) == 2
    assert capsys.readouterr().err.startswith("`work` beside `serve` needs PostgreSQL")
    assert main(["serve", "--no-worker"]) == 2
    told = "`serve --no-worker` leaves the work to `keydesk work`, which needs PostgreSQL: SQLite is for one process. "
    assert capsys.readouterr().err == told + "Use `serve` alone.\n"


def test_the_sandbox_has_known_kinds_of_gateways(capsys: Captured) -> None:
    assert main(["sandbox", "--no-open", "--profile", "nothing"]) == 2
    assert capsys.readouterr().err.startswith("--profile nothing: no profile 'nothing'; there are cometapi, ")


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


def test_migrate_says_what_it_did(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///new.sqlite")
    assert main(["audit", "verify"]) == 2
    assert "There is no database new.sqlite yet" in capsys.readouterr().err
    assert main(["migrate"]) == 0
    assert "applied 0001_requests\n" in capsys.readouterr().out
    assert main(["migrate"]) == 0
    assert capsys.readouterr().out == "nothing to do: the database is up to date\n"
    assert main(["audit", "verify"]) == 0
    assert capsys.readouterr().out == "ok: 0 lines\n"
    assert main(["audit", "export"]) == 0
    assert json.loads(capsys.readouterr().out)["head"]["count"] == 0


def test_check_without_any_setting_says_what_is_missing(capsys: Captured) -> None:
    assert main(["check"]) == 1
    shown = capsys.readouterr()
    assert shown.out.startswith("FAIL  settings: SLACK_BOT_TOKEN is missing. ")
    assert shown.err == ""


def test_ctrl_c_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(io.StringIO):
        def write(self, _text: str) -> int:
            raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdout", Interrupted())
    assert main(["policy", "lint", "none.toml"]) == 130


def test_a_reader_that_goes_away_is_no_error(sqlite_url: str, folder: Path) -> None:
    database = open_database(sqlite_url)
    # More than a pipe holds.
    database.run_here(lambda c: [audit.append(c, fact=Fact.ASKED, at=float(n), actor="U0ADA") for n in range(500)])
    database.close()
    process = subprocess.Popen(
        command("audit", "export"),
        cwd=folder,
        env=variables(DATABASE_URL=sqlite_url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert json.loads(process.stdout.readline())["seq"] == 1
    process.stdout.close()
    errors = process.stderr.read()
    process.stderr.close()
    assert (process.wait(timeout=20), errors) == (0, "")


@pytest.fixture
async def served(folder: Path) -> AsyncIterator[dict[str, str]]:
    """Settings for a real `keydesk serve` between a Slack and a gateway on loopback."""
    world = World(folder=folder / "world")
    async with serving(world.slack.app) as slack_url, serving(world.gateway.app, date_header=False) as gateway_url:
        world.slack.base_url = slack_url
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with socket.create_server(("127.0.0.1", 0)) as free:
            metrics = free.getsockname()[1]
        settings = world.environment(gateway_url=gateway_url, port=port)
        yield variables(**settings, KEYDESK_METRICS_PORT=str(metrics), KEYDESK_FLAVOUR="vanilla")
    await world.slack.close()


async def test_serve_gets_ready_and_ends_when_told(served: dict[str, str], folder: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *command("serve"), cwd=folder, env=served, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{served['PORT']}", trust_env=False) as http:
            await _ready(http, process)
            assert (await http.get("/healthz")).text == "ok\n"
            assert (await http.get("/readyz")).json() == {"ready": True}
            assert (await http.get("/metrics")).status_code == 404
            operators = f"http://127.0.0.1:{served['KEYDESK_METRICS_PORT']}"
            assert 'keydesk_up{what="database"} 1.0' in (await http.get(f"{operators}/metrics")).text
            # The index of keys is learned first; until then a note says so.
            async with asyncio.timeout(60):
                while (said := (await http.get(f"{operators}/readyz")).json())["notes"]:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            assert said == {"ready": True, "problems": [], "notes": []}
        ended = [
            asyncio.to_thread(_ended, command(*words), folder, served)
            for words in (["serve"], ["audit", "verify"], ["check"])
        ]
        second, looking, checked = await asyncio.gather(*ended)
        assert second.returncode == 2
        assert f"is already used by another keydesk (pid {process.pid})" in second.stderr
        assert (looking.returncode, looking.stdout) == (0, "ok: 1 lines\n")
        assert checked.returncode == 0, checked.stdout
        assert "FAIL" not in checked.stdout
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    logged = [json.loads(line) for line in errors.decode().splitlines()]
    assert {line["level"] for line in logged} <= {"info", "warning"}, logged
    assert logged[0]["message"] == "KEYDESK_FLAVOUR is not a setting of Keydesk."


def _ended(words: list[str], folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=30, check=False)


async def _ready(http: httpx.AsyncClient, process: asyncio.subprocess.Process) -> None:
    for _ in range(2_000):
        assert process.returncode is None, "serve ended"
        try:
            if (await http.get("/readyz")).status_code == 200:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.025)
    raise AssertionError("serve did not get ready")
