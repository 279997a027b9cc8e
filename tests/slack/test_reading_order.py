"""A line that begins with a name is read the way of its sentence, whoever is named."""

import pytest

from bot.languages import languages, speaking
from bot.slack.blocks import bold_name, mention, section
from bot.slack.reading_order import in_reading_order

LEFT, RIGHT = "\u200e", "\u200f"
NOUR = "نور"


@pytest.mark.parametrize(
    ("line", "led"),
    [
        ("<@U0NOUR> asks", f"{LEFT}<@U0NOUR> asks"),
        (":white_check_mark: *#18* <@U0NOUR> asks", f":white_check_mark: *#18* {LEFT}<@U0NOUR> asks"),
        ("• <!subteam^S0M> can", f"• {LEFT}<!subteam^S0M> can"),
        ("first\n<@U0NOUR> asks", f"first\n{LEFT}<@U0NOUR> asks"),
        ("asked by <@U0NOUR>", "asked by <@U0NOUR>"),
        ("> <@U0NOUR> said so", "> <@U0NOUR> said so"),
        ("&gt; <@U0NOUR> said so", "&gt; <@U0NOUR> said so"),
        ("<!date^1^{date}|then> it ends", "<!date^1^{date}|then> it ends"),
        (":1" * 500 + ":", ":1" * 500 + ":"),
    ],
)
def test_a_mark_of_the_sentence_comes_before_the_name(line: str, led: str) -> None:
    assert in_reading_order(line) == led
    assert in_reading_order(led) == led


@pytest.mark.parametrize(
    ("tag", "name", "mark"), [("en", NOUR, LEFT), ("en", "ada", ""), ("ar", NOUR, ""), ("ar", "ada", RIGHT)]
)
def test_a_name_that_is_read_as_its_sentence_needs_none(tag: str, name: str, mark: str) -> None:
    with speaking(languages()[tag]):
        assert section(f"{bold_name(name)} x")["text"]["text"] == f"*{mark}\u2068{name}\u2069* x"
        assert section(mention("U0ADA"))["text"]["text"].startswith(LEFT if tag == "en" else RIGHT)
