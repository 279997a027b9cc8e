import json
import pickle

import pytest
from pydantic import BaseModel

from bot.languages import Sentence, StoredText, english, english_all, joined, of_own, said, tr, trc, trn
from bot.languages.sentence import from_stored, to_stored
from tests.languages.conftest import Speak


def test_a_sentence_is_english_text_outside_of_any_language() -> None:
    assert tr("Key {name} is disabled.", name="prod") == "Key prod is disabled."
    assert trn("{count} key", "{count} keys", 1) == "1 key"
    assert trn("{count} key", "{count} keys", 1200) == "1,200 keys"
    assert trc("status", "done") == "done"


def test_braces_in_an_argument_are_text() -> None:
    assert tr("Key {name}.", name="{name} {0}") == "Key {name} {0}."
    assert tr("{ids}") == "{ids}"


def test_the_language_of_the_moment_decides(speak: Speak) -> None:
    words = {"Key {name} is disabled.": "{name}: aus.", "status|done": "fertig"}
    with speak(words, {"{count} key": ("{count} Schlüssel", "{count} Schlüssels")}):
        assert tr("Key {name} is disabled.", name="prod") == "prod: aus."
        assert trc("status", "done") == "fertig"
        assert trn("{count} key", "{count} keys", 2) == "2 Schlüssels"
        assert tr("not translated") == "not translated"
    assert tr("Key {name} is disabled.", name="prod") == "Key prod is disabled."


def test_a_sentence_made_in_one_language_is_shown_in_another_with_the_sentences_inside_it(speak: Speak) -> None:
    made = tr("Quota: {amount}.", amount=trn("{count} unit", "{count} units", 3))
    with speak(
        {"Quota: {amount}.": "Kontingent: {amount}."}, {"{count} unit": ("{count} Einheit", "{count} Einheiten")}
    ):
        assert said(made) == "Kontingent: 3 Einheiten."
        assert english(said(made)) == "Quota: 3 units."
        assert english_all({"a": [said(made), 1], "b": None}) == {"a": ["Quota: 3 units.", 1], "b": None}
    assert said("typed by a person") == "typed by a person"


class Row(BaseModel):
    text: StoredText
    more: tuple[StoredText, ...] = ()


def test_a_row_keeps_the_sentence_and_each_reader_gets_it_in_their_language(speak: Speak) -> None:
    row = Row(text=tr("Key {name} is {state}.", name="prod", state=trc("status", "done")), more=("typed", tr("no")))
    kept = row.model_dump_json()
    assert json.loads(kept) == {
        "text": {
            "say": "Key {name} is {state}.",
            "with": {"name": "prod", "state": {"say": "done", "context": "status"}},
        },
        "more": ["typed", {"say": "no"}],
    }
    with speak({"Key {name} is {state}.": "{name} ist {state}.", "status|done": "fertig"}):
        assert Row.model_validate_json(kept).text == "prod ist fertig."
    assert Row.model_validate_json(kept).text == "Key prod is done."
    assert Row.model_validate_json('{"text": "an old row"}').text == "an old row"


@pytest.mark.parametrize("kept", [None, 3, [], {"say": 3}, {"with": {}}])
def test_what_no_row_holds_is_refused(kept: object) -> None:
    with pytest.raises(ValueError, match="neither a text nor a sentence"):
        from_stored(kept)


def test_a_text_that_a_person_typed_is_never_read_as_a_sentence() -> None:
    typed = '{"say": "Approved by security."}'
    assert from_stored(json.loads(json.dumps(to_stored(typed)))) == typed


def test_what_a_translation_asks_for_and_is_not_there_falls_back_to_english(speak: Speak) -> None:
    with speak({"Key {name}.": "Schlüssel {nmae}."}):
        assert tr("Key {name}.", name="prod") == "Key prod."


def test_a_constant_gets_its_arguments_later(speak: Speak) -> None:
    constant = tr("{who} asks for {name}")
    with speak({"{who} asks for {name}": "{name}, bittet {who}"}):
        assert constant.filled(who="ada", name="prod") == "prod, bittet ada"


def test_sentences_in_a_row_are_kept_as_sentences(speak: Speak) -> None:
    row = Row(text=joined(tr("One."), "", tr("Two."), "typed"))
    assert row.text == "One. Two. typed"
    assert (joined(), joined("", "typed")) == ("", "typed")
    with speak({"One.": "Eins.", "Two.": "Zwei."}):
        assert Row.model_validate_json(row.model_dump_json()).text == "Eins. Zwei. typed"


def test_it_travels_through_a_queue() -> None:
    sent = pickle.loads(pickle.dumps(trn("{count} key of {name}", "{count} keys of {name}", 2, name="ada")))
    assert isinstance(sent, Sentence)
    assert sent == "2 keys of ada"
    assert sent.stored() == trn("{count} key of {name}", "{count} keys of {name}", 2, name="ada").stored()


def test_a_sentence_may_hold_its_own_translations_and_no_catalogue_is_asked(speak: Speak) -> None:
    made = of_own({"en": "Ask your manager.", "xx": "Frag {deine} Chefin."})
    assert made == "Ask your manager."
    with speak({"Ask your manager.": "wrong"}, tag="yy"):
        assert said(made) == "Ask your manager."
    with speak({"The key is locked. {why}": "Zu. {why}"}):
        assert said(made) == "Frag {deine} Chefin."
        kept = json.loads(json.dumps(to_stored(tr("The key is locked. {why}", why=made))))
        assert from_stored(kept) == "Zu. Frag {deine} Chefin."
    assert from_stored(kept) == "The key is locked. Ask your manager."
    assert pickle.loads(pickle.dumps(made)).own == made.own


def test_the_texts_inside_a_sentence_are_changed_and_it_stays_one(speak: Speak) -> None:
    made = tr("{place}: {mistake}", place="a", mistake=tr("no {name}", name="b")).with_texts(str.upper)
    assert made == "A: no B"
    assert of_own({"en": "no", "xx": "ne"}).with_texts(str.upper).own == {"en": "NO", "xx": "NE"}
    with speak({"no {name}": "sen {name}"}):
        assert said(made) == "A: sen B"


def test_a_sentence_is_made_once_for_one_language(speak: Speak) -> None:
    with speak({"Key {name} is disabled.": "{name}: aus."}):
        made = tr("Key {name} is disabled.", name="ci")
        assert said(made) is made
        assert english(made) == "Key ci is disabled."
    assert said(made) == "Key ci is disabled."
