"""`make` and `keydesk` on a machine that lacks something: one sentence that mends it, and no traceback."""

import os
import resource
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.ports import free_port

ROOT = Path(__file__).parents[2]
# A python3 that lacks what stands in the program it is given.
WITHOUT = """\
#!/bin/sh
case "$*" in *{lacking}*) exit 1;; esac
exec {python} "$@"
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """What `make install` reads of a fresh clone."""
    folder = tmp_path / "keydesk"
    folder.mkdir()
    for name in ("Makefile", "pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "requirements", folder / "requirements")
    return folder


def made(source: Path, *words: str, **variables: str) -> tuple[int, list[str]]:
    """Exit code of `make`, and what it says, without the line that names the failed target."""
    bare = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "PIP_"))}  # noqa: TID251
    done = subprocess.run(
        ["make", *words],
        cwd=source,
        env=bare | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    said = done.stdout.splitlines()
    return done.returncode, [line for line in said if not line.startswith("make: ***")]


@pytest.mark.parametrize(
    ("lacking", "sentence"),
    [
        ("ensurepip", "python3 has no venv module; on Debian and Ubuntu: apt install python3-venv"),
        ("version_info", "Python 3.11 or newer is needed; say which: make PYTHON=python3.12"),
    ],
)
@pytest.mark.parametrize("target", ["install", "sandbox"])
def test_a_python_that_lacks_something(source: Path, tmp_path: Path, lacking: str, sentence: str, target: str) -> None:
    python = tmp_path / "python3"
    python.write_text(WITHOUT.format(lacking=lacking, python=sys.executable))
    python.chmod(0o755)
    code, said = made(source, target, f"PYTHON={python}")
    assert (code, said) == (2, [sentence.replace("python3 has", f"{python} has")])


def test_a_folder_in_which_nothing_can_be_made(source: Path) -> None:
    (source / ".venv").write_text("a file stands where the environment should")
    code, said = made(source, "install", f"PYTHON={sys.executable}")
    assert code == 2
    assert said[-1] == f"No environment could be made in {source}/.venv: is the folder writable, is the disk full?"


@pytest.mark.thorough
def test_no_network(source: Path) -> None:
    nobody = f"http://127.0.0.1:{free_port()}/simple"
    pip = {"PIP_INDEX_URL": nobody, "PIP_RETRIES": "0", "PIP_CONFIG_FILE": os.devnull}
    code, said = made(source, "install", f"PYTHON={sys.executable}", **pip)
    assert code == 2
    [sentence] = said
    assert sentence.startswith("The packages of requirements/dev.lock could not be fetched, because no package index")
    assert "No matching distribution" in (source / ".venv" / "pip.log").read_text()


@pytest.mark.thorough
def test_another_trouble_of_pip_is_shown_with_its_own_words(source: Path) -> None:
    (source / "requirements" / "dev.lock").write_text("this is no requirement\n")
    code, said = made(source, "install", f"PYTHON={sys.executable}")
    assert code == 2
    assert any("Invalid requirement" in line for line in said)
    assert said[-1].startswith("The packages of requirements/dev.lock could not be installed; the lines above say why.")


def keydesk(folder: Path, *words: str, largest: int | None = None) -> tuple[int, list[str]]:
    """Exit code and lines of an error, with no setting but a database in `folder`. `largest`: bytes of any file."""

    def limit() -> None:
        if largest is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    variables = {"PATH": os.defpath, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "bot", *words],
        cwd=folder,
        env=variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        preexec_fn=limit,
    )
    return done.returncode, done.stderr.splitlines()


@pytest.mark.thorough
def test_a_full_disk_while_the_tables_are_made(tmp_path: Path) -> None:
    code, said = keydesk(tmp_path, "migrate", largest=60_000)
    assert code == 1
    assert len(said) == 1
    assert said[0].startswith("DATABASE_URL: the database cannot be used: ")
    assert said[0].endswith("Nothing was half done.")
    # With room it goes on from there.
    assert keydesk(tmp_path, "migrate") == (0, [])


def test_a_folder_that_takes_no_database(tmp_path: Path) -> None:
    (tmp_path / "keydesk.sqlite").mkdir()
    code, said = keydesk(tmp_path, "migrate")
    assert code == 2
    assert len(said) == 1
    assert "keydesk.sqlite cannot be used" in said[0]


@pytest.mark.thorough
def test_the_port_of_the_sandbox_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, said = keydesk(tmp_path, "sandbox", "--no-open", "--port", str(port))
    assert code == 2
    assert said == [f"Port {port} cannot be used (Address already in use); say another one with --port."]
