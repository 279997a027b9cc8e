"""The list of requests: titled groups, empty ones left out, long ones cut with a number."""

from bot.features.request_list.views import ROWS, request_list
from bot.slack.blocks import section


def test_no_requests_say_how_to_ask() -> None:
    assert "/apikey new" in request_list([("Yours", [])]).text


def test_groups_have_titles_and_long_ones_say_how_many_more() -> None:
    rows = [section(str(number)) for number in range(ROWS + 3)]
    message = request_list([("To decide", rows), ("Empty", []), ("Yours", rows[:1])])
    assert message.text == f"To decide: {ROWS + 3} · Yours: 1"
    kinds = [block["type"] for block in message.blocks]
    assert kinds == ["section"] * (ROWS + 1) + ["context", "divider", "section", "section"]
    assert "3 more." in str(message.blocks)
    assert "Empty" not in str(message.blocks)
