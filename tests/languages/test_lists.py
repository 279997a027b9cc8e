import pytest

from bot.languages import Language, find, speaking
from bot.languages.lists import AND, OR, PLAIN, listed
from tests.narrow import present


@pytest.mark.parametrize(
    ("style", "english", "chinese"),
    [(AND, "a, b and c", "a、b 和 c"), (OR, "a, b or c", "a、b 或 c"), (PLAIN, "a, b, c", "a、b、c")],
)
def test_each_style_by_the_custom_of_the_language(style: str, english: str, chinese: str) -> None:
    assert listed(["a", "b", "c"], style) == english
    with speaking(present(find("zh-Hans"))):
        assert listed(["a", "b", "c"], style) == chinese
        assert (listed([], style), listed(["a"], style)) == ("", "a")


def test_where_words_have_no_space_between_them_bold_and_code_get_one() -> None:
    with speaking(present(find("zh-Hans"))):
        assert listed(["`new`", "*ci* (key 3)", "b"], OR) == "`new` 、 *ci* (key 3) 或 b"
        assert listed(["*ci*"], AND) == "*ci*"
        assert listed(["甲", "乙"], AND) == "甲和乙"
    assert listed(["`new`", "*ci*"], OR) == "`new` or *ci*"


def test_right_to_left_each_thing_keeps_its_own_order() -> None:
    with speaking(present(find("ar"))):
        assert listed(["gpt-4", "o1"], PLAIN) == "\u2068gpt-4\u2069، \u2068o1\u2069"


def test_a_language_that_nobody_described_has_commas() -> None:
    with speaking(Language("xx")):
        assert listed(["a", "b", "c"], OR) == "a, b, c"
