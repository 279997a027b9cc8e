"""What the values of the rules tell of themselves."""

import pytest

from bot.permissions import Approval, Decision
from bot.permissions.models import Outcome, Stage


@pytest.mark.parametrize(("counts", "all_together"), [((1,), 1), ((2, 3), 5), ((), 0)])
def test_an_approval_counts_the_people_of_all_its_stages(counts: tuple[int, ...], all_together: int) -> None:
    stages = tuple(Stage(roles=("manager",), count=count) for count in counts)
    assert Approval(stages=stages, expires=1.0).count == all_together


@pytest.mark.parametrize(("outcome", "allowed"), [("allow", True), ("needs_approval", False), ("deny", False)])
def test_only_what_is_done_at_once_is_allowed(outcome: Outcome, allowed: bool) -> None:
    assert Decision(outcome=outcome, rule="r", sentence="").allowed is allowed
