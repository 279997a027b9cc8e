"""The form to change a key remembers what it was prefilled with, so that only an edited field is a change."""

from dataclasses import replace

import pytest

from bot.features.forms.fields import Prefill
from bot.features.key_update.views import Remembered, build_modal, prefill_of
from bot.slack.delivery import Delivery, Kind
from tests.features.kit import block_ids
from tests.gateway.kit import wanted
from tests.slack.kit import NOW, make_delivery

PREFILL = prefill_of(wanted(name="search", models=["gpt-5"]))
REMEMBERED = Remembered.of(7, "C0KEYS", PREFILL)


def form_with(text: str, *, written_at: float | None = None) -> Delivery:
    view = {"id": "V1", "type": "modal", "private_metadata": text}
    return make_delivery(Kind.VIEW_SUBMISSION, payload={"view": view}, written_at=written_at)


def test_what_the_form_remembers_survives_slack() -> None:
    assert Remembered.parse(form_with(REMEMBERED.dump(), written_at=NOW)) == REMEMBERED
    assert "search" not in REMEMBERED.dump()


def test_a_channel_that_nothing_proves_is_none() -> None:
    assert Remembered.parse(form_with(REMEMBERED.dump())) == replace(REMEMBERED, channel="")


@pytest.mark.parametrize("text", ["", "{}", '{"key": "x", "channel": "C", "shown": {}}', "[]"])
def test_what_is_no_memory_of_ours_is_refused(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        Remembered.parse(form_with(text))


def test_a_field_that_holds_what_it_was_shown_with_is_untouched() -> None:
    assert REMEMBERED.untouched("name", "search")
    assert not REMEMBERED.untouched("name", "search2")
    assert not REMEMBERED.untouched("no such field", "search")


def test_the_form_shows_the_key_as_it_is() -> None:
    view = build_modal(REMEMBERED, PREFILL, hint="…abcd")
    assert block_ids(view)[0] == "name"
    assert "search" in str(view["blocks"])
    assert view["private_metadata"] == REMEMBERED.dump()
    assert isinstance(PREFILL, Prefill)
