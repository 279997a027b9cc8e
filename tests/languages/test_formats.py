from bot.languages import find, speaking
from bot.languages.formats import all_of, one_of
from tests.narrow import present


def test_english_lists_have_no_comma_before_the_last_word() -> None:
    assert (all_of([]), all_of(["a"]), all_of(["a", "b"]), all_of(["a", "b", "c"])) == (
        "",
        "a",
        "a and b",
        "a, b and c",
    )
    assert one_of(["a", "b", "c"]) == "a, b or c"


def test_others_follow_their_own_custom_and_right_to_left_ones_keep_each_item_in_order() -> None:
    with speaking(present(find("zh-Hans"))):
        assert one_of(["a", "b", "c"]) == "a、b或c"
        assert all_of(["a", "b"]) == "a和b"
    with speaking(present(find("ar"))):
        assert one_of(["@ben", "@ada"]) == "\u2068@ben\u2069 أو \u2068@ada\u2069"
