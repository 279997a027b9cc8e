"""Conditions that count: how many keys somebody has, and how much they were granted or are refilled with.

This package counts nothing itself. The caller asks `counts_needed` which numbers the rules about an operation
compare, counts them in the transaction that stores the request, and hands them in as `Facts.counts`, each as it
stands *before* this request; what the request adds is added here. A number that was not counted, or cannot be
told, lets no condition hold.
"""

import math
from collections.abc import Iterable

from bot.languages import tr, trc, trn
from bot.languages.formats import one_of, with_commas
from bot.permissions.condition import Condition, Why
from bot.permissions.models import Count, Counted, Facts, Over
from bot.permissions.source_map import Path
from bot.permissions.toml_document import Table, TomlDocument
from bot.units import format_duration, format_quota

COUNTING = ("keys_at_most", "granted_at_most", "allowance_at_most")
# These belong to a counting condition and are none themselves.
MODIFIERS = ("per", "counted_over")
OVER: tuple[Over, ...] = ("person", "role", "team")
MAX_KEYS = 1_000_000


def value_of(counts: Iterable[Counted] | None, count: Count) -> int | None:
    """The number that was counted for `count`; None where it was not counted or cannot be told."""
    return next((one.value for one in counts or () if one.count == count), None)


def read_counting(document: TomlDocument, path: Path, table: Table, *, who: tuple[str, ...]) -> tuple[Condition, ...]:
    """The counting conditions of a `when` table, with their `per` and `counted_over`. `who`: the rule's people."""
    counting = [name for name in COUNTING if name in table]
    if not counting:
        for name in MODIFIERS:
            if name in table:
                wrong = tr(
                    "{name} belongs to {conditions}, and none of them is here",
                    name=name,
                    conditions=with_commas(COUNTING),
                )
                document.wrong((*path, name), wrong)
        return ()
    over: Over = "person"
    if "counted_over" in table:
        chosen = document.choice((*path, "counted_over"), table["counted_over"], "counted_over", OVER)
        over = next((one for one in OVER if one == chosen), "person")
    names = tuple(sorted(who)) if over == "role" else ()
    per = _per(document, path, table, [name for name in counting if name != "keys_at_most"])
    found = []
    for name in counting:
        limit = _limit(document, (*path, name), name, table[name])
        if limit is None:
            continue
        if name == "keys_at_most":
            found.append(_keys_at_most(limit, Count(what="keys", over=over, names=names)))
        elif per is not None and name == "granted_at_most":
            count = Count(what="granted", over=over, names=names, per=per)
            found.append(_granted_at_most(limit, count, document.units_per_usd))
        elif per is not None:
            count = Count(what="allowance", over=over, names=names, per=per)
            found.append(_allowance_at_most(limit, count, document.units_per_usd))
    return tuple(found)


def _per(document: TomlDocument, path: Path, table: Table, timed: list[str]) -> int | None:
    if "per" not in table:
        for name in timed:
            document.wrong((*path, name), tr('{name} needs the time it counts: per = "30d"', name=name))
        return None
    if not timed:
        document.wrong((*path, "per"), tr("per belongs to granted_at_most and allowance_at_most; keys are counted now"))
        return None
    return document.duration((*path, "per"), table["per"], "per")


def _limit(document: TomlDocument, path: Path, name: str, value: object) -> int | None:
    if name == "keys_at_most":
        return document.integer(path, value, name, least=0, most=MAX_KEYS)
    return document.quota(path, value, name)


def _keys_at_most(limit: int, count: Count) -> Condition:
    def why_not(facts: Facts) -> Why:
        before = value_of(facts.counts, count)
        if before is None:
            return lambda: tr(
                "keys_at_most = {limit}: the keys of {people} were not counted",
                limit=limit,
                people=counted_people(count),
            )
        after = before + bool(facts.adds_key)
        if after <= limit:
            return None
        if facts.adds_key:
            return lambda: tr(
                "keys_at_most = {limit}: this would be key number {number} of {people}",
                limit=limit,
                number=after,
                people=counted_people(count),
            )
        return lambda: trn(
            "keys_at_most = {limit}: there is {count} key of {people} already",
            "keys_at_most = {limit}: there are {count} keys of {people} already",
            after,
            limit=limit,
            people=counted_people(count),
        )

    return Condition(name="keys_at_most", value=limit, why_not=why_not, count=count)


def _granted_at_most(limit: int, count: Count, units_per_usd: int) -> Condition:
    def head() -> dict[str, str]:
        return {"most": format_quota(limit, units_per_usd), "duration": format_duration(count.per)}

    def why_not(facts: Facts) -> Why:
        if facts.unlimited_quota:
            return lambda: tr("the key would be unlimited")
        if facts.increase is None:
            return lambda: tr("no change of quota is spoken of")
        before = value_of(facts.counts, count)
        if before is None:
            return lambda: tr(
                "granted_at_most = {most} per {duration}: what {people} got was not counted",
                **head(),
                people=counted_people(count),
            )
        after = before + max(0, facts.increase)
        if after <= limit:
            return None
        return lambda: tr(
            "granted_at_most = {most} per {duration}: {people} got {before}, with this it would be {after}",
            **head(),
            people=counted_people(count),
            before=format_quota(before, units_per_usd),
            after=format_quota(after, units_per_usd),
        )

    return Condition(name="granted_at_most", value=limit, why_not=why_not, count=count)


def _allowance_at_most(limit: int, count: Count, units_per_usd: int) -> Condition:
    def head() -> dict[str, str]:
        return {"most": format_quota(limit, units_per_usd), "duration": format_duration(count.per)}

    def why_not(facts: Facts) -> Why:
        if facts.allowance is None or not facts.allowance_period:
            return lambda: tr("no allowance is spoken of")
        if not facts.allowance:
            return None  # to end one always fits
        before = value_of(facts.counts, count)
        if before is None:
            return lambda: tr(
                "allowance_at_most = {most} per {duration}: the other allowances of {people} were not counted",
                **head(),
                people=counted_people(count),
            )
        after = before + math.ceil(facts.allowance * count.per / facts.allowance_period)
        if after <= limit:
            return None
        return lambda: tr(
            "allowance_at_most = {most} per {duration}: with this {people} would get {after}",
            **head(),
            people=counted_people(count),
            after=format_quota(after, units_per_usd),
        )

    return Condition(name="allowance_at_most", value=limit, why_not=why_not, count=count)


def counted_words(counted: Counted, units_per_usd: int) -> str:
    """A number before a request, in words: `living keys of this person: 3`."""
    count, whose = counted.count, counted_people(counted.count)
    number: str = trc("a number that was counted", "it cannot be told")
    if count.what == "keys":
        number = number if counted.value is None else f"{counted.value:,}"
        return tr("living keys of {people}: {number}", people=whose, number=number)
    number = number if counted.value is None else format_quota(counted.value, units_per_usd)
    duration = format_duration(count.per)
    if count.what == "granted":
        return tr("granted to {people} in {duration}: {number}", people=whose, duration=duration, number=number)
    return tr("other allowances of {people} in {duration}: {number}", people=whose, duration=duration, number=number)


def counted_people(count: Count) -> str:
    """Over whom it is counted: `this person`, `all of manager`."""
    if count.over == "person":
        return trc("over whom something is counted", "this person")
    if count.over == "team":
        return trc("over whom something is counted", "the whole workspace")
    return trc("over whom something is counted", "all of {roles}", roles=one_of(count.names))
