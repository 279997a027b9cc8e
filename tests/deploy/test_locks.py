"""Each lock holds all that is installed with it: pip looks at nothing else (`--no-deps`, `--require-hashes`)."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def _names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\s\[<>=;~!(]", text, maxsplit=1)[0].lower().replace("_", "-") for text in requirements}


def _locked(name: str) -> set[str]:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    return {
        match.lower().replace("_", "-")
        for match in re.findall(r"^([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?==", text, re.MULTILINE)
    }


@pytest.mark.parametrize(
    ("lock", "extras", "groups"),
    [
        ("run.lock", (), ()),
        ("sandbox.lock", ("sandbox",), ()),
        ("dev.lock", (), ("dev",)),
        ("release.lock", None, ("release",)),
    ],
)
def test_a_lock_names_every_requirement(lock: str, extras: tuple[str, ...] | None, groups: tuple[str, ...]) -> None:
    wanted = [] if extras is None else list(PROJECT["project"]["dependencies"])
    for extra in extras or ():
        wanted += PROJECT["project"]["optional-dependencies"][extra]
    for group in groups:
        wanted += [one for one in PROJECT["dependency-groups"][group] if isinstance(one, str)]
    assert wanted
    assert _names(wanted) - {PROJECT["project"]["name"]} <= _locked(lock)
