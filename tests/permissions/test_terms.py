"""The terms of an approval, and the mistakes in them by line and column."""

import pytest

from bot.errors import ConfigurationError
from bot.permissions import Escalation, Stage, parse_policy
from bot.permissions.models import Approval
from bot.permissions.terms import DEFAULT_EXPIRES

TEXT = """
[roles]
manager = ["U0MIRA"]
admin = ["U0ALEX"]

[[rules]]
name = "r"
who = ["*"]
do = ["key.create"]
approval = { %s }
"""


def terms(text: str) -> Approval:
    approval = parse_policy(TEXT % text).rules[0].approval
    assert approval is not None
    return approval


def test_the_shortest_terms_have_the_usual_rest() -> None:
    assert terms('from = ["manager"]') == Approval(stages=(Stage(roles=("manager",)),), expires=DEFAULT_EXPIRES)


def test_everything_can_be_said() -> None:
    found = terms(
        'stages = [{ from = ["manager"], count = 2 }, { from = ["admin"] }], expires = "2d", '
        'remind = { after = "1h", factor = 3, most = 2 }, escalate = { to = ["admin"], after = "1d" }, '
        'self_approval = true, counter_offer = "stand", break_glass = true'
    )
    later = (Escalation(roles=("admin",), after=86_400),)
    assert found.stages == (
        Stage(roles=("manager",), count=2, escalations=later),
        Stage(roles=("admin",), escalations=later),
    )
    assert (found.expires, found.remind, found.remind_factor, found.remind_most) == (172_800, 3_600, 3, 2)
    assert (found.self_approval, found.counter_offer, found.break_glass) == (True, "stand", True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "who approves"),
        ("from = []", "from"),
        ('from = ["manager"], count = 0', "count must be 1 to 20"),
        ('from = ["manager"], expires = "91d"', "1 minute to 90 days"),
        ('from = ["manager"], stages = [{ from = ["admin"] }]', "either from or stages"),
        ("stages = []", "list of 1 to 10"),
        ('from = ["manager"], escalate = { to = ["admin"] }', "after what time"),
        ('from = ["manager"], expires = "1h", escalate = { to = ["admin"], after = "2h" }', "after the request has"),
        ('from = ["manager"], expires = "1h", remind = "2h"', "first reminder"),
        ('from = ["manager"], remind = { factor = 2 }', "needs the first wait"),
        ('from = ["manager"], counter_offer = "haggle"', "counter_offer"),
        ('from = ["manager"], unknown = 1', "unknown"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, told: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_policy(TEXT % text, file="p.toml")
    assert told in str(caught.value)
    assert "p.toml:10:" in str(caught.value)
