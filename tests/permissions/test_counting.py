"""Rules that count: what they need, how they compare, and what they say with the numbers."""

from typing import Any, Literal

import pytest

from bot.errors import ConfigurationError
from bot.permissions import Ask, Count, Counted, Facts, decide, parse_policy
from bot.permissions.counting import counted_words
from tests.permissions.helpers import ROLES, member, policy, rule

KEYS = Count(what="keys")
GRANTED = Count(what="granted", per=30 * 86_400)


def free(when: str, do: str = '["key.create"]') -> str:
    return rule(do=do, rest=f"when = {{ {when} }}\nallow = true")


def why_not(when: str, operation: str = "key.create", **facts: Any) -> str | None:
    read = policy(free(when, '["key.*", "key.allowance"]'))
    decision = decide(read, Ask(actor=member("U01", "S0ENG"), operation=operation, facts=Facts(**facts)), why=True)
    return None if decision.allowed else decision.trail[0][1]


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (4, None),
        (5, "keys_at_most = 5: this would be key number 6 of this person"),
        (20, "keys_at_most = 5: this would be key number 21 of this person"),
        (11, "keys_at_most = 5: this would be key number 12 of this person"),
        (None, "keys_at_most = 5: the keys of this person were not counted"),
    ],
)
def test_keys_are_told_with_their_number(before: int | None, told: str | None) -> None:
    assert why_not("keys_at_most = 5", counts=(Counted(count=KEYS, value=before),)) == told


def test_what_was_not_counted_lets_nothing_hold() -> None:
    assert why_not("keys_at_most = 5") == "keys_at_most = 5: the keys of this person were not counted"
    other = Counted(count=Count(what="keys", over="team"), value=0)
    assert why_not("keys_at_most = 5", counts=(other,)) == "keys_at_most = 5: the keys of this person were not counted"
    head = "granted_at_most = 10M units ($20.00) per 30 days"
    assert (
        why_not('granted_at_most = "$20", per = "30d"', increase=1) == f"{head}: what this person got was not counted"
    )
    assert why_not('allowance_at_most = "$1", per = "1d"', allowance=1, allowance_period=86_400) == (
        "allowance_at_most = 500k units ($1.00) per 1 day: the other allowances of this person were not counted"
    )


def test_a_key_that_is_there_already_is_said_so() -> None:
    counts = (Counted(count=KEYS, value=6),)
    assert why_not("keys_at_most = 5", "key.rotate", counts=counts) == (
        "keys_at_most = 5: there are 6 keys of this person already"
    )


def test_who_knows_better_says_whether_a_key_is_added() -> None:
    counts = (Counted(count=KEYS, value=5),)
    assert why_not("keys_at_most = 5", "key.enable", counts=counts, adds_key=False) is None


def test_a_sum_is_told_with_its_numbers() -> None:
    counts = (Counted(count=GRANTED, value=7_500_000),)
    assert why_not('granted_at_most = "$20", per = "30d"', counts=counts, increase=2_500_000) is None
    assert why_not('granted_at_most = "$20", per = "30d"', counts=counts, increase=5_000_000) == (
        "granted_at_most = 10M units ($20.00) per 30 days: this person got 7.5M units ($15.00), "
        "with this it would be 12.5M units ($25.00)"
    )


@pytest.mark.parametrize(
    ("allowance", "period", "told"),
    [
        (300_000, 30 * 86_400, None),
        (10_000, 86_400, None),
        (10_001, 86_400, "with this this person would get 500,030 units ($1.00)"),
        (700_000, 30 * 86_400, "with this this person would get 900k units ($1.80)"),
    ],
)
def test_an_allowance_counts_by_its_pace(allowance: int, period: int, told: str | None) -> None:
    counts = (Counted(count=Count(what="allowance", per=30 * 86_400), value=200_000),)
    said = why_not('allowance_at_most = "$1", per = "30d"', counts=counts, allowance=allowance, allowance_period=period)
    assert said == (told and f"allowance_at_most = 500k units ($1.00) per 30 days: {told}")


def test_to_end_an_allowance_always_fits() -> None:
    counts = (Counted(count=Count(what="allowance", per=86_400), value=9_000_000),)
    assert why_not('allowance_at_most = "$1", per = "1d"', counts=counts, allowance=0, allowance_period=86_400) is None


def test_a_policy_says_what_it_needs_counted() -> None:
    read = policy(
        free("keys_at_most = 5")
        + rule("s", '["manager", "engineer"]', '["key.quota"]').replace(
            "allow = true", 'when = { granted_at_most = 5, per = "1d", counted_over = "role" }\nallow = true'
        )
        + rule("t", do='["key.rotate"]').replace(
            "allow = true", 'when = { keys_at_most = 9, counted_over = "team" }\nallow = true'
        )
    )
    role = Count(what="granted", over="role", names=("engineer", "manager"), per=86_400)
    assert read.counts_needed("key.create") == (KEYS,)
    assert read.counts_needed("key.quota") == (role,)
    assert read.counts_needed("key.rotate") == (Count(what="keys", over="team"),)
    assert read.counts_needed("key.delete") == ()
    # Enabling is judged as a new key and as what it adds as well.
    assert set(read.counts_needed("key.enable")) == {KEYS, role}


def test_who_is_counted_is_told() -> None:
    who: list[tuple[Literal["role", "team"], tuple[str, ...]]] = [("role", ("engineer",)), ("team", ())]
    counts = tuple(Counted(count=Count(what="keys", over=over, names=names), value=9) for over, names in who)
    assert why_not('keys_at_most = 9, counted_over = "role"', counts=counts) == (
        "keys_at_most = 9: this would be key number 10 of all of engineer"
    )
    assert why_not('keys_at_most = 9, counted_over = "team"', counts=counts) == (
        "keys_at_most = 9: this would be key number 10 of the whole workspace"
    )


@pytest.mark.parametrize(
    ("when", "column", "told"),
    [
        ('granted_at_most = "$20"', 10, 'granted_at_most needs the time it counts: per = "30d"'),
        ('allowance_at_most = "$20"', 10, 'allowance_at_most needs the time it counts: per = "30d"'),
        (
            'keys_at_most = 5, per = "30d"',
            28,
            "per belongs to granted_at_most and allowance_at_most; keys are counted now",
        ),
        (
            'per = "30d"',
            10,
            "per belongs to keys_at_most, granted_at_most, allowance_at_most, and none of them is here",
        ),
        ('counted_over = "role"', 10, "counted_over belongs to keys_at_most, granted_at_most, allowance_at_most"),
        ('keys_at_most = 5, counted_over = "team-a"', 28, "counted_over must be “person”, “role” or “team”"),
        ("keys_at_most = -1", 10, "keys_at_most must be 0 to 1,000,000, not -1"),
        ('keys_at_most = "5"', 10, "keys_at_most must be a whole number, not a text"),
        ('granted_at_most = "lots", per = "30d"', 10, "granted_at_most: “lots” is not an amount"),
        ('granted_at_most = 5, per = "soon"', 31, "per: “soon” is not a duration"),
    ],
)
def test_a_mistake_is_told_where_it_stands(when: str, column: int, told: str) -> None:
    text = free(when)
    line = (ROLES + text)[: (ROLES + text).index("when =")].count("\n") + 1
    with pytest.raises(ConfigurationError) as caught:
        parse_policy(ROLES + text, file="p.toml")
    assert any(one.startswith(f"p.toml:{line}:{column}: {told}") for one in caught.value.problems), (
        caught.value.problems
    )


@pytest.mark.parametrize(
    ("count", "value", "words"),
    [
        (Count(what="keys"), 3, "living keys of this person: 3"),
        (Count(what="keys", over="team"), None, "living keys of the whole workspace: it cannot be told"),
        (
            Count(what="granted", per=86_400),
            1_000_000,
            "granted to this person in 1 day: 1M units ($2.00)",
        ),
        (
            Count(what="allowance", over="role", names=("engineer", "S0X"), per=7 * 86_400),
            None,
            "other allowances of all of engineer or S0X in 7 days: it cannot be told",
        ),
    ],
)
def test_a_number_that_was_counted_is_said_in_words(count: Count, value: int | None, words: str) -> None:
    assert counted_words(Counted(count=count, value=value), 500_000) == words
