"""`policy explain --with` and `policy test` take whatever the forms ask for (bot/permissions/hypothetical.py)."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.features.budget_change import views as budget
from bot.features.forms.fields import Prefill
from bot.features.forms.key_form import FormViews, Seen
from bot.features.key_adopt import views as adopt
from bot.features.key_allowance import views as allowance
from bot.features.key_create import views as create
from bot.features.key_delete import views as delete
from bot.features.key_disable import views as disable
from bot.features.key_enable import views as enable
from bot.features.key_end import views as end
from bot.features.key_quota import views as quota
from bot.features.key_rotate import views as rotate
from bot.features.key_transfer import views as transfer
from bot.features.key_update import views as update
from bot.gateway.models import EffectiveState
from bot.permissions.hypothetical import fields_of
from bot.slack.inputs import State
from tests.features.kit import block_ids, seen

CHOSEN: State = {"expired_time": {"value": {"selected_option": {"value": "custom"}}}}


def drawn(form: FormViews, of: Seen, state: State | None = None) -> dict[str, Any]:
    return form.build_modal(of, state=state or {}, live="", units_per_usd=500_000)


def forms() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each form with every field that it can have."""
    yield (
        "key.create",
        create.build_modal(
            Prefill(), gateways=("default", "prod"), units_per_usd=1, channel="", chosen_expiry="custom"
        ),
    )
    remembered = update.Remembered.of(7, "C0KEYS", Prefill(), limited=True)
    yield "key.update", update.build_modal(remembered, Prefill(), hint="…abcd", chosen_expiry="custom")
    yield "key.quota", drawn(quota, seen())
    yield (
        "key.quota",
        drawn(quota, seen(unlimited_quota=True), {"unlimited_quota": {"value": {"selected_options": []}}}),
    )
    yield "key.allowance", drawn(allowance, seen())
    asked = budget.OpenForm(holder="U0ADA", channel="")
    yield "budget.change", budget.build_modal(asked, "", live="…", units_per_usd=1)
    yield "key.disable", drawn(disable, seen())
    yield "key.end", drawn(end, seen())
    spent = seen(state=EffectiveState.EXHAUSTED, remain_quota=0, expired=True)
    yield "key.enable", drawn(enable, spent, CHOSEN)
    yield "key.rotate", drawn(rotate, seen())
    yield "key.delete", drawn(delete, seen())
    yield "key.adopt", drawn(adopt, seen())
    yield "key.transfer", drawn(transfer, seen())


@pytest.mark.parametrize(("operation", "view"), list(forms()))
def test_what_a_form_asks_for_can_be_supposed(operation: str, view: dict[str, Any]) -> None:
    asked = set(block_ids(view))
    assert asked
    assert asked <= set(fields_of(operation))


def test_the_forms_are_those_with_every_field() -> None:
    found = {block_id for _, view in forms() for block_id in block_ids(view)}
    assert {"delta", "remain_quota", "expired_time_at", "overlap", "confirm", "reason"} <= found
