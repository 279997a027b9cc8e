"""The wheel holds all that runs: built, installed into an empty environment, and started there."""

import subprocess
import sys
import sysconfig
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True, timeout=100)
    [made] = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and, since there may be no network, the packages that these tests run with."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(packages)
    libraries = [path for path in sys.path if path.endswith("site-packages")]
    (packages / "libraries.pth").write_text("\n".join(libraries), encoding="utf-8")
    return folder


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        [metadata] = [name for name in names if name.endswith(".dist-info/METADATA")]
        told = Parser().parsestr(archive.read(metadata).decode())
    assert set(told.get_all("Provides-Extra") or []) == {"postgres", "sandbox", "telemetry"}
    assert told["Keywords"]
    assert len(told.get_all("Classifier") or []) > 5
    assert any(name.endswith("licenses/NOTICE") for name in names)
    assert {"bot/manifest.yml", "bot/py.typed", "keydesk_sandbox/page/index.html"} <= names
    assert not [name for name in names if name.startswith(("tests", "benchmarks", "deploy"))]
    # What the packages hold beside modules is in it too.
    for package in ("bot", "keydesk_sandbox"):
        files = {str(path.relative_to(ROOT)) for path in (ROOT / package).rglob("*") if path.is_file()}
        assert {name for name in files if "__pycache__" not in name} - names == set()


@pytest.mark.thorough
def test_it_runs_where_nothing_else_is(installed: Path, tmp_path: Path) -> None:
    python = installed / "bin" / "python"
    code = "import bot, sys; print(bot.__file__); from bot.__main__ import main; sys.exit(main(['--version']))"
    ran = subprocess.run([python, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    assert str(installed) in ran.stdout
    assert "keydesk 0" in ran.stdout


@pytest.mark.thorough
def test_the_sandbox_starts_from_it(installed: Path, tmp_path: Path) -> None:
    command = [str(installed / "bin" / "python"), "-m", "bot", "sandbox", "--no-open", "--port", "0"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            said = ""
            for line in process.stdout:
                said += line
                if "Ctrl-C" in line:
                    break
            assert "http://127.0.0.1:" in said
        finally:
            process.terminate()
            assert process.wait(timeout=30) == 0
