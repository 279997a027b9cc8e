"""The window of one key: everything that is known of it, and what this person may do."""

from typing import Any

import pytest

from bot.features.key_list.views import key_window
from keydesk_sandbox.fake_slack.blocks.surfaces import view_problems
from tests.keys.records import record

NOW = 1_790_000_000.0


def window(**changes: Any) -> str:
    key = record(7, name="search", created_time=int(NOW) - 99, **changes.pop("record", {}))
    values: dict[str, Any] = {
        "owner": "U0ADA",
        "mine": True,
        "requests": [],
        "words": [("key.quota", "More quota…")],
        "now": NOW,
        "units_per_usd": 500_000,
    }
    view = key_window(key, **values | changes)
    assert view_problems(view, "modal") == []
    return str(view)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "<@U0ADA>"),
        ({"owner": None}, "nobody asked for it here"),
        ({"mine": False}, "not yours"),
        ({"record": {"accessed_time": 0}}, "never"),
        ({"record": {"group": ""}}, "the account's own"),
        ({"locked": "Locked because of alert 3."}, "Locked because of alert 3."),
        ({"trouble": "The account has nothing left."}, "The account has nothing left."),
    ],
)
def test_the_window_says_what_matters(changes: dict[str, Any], words: str) -> None:
    assert words in window(**changes)


def test_without_rights_there_are_no_buttons() -> None:
    assert "key.quota" in window()
    assert "'button'" not in window(words=[])
