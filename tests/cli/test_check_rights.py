from pathlib import Path

import pytest

from keydesk_sandbox.world import World
from tests.cli.checking import look
from tests.cli.conftest import Settle


async def test_files_that_others_may_read_or_change_are_told(
    world: World, settle: Settle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    secrets, policy = tmp_path / ".env", Path(world.policy_path)
    _with_rights(secrets, 0o644)
    _with_rights(policy, 0o666)
    told = [line for line in (await look(world, settle()))[1] if line.startswith("warn  rights")]
    assert [part for part in ("chmod 600 .env", f"chmod 644 {policy}") if part in " ".join(told)] == [
        "chmod 600 .env",
        f"chmod 644 {policy}",
    ]
    _with_rights(secrets, 0o600)
    _with_rights(policy, 0o644)
    assert not [line for line in (await look(world, settle()))[1] if line.startswith("warn  rights")]


def _with_rights(path: Path, mode: int) -> None:
    path.touch()
    path.chmod(mode)
