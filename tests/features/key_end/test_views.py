"""The form of `key.end`: what it asks for, and what its answer means."""

from bot.features.key_end.operation import OPERATION, EndKey
from bot.features.key_end.views import build_modal, parse_submission
from bot.operations import Offer
from tests.features.kit import UNITS, block_ids, reader, seen


def test_the_form_asks_why() -> None:
    assert block_ids(build_modal(seen(), state={}, live="", units_per_usd=UNITS)) == ["reason"]
    wanted, reason = parse_submission(reader(reason="over"), seen())
    assert (wanted, reason) == (EndKey(key_id=7), "over")
    assert OPERATION.with_offer(wanted, Offer()) is wanted
