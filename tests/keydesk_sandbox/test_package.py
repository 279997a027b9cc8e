"""The sandbox as a package for others: no circles of imports, the README's example runs, and the wheel is complete."""

import ast
import re
import subprocess
import sys
import zipfile
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "keydesk_sandbox"


def modules(folder: Path) -> dict[str, Path]:
    found = {}
    for path in folder.rglob("*.py"):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def import_graph(folder: Path) -> dict[str, set[str]]:
    """Module → the modules of the same folder that its text imports, those under TYPE_CHECKING included."""
    known = modules(folder)
    graph: dict[str, set[str]] = {}
    for name, path in known.items():
        package = name if path.name == "__init__.py" else name.rpartition(".")[0]
        graph[name] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                targets = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
                base = ".".join([*above, *([node.module] if node.module else [])])
                targets = [one if (one := f"{base}.{alias.name}") in known else base for alias in node.names]
            else:
                continue
            graph[name] |= {target for target in targets if target in known and target != name}
    return graph


@pytest.mark.parametrize("name", ["fake_slack", "fake_gateway"])
def test_there_is_no_circle_of_imports(name: str) -> None:
    graph = import_graph(PACKAGE / name)
    assert sum(map(len, graph.values())) > len(graph)
    TopologicalSorter(graph).prepare()  # CycleError names the circle


@pytest.mark.thorough
def test_the_example_of_the_readme_passes(tmp_path: Path) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", (PACKAGE / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "test_example.py").write_text(example, encoding="utf-8")
    body = example[example.index("async def test_") :].splitlines()
    assert len(body) <= 10
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-o", "asyncio_mode=auto",
         "-o", "asyncio_default_fixture_loop_scope=function", "-p", "no:cacheprovider", tmp_path],
        capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "1 passed" in ran.stdout


@pytest.mark.thorough
def test_the_wheel_holds_both_packages_the_page_and_the_manifest(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, check=True, capture_output=True, timeout=60, cwd=ROOT)
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    checkout = {path.relative_to(ROOT) for path in (PACKAGE / "page").rglob("*") if path.is_file()}
    assert {path for path in checkout if not (installed / path).is_file()} == set()
    program = (
        f"import sys; sys.path.insert(0, {str(installed)!r})\n"
        "import bot.manifest, keydesk_sandbox.world, tempfile, pathlib\n"
        "world = keydesk_sandbox.world.World(folder=pathlib.Path(tempfile.mkdtemp()))\n"
        "print(bot.manifest.__file__); print(keydesk_sandbox.world.__file__); print(world.slack.core.app.name)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
    )
    assert ran.returncode == 0, ran.stderr
    bot, sandbox, name = ran.stdout.split("\n")[:3]
    assert Path(bot).is_relative_to(installed)
    assert Path(sandbox).is_relative_to(installed)
    assert name == "Keydesk"
