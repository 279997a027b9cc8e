"""The rules of the house that no linter knows: names, sizes, who may touch what. Reads the source as trees."""

import ast
import functools
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import features
from bot.features import FEATURES, OPERATIONS
from bot.permissions.models import OPERATIONS as KNOWN

ROOT = Path(__file__).parent.parent
BOT, SANDBOX = ROOT / "bot", ROOT / "keydesk_sandbox"
FILE_LIMIT, FUNCTION_LIMIT = 400, 60
MODULES = sorted(path for room in (BOT, SANDBOX) for path in room.rglob("*.py") if "__pycache__" not in path.parts)
TESTS = sorted(path for path in (ROOT / "tests").rglob("*.py") if "__pycache__" not in path.parts)
FOLDERS = sorted(
    path
    for path in (BOT / "features").iterdir()
    if path.is_dir() and path.name not in {"__pycache__", "forms", "lists"}
)


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def test_every_module_says_what_it_does() -> None:
    assert [name_of(path) for path in MODULES if not ast.get_docstring(tree(path))] == []


def public(body: list[ast.stmt]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Functions, classes and methods that others may use; the methods of a protocol say what their shape says."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield node
            if isinstance(node, ast.ClassDef) and "Protocol" not in map(ast.unparse, node.bases):
                yield from public(node.body)


def test_every_public_function_and_class_of_the_bot_says_what_it_does() -> None:
    found = [
        f"{name_of(path)}:{node.lineno} {node.name}"
        for path in MODULES
        if path.is_relative_to(BOT)
        for node in public(tree(path).body)
        if not ast.get_docstring(node)
    ]
    assert found == []


def has_test_of_its_name(path: Path) -> bool:
    place = path.relative_to(BOT) if path.is_relative_to(BOT) else path.relative_to(ROOT)
    return (ROOT / "tests" / place.parent / f"test_{path.name}").is_file()


def is_only_data(path: Path) -> bool:
    """Tables, words and values: nothing in it is called and nothing decides."""
    work = (
        ast.FunctionDef,
        ast.AsyncFunctionDef,
        ast.Lambda,
        ast.If,
        ast.IfExp,
        ast.For,
        ast.While,
        ast.Try,
        ast.Match,
    )
    classes = [node for node in ast.walk(tree(path)) if isinstance(node, ast.ClassDef)]
    # The methods of a protocol are shapes.
    shapes = {id(method) for one in classes if "Protocol" in map(ast.unparse, one.bases) for method in one.body}
    return not any(isinstance(node, work) and id(node) not in shapes for node in ast.walk(tree(path)))


def test_every_module_has_a_test_of_its_own_name() -> None:
    """tests/<room>/test_<module>.py."""
    found = {
        name_of(path)
        for path in MODULES
        if not path.name.startswith("__")
        and "migrations" not in path.parts
        and not has_test_of_its_name(path)
        and not is_only_data(path)
    }
    assert found == set()


def test_no_file_is_too_long_to_read() -> None:
    sizes = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in [*MODULES, *TESTS]}
    assert {name: size for name, size in sizes.items() if size > FILE_LIMIT} == {}


def test_no_function_is_too_long_to_read() -> None:
    found = {
        f"{name_of(path)}:{node.name}": size
        for path in MODULES
        for node in functions(path)
        if (size := (node.end_lineno or 0) - node.lineno + 1) > FUNCTION_LIMIT
    }
    assert found == {}


def test_the_composition_root_builds_each_object_whole() -> None:
    """Nothing asks whether an attribute is there yet, and what a lambda names was built above it."""
    found = []
    for path in [BOT / "app.py", BOT / "services.py", BOT / "resources.py", *BOT.glob("*/bootstrap.py")]:
        attributes = [node for node in ast.walk(tree(path)) if isinstance(node, ast.Attribute)]
        built = {node.attr: node.lineno for node in reversed(attributes) if isinstance(node.ctx, ast.Store)}
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Name) and node.id in {"hasattr", "getattr"}:
                found.append(f"{name_of(path)}:{node.lineno} {node.id}")
            if isinstance(node, ast.Lambda):
                late = {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)} & built.keys()
                found += [f"{name_of(path)}:{node.lineno} {name}" for name in late if built[name] > node.lineno]
    assert found == []


def test_only_settings_read_the_environment() -> None:
    readers = set()
    for path in MODULES:
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv", "environb"}:
                readers.add(name_of(path))
    assert readers == {"bot/settings/loader.py"}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_feature_folder_is_what_its_name_says(folder: Path) -> None:
    assert hasattr(__import__(f"bot.features.{folder.name}", fromlist=["register"]), "register")
    assert (folder / "listeners.py").is_file()
    if (folder / "operation.py").is_file():
        operation = __import__(f"bot.features.{folder.name}", fromlist=["OPERATION"]).OPERATION
        assert operation.name.replace(".", "_") == folder.name
        assert OPERATIONS[operation.name] is operation


def test_the_list_of_features_is_complete_and_holds_each_once() -> None:
    listed = [register.__module__.split(".")[2] for register in FEATURES]
    assert sorted(listed) == [folder.name for folder in FOLDERS]
    assert set(OPERATIONS) <= set(OPERATIONS.descriptions) <= set(KNOWN)
    assert {folder.name for folder in FOLDERS if (folder / "operation.py").is_file()} == {
        name.replace(".", "_") for name in OPERATIONS
    }
    assert features.__doc__


def test_feature_folders_never_import_each_other() -> None:
    found = [
        f"{name_of(path)} → {name}"
        for folder in FOLDERS
        for path in folder.rglob("*.py")
        for name in imports(path)
        for other in FOLDERS
        if other != folder and (name == f"bot.features.{other.name}" or name.startswith(f"bot.features.{other.name}."))
    ]
    assert found == []


def test_forms_and_operations_speak_to_no_wire() -> None:
    wires = {"httpx", "slack_bolt", "slack_sdk", "aiohttp", "sqlalchemy"}
    found = [
        f"{name_of(path)} → {name}"
        for path in MODULES
        if path.name in {"operation.py", "policy.py"} or (path.name == "views.py" and "approvals" not in path.parts)
        for name in imports(path)
        if name.split(".")[0] in wires and "cli" not in path.parts
    ]
    assert found == []


def test_only_the_error_net_and_named_places_catch_everything() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in MODULES
        if path.parts[-2] in {folder.name for folder in FOLDERS} or "approvals" in path.parts
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}))
    ]
    assert found == []


def test_handlers_take_one_delivery() -> None:
    """Bolt passes None for an argument it does not know; ours get a Delivery and nothing else."""
    found = []
    for folder in FOLDERS:
        for node in functions(folder / "listeners.py"):
            returns = node.returns
            if isinstance(returns, ast.Name) and returns.id == "Ack":
                names = [argument.arg for argument in node.args.args if argument.arg != "self"]
                if names != ["delivery"] and not node.name.startswith("_"):
                    found.append(f"{folder.name}.{node.name}({', '.join(names)})")
    assert found == []


def test_nothing_works_when_it_is_imported() -> None:
    """No call at the top of a module but those that make constants, types and registries of them."""
    opening = {
        "open",
        "connect",
        "create_engine",
        "AsyncClient",
        "Client",
        "run",
        "ClientSession",
        "load",
        "getLoggerClass",
    }
    found = []
    for path in MODULES:
        for node in tree(path).body:
            value = node.value if isinstance(node, ast.Expr | ast.Assign | ast.AnnAssign) else None
            if not isinstance(value, ast.Call):
                continue
            function = value.func
            called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if called in opening:
                found.append(f"{name_of(path)}:{node.lineno} {called}()")
    assert found == []


def test_nothing_waits_with_wait_for() -> None:
    """Before Python 3.12 it loses a cancellation that comes as the awaited ends: `asyncio.timeout` does not."""
    found = {name_of(path) for path in MODULES if "asyncio.wait_for(" in path.read_text(encoding="utf-8")}
    assert found == set()
