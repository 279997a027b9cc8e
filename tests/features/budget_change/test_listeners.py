"""Ways to a budget that no command takes: forged holders, in buttons and in forms."""

import pytest

from bot.errors import InputError
from bot.features.budget_change.listeners import BudgetListeners
from bot.features.budget_change.views import OpenForm
from bot.slack.delivery import Kind
from tests.features.desk import ListenerDesk


@pytest.mark.parametrize("holder", ["role:nobody", "", "<@U0ADA>", "S0ENGINEERS", "U0ADA; drop"])
async def test_a_forged_holder_is_told_what_a_holder_is(listener_desk: ListenerDesk, holder: str) -> None:
    listeners = BudgetListeners(listener_desk.deps)
    button = {"actions": [{"action_id": "budget.change", "value": holder}], "trigger_id": "t"}
    with pytest.raises(InputError, match="Whose budget"):
        await listeners.by_button(listener_desk.delivery(kind=Kind.ACTION, payload=button))
    form = {
        "view": {"private_metadata": OpenForm(holder=holder, channel="").model_dump_json(), "state": {"values": {}}}
    }
    with pytest.raises(InputError, match="Whose budget"):
        await listeners.submit(listener_desk.delivery(kind=Kind.VIEW_SUBMISSION, payload=form))
