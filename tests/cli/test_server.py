"""What `serve` loads before it answers: the start and the memory at rest are made of it."""

import subprocess
import sys

import pytest

LOADED = """
import importlib.abc, sys

class Lean(importlib.abc.MetaPathFinder):
    # What only development needs is hidden: some libraries load it where it happens to be installed.
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"rich", "pygments"}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Lean())
import bot.cli.server
print(" ".join(sys.modules))
"""
# Each is loaded by what needs it: Slack's set-up questions, Socket Mode, a pattern in a policy, the signed head, traces,
# `check`, the sandbox, PostgreSQL. DBOS names the rest, and we never use it (bot/durable/lean_dbos.py).
LATE = {
    "slack_bolt", "slack_sdk", "aiohttp", "re2", "cryptography", "opentelemetry", "rich", "pygments",
    "bot.cli.check", "bot.cli.policy", "bot.cli.audit", "bot.manifest", "keydesk_sandbox", "websockets",
    "psycopg", "psycopg_binary", "sqlalchemy.orm", "sqlalchemy.ext", "yaml", "croniter", "dateutil", "dbos._client",
}  # fmt: skip


@pytest.fixture(scope="module")
def loaded() -> set[str]:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("name", sorted(LATE))
def test_serve_starts_without(loaded: set[str], name: str) -> None:
    assert "bot.cli.server" in loaded
    assert sorted(one for one in loaded if one == name or one.startswith(f"{name}.")) == []
