"""Roles stand in normal letters and call nobody; who has one is said where that may be mentioned."""

import pytest

from bot.approvals.cards.role_names import role_names


@pytest.mark.parametrize(
    ("names", "people", "text"),
    [
        (["oncall"], None, "the role *oncall*"),
        (["oncall", "U0SAM"], {}, "the role *oncall* and <@U0SAM>"),
        (["oncall"], {"oncall": {"U0SAM", "S0TEAM"}}, "the role *oncall* (<@U0SAM>)"),
        (["S0TEAM"], {}, "`S0TEAM`"),
    ],
)
def test_roles_are_named(names: list[str], people: dict[str, set[str]] | None, text: str) -> None:
    assert role_names(names, people).translate({0x2068: None, 0x2069: None}) == text
