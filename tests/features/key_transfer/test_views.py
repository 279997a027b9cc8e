"""The form of `key.transfer`: the person who was mentioned is chosen, and what its answer means."""

import pytest

from bot.errors import InputError
from bot.features.forms.fields import FormReader
from bot.features.forms.key_form import filled_in
from bot.features.key_transfer.views import build_modal, parse_submission
from bot.operations import NewOwner
from tests.features.kit import NOW, UNITS, block_ids, seen


def test_the_form_holds_who_was_mentioned_and_why() -> None:
    view = build_modal(seen(rest="<@U0BEN> on call now"), state={}, live="", units_per_usd=UNITS)
    assert block_ids(view) == ["owner", "reason"]
    read = FormReader(state=filled_in(view), now=NOW, units_per_usd=UNITS)
    assert parse_submission(read, seen()) == (NewOwner(key_id=7, owner_id="U0BEN"), "on call now")


def test_without_a_person_nothing_is_asked_for() -> None:
    view = build_modal(seen(), state={}, live="", units_per_usd=UNITS)
    with pytest.raises(InputError, match="Choose the person"):
        parse_submission(FormReader(state=filled_in(view), now=NOW, units_per_usd=UNITS), seen())
