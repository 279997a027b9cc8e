"""What was granted to whom: the numbers that rules with counting conditions compare.

A line is written in the transaction that grants a request, by the policy or by people, and taken out when the request
fails. Counts are read under one lock in the transaction that stores a request, so that two requests at once cannot
both be the last that fits. People grant under the same lock, so that of two that are approved at once on two replicas
the run of the later one finds the earlier one, by its place: clocks of replicas differ. What failed gives its place
back.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, tzinfo
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.approvals.models import IN_HAND, ApprovalRequest
from bot.db.tables import grants, keys, lineage, requests
from bot.gateway.numbers import block_named, block_of
from bot.gateway.writes import WriteResult
from bot.keys import allowances, budgets
from bot.operations import AllowanceTerms
from bot.periods import day_of
from bot.permissions.models import Count, Counted

# Any constant will do as long as every version of Keydesk uses the same.
_LOCK = 5_390_714
EVERYBODY = "*"
Members = Mapping[tuple[str, ...], frozenset[str] | None]
"""Names as a rule has them → the people they mean; `*` among them = all, None = Slack does not tell."""
GIVING = frozenset(
    {
        "key.create",
        "key.quota",
        "key.enable",
        "key.rotate",
        "key.adopt",
        "key.transfer",
        "key.allowance",
        "budget.change",
    }
)
# A rotated key takes the place of its predecessor, and gets what that gives up.
_ADDS_A_KEY = frozenset({"key.create", "key.enable"})


def lock(c: sa.Connection) -> None:
    """Let one transaction at a time count and grant. On SQLite it holds the only write lock already."""
    if c.dialect.name == "postgresql":
        c.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))


def grant(c: sa.Connection, request: ApprovalRequest, *, at: float) -> None:
    """Write down what a request gives, once; nothing for requests that give nothing."""
    acceptance = request.progress.acceptance
    if request.operation not in GIVING or (request.operation == "key.transfer" and acceptance is None):
        return  # what is offered to somebody counts for them once they accept it
    values = {
        "request_id": request.id,
        "person_id": request.counted_for,
        "units": _units(request),
        "adds_key": request.operation in _ADDS_A_KEY or bool(request.judgement.facts.adds_key),
        "granted_at": at,
        "place": _last(),
        "block": block_named(request.gateway),
    }
    insert = (postgresql if c.dialect.name == "postgresql" else sqlite).insert(grants)
    c.execute(insert.values(values).on_conflict_do_nothing(index_elements=["request_id"]))
    budgets.note(c, request.id, [one.number for one in request.judgement.facts.budgets or ()])


def grant_under(c: sa.Connection, request_id: int, numbers: Iterable[int], *, at: float) -> None:
    """What was granted counts against these budgets, too, of which it was not known then: as if it were granted now,
    after all others, so that each of them is counted before it or after it. The caller holds `lock`.
    """
    if budgets.note(c, request_id, numbers):
        here = grants.c.request_id == request_id
        c.execute(sa.update(grants).where(here).values(granted_at=at, place=_last()))


def _last() -> sa.ScalarSelect[int]:
    return sa.select(sa.func.coalesce(sa.func.max(grants.alias().c.place), 0) + 1).scalar_subquery()


def take_back(c: sa.Connection, request_id: int) -> None:
    """Delete the entry of a request that failed: it granted nothing."""
    c.execute(sa.delete(grants).where(grants.c.request_id == request_id))


def set_units(c: sa.Connection, request_id: int, units: int | None) -> None:
    """What was given is known exactly only now: a refill adds what was missing, a key comes with what is left on it."""
    c.execute(sa.update(grants).where(grants.c.request_id == request_id).values(units=units))


def settle_failure(c: sa.Connection, request: ApprovalRequest, result: WriteResult) -> None:
    """The request failed. What it gave all the same stays written down: quota raised before the rest failed."""
    unlimited = result.key is not None and result.key.unlimited_quota and request.judgement.facts.unlimited_quota
    gave = request.operation in {"key.quota", "key.enable", "key.allowance"} and (unlimited or result.moved > 0)
    if not gave:
        take_back(c, request.id)
        return
    units = None if unlimited else result.moved
    mine = grants.c.request_id == request.id
    c.execute(sa.update(grants).where(mine).values(units=units, adds_key=False))


def _units(request: ApprovalRequest) -> int | None:
    """Units that it adds; None = no limit, which no number can tell."""
    if request.operation == "key.rotate":
        return 0
    facts = request.judgement.facts
    return None if facts.unlimited_quota else max(0, facts.increase or 0)


def counted(
    c: sa.Connection,
    needed: Iterable[Count],
    *,
    person: str,
    now: float,
    members: Members = MappingProxyType({}),
    before: int | None = None,
    key_id: int | None = None,
    holder: str = "",
    time_zone: tzinfo = UTC,
    units: Callable[[int, int], int] = lambda _block, units: units,
) -> tuple[Counted, ...]:
    """The numbers as they stand. `before`: a request; of what was granted, count only what was granted before it was.
    `key_id`, `holder`: of allowances, without that of this key, and without the budget of this holder. `units`: what a
    gateway's units (its block, their number) are worth in those in which the numbers are wanted.
    """
    found, before_it = [], earlier(c, before)
    for count in needed:
        people: frozenset[str] | None = frozenset({person if count.over == "person" else EVERYBODY})
        if count.over == "role":
            people = members.get(count.names)
        value: int | None = None
        if people is not None and count.what == "allowance":
            today = day_of(now, time_zone)
            but = {"key_id": key_id, "holder": holder}
            value = _allowances(c, count, people, today=today, earlier=before_it, but=but, units=units)
        elif people is not None:
            value = _value(c, count, people, now=now, earlier=before_it, units=units)
        found.append(Counted(count=count, value=value))
    return tuple(found)


def earlier(c: sa.Connection, before: int | None) -> Any:
    """What was granted before this request, as a condition: people may approve in another order than was asked."""
    if before is None:
        return sa.true()
    place = c.scalar(sa.select(grants.c.place).where(grants.c.request_id == before))
    return grants.c.request_id < before if place is None else grants.c.place < place


def _value(
    c: sa.Connection,
    count: Count,
    people: frozenset[str],
    *,
    now: float,
    earlier: Any,
    units: Callable[[int, int], int],
) -> int | None:
    everybody = EVERYBODY in people
    whose: Any = sa.true() if everybody else grants.c.person_id.in_(people)
    if count.what == "granted":
        since = grants.c.granted_at > now - count.per
        unlimited = sa.func.count() - sa.func.count(grants.c.units)
        query = sa.select(grants.c.block, sa.func.sum(grants.c.units).label("units"), unlimited.label("unlimited"))
        found = c.execute(query.where(whose, earlier, since).group_by(grants.c.block)).all()
        return None if any(row.unlimited for row in found) else sum(units(row.block, int(row.units)) for row in found)
    mine = sa.true() if everybody else keys.c.owner_id.in_(people)
    # In an overlap the successor is counted and its predecessor is not: the two share one place. A successor that
    # is out of use shares nothing, nor does one that was given to somebody else.
    successor = keys.alias()
    works = successor.c.deleted_at.is_(None) & successor.c.disabled_at.is_(None)
    works &= successor.c.owner_id == keys.c.owner_id
    shared = sa.exists().where(successor.c.key_id == lineage.c.replaced_by, works)
    gone = sa.exists().where(lineage.c.key_id == keys.c.key_id, shared)
    in_use = keys.c.deleted_at.is_(None) & keys.c.disabled_at.is_(None) & ~gone
    living = sa.select(sa.func.count()).select_from(keys).where(mine, in_use)
    coming = sa.select(sa.func.count()).select_from(grants.join(requests, requests.c.id == grants.c.request_id))
    in_hand = requests.c.status.in_([status.value for status in IN_HAND])
    return int(c.scalar(living) or 0) + int(c.scalar(coming.where(whose, earlier, grants.c.adds_key, in_hand)) or 0)


def _allowances(
    c: sa.Connection,
    count: Count,
    people: frozenset[str],
    *,
    today: date,
    earlier: Any,
    but: Mapping[str, Any],
    units: Callable[[int, int], int],
) -> int:
    """What allowances of other keys add: of each key its dearest terms of those that stand, were refilled for today, or
    are granted and not in force yet. And what budgets are, in units of the settings' gateway. `but`: the key and the
    holder that are left out.
    """
    everybody = EVERYBODY in people
    most: dict[int, int] = {}
    found = [(key, block_of(key), terms) for key, terms in allowances.adding(c, None if everybody else people, today)]
    coming = sa.select(requests.c.id, requests.c.key_id, requests.c.input, grants.c.block).join(
        grants, grants.c.request_id == requests.c.id
    )
    coming = coming.where(requests.c.operation.in_(("key.allowance", "key.create", "budget.change")))
    coming = coming.where(requests.c.status.in_([status.value for status in IN_HAND]))
    coming = coming if everybody else coming.where(grants.c.person_id.in_(people))
    coming = coming.where(earlier)
    # A key that is not made yet has no number; the request's, below 0, stands for it.
    asked = ((row.key_id or -row.id, row.block, _terms(row.input)) for row in c.execute(coming))
    found += [(key, block, terms) for key, block, terms in asked if terms is not None]
    of_budgets = budgets.adding(c, None if everybody else people, today, but=but["holder"])
    for key, block, terms in found:
        if key != but["key_id"]:
            most[key] = max(most.get(key, 0), units(block, terms.per(count.per)))
    return sum(most.values()) + sum(max(units(0, one.per(count.per)) for one in each) for each in of_budgets)


def _terms(wanted: Mapping[str, Any]) -> AllowanceTerms | None:
    """What a request for an allowance, or for a new key, would refill."""
    if wanted.get("refill") is not None and "remain_quota" in wanted:
        return AllowanceTerms(amount=wanted["remain_quota"], period=wanted["refill"])
    terms = wanted.get("terms")
    return None if terms is None else AllowanceTerms.model_validate(terms)
