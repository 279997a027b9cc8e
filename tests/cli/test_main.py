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
import sqlalchemy as sa

from bot import audit
from bot.__main__ import main
from bot.audit import Fact
from bot.db.engine import open_database
from keydesk_sandbox.world import World, serving
from tests.cli.conftest import Captured
from tests.tools.ports import free_port

ROOT = Path(__file__).parent.parent.parent
GOOD = {
    "SLACK_BOT_TOKEN": "xoxb-not-a-real-token",
    "SLACK_SIGNING_SECRET": "0123456789abcdef0123456789abcdef",
    "COMETAPI_ACCESS_TOKEN": "fakePatForTests0123456789+/ABCDE",
    "KEYDESK_CHANNEL": "C0KEYS",
}
COMMANDS = [
    ["serve"], ["work"], ["sandbox"], ["migrate"], ["check"], ["policy"], ["policy", "lint"], ["policy", "explain"],
    ["policy", "test"], ["policy", "replay"], ["audit"], ["audit", "export"], ["audit", "verify"],
]  # fmt: skip

pytestmark = pytest.mark.usefixtures("log_as_before", "folder")


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
        (["serve"], ["keydesk.sqlite", "policy.toml", "PORT is\n3000", "--no-worker", "60 seconds, and Slack for 30"]),
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


@pytest.mark.parametrize("words", [["nothing"], ["policy"], ["audit"], ["policy", "explain", "key.create"], ["sandbox", "--port", "-1"]])  # fmt: skip
def test_wrong_arguments_end_with_2(capsys: Captured, words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "usage: keydesk" in capsys.readouterr().err


def test_serve_in_an_empty_folder_names_everything_and_ends_with_2(capsys: Captured, folder: Path) -> None:
    assert main(["serve"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert [line.split()[0] for line in shown.err.splitlines()] == [*GOOD, "KEYDESK_POLICY:"]
    assert list(folder.iterdir()) == []


def test_serve_with_a_broken_policy_says_line_and_reason_and_ends_with_2(
    capsys: Captured, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy.write_text("[[rules]]\nname = 'x'\nwho = ['enginer']\ndo = ['*']\nallow = true\n")
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    assert main(["serve"]) == 2
    assert capsys.readouterr().err == "policy.toml:3:8: there is no role “enginer”\n"
    assert list(policy.parent.iterdir()) == [policy]


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


def test_ctrl_c_is_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted(io.StringIO):
        def write(self, _text: str) -> int:
            raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdout", Interrupted())
    assert main(["policy", "lint", "none.toml"]) == 130


def fill(c: sa.Connection) -> None:
    for number in range(500):
        audit.append(c, fact=Fact.ASKED, at=float(number), actor="U0ADA")


def test_a_reader_that_goes_away_is_no_error(sqlite_url: str, folder: Path) -> None:
    database = open_database(sqlite_url)
    # More than a pipe holds.
    database.run_here(fill)
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
    assert (process.wait(timeout=200), errors) == (0, "")


@pytest.fixture
async def served(folder: Path) -> AsyncIterator[dict[str, str]]:
    """Settings for a real `keydesk serve` between a Slack and a gateway on loopback."""
    world = World(folder=folder / "world")
    async with serving(world.slack.app) as slack_url, serving(world.gateway.app, date_header=False) as gateway_url:
        world.slack.base_url = slack_url
        settings = world.environment(gateway_url=gateway_url, port=free_port())
        yield variables(**settings, KEYDESK_METRICS_PORT=str(free_port()), KEYDESK_FLAVOUR="vanilla")
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
            async with httpx.AsyncClient(base_url=operators, trust_env=False) as inside:
                await _ready(inside, process)  # this server begins to listen a moment after the other one
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
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=200, check=False)


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


async def test_a_port_that_is_taken_is_named_at_once(served: dict[str, str], folder: Path) -> None:
    with socket.create_server(("0.0.0.0", int(served["PORT"]))):
        ended = await asyncio.to_thread(_ended, command("serve"), folder, served)
    assert ended.returncode == 2
    assert f"PORT {served['PORT']} cannot be used (Address already in use)" in ended.stderr
    assert "Traceback" not in ended.stderr
