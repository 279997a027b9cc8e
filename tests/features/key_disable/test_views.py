"""The form of `key.disable`: what it says will happen, and its reason."""

from bot.features.key_disable.operation import OPERATION, DisableKey
from bot.features.key_disable.views import build_modal, parse_submission
from tests.features.kit import UNITS, block_ids, reader, seen


def test_it_asks_why_and_carries_the_key() -> None:
    view = build_modal(seen(), state={}, live="at once", units_per_usd=UNITS)
    assert block_ids(view) == ["reason"]
    assert view["callback_id"] == OPERATION.name
    assert "at once" in str(view["blocks"][-1])
    assert parse_submission(reader(reason="not used"), seen()) == (DisableKey(key_id=7), "not used")
