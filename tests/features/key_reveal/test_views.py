"""The window with a key's value: the value stays a secret until Slack's client sends it."""

import json

from pydantic import SecretStr

from bot.features.key_reveal.views import build_modal

VALUE = SecretStr("sk-" + "R" * 48)


def test_the_value_stands_in_the_window_but_in_no_print_of_it() -> None:
    view = build_modal(VALUE, name="search", key_id=7, times=1, gateway_url="https://g.test")
    assert "R" * 48 not in repr(view)
    holders = [
        element["text"]
        for block in view["blocks"]
        if block["type"] == "rich_text"
        for part in block["elements"]
        for element in part["elements"]
        if element["text"] is VALUE
    ]
    assert len(holders) == 2
    assert "https://g.test/v1" in str(view)


def test_how_often_it_was_shown() -> None:
    once, often = (
        json.dumps(build_modal(VALUE, name="n", key_id=7, times=times, gateway_url="x"), default=str)
        for times in (1, 1_200)
    )
    assert "shown for the first time" in once
    assert "shown 1,200 times so far" in often
