"""The form of `key.delete`: what it asks for, and what its answer means."""

from bot.features.key_delete.operation import OPERATION, DeleteKey
from bot.features.key_delete.views import build_modal, parse_submission
from bot.operations import Offer
from tests.features.kit import UNITS, block_ids, reader, seen


def test_the_form_asks_for_the_name_or_the_number() -> None:
    view = build_modal(seen(), state={}, live="", units_per_usd=UNITS)
    assert block_ids(view) == ["confirm", "reason"]
    assert "exact name" in str(view)
    assert "number" in str(build_modal(seen(name=" "), state={}, live="", units_per_usd=UNITS))
    wish, reason = parse_submission(reader(confirm="search", reason="old"), seen())
    assert (wish, reason) == (DeleteKey(key_id=7, confirm="search"), "old")
    assert OPERATION.with_offer(wish, Offer()) is wish
