"""A text is looked at once for what is known at the time, and again when more is known."""

from collections.abc import Iterator

import pytest

from bot.alerts.detection.fingerprints import Fingerprints
from bot.alerts.detection.key_index import IndexEntry
from bot.redaction import HIDDEN, holds_no_secret, know, know_keys, redact, redact_all
from bot.redaction.clean_texts import LONGEST, MOST, clean_texts, keep, unseen
from bot.redaction.spans import secret_spans
from tests.alerts.kit import SECRET as KIT_SECRET
from tests.alerts.kit import core, hint_of, index_of
from tests.attacks.tricks import CORE
from tests.redaction.kit import known_as_before

SECRET = "correct-horse-battery-9"


@pytest.fixture(autouse=True)
def own() -> Iterator[None]:
    with known_as_before():
        know([])
        know_keys(None)
        yield


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was looked through."""
    found: list[str] = []

    def noting(seen: str, *, wide: bool) -> Iterator[tuple[int, int]]:
        found.append(seen)
        return secret_spans(seen, wide=wide)

    monkeypatch.setattr("bot.redaction.texts.secret_spans", noting)
    return found


def test_a_text_is_looked_at_once_and_only_what_is_new_in_a_form(looked_at: list[str]) -> None:
    form = {"name": {"value": "a name for a key"}, "options": [{"text": "one of our words"}, 7, None, True]}
    assert holds_no_secret(form)
    assert redact_all(form, wide=False) is form
    assert redact("a name for a key", wide=False) == "a name for a key"
    assert len(looked_at) == 1
    assert redact_all({**form, "more": "and another one"}, wide=False)["more"] == "and another one"
    assert looked_at[1:] == ['["and another one"]']


def test_a_name_of_a_field_is_a_text_too() -> None:
    assert HIDDEN in next(iter(redact_all({f"sk-{CORE}": 1}, wide=False)))


def test_a_secret_that_becomes_known_is_found_in_texts_that_were_clean() -> None:
    text = f"my note: {SECRET}"
    assert redact_all([text], wide=False) == [text]
    know([SECRET])
    assert redact_all([text], wide=False) == [f"my note: {HIDDEN}"]
    assert redact(text, wide=False) == f"my note: {HIDDEN}"


@pytest.mark.parametrize("shown", [True, False])
def test_a_key_that_becomes_known_is_found_in_texts_that_were_clean(shown: bool) -> None:
    index = index_of(core(1))
    know_keys(index)
    text = "see " + " ".join(CORE)
    assert redact(text, wide=False) == text
    index.put([IndexEntry(9, hint_of(CORE), Fingerprints(KIT_SECRET).of(CORE) if shown else None)])
    assert redact(text, wide=False) == f"see {HIDDEN}"


def test_what_only_begins_like_a_secret_is_a_look_of_its_own() -> None:
    text = "a ticket: sk-abcd1234"
    assert redact(text, wide=False) == text
    assert redact(text) == f"a ticket: {HIDDEN}"
    assert redact_all({"a": text}) == {"a": f"a ticket: {HIDDEN}"}


def test_what_is_kept_is_bounded() -> None:
    know([])
    keep(clean_texts(wide=False), "x" * (LONGEST + 1))
    assert clean_texts(wide=False) == set()
    keep(clean_texts(wide=False), *map(str, range(MOST)))
    assert clean_texts(wide=False) == set()


def test_a_look_that_began_before_a_secret_was_known_marks_nothing_after_it() -> None:
    before = clean_texts(wide=False)
    know([SECRET])
    keep(before, f"it is {SECRET}")
    assert redact(f"it is {SECRET}", wide=False) == f"it is {HIDDEN}"


@pytest.mark.parametrize("value", [{1, 2}, b"bytes", object()])
def test_what_is_no_json_is_not_judged_here(value: object) -> None:
    assert unseen({"a": [value]}, set()) is None
    assert not holds_no_secret({"a": value})
