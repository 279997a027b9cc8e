"""What the pages and docstrings say exists: cited facts, links, maps of the packages, tests, standard names."""

import ast
import collections
import functools
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
REFERENCE = ROOT / "docs" / "reference"
SOURCES = sorted(
    path
    for room in ("bot", "keydesk_sandbox", "tests", "benchmarks")
    for path in (ROOT / room).rglob("*.py")
    if path != Path(__file__)
)
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "keydesk_sandbox").glob("*.md")])
BOT = sorted(path for path in (ROOT / "bot").rglob("*.py") if path.stem != "__main__")
# A feature's folder needs no map: its modules have the same names in each.
MAPS = sorted(
    path
    for path in (ROOT / "bot").rglob("__init__.py")
    if "features" not in path.parts[-3:-2] and "migrations" not in path.parts
)
RULES_SECTION = 18


@functools.cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(text_of(path))) or ""


def numbers(words: str) -> set[int]:
    return {int(number) for number in re.findall(r"\d+", words)}


def gateway_citations() -> set[tuple[str, int]]:
    """What is cited of gateway-api.md: sections, and rules of its section 18."""
    found: set[tuple[str, int]] = set()
    for path in SOURCES:
        flat = re.sub(r"\s*\n\s*#?\s*", " ", text_of(path))
        for cited in re.findall(r"gateway-api\.md, sections? ([^.()]*)", flat):
            sections, _, rules = cited.partition("rule")
            found |= {("section", number) for number in numbers(sections)}
            found |= {("rule", number) for number in numbers(rules)}
    return found


def test_every_cited_fact_about_the_gateway_is_on_its_page() -> None:
    page = text_of(REFERENCE / "gateway-api.md")
    sections = {int(number) for number in re.findall(r"^## (\d+)\. ", page, re.MULTILINE)}
    rules = page.partition(f"## {RULES_SECTION}. ")[2].partition("\n## ")[0]
    known = {("section", number) for number in sections}
    known |= {("rule", int(number)) for number in re.findall(r"^(\d+)\. ", rules, re.MULTILINE)}
    cited = gateway_citations()
    assert len(cited) > 20
    assert cited - known == set()


def test_every_cited_fact_about_slack_is_on_its_page() -> None:
    page = text_of(REFERENCE / "slack.md")
    known = set(re.findall(r"^## ([A-H]\d?)\. ", page, re.MULTILINE)) | set(
        re.findall(r"^\| (G\d+) ", page, re.MULTILINE)
    )
    cited: set[str] = set()
    for path in SOURCES:
        for words in re.findall(r"slack\.md ((?:[A-H]\d*(?:[,–-] ?| and )?)+)", text_of(path)):
            cited |= set(re.findall(r"[A-H]\d*", words))
    assert len(cited) > 20
    assert cited - known == set()


def test_every_page_that_is_named_exists() -> None:
    names = {path.name for path in PAGES}
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in SOURCES
        for name in re.findall(r"\b([\w-]+\.md)\b", text_of(path))
        if name not in names
    }
    assert found == set()


def test_every_link_of_a_page_leads_somewhere() -> None:
    broken = [
        f"{page.name}: {link}"
        for page in PAGES
        for link in re.findall(r"\]\(([^)#\s]+)", text_of(page))
        if "://" not in link and not (page.parent / link).exists()
    ]
    assert broken == []


def test_every_test_that_the_security_page_names_exists() -> None:
    named = set(re.findall(r"`(test_\w+)`", text_of(ROOT / "docs" / "security.md")))
    defined = {name for path in SOURCES for name in re.findall(r"def (test_\w+)", text_of(path))}
    assert len(named) > 20
    assert named - defined == set()


@pytest.mark.parametrize("path", MAPS, ids=lambda path: path.parent.name)
def test_the_map_of_a_package_names_every_module(path: Path) -> None:
    here = path.parent
    modules = {
        item.stem
        for item in here.iterdir()
        if (item.suffix == ".py" and not item.stem.startswith("__")) or (item / "__init__.py").is_file()
    }
    words = docstring(path)
    if here.name == "features":
        words += text_of(path)  # FOLDERS is the list
    assert {name for name in modules if not re.search(rf"\b{name}\b", words)} == set()


def test_every_module_that_is_named_exists() -> None:
    """A comment that says `outbox.py` or `alerts/store.py` means a file that is there."""
    known = {str(path.relative_to(ROOT)) for path in SOURCES}
    found = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in BOT
        for name in re.findall(r"(?<![\w/.])((?:[a-z_]+/)*[a-z_]+\.py)\b", text_of(path))
        if not any(f"/{one}".endswith(f"/{name}") for one in known)
    }
    assert found == set()


def test_no_docstring_only_points_elsewhere() -> None:
    found = [path.name for path in SOURCES if re.search(r'"""See the (module|class)\b', text_of(path))]
    assert found == []


def test_a_public_class_name_means_one_thing() -> None:
    places = collections.defaultdict(list)
    for path in BOT:
        for node in ast.parse(text_of(path)).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(str(path.relative_to(ROOT)))
    doubled = {name: paths for name, paths in places.items() if len(paths) > 1}
    assert doubled == {}
