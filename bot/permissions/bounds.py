"""How much somebody may have at once, worked out of the rules; who decides the rest are the other rules. Pure.

An amount and a lifetime decide only by where they lie between the numbers in the rules, so between two neighbours of
those numbers one trial answers for all. What no number says (models, groups, a reason) stays a condition in words.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bot.languages import joined, tr, trc
from bot.languages.formats import all_of, with_commas
from bot.permissions.condition import Condition
from bot.permissions.entitlements import condition_words, plain_condition
from bot.permissions.models import Counted, Facts
from bot.permissions.rules import Rule
from bot.permissions.subsumption import follows
from bot.units import format_duration, format_quota

_LIFETIMES = frozenset({"lifetime_at_most", "lifetime_over"})
_LIMIT = frozenset({"unlimited_quota"})
_ADDED = frozenset({"increase_at_most", "granted_at_most"})
_LEFT = frozenset({"remain_quota_at_most"})
_PACE = frozenset({"allowance_at_most"})
# An allowance is told by what it adds in this time, whatever its period is; what speaks of one refill stays in words.
_PACE_SECONDS = 30 * 86_400
_OF_ONE_REFILL = _ADDED | _LEFT
# What a form fills in, by the conditions that speak of it.
_AXES: Mapping[str, frozenset[str]] = {
    "key.create": _ADDED | _LEFT | _LIFETIMES | _LIMIT,
    "key.quota": _ADDED | _LIMIT,
    "key.update": _LIFETIMES,
    "key.allowance": _PACE,
}
# What is known of a key or of an ask, by the conditions that speak of it. A reason is known only when it was written.
_KNOWN: Mapping[str, Callable[[Facts], object]] = {
    "remain_quota_at_most": lambda facts: facts.remain_quota,
    "increase_at_most": lambda facts: facts.increase,
    "lifetime_at_most": lambda facts: facts.lifetime,
    "lifetime_over": lambda facts: facts.lifetime,
    "unlimited_quota": lambda facts: facts.unlimited_quota,
    "models_within": lambda facts: facts.models,
    "group_in": lambda facts: facts.group,
    "gateway_in": lambda facts: facts.gateway,
    "allow_ips_required": lambda facts: facts.allow_ips,
    "channel_in": lambda facts: facts.channel or None,
    "keys_at_most": lambda facts: facts.counts,
    "granted_at_most": lambda facts: facts.counts,
    "allowance_at_most": lambda facts: facts.counts if facts.allowance is not None else None,
}
# A rotated key takes the place of its predecessor.
_ADDS_A_KEY = frozenset({"key.create", "key.enable"})


@dataclass(frozen=True, kw_only=True)
class Range:
    """Amounts (units) and lifetimes (seconds) that a rule gives at once; `over` < value ≤ `most`, None = no such end.

    Amounts of an allowance are what it adds in 30 days.

    `unlimited`: no limit on the quota, so that amounts say nothing; None where the form does not speak of it.
    """

    unlimited: bool | None
    over: int | None
    most: int | None
    longer: float
    longest: float

    def holds(self, facts: Facts, amount: int) -> bool:
        """Whether a wish lies in it. A lifetime that nobody speaks of lies in those without an end."""
        lifetime = math.inf if facts.lifetime is None else facts.lifetime
        limit = self.unlimited is None or bool(facts.unlimited_quota) is self.unlimited
        if not limit or not self.longer < lifetime <= self.longest:
            return False
        inside = (self.over is None or amount > self.over) and (self.most is None or amount <= self.most)
        return bool(self.unlimited) or inside


@dataclass(frozen=True, kw_only=True)
class FreeGrant:
    """What one rule gives at once: the ranges, as long as `conditions` hold and no rule of `before` comes first."""

    rule: Rule
    ranges: tuple[Range, ...]
    conditions: tuple[Condition, ...]
    before: tuple[Rule, ...]


@dataclass(frozen=True, kw_only=True)
class _Question:
    """`known`: the key as it is, from where it is asked, and what was counted, as far as that is known."""

    operation: str
    known: Facts

    @property
    def axes(self) -> frozenset[str]:
        """The conditions of which one can say for each number whether they hold."""
        axes = _AXES.get(self.operation, frozenset())
        return axes | _LEFT if self.operation == "key.quota" and self.known.remain_quota is not None else axes

    def facts(self, *, unlimited: bool, amount: int, lifetime: float) -> Facts:
        """A wish, over the key as it is."""
        facts, axes = self.known, self.axes
        if facts.adds_key is None:
            facts = replace(facts, adds_key=self.operation in _ADDS_A_KEY)
        if axes & _LIMIT:
            facts = replace(facts, unlimited_quota=unlimited)
        if axes & _PACE:
            facts = replace(facts, allowance=amount, allowance_period=_PACE_SECONDS)
        if axes & _LIFETIMES:
            facts = replace(facts, lifetime=lifetime)
        if axes & _ADDED:
            before = 0 if self.operation == "key.create" else facts.remain_quota or 0
            facts = replace(facts, increase=amount, remain_quota=before + amount)
        return facts

    def is_open(self, condition: Condition) -> bool:
        """Whether it hangs on more than the form's numbers and what is known."""
        if condition.name in self.axes and (condition.count is None or self.known.counts is not None):
            return False
        if self.axes & _PACE and condition.name in _OF_ONE_REFILL:
            return True
        return condition.name not in _KNOWN or _KNOWN[condition.name](self.known) is None

    def on_axis(self, rule: Rule, facts: Facts, *, doubt: bool) -> bool:
        """Whether all that is not open holds. `doubt`: or may hold, by what is not known."""
        for condition in rule.conditions:
            if condition.name not in self.axes and self.is_open(condition):
                continue
            seen = _counted(facts, condition)
            if condition.why_not(seen) is not None and not (doubt and condition.in_doubt and condition.in_doubt(seen)):
                return False
        return True

    def opens(self, rule: Rule) -> tuple[Condition, ...]:
        """The conditions that stay conditions."""
        return tuple(condition for condition in rule.conditions if self.is_open(condition))


def _counted(facts: Facts, condition: Condition) -> Facts:
    """Where nothing was counted, nothing is there yet."""
    count = condition.count
    if count is None or facts.counts is not None:
        return facts
    return replace(facts, counts=(Counted(count=count, value=0),))


def has_bounds(operation: str) -> bool:
    """Whether how much is asked decides about it."""
    return operation in _AXES


def free_grants(rules: Sequence[Rule], operation: str, known: Facts | None = None) -> tuple[FreeGrant, ...]:
    """What each of the rules gives at once; `rules`: those that can decide for somebody, in order (entitlements.py).

    Every wish that is in no grant waits for others or is refused. A locked key has none: it takes `key.unlock` too.
    """
    question = _Question(operation=operation, known=known or Facts())
    if question.known.lock is not None:
        return ()
    cells = _cells(rules, question)
    found = []
    for index, rule in enumerate(rules):
        if rule.outcome != "allow":
            continue
        opens, before = question.opens(rule), dict[str, Rule]()
        ranges = []
        for cell, facts in cells:
            if not question.on_axis(rule, facts, doubt=False):
                continue
            first = [
                one for one in rules[:index] if one.outcome != "allow" and question.on_axis(one, facts, doubt=True)
            ]
            if any(_implied(question.opens(one), opens) for one in first):
                continue
            before |= {one.name: one for one in first}
            ranges.append(cell)
        if ranges:
            found.append(FreeGrant(rule=rule, ranges=_merged(ranges), conditions=opens, before=tuple(before.values())))
    return tuple(found)


def _implied(wide: Sequence[Condition], narrow: Sequence[Condition]) -> bool:
    """Whether all of `wide` hold wherever all of `narrow` do."""
    return all(any(follows(one, other) for other in narrow) for one in wide)


def _cells(rules: Sequence[Rule], question: _Question) -> list[tuple[Range, Facts]]:
    """Every combination of no limit or one, of an amount and of a lifetime that the rules can tell apart."""
    amounts: list[tuple[int | None, int | None]] = [(None, None)]
    lifetimes: list[tuple[float, float]] = [(-math.inf, math.inf)]
    if question.axes & (_ADDED | _PACE):
        ends = sorted({end for rule in rules for one in rule.conditions for end in _amount_ends(one, question)})
        amounts = list(zip([None, *ends], [*ends, None], strict=True))
    if question.axes & _LIFETIMES:
        spans = {float(str(one.value)) for rule in rules for one in rule.conditions if one.name in _LIFETIMES}
        marks = sorted(spans)
        lifetimes = list(zip([-math.inf, *marks], [*marks, math.inf], strict=True))
    found = []
    for longer, longest in lifetimes:
        for over, most in amounts:
            if question.operation == "key.create" and most is not None and most <= 0:
                continue  # no new key has that
            # What lies in it is judged by its upper end; above the last number anything does.
            amount = most if most is not None else (over or 0) + 1
            limited = False if question.axes & _LIMIT else None
            cell = Range(unlimited=limited, over=over, most=most, longer=longer, longest=longest)
            found.append((cell, question.facts(unlimited=False, amount=amount, lifetime=longest)))
        if question.axes & _LIMIT:
            cell = Range(unlimited=True, over=None, most=None, longer=longer, longest=longest)
            found.append((cell, question.facts(unlimited=True, amount=0, lifetime=longest)))
    return found


def _amount_ends(condition: Condition, question: _Question) -> list[int]:
    """The largest amount with which the condition holds."""
    if condition.name not in question.axes & (_ADDED | _LEFT | _PACE):
        return []
    limit = int(str(condition.value))
    known = question.known
    if condition.name in _LEFT:
        return [limit - (0 if question.operation == "key.create" else known.remain_quota or 0)]
    if condition.count is None:
        return [limit]
    before = next((one.value for one in known.counts or () if one.count == condition.count), 0)
    if condition.name in _PACE:
        return [max(0, limit - (before or 0)) * _PACE_SECONDS // condition.count.per]
    # What is taken away is not counted, so that any number of it may be granted where nothing more is.
    return [0, limit - (before or 0)]


def _merged(cells: Sequence[Range]) -> tuple[Range, ...]:
    """Neighbours as one: amounts of one lifetime first, then lifetimes with the same amounts."""
    rows: list[Range] = []
    for cell in cells:
        last = rows[-1] if rows else None
        beside = last is not None and (last.longer, last.unlimited, last.most) == (
            cell.longer,
            cell.unlimited,
            cell.over,
        )
        if last is not None and beside and not cell.unlimited:
            rows[-1] = replace(last, most=cell.most)
        else:
            rows.append(cell)
    done: list[Range] = []
    for row in rows:
        below = next(
            (at for at, one in enumerate(done) if _amounts(one) == _amounts(row) and one.longest == row.longer), None
        )
        if below is None:
            done.append(row)
        else:
            done[below] = replace(done[below], longest=row.longest)
    return tuple(done)


def _amounts(one: Range) -> tuple[bool | None, int | None, int | None]:
    return one.unlimited, one.over, one.most


def grant_lines(
    found: Sequence[FreeGrant], operation: str, *, units_per_usd: int, plain: bool = False
) -> list[tuple[str, str]]:
    """Each range in words, and the name of its rule: `up to 500k units ($1.00), for at most 90 days`.

    `plain`: what stays a condition is said to people who do not write the policy.
    """

    def words(condition: Condition) -> str:
        return plain_condition(condition, units_per_usd) if plain else condition_words(condition)

    return [
        (_range_words(one, grant, operation, units_per_usd, words), grant.rule.name)
        for grant in found
        for one in sorted(grant.ranges, key=lambda one: bool(one.unlimited))
    ]


def _range_words(
    one: Range, grant: FreeGrant, operation: str, units_per_usd: int, told: Callable[[Condition], str]
) -> str:
    axes = _AXES.get(operation, frozenset())
    parts = [_amount_words(one, units_per_usd)] if axes & (_ADDED | _PACE) else []
    if axes & _PACE:
        parts = [tr("{amount} in 30 days", amount=parts[0])]
    parts += [_lifetime_words(one)] if axes & _LIFETIMES else []
    words: str = with_commas(parts) if parts else trc("what a rule does", "at once")
    if grant.conditions:
        conditions = with_commas(map(told, grant.conditions))
        words = tr("{outcome} if {conditions}", outcome=words, conditions=conditions)
    if grant.before:
        names = all_of(f"“{rule.name}”" for rule in grant.before)
        words = joined(words, tr("(unless {rules} decides first)", rules=names))
    return words


def _amount_words(one: Range, units_per_usd: int) -> str:
    if one.unlimited:
        return trc("how much", "without a limit")
    least = None if one.over is None else format_quota(one.over, units_per_usd)
    if one.most is None:
        return trc("how much", "any amount") if least is None else trc("how much", "more than {least}", least=least)
    if one.most <= 0:
        return trc("how much", "nothing more")
    most = format_quota(one.most, units_per_usd)
    if least is None or one.over == 0:
        return trc("how much", "up to {most}", most=most)
    return trc("how much", "more than {least} and up to {most}", least=least, most=most)


def _lifetime_words(one: Range) -> str:
    least, most = format_duration(max(0.0, one.longer)), format_duration(one.longest)
    if one.longest == math.inf:
        if one.longer == -math.inf:
            return trc("how long", "for any time")
        return trc("how long", "for more than {least}", least=least)
    if one.longer == -math.inf:
        return trc("how long", "for at most {most}", most=most)
    return trc("how long", "for more than {least} and at most {most}", least=least, most=most)
