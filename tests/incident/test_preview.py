"""What a batch would do is shown before it is confirmed: what is meant, what is left out, what does not come back."""

from bot.incident.models import BatchKeyStatus, BatchStatus
from bot.incident.preview import NUMBERS_SHOWN, preview, to_type, without_untold
from tests.incident.test_views import KEYS, batch


def test_the_word_and_the_number_must_be_typed() -> None:
    assert to_type("key.disable", 12) == "DISABLE 12"
    assert to_type("key.enable", 1) == "ENABLE 1"
    view = preview(batch(BatchStatus.DRAFT), KEYS, {"It needs an approval.": 3})
    assert "Type DISABLE 2" in str(view)
    assert "3 are left out: It needs an approval." in str(view)


def test_a_preview_of_nothing_has_no_form() -> None:
    done = [key.model_copy(update={"status": BatchKeyStatus.ALREADY}) for key in KEYS]
    back = str(preview(batch(BatchStatus.DRAFT, undoes=4), KEYS, {}, gone=2))
    assert "2 are not there any more and do not come back." in back
    assert "Only what batch 4 disabled is enabled." in back
    view = preview(batch(BatchStatus.DRAFT), done, {})
    assert "Only what batch" not in str(view)
    assert "submit" not in view
    assert "2 are disabled already" in str(view)


def test_taking_back_names_the_keys_of_open_alerts() -> None:
    back = batch(BatchStatus.DRAFT, operation="key.enable", undoes=4)
    text = preview(back, KEYS, {}, alerts={2: 9})["blocks"][2]["text"]["text"]
    assert text.startswith(":warning: Named in open alerts: ")
    assert "k2" in text
    assert "k1" not in text
    assert "open alerts" not in str(preview(back, KEYS, {}))
    assert "open alerts" not in str(preview(batch(BatchStatus.DRAFT), KEYS, {}, alerts={2: 9}))


def test_what_could_not_be_read_is_named_with_the_command_for_just_that() -> None:
    shown = str(preview(batch(BatchStatus.DRAFT), KEYS, {}, untold={"It is away.": [7, 9]}))
    assert (
        "2 keys are left out (7, 9): It is away. To do only what was left out, later: `/apikey disable 7, 9`" in shown
    )
    many = range(1, NUMBERS_SHOWN + 2)
    shown = str(preview(batch(BatchStatus.DRAFT, operation="key.enable"), KEYS, {}, untold={"It is away.": many}))
    assert "20 and 1 more): It is away. Run the same command again later for the rest" in shown
    assert "Keys of this gateway are left out: It is away." in str(
        preview(batch(BatchStatus.DRAFT), KEYS, {}, untold={"It is away.": []})
    )


def test_a_batch_is_called_after_what_it_does_without() -> None:
    assert without_untold("these", {"It is away.": []}) == "these"
    assert (
        without_untold("these", {"It is away.": [7], "Gone.": [9]})
        == "these, without keys 7, 9, which could not be read"
    )
