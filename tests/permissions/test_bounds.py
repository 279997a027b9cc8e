"""How much somebody may have at once: in words for known policies, and for all policies what `decide` says."""

import json
import math
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from bot.permissions import Actor, Ask, Counted, Facts, Lock, decide
from bot.permissions.bounds import FreeGrant, Range, free_grants, grant_lines
from bot.permissions.condition import Condition
from bot.permissions.entitlements import entitlements
from bot.permissions.models import Count
from bot.permissions.rules import Policy
from tests.narrow import present
from tests.permissions.helpers import approving, member, policy, rule

DAY = 86_400.0
ANN = member("U0ANN", "S0ENG")


def lines(text: str, operation: str = "key.create", known: Facts | None = None) -> list[str]:
    read = policy(text)
    rules = next(one.rules for one in entitlements(read, ANN) if one.operation == operation)
    return [words for words, _ in grant_lines(free_grants(rules, operation, known), operation, units_per_usd=500_000)]


def free(when: str, *, do: str = '["key.create"]', name: str = "free") -> str:
    return rule(name, do=do, rest=f"when = {{ {when} }}\nallow = true")


def no(when: str, *, do: str = '["key.create"]', name: str = "no") -> str:
    return rule(name, do=do, rest=f'when = {{ {when} }}\ndeny = "No."')


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (rule(), ["any amount, for any time", "without a limit, for any time"]),
        (approving(), []),
        (
            free('remain_quota_at_most = "$1", lifetime_at_most = "90d", unlimited_quota = false'),
            ["up to 500k units ($1.00), for at most 90 days"],
        ),
        (
            free('remain_quota_at_most = "$1", granted_at_most = "$20", per = "30d"'),
            ["up to 500k units ($1.00), for any time if granted_at_most = 10M per 30 days"],
        ),
        (free("unlimited_quota = true"), ["without a limit, for any time"]),
        (no('remain_quota_at_most = "$1"') + rule(), ["more than 500k units ($1.00), for any time", "without a limit, for any time"]),
        (
            no('lifetime_over = "30d"') + no('lifetime_at_most = "1d"', name="short") + free("unlimited_quota = false"),
            ["any amount, for more than 1 day and at most 30 days"],
        ),
        (
            no('remain_quota_at_most = "$1"') + free('lifetime_over = "7d", remain_quota_at_most = "$2"'),
            ["more than 500k units ($1.00) and up to 1M units ($2.00), for more than 7 days"],
        ),
        (
            no('models_within = ["o*"]') + free('remain_quota_at_most = "$1", models_within = ["o*", "gpt"]'),
            ["up to 500k units ($1.00), for any time if models_within = o*, gpt (unless “no” decides first)"],
        ),
        (no('models_within = ["o*"]') + free('models_within = ["o*"]'), []),
    ],
)  # fmt: skip
def test_a_new_key(text: str, told: list[str]) -> None:
    if not told and "allow" not in text:
        assert free_grants(policy(text).rules, "key.create") == ()
    else:
        assert lines(text) == told


def test_what_was_counted_takes_away_from_it() -> None:
    text = free('remain_quota_at_most = "$5", granted_at_most = "$6", per = "30d", keys_at_most = 3')
    needed = policy(text).counts_needed("key.create")

    def known(**so_far: int | None) -> Facts:
        return Facts(counts=tuple(Counted(count=one, value=so_far[one.what]) for one in needed))

    assert lines(text, known=known(keys=2, granted=2_000_000)) == ["up to 1M units ($2.00), for any time"]
    assert lines(text, known=known(keys=3, granted=0)) == []
    assert lines(text, known=known(keys=0, granted=None)) == []
    assert lines(text, known=known(keys=0, granted=3_500_000)) == []
    assert lines(text, known=known(keys=0, granted=3_000_000)) == []


def test_more_quota_for_a_key() -> None:
    text = free('increase_at_most = "$1", remain_quota_at_most = "$4"', do='["key.quota"]')
    assert lines(text, "key.quota") == ["up to 500k units ($1.00) if remain_quota_at_most = 2M"]
    key = Facts(remain_quota=1_900_000, unlimited_quota=False, lifetime=DAY)
    assert lines(text, "key.quota", key) == ["up to 100k units ($0.20)"]
    locked = replace(key, lock=Lock(cause="alert", by="", at=0.0, number=1, rule=""))
    assert lines(text, "key.quota", locked) == []
    counted = free('granted_at_most = "$6", per = "30d"', do='["key.quota"]')
    [count] = policy(counted).counts_needed("key.quota")
    used_up = replace(key, counts=(Counted(count=count, value=3_000_000),))
    assert lines(counted, "key.quota", used_up) == ["nothing more"]


def test_a_longer_life_and_what_the_form_of_which_has_no_numbers() -> None:
    text = free('lifetime_at_most = "30d", models_within = ["gpt"]', do='["key.update", "key.disable"]')
    assert lines(text, "key.update") == ["for at most 30 days if models_within = gpt"]
    assert lines(text, "key.update", Facts(models=frozenset({"gpt"}))) == ["for at most 30 days"]
    assert lines(text, "key.update", Facts(models=frozenset({"o3"}))) == []
    assert lines(text, "key.disable") == ["at once if lifetime_at_most = 30 days, models_within = gpt"]


def test_a_group_that_is_not_known_gives_nothing_and_may_take() -> None:
    key = Facts(remain_quota=1, unlimited_quota=False, group="")
    deny = no('group_in = ["vip"]', do='["key.quota"]')
    assert lines(deny + rule(do='["key.quota"]'), "key.quota", key) == []
    known = replace(key, account_group="default")
    assert lines(deny + rule(do='["key.quota"]'), "key.quota", known) == ["any amount", "without a limit"]


WHEN = {
    "remain_quota_at_most": st.integers(1, 12),
    "increase_at_most": st.integers(1, 12),
    "granted_at_most": st.integers(1, 15),
    "keys_at_most": st.integers(0, 4),
    "lifetime_at_most": st.sampled_from(["1d", "2d"]),
    "lifetime_over": st.sampled_from(["1d", "2d"]),
    "unlimited_quota": st.booleans(),
    "models_within": st.sampled_from([["o*"], ["o3", "gpt"], ["*"]]),
    "group_in": st.sampled_from([["vip"], ["", "vip"]]),
    "allow_ips_required": st.just(True),
    "reason_matches": st.just("why"),
    "channel_in": st.just(["C01"]),
}


def conditions(names: list[str], most: int) -> st.SearchStrategy[dict[str, Any]]:
    chosen = st.sets(st.sampled_from(names), max_size=most)
    return chosen.flatmap(lambda found: st.fixed_dictionaries({name: WHEN[name] for name in sorted(found)}))


ENDS = st.sampled_from(["allow = true", "allow = true", 'deny = "No."', 'approval = { from = ["manager"] }',
                        'approval = { from = ["manager"], break_glass = true }'])  # fmt: skip
ON = st.sampled_from(["own", "any"])
RULES = st.lists(st.tuples(conditions(sorted(WHEN), 3), ON, ENDS), min_size=1, max_size=6)
NUMBERS = [
    "remain_quota_at_most",
    "increase_at_most",
    "granted_at_most",
    "lifetime_at_most",
    "lifetime_over",
    "models_within",
]
NUMBERED = st.lists(st.tuples(conditions(NUMBERS, 2), ON, ENDS), min_size=1, max_size=4)
ALLOWANCE = '["key.allowance"]'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (rule(do=ALLOWANCE), ["any amount in 30 days"]),
        (
            free('allowance_at_most = "$5", per = "30d"', do=ALLOWANCE),
            ["up to 2.5M units ($5.00) in 30 days if allowance_at_most = 2.5M per 30 days"],
        ),
        (
            no('increase_at_most = "$1"', do=ALLOWANCE) + rule(do=ALLOWANCE),
            ["any amount in 30 days (unless “no” decides first)"],
        ),
    ],
)
def test_an_allowance_is_told_by_what_it_adds_in_thirty_days(text: str, told: list[str]) -> None:
    assert lines(text, "key.allowance") == told


@pytest.mark.parametrize("per", ["1d", "7d", "30d", "45d"])
@pytest.mark.parametrize("before", [0, 3, 700, 5_000])
def test_an_allowance_of_so_much_is_allowed_and_of_one_unit_more_is_not(per: str, before: int) -> None:
    text = policy(free(f'allowance_at_most = 700, per = "{per}"', do=ALLOWANCE))
    count = Count(what="allowance", over="person", per=int(per[:-1]) * 86_400)
    known = Facts(counts=(Counted(count=count, value=before),))
    rules = next(one.rules for one in entitlements(text, ANN) if one.operation == "key.allowance")
    [grant] = free_grants(rules, "key.allowance", known)
    [one] = grant.ranges
    assert grant.conditions == ()
    most = present(one.most)
    for amount, outcome in ((most, "allow"), (most + 1, "deny")):
        asked = replace(known, allowance=amount, allowance_period=30 * 86_400)
        assert decide(text, Ask(actor=ANN, operation="key.allowance", facts=asked)).outcome == outcome


OPERATIONS = ("key.create", "key.quota", "key.update")
WISH = st.fixed_dictionaries(
    {
        "base": st.integers(0, 12),
        "amount": st.integers(0, 14),
        "unlimited": st.booleans(),
        "lifetime": st.sampled_from([1.0, DAY, DAY + 1, 2 * DAY, 2 * DAY + 1, math.inf]),
        "models": st.sampled_from([frozenset[str](), frozenset({"o3"}), frozenset({"gpt"}), frozenset({"x"})]),
        "group": st.sampled_from(["", "vip", "auto"]),
        "account_group": st.sampled_from([None, "vip", "default"]),
        "addresses": st.sampled_from([(), ("10.0.0.1",)]),
        "reason": st.sampled_from(["", "why"]),
        "channel": st.sampled_from(["", "C01", "C02"]),
        "counted": st.fixed_dictionaries({"keys": st.integers(0, 5), "granted": st.none() | st.integers(0, 14)}),
    }
)


def written(rules: list[Any]) -> Policy:
    parts = []
    for number, (when, on, end) in enumerate(rules):
        more = {"per": "30d"} if "granted_at_most" in when else {}
        pairs = ", ".join(f"{name} = {json.dumps(value)}" for name, value in {**when, **more}.items())
        rest = f'on = "{on}"\nwhen = {{ {pairs} }}\n{end}'
        parts.append(rule(f"rule {number}", do=json.dumps(OPERATIONS), rest=rest))
    return policy("".join(parts))


def asked(operation: str, wish: dict[str, Any], counts: tuple[Count, ...]) -> Facts:
    """The facts of a whole wish, as a form makes them."""
    amount = 0 if operation == "key.update" or wish["unlimited"] else max(wish["amount"], operation == "key.create")
    left = amount if operation == "key.create" else wish["base"] + amount
    return Facts(
        remain_quota=left,
        unlimited_quota=wish["unlimited"],
        increase=amount,
        lifetime=wish["lifetime"],
        models=wish["models"],
        group=wish["group"],
        account_group=wish["account_group"],
        allow_ips=bool(wish["addresses"]),
        addresses=wish["addresses"],
        reason=wish["reason"],
        channel=wish["channel"],
        counts=tuple(Counted(count=one, value=wish["counted"][one.what]) for one in counts) or None,
        adds_key=operation == "key.create",
    )


def known_of(operation: str, facts: Facts, wish: dict[str, Any], *, named: bool) -> Facts:
    """What is known before the wish: nothing, or the key as it is and what was counted."""
    if not named:
        return Facts()
    if operation == "key.create":
        return Facts(counts=facts.counts, channel=facts.channel)
    left = wish["base"] if operation == "key.quota" else facts.remain_quota
    return replace(facts, remain_quota=left, increase=0, reason="")


def holds(condition: Condition, facts: Facts, *, doubt: bool = False) -> bool:
    maybe = doubt and condition.in_doubt is not None and condition.in_doubt(facts)
    return condition.why_not(facts) is None or maybe


def covers(grant: FreeGrant, facts: Facts) -> bool:
    """Whether an grant, read word by word, speaks of this wish."""
    first = any(all(holds(one, facts, doubt=True) for one in other.conditions) for other in grant.before)
    inside = any(one.holds(facts, present(facts.increase)) for one in grant.ranges)
    return inside and not first and all(holds(one, facts) for one in grant.conditions)


def said(read: Policy, operation: str, known: Facts, *, own: bool) -> tuple[FreeGrant, ...]:
    held = read.roles.held(ANN)
    rules = tuple(one for one in read.rules_for(operation, held) if own or one.any)
    return free_grants(rules, operation, known)


MANY = settings(max_examples=4 * present(settings.default).max_examples)


@MANY
@given(RULES, WISH, st.sampled_from(OPERATIONS), st.booleans(), st.booleans())
def test_what_is_said_at_once_is_decided_at_once_and_nothing_else_is(
    rules: list[Any], wish: dict[str, Any], operation: str, own: bool, named: bool
) -> None:
    own = own or operation == "key.create"
    read = written(rules)
    facts = asked(operation, wish, read.counts_needed(operation))
    found = said(read, operation, known_of(operation, facts, wish, named=named), own=own)
    at_once = decide(read, Ask(actor=ANN, operation=operation, own=own, facts=facts)).allowed
    event(f"{operation} {'at once' if at_once else 'not'}")
    assert any(covers(grant, facts) for grant in found) is at_once


@MANY
@given(NUMBERED, WISH, st.sampled_from(OPERATIONS[:2]))
def test_one_unit_more_than_the_most_is_not_decided_at_once(
    rules: list[Any], wish: dict[str, Any], operation: str
) -> None:
    read, wish = written(rules), {**wish, "unlimited": False, "models": frozenset({"o3"})}
    counts = read.counts_needed(operation)
    found = said(read, operation, known_of(operation, asked(operation, wish, counts), wish, named=True), own=True)
    for one in (one for grant in found for one in grant.ranges if one.most is not None and one.most > 0):
        here = {**wish, "lifetime": one.longest if operation == "key.create" else wish["lifetime"]}
        at, above = (asked(operation, {**here, "amount": present(one.most) + more}, counts) for more in (0, 1))
        covered = any(covers(grant, at) for grant in found)
        assert decide(read, Ask(actor=ANN, operation=operation, facts=at)).allowed is covered
        if covered and not any(covers(grant, above) for grant in found):
            assert not decide(read, Ask(actor=ANN, operation=operation, facts=above)).allowed
            event("one unit more is not")


def test_a_wish_lies_in_a_range_by_its_own_numbers() -> None:
    one = Range(unlimited=False, over=1, most=3, longer=DAY, longest=2 * DAY)
    inside = Facts(unlimited_quota=False, lifetime=2 * DAY)
    assert [amount for amount in range(5) if one.holds(inside, amount)] == [2, 3]
    assert not one.holds(replace(inside, lifetime=DAY), 2)
    assert not one.holds(replace(inside, unlimited_quota=True), 2)
    assert not one.holds(Facts(unlimited_quota=False), 2)  # no end is longer than that
    assert Actor(slack_user_id="U1") != ANN
