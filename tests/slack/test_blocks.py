import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.languages import find, speaking
from bot.slack import blocks as b
from bot.slack.blocks import bold_name, code, dated, harmless, inert, plain_name
from tests.narrow import present

TEXT = st.text(max_size=400)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("a & b", "a &amp; b"),
        ("<!channel>", "&lt;!channel&gt;"),
        ("<@U123> <https://evil.test|bank>", "&lt;@U123&gt; &lt;https://evil.test|bank&gt;"),
        ("hey @here and @Channel", "hey @\u200bhere and @\u200bChannel"),
        ("@hereford is a town", "@hereford is a town"),
        ("&amp;", "&amp;amp;"),
    ],
)
def test_escaping_leaves_no_link_no_mention_and_no_ping(typed: str, shown: str) -> None:
    assert b.escape(typed) == shown


@given(TEXT)
def test_escaped_text_never_holds_what_slack_parses(text: str) -> None:
    escaped = b.escape(text)
    assert "<" not in escaped
    assert ">" not in escaped
    assert not re.search(r"@(here|channel|everyone)\b", escaped)


@given(st.text(max_size=300), st.integers(5, 200))
def test_a_cut_text_fits_however_slack_counts(text: str, limit: int) -> None:
    cut = b.truncate(text, limit)
    assert b.length(cut) <= limit
    assert cut == text or cut.endswith("…")


def test_a_cut_never_leaves_half_an_entity_or_half_a_link() -> None:
    assert b.truncate("x" * 2845 + "&amp;" * 20, 3000).endswith("x…")
    assert b.truncate("x" * 2840 + " <https://keys.test/long|name> and more words, many of them" * 5, 3000).endswith(
        "x…"
    )


def test_short_ascii_texts_may_use_the_whole_limit() -> None:
    assert b.truncate("x" * 24, 24) == "x" * 24
    assert b.truncate("ü" * 24, 24) == "ü" * 22 + "…"
    assert b.length("🔑") == 2


def test_code_cannot_be_left_early() -> None:
    assert b.code("a`b\n<c>") == "`aˋb &lt;c&gt;`"
    assert b.code("  ") == ""


def test_a_quotation_marks_every_line() -> None:
    assert b.quote("one\n<two>") == "> one\n> &lt;two&gt;"
    assert b.quote("") == "> –"


def test_mentions_are_only_made_of_ids() -> None:
    assert b.mention("U0ANN") == "<@U0ANN>"
    assert b.mention("W9ORG") == "<@W9ORG>"
    assert b.mention("!channel") == "!channel"
    assert b.channel_link("C0KEYS") == "<#C0KEYS>"
    assert b.channel_link("<x>") == "&lt;x&gt;"


def test_links_lead_to_web_addresses_only() -> None:
    assert b.link("https://a.test/?x=1&y=2", "see | here") == "<https://a.test/?x=1&amp;y=2|see ¦ here>"
    assert b.link("javascript:alert(1)", "x<") == "x&lt;"
    assert b.link("https://a.test/>|<!channel>", "x") == "x"


def test_a_date_is_shown_in_the_readers_zone_and_falls_back_to_utc() -> None:
    assert b.date(1_800_000_000) == "<!date^1800000000^{date_short_pretty} {time}|2027-01-15 08:00 UTC>"
    assert "9999-12-31" in b.date(1e15)
    assert "1970-01-01" in b.date(-5)


def test_isolates_are_balanced_whatever_is_inside() -> None:
    assert b.isolate("abc") == "\u2068abc\u2069"
    assert b.isolate("a\u202eb\u2067c\u2069d") == "\u2068abcd\u2069"


def test_every_helper_makes_what_the_sdk_accepts() -> None:
    made = [
        b.section("hi", accessory=b.button("Go", "go", value="1"), fields=["a", "b"], block_id="s"),
        *b.fields({"Key": "ci", "Owner": "ann"}, block_id="f"),
        b.context("small", "line"),
        b.header("Head"),
        b.divider(),
        b.actions(
            b.button(
                "Delete",
                "delete",
                value="1",
                style="danger",
                confirm=b.confirm("Sure?", "It is final.", yes="Delete"),
                label="Delete the key",
            ),
            b.button("Docs", "docs", url="https://docs.test/"),
            block_id="a",
        ),
    ]
    for block in made:
        parsed = Block.parse(block)
        assert parsed is not None
        parsed.validate_json()
        assert parsed.to_dict()["type"] == block["type"]


def test_facts_beyond_ten_get_another_section() -> None:
    made = b.fields([(f"n{n}", "v") for n in range(23)], block_id="f")
    assert [len(block["fields"]) for block in made] == [10, 10, 3]
    assert [block.get("block_id") for block in made] == ["f", None, None]


def test_a_modal_is_a_valid_view() -> None:
    view = b.modal(
        "key.create",
        "New key",
        [b.section("hi")],
        submit="Ask",
        private_metadata="7",
        external_id="x",
        notify_on_close=True,
    )
    View(**view).validate_json()
    assert view["submit"]["text"] == "Ask"


@pytest.mark.parametrize(
    "make",
    [
        lambda: b.button("x", "a" * 256),
        lambda: b.button("x", "a", value="v" * 2001),
        lambda: b.option("x", "v" * 151),
        lambda: b.modal("c", "t", [b.divider()] * 101),
        lambda: b.modal("c", "t", [{"type": "input"}]),
        lambda: b.modal("c", "t", [], private_metadata="x" * 2941),
        b.actions,
        lambda: b.section("x", block_id="i" * 256),
    ],
)
def test_what_cannot_be_cut_is_refused_at_once(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError):
        make()


def test_texts_beyond_the_limits_are_cut_and_empty_ones_are_filled() -> None:
    assert len(b.section("x" * 9000)["text"]["text"]) <= 3000
    assert b.section("")["text"]["text"] == " "
    assert len(b.header("x" * 200)["text"]["text"]) <= 150
    assert len(b.modal("c", "A title that is far too long", [])["title"]["text"]) <= 24


def test_a_message_keeps_within_fifty_blocks_and_its_buttons() -> None:
    buttons = b.actions(b.button("Go", "go"))
    content = b.Message("many", [b.section(f"part {n}") for n in range(80)] + [buttons]).to_slack()
    assert len(content["blocks"]) == 50
    assert content["blocks"][-1] == buttons
    assert content["blocks"][-4]["elements"][0]["text"] == "32 more parts do not fit here."
    assert len(b.Message("x" * 5000).to_slack()["text"]) <= 3800
    assert b.Message("").to_slack()["text"] == " "


def test_a_message_keeps_under_the_unwritten_cap_of_all_texts() -> None:
    content = b.Message("long", [b.section("x" * 2500) for _ in range(9)]).to_slack()
    assert sum(len(block["text"]["text"]) for block in content["blocks"] if "text" in block) < 13_200


def test_a_home_holds_a_hundred_blocks() -> None:
    view = b.home([b.divider()] * 150)
    assert view["type"] == "home"
    assert len(view["blocks"]) == 100


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("No key “<!channel>”.", "No key “&lt;!channel&gt;”."),
        ("No key “&lt;!here&gt;”.", "No key “&lt;!here&gt;”."),
        ("Ask <@U0ADA> in <#C0KEYS>.", "Ask <@U0ADA> in <#C0KEYS>."),
        (
            "<https://evil|x> & <@U0ADA|everyone> @here",
            "&lt;https://evil|x&gt; &amp; &lt;@U0ADA|everyone&gt; @\u200bhere",
        ),
    ],
)
def test_a_sentence_that_repeats_what_was_typed_is_harmless(sentence: str, shown: str) -> None:
    assert b.harmless(sentence) == shown


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("*b* ~s~ `c` _i_", "∗b∗ ∼s∼ ˋcˋ ˍiˍ"),
        ("my_key_name 10:30:45", "my_key_name 10:30:45"),
        ("2001:db8::1 :+1: :tada:", "2001:db8::1 ∶+1: ∶tada:"),
        ("<!here> & @channel", "&lt;!here&gt; &amp; @\u200bchannel"),
    ],
)
def test_typed_text_has_no_formatting(typed: str, shown: str) -> None:
    assert inert(typed) == shown


def test_a_name_poses_as_no_state_and_stays_on_its_line() -> None:
    assert plain_name("prod* ✅\n*approved") == "\u2068prod∗ ▫ ∗approved\u2069"
    assert plain_name("✅️") == "\u2068▫\u2069"
    assert bold_name(" \n") == plain_name(" \n") == "(no name)"


def test_what_a_sentence_repeats_is_not_formatted_and_our_own_words_are() -> None:
    said = harmless("There is no key “a” *b* ”c“ x”; `/apikey list` shows yours.")
    assert said == "There is no key “a” ∗b∗ ”c“ x”; `/apikey list` shows yours."


def test_a_mention_keeps_its_order_in_a_text_that_is_read_from_right_to_left() -> None:
    assert b.mention_all(["U0ADA", "S0SEC"]) == "<!subteam^S0SEC> <@U0ADA>"
    with speaking(present(find("ar"))):
        assert b.mention("U0ADA") == "\u2068<@U0ADA>\u2069"
        assert b.mention_all(["U0ADA", "S0SEC"]) == "\u2068<!subteam^S0SEC>\u2069 \u2068<@U0ADA>\u2069"
        assert b.mention("no user") == "no user"


def test_code_keeps_its_order_in_a_text_that_is_read_from_right_to_left() -> None:
    assert code("…hVNL") == "`…hVNL`"
    with speaking(present(find("ar"))):
        assert code("…hVNL") == "\u2066`…hVNL`\u2069"
        assert code("") == ""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("expires 2027-01-06 19:00 UTC", "expires <!date^1799262000^{date_short_pretty} {time}|2027-01-06 19:00 UTC>"),
        ("never", "never"),
        ("2027-13-06 19:00 UTC", "2027-13-06 19:00 UTC"),
        ("92027-01-06 19:00 UTC", "92027-01-06 19:00 UTC"),
    ],
)
def test_a_moment_that_names_utc_is_shown_in_the_readers_zone(text: str, shown: str) -> None:
    assert dated(text) == shown
