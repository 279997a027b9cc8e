"""The form for a budget, filled and read again, and the list of budgets."""

from bot.features.budget_change.operation import ChangeBudget
from bot.features.budget_change.views import OpenForm, budget_list, build_modal, known_text, parse_submission
from bot.features.forms.fields import FormReader
from bot.features.forms.key_form import filled_in
from bot.operations import AllowanceTerms
from bot.periods import Period
from tests.keys.test_budgets import budget

UNITS = 500_000


def test_what_the_command_says_is_what_the_form_sends() -> None:
    seen = OpenForm(holder="role:data", channel="C0KEYS", rest="$20 per week rollover for the team")
    view = build_modal(seen, "", live="…", units_per_usd=UNITS)
    assert view["callback_id"] == "budget.change"
    assert "There is no budget yet" in str(view)
    reader = FormReader(state=filled_in(view), now=1.0, units_per_usd=UNITS)
    terms = AllowanceTerms(amount=10_000_000, period=Period.WEEK, rollover=True)
    assert parse_submission(reader, seen) == (ChangeBudget(holder="role:data", terms=terms), "for the team")
    assert OpenForm.model_validate_json(view["private_metadata"]) == seen


def test_off_ends_it() -> None:
    seen = OpenForm(holder="U0ADA", channel="", rest="off")
    view = build_modal(seen, "now", live="…", units_per_usd=UNITS)
    reader = FormReader(state=filled_in(view), now=1.0, units_per_usd=UNITS)
    assert parse_submission(reader, seen)[0].terms is None
    assert "Another amount counts at once" in str(view)


def test_the_list_names_each_holder() -> None:
    found = [(budget("U0ADA"), 5), (budget("role:data"), None)]
    text = str(budget_list(found, units_per_usd=UNITS).blocks)
    assert "<@U0ADA>: 100 units" in text
    assert "everybody in" in text
    assert "no budget that you may see" in str(budget_list([], units_per_usd=UNITS))
    assert known_text(None, units_per_usd=UNITS) == ""
