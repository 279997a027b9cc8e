"""The made pages are what the code says; commands and options that pages name are there; the site's list has every page."""

import argparse
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bot.cli.commands import parser
from bot.cli.env_example import env_example
from bot.cli.reference import pages
from bot.settings import Settings

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.rglob("*.md")])


@pytest.mark.parametrize("name", sorted(pages()))
def test_a_made_page_is_up_to_date(name: str) -> None:
    """`make docs` writes it."""
    assert (DOCS / "reference" / name).read_text(encoding="utf-8") == pages()[name]


def test_every_setting_and_every_command_has_its_line() -> None:
    made = pages()
    for field in Settings.model_fields.values():
        assert f"| `{field.alias}` |" in made["settings.md"]
        assert f"{field.alias}=" in env_example()
    for words, found in commands(parser()):
        assert f"## {' '.join(words)}\n" in made["commands.md"]
        assert str(found.description) in made["commands.md"]


def commands(found: argparse.ArgumentParser) -> Iterator[tuple[list[str], argparse.ArgumentParser]]:
    yield found.prog.split(), found
    for action in found._actions:
        if isinstance(action, argparse._SubParsersAction):
            for one in action.choices.values():
                yield from commands(one)


def told_commands() -> set[tuple[str, ...]]:
    """`keydesk WORD [WORD]` in code of any page, with its options."""
    told = set()
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        code = [*re.findall(r"`([^`\n]+)`", text), *re.findall(r"^```.*?\n(.*?)^```", text, re.MULTILINE | re.DOTALL)]
        for block in code:
            for line in block.splitlines():
                if found := re.match(r"(?:\$ )?(?:\S*/)?keydesk ((?:[a-z-]+\b ?)+)(.*)", line.strip()):
                    options = re.findall(r"(--[a-z-]+)", found[2] + found[1])
                    told.add((*found[1].split(), *options))
    return told


def test_commands_and_options_that_pages_name_are_there() -> None:
    known = {tuple(words[1:]): found for words, found in commands(parser())}
    told = told_commands()
    assert len(told) > 15
    for words in told:
        names = [word for word in words if not word.startswith("--")]
        found = max((one for one in known if one == tuple(names[: len(one)])), key=len)
        assert found, f"there is no `keydesk {' '.join(words)}`"
        options = {option for action in known[found]._actions for option in action.option_strings}
        assert {word for word in words if word.startswith("--")} <= options, words


def paths(nav: Any) -> Iterator[str]:
    for entry in nav:
        for target in entry.values():
            yield from [target] if isinstance(target, str) else paths(target)


def test_the_site_lists_every_page_once_and_loads_nothing_from_elsewhere() -> None:
    site = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]
    listed = list(paths(site["nav"]))
    assert sorted(listed) == sorted(str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md"))
    assert site["theme"]["font"] is False
    assert not {"extra_javascript", "extra_css", "extra"} & set(site)
