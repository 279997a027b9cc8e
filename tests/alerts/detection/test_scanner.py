import base64
import itertools

import pytest

from bot.alerts.detection.scanner import LONGEST_TEXT, MOST_CANDIDATES, find, harmless
from bot.redaction import know_keys
from tests.alerts.kit import core, index_of
from tests.redaction.kit import known_as_before
from tests.tools.pace import a_plain_millisecond, cost

KEY = core(1)


@pytest.mark.parametrize(
    "text",
    [
        f"sk-{KEY}",
        f"Authorization: Bearer sk-{KEY}",
        f"```\nexport OPENAI_API_KEY='sk-{KEY}'\n```",
        f"glued-to-it-sk-{KEY}!",
        f"sk-{KEY}-12",
        f"the token is {KEY}",
        f"sk-{KEY[:20]}\u200b{KEY[20:40]}\u00ad{KEY[40:]}",
        f"sk-{KEY[:24]}\n{KEY[24:]}",
        f"> sk-{KEY[:30]}\r\n> {KEY[30:]}",
        f'"sk-{KEY[:10]}" +\n  "{KEY[10:]}"',
        f"https://example.com/?key=sk-{KEY}&x=1",
    ],
)
def test_a_key_is_found_however_it_is_written(text: str) -> None:
    assert KEY in {one.core for one in find([text]).candidates}


@pytest.mark.parametrize(
    "text", ["", "no key", "sk-", "sk-short", "a" * 47, "task-force", "12345678-1234-1234-1234-123456789012"]
)
def test_what_is_no_key_is_not_found(text: str) -> None:
    assert find([text]).candidates == ()


def test_a_bare_word_far_from_any_hint_is_looked_up_but_not_worth_showing() -> None:
    found = find([f"commit {KEY}"]).candidates
    assert [one.telling for one in found] == [False]
    assert [one.telling for one in find([f"api key {KEY}"]).candidates] == [True]


@pytest.mark.parametrize("mask", ["**********", "****", "…", "...", "••••"])
def test_masked_keys_are_found_by_their_ends(mask: str) -> None:
    found = find([f"sk-{KEY[:4]}{mask}{KEY[-4:]}"]).candidates
    assert [(one.core, one.hint) for one in found] == [("", KEY[:4] + KEY[-4:])]
    assert found[0].masked_text == f"sk-{KEY[:4]}…{KEY[-4:]}"


def test_bold_words_are_no_masked_keys() -> None:
    assert find(["some****bold", "what...ever", "abcd…wxyz"]).candidates == ()


@pytest.mark.timed
def test_a_million_candidates_are_bounded_work_and_it_is_said() -> None:
    texts = [f"sk-{number:048d}" for number in range(1_000_000 // 50)]
    found = find(texts)
    assert len(found.candidates) == MOST_CANDIDATES
    assert found.cut
    # 86 on a quiet machine.
    assert cost(lambda: find(texts), per=a_plain_millisecond, tries=3) < 200


@pytest.mark.timed
@pytest.mark.parametrize(
    "text", ["sk-" * 300_000, "sk-" + "a" * 900_000, "*" * 900_000, "\n" * 900_000, "a" * LONGEST_TEXT * 2]
)
def test_hostile_texts_cost_little(text: str) -> None:
    assert cost(lambda: find([text]), per=a_plain_millisecond, tries=3) < 500


def pieces(length: int) -> list[str]:
    return [KEY[at : at + length] for at in range(0, 48, length)]


@pytest.mark.parametrize("length", [4, 8, 12, 16, 24])
@pytest.mark.parametrize(
    "glue", ["\n", "\r", "\r\n> ", '" +\n  "', "\n# ", "\n// ", "\n * ", r"\n", "<br>", "<br />", '" + "', "''"]
)
def test_a_key_broken_over_many_lines_is_found_and_not_repeated(length: int, glue: str) -> None:
    text = f"leaked: sk-{glue.join(pieces(length))}\nby the build"
    assert KEY in {one.core for one in find([text]).candidates}
    shown = harmless(text, 500)
    assert not [piece for piece in pieces(length)[1:] if piece in shown]
    assert shown.startswith("leaked: sk-")
    assert shown.endswith("by the build")


def test_pieces_of_a_key_are_not_repeated_wherever_it_breaks() -> None:
    piece = "q7Rt2LmZx9Pw4K"
    assert harmless(f"sk-{piece} {piece} and {piece}.", 100) == "sk-q7Rt… q7Rt… and q7Rt…."
    plain = "KubePodCrashLooping in eu-west-1, commit 0a1b2c3d4e5f6, build 20261122001122"
    assert harmless(plain, 200) == plain


@pytest.mark.parametrize("length", [8, 16, 19, 20, 48, 100])
def test_what_follows_sk_is_not_repeated_however_short(length: int) -> None:
    assert harmless(f"sk-{(KEY * 3)[:length]} it says", 100) == f"sk-{KEY[:4]}… it says"


@pytest.mark.timed
def test_a_quiet_message_costs_microseconds() -> None:
    text = "Shall we have lunch at noon? I found a nice place near the office, it has soup."
    assert cost(lambda: [find([text]) for _ in range(100)], per=a_plain_millisecond) < 5


def test_what_is_kept_of_a_text_holds_no_part_of_a_key_worth_having() -> None:
    text = harmless(f"found sk-{KEY} and {KEY[:30]} {KEY[30:]} \0 \ud800\nend", 200)
    assert KEY[:20] not in text
    assert "\0" not in text
    text.encode()
    assert harmless("KeyUsedFromUnknownNetwork (firing)", 50) == "KeyUsedFromUnknownNetwork (firing)"
    assert harmless("x" * 19 + " " + "word " * 100, 50).endswith("…")


@pytest.mark.parametrize("ends", [4, 5, 8, 12, 20])
@pytest.mark.parametrize("mask", ["…", "...", "***", "••••", "**********"])
def test_a_mask_that_shows_more_of_the_ends_means_the_key_with_these_ends(ends: int, mask: str) -> None:
    value = core(1)
    found = find([f"leaked sk-{value[:ends]}{mask}{value[-ends:]} here"]).candidates
    assert [(one.core, one.hint) for one in found] == [("", value[:4] + value[-4:])]


MASKS = ["…", "...", "***", "••••", "**********"]


def hints_of(first: int, last: int) -> list[str]:
    """What a mask tells that shows so many characters of each end."""
    if first >= 4 <= last:
        return [KEY[:4] + KEY[-4:]]
    if last >= 4 or (first >= 4 and last) or first >= 8:
        return [f"{KEY[: min(4, first)]}…{KEY[48 - min(4, last) :]}"]
    return []


def test_masks_of_every_length_tell_what_they_show() -> None:
    rows = list(itertools.product([0, 1, 2, 3, 4, 7, 8, 20, 24], range(25), MASKS))
    wrong = []
    for first, last, mask in rows:
        found = find([f"leaked sk-{KEY[:first]}{mask}{KEY[48 - last :]} here"]).candidates
        hints = hints_of(first, last)
        shown = [f"sk-{hint}" if "…" in hint else f"sk-{hint[:4]}…{hint[4:]}" for hint in hints]
        told = [(one.core, one.hint, one.masked_text) for one in found]
        if told != [("", hint, text) for hint, text in zip(hints, shown, strict=True)]:
            wrong.append((first, last, mask, told))
    assert len(rows) == 1125
    assert wrong == []


@pytest.mark.parametrize("text", ["sk-...", "sk-learn... and more", "sk-…", "sk-****", "ask-…ing"])
def test_what_a_mask_leaves_must_be_worth_a_look(text: str) -> None:
    assert find([text]).candidates == ()


@pytest.mark.parametrize("glue", ["' + '", '" +\n  "', "\n> ", "\\\n", "=\r\n", "<br>"])
@pytest.mark.parametrize("length", [16, 20, 30, 44])
def test_a_piece_of_a_broken_key_knows_the_whole(length: int, glue: str) -> None:
    found = find([f"'sk-{KEY[:length]}{glue}{KEY[length:]}'"]).candidates
    assert KEY in {one.core for one in found}
    assert {one.whole for one in found if one.core != KEY} <= {KEY}


def test_keys_in_base64_and_over_quoted_printable_lines_are_found() -> None:
    value = f"sk-{core(1)}"
    secret = base64.b64encode(value.encode()).decode()
    basic = base64.b64encode(f"user:{value}".encode()).decode()
    for text in (
        f"OPENAI_API_KEY: {secret}",
        f"Authorization: Basic {basic}",
        f"{value[:30]}=\r\n{value[30:]}",
        f"{value[:30]}=\n{value[30:]}",
    ):
        assert core(1) in {one.core for one in find([text]).candidates}, text
    assert find(["A" * 100_000]).candidates == ()
    assert find(["QUJD" * 30 + "="]).candidates == ()


def test_a_value_broken_by_a_backslash_is_one_key_and_no_piece_of_another() -> None:
    value = f"sk-{core(1)}"
    assert [one.core for one in find([f"{value[:23]}\\\n{value[23:]}"]).candidates] == [core(1)]


@pytest.mark.parametrize(
    "mask",
    [
        "＊＊＊＊", "●●●●●●", "········", "∙∙∙∙", "■■■■", "████", "⋯", "xxxxxxxxxxxx", "XXXXXXXXXXXXXXXXXXXX", "[...]", "[…]",
        "[REDACTED]", "<redacted>", "(hidden)", "-****-", "_****_",
    ],
)  # fmt: skip
def test_whatever_hides_the_middle_of_a_key_is_a_mask_and_no_value(mask: str) -> None:
    core = "Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb7dEf0hIj3kLm6n"
    (found,) = find([f"see sk-{core[:4]}{mask}{core[-4:]} there"]).candidates
    assert (found.core, found.hint) == ("", core[:4] + core[-4:])
    (longer,) = find([f"sk-{core[:8]}{mask}{core[-8:]}"]).candidates
    assert (longer.core, longer.hint) == ("", core[:4] + core[-4:])


@pytest.mark.parametrize("width", [64, 76])
@pytest.mark.parametrize("shift", range(0, 60, 7))
def test_a_file_in_base64_is_read_over_its_line_ends(width: int, shift: int) -> None:
    core = "Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb7dEf0hIj3kLm6n"
    file = f"{'p' * shift}A=1\nREGION=somewhere in the north\nOPENAI_API_KEY=sk-{core}\nDEBUG=false\n"
    encoded = base64.b64encode(file.encode()).decode()
    lines = [encoded[at : at + width] for at in range(0, len(encoded), width)]
    for text in (
        "\n".join(lines),
        "data: |\r\n" + "\r\n".join(f"    {line}" for line in lines),
        "> " + "\n> ".join(lines),
    ):
        assert [one.core for one in find([text]).candidates if one.telling] == [core]


def test_what_stands_below_a_line_of_base64_does_not_change_its_value() -> None:
    core = "Ab3dEf6hIj9kLm2nOp5qRs8tUv1wXy4zAb7dEf0hIj3kLm6n"
    encoded = base64.b64encode(f"sk-{core}".encode()).decode()
    assert [one.core for one in find([f"{encoded}\nKeyfound in a paste"]).candidates if one.telling] == [core]


@pytest.mark.parametrize("before", [0, 40, 100, 130, 190])
def test_a_key_that_is_cut_off_is_known_before_the_cut(before: int) -> None:
    value = core(5)
    with known_as_before():
        know_keys(index_of(value))
        shown = harmless("." * before + " " + ", ".join(value) + " and so on" + "." * 200, 200)
    assert len(shown) <= 200
    assert not any(", ".join(value[at : at + 4]) in shown for at in range(44))
