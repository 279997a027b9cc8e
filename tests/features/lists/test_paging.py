"""Pages and menus of a list hold what is typed for them, within Slack's limits."""

import pytest

from bot.features.lists.paging import menu, page_buttons, place_text


@pytest.mark.parametrize(
    ("number", "last", "values"),
    [(1, 1, []), (1, 3, ["page 2"]), (2, 3, ["page 1", "page 3"]), (3, 3, ["page 2"])],
)
def test_there_are_buttons_to_the_pages_that_are(number: int, last: int, values: list[str]) -> None:
    found = page_buttons("before", "after", number=number, last=last, text=lambda page: f"page {page}")
    assert [one["value"] for one in found] == values


def test_a_menu_shows_what_is_chosen_and_is_left_out_where_it_is_too_long() -> None:
    (shown,) = menu("narrow", "Show only…", [("All", "all"), ("Idle", "idle")], chosen="idle")
    assert shown["initial_option"]["value"] == "idle"
    assert "initial_option" not in menu("narrow", "Show only…", [("All", "all")], chosen="other")[0]
    assert menu("narrow", "Show only…", [("All", "x" * 151)], chosen="") == []


def test_a_place_in_a_list() -> None:
    assert place_text(1, 20, 45, rows=20) == "1 to 20 of 45"
    assert place_text(3, 5, 45, rows=20) == "41 to 45 of 45"
