"""The workflows do what a developer can do, with no more rights than they need and no stored token."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def jobs_of(path: Path) -> dict[str, Any]:
    jobs: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return jobs


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_read_and_knows_no_secret(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert yaml.safe_load(text)["permissions"] == {"contents": "read"}
    assert "secrets." not in text
    for job in jobs_of(path).values():
        writes = {name for name, right in job.get("permissions", {}).items() if right == "write"}
        assert writes <= {"id-token", "attestations"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_what_a_workflow_runs_is_here(path: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    runs = [step["run"] for job in jobs_of(path).values() for step in job["steps"] if "run" in step]
    assert runs
    for run in runs:
        command, _, target = run.partition(" ")
        if command == "make":
            assert re.search(rf"^{target}:", makefile, re.MULTILINE)
        elif command != "rm":
            assert (ROOT / command).is_file()


def test_only_a_tag_is_published() -> None:
    publish = jobs_of(ROOT / ".github" / "workflows" / "release.yml")["publish"]
    assert publish["if"] == "startsWith(github.ref, 'refs/tags/v')"
    assert publish["environment"] == "release"
