"""The form to rotate a key: the overlap, and none for a key that is dead."""

import pytest

from bot.errors import InputError
from bot.features.key_rotate.operation import OVERLAPS, RotateKey
from bot.features.key_rotate.views import build_modal, parse_submission
from bot.gateway.models import EffectiveState
from tests.features.kit import UNITS, block_ids, reader, seen


@pytest.mark.parametrize("choice", OVERLAPS)
def test_every_choice_is_read_back(choice: str) -> None:
    view = build_modal(seen(), state={}, live="", units_per_usd=UNITS)
    assert block_ids(view) == ["overlap", "reason"]
    offered = [option["value"] for option in view["blocks"][2]["element"]["options"]]
    assert choice in offered
    wish, _ = parse_submission(reader(overlap=choice), seen())
    assert wish == RotateKey(key_id=7, overlap=OVERLAPS[choice])


@pytest.mark.parametrize("choice", ["", "30d", "-1"])
def test_what_is_not_offered_is_not_taken(choice: str) -> None:
    with pytest.raises(InputError) as wrong:
        parse_submission(reader(overlap=choice), seen())
    assert "overlap" in wrong.value.fields


def test_a_dead_key_has_no_overlap() -> None:
    dead = seen(state=EffectiveState.DISABLED)
    assert block_ids(build_modal(dead, state={}, live="", units_per_usd=UNITS)) == ["reason"]
    wish, reason = parse_submission(reader(overlap="7d", reason="leaked"), dead)
    assert (wish, reason) == (RotateKey(key_id=7, overlap=0), "leaked")
