"""A refusal by no rule is told in people's words, with who could do it or where it is told what is allowed."""

import pytest

from bot.features import OPERATIONS as REGISTRY
from bot.permissions import OPERATIONS, Actor, Ask, Facts, decide, parse_policy
from bot.permissions.models import RIGHTS
from bot.permissions.refusals import DEEDS

POLICY = parse_policy(
    """
[roles]
engineer = ["S0ENG"]
manager = ["S0MGR"]
admin = ["S0ADM"]

[[rules]]
name = "small"
who = ["engineer"]
do = ["key.create", "key.unlock", "usage.read"]
when = { reason_matches = "^OPS-" }
allow = true

[[rules]]
name = "theirs"
who = ["manager", "admin", "U0ALONE"]
do = ["key.disable", "key.list"]
on = "any"
allow = true

[[rules]]
name = "for all, if they say why"
who = ["*"]
do = ["key.end"]
when = { reason_matches = "^OPS-" }
allow = true
"""
)
ENGINEER = Actor(slack_user_id="U0ANN", groups=frozenset({"S0ENG"}))
BOTH = Actor(slack_user_id="U0BOB", groups=frozenset({"S0ENG", "S0MGR"}))
NOBODY = Actor(slack_user_id="U0GUS")


@pytest.mark.parametrize(
    ("actor", "operation", "own", "told"),
    [
        (ENGINEER, "key.disable", True, "The role engineer does not allow disabling keys. "),
        (ENGINEER, "key.disable", False, "The role engineer does not allow disabling keys beyond one's own. "),
        (NOBODY, "key.list", True, "Without a role, listing keys is not allowed. "),
        (NOBODY, "key.list", False, "Without a role, listing keys is not allowed beyond one's own. "),
    ],
)
def test_whoever_could_do_it_is_named(actor: Actor, operation: str, own: bool, told: str) -> None:
    decision = decide(POLICY, Ask(actor=actor, operation=operation, own=own))
    assert (decision.outcome, decision.rule) == ("deny", None)
    assert decision.sentence == f"{told}Whoever has the role manager or admin can."


@pytest.mark.parametrize(
    ("actor", "operation", "told"),
    [
        (
            ENGINEER,
            "key.create",
            "The role engineer allows creating keys, but not what was asked for here. \
“/apikey why new” tells what is allowed.",
        ),
        (
            BOTH,
            "key.unlock",
            "The roles engineer and manager allow bringing back locked keys, but not what was asked for here.",
        ),
        (
            NOBODY,
            "key.end",
            "Without a role, ending keys is allowed, but not what was asked for here. \
“/apikey why end” tells what is allowed.",
        ),
    ],
)
def test_whoever_asks_for_too_much_is_told_so(actor: Actor, operation: str, told: str) -> None:
    asked = Ask(actor=actor, operation=operation, facts=Facts(reason="please"))
    assert decide(POLICY, asked).sentence == told


def test_where_nobody_can_nobody_is_named() -> None:
    two = decide(POLICY, Ask(actor=BOTH, operation="key.delete", own=False)).sentence
    assert two == "The roles engineer and manager do not allow deleting keys beyond one's own."
    assert decide(POLICY, Ask(actor=ENGINEER, operation="key.rotate")).sentence.endswith("rotating keys.")


def test_every_operation_has_its_words() -> None:
    assert set(DEEDS) == {*OPERATIONS, *RIGHTS}
    for operation in OPERATIONS:
        assert DEEDS[operation][0] == (REGISTRY.descriptions[operation].command or "")
