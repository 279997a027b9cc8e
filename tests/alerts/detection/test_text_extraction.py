"""Which texts of a message or a body are looked at, in which order, and how many at most."""

import itertools

from bot.alerts.detection.text_extraction import MOST_IN_A_MESSAGE, MOST_VALUES, message_texts, strings


def test_every_string_of_a_body_in_order_but_not_the_names_of_fields() -> None:
    assert list(strings({"name": "a", "more": ["b", {"c": "d"}], "number": 7, "none": None})) == ["a", "b", "d"]


def test_no_depth_is_too_much_and_no_more_than_so_many_values_are_looked_at() -> None:
    deep: object = "at the bottom"
    for _ in range(50_000):
        deep = [deep]
    assert list(strings(deep)) == ["at the bottom"]
    assert sum(1 for _ in strings(["x"] * (MOST_VALUES + 5))) < MOST_VALUES


def test_a_half_bold_line_is_one_text_and_the_escapes_are_undone() -> None:
    bold = {"type": "text", "text": "sk-ab", "style": {"bold": True}}
    line = {"type": "rich_text_section", "elements": [bold, {"type": "text", "text": "cd"}]}
    message = {
        "text": "a &lt;b&gt; &amp; c",
        "blocks": [{"type": "rich_text", "block_id": "never", "elements": [line]}],
        "files": [{"title": "notes.txt"}],
        "user": "U0ADA",
    }
    assert list(message_texts(message)) == ["a <b> & c", "sk-abcd", "notes.txt"]


def test_a_message_is_read_up_to_a_bound() -> None:
    found = message_texts({"text": "first", "attachments": ["x"] * (2 * MOST_IN_A_MESSAGE)})
    assert next(found) == "first"
    assert sum(1 for _ in itertools.islice(found, 10**6)) < MOST_IN_A_MESSAGE
