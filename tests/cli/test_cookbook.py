"""Every policy of the cookbook is without a doubt for lint, and decides as its cases say."""

import re
from pathlib import Path

import pytest

from bot.__main__ import main

pytestmark = pytest.mark.usefixtures("log_as_before")

PAGE = Path(__file__).parents[2] / "docs" / "cookbook.md"
RECIPES = re.findall(
    r"^## (\d+\. .+?)\n\n```toml\n(.+?)```\n\n```toml\n(.+?)```",
    PAGE.read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)


def test_there_are_thirteen() -> None:
    assert [name.split(".")[0] for name, _, _ in RECIPES] == [str(number) for number in range(1, 14)]


@pytest.mark.parametrize(("policy", "cases"), [recipe[1:] for recipe in RECIPES], ids=[name for name, _, _ in RECIPES])
def test_a_recipe_does_what_it_says(
    policy: str, cases: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policy.toml").write_text(policy, encoding="utf-8")
    (tmp_path / "cases.toml").write_text(cases, encoding="utf-8")
    assert main(["policy", "lint"]) == 0, capsys.readouterr().out
    assert main(["policy", "test", "cases.toml"]) == 0, capsys.readouterr().out
    assert cases.count("[[cases]]") >= 2
