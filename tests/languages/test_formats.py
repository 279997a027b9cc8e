from bot.languages import find, said, speaking, tr
from bot.languages.formats import all_of, one_of, with_commas
from bot.languages.sentence import from_stored, to_stored
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
        assert one_of(["a", "b", "c"]) == "a、b 或 c"
        assert all_of(["a", "b"]) == "a 和 b"
    with speaking(present(find("ar"))):
        assert one_of(["@ben", "@ada"]) == "\u2068@ben\u2069 أو \u2068@ada\u2069"


def test_names_that_no_word_joins_are_parted_by_the_comma_of_the_language() -> None:
    assert with_commas(["a", "b", "c"]) == "a, b, c"
    with speaking(present(find("zh-Hant"))):
        assert with_commas(["a", "b"]) == "a、b"
    with speaking(present(find("ar"))):
        assert with_commas(["a", "b"]) == "\u2068a\u2069، \u2068b\u2069"


def test_a_list_of_a_row_is_read_in_the_language_of_each_reader() -> None:
    with speaking(present(find("ar"))):
        kept = to_stored(tr("Ask {who}.", who=one_of(["ada", "ben", "cho"])))
    assert from_stored(kept) == "Ask ada, ben or cho."
    with speaking(present(find("zh-Hant"))):
        assert "ada、ben 或 cho" in from_stored(kept)
        assert said(all_of([])) == ""
