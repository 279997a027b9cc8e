"""What is left of budgets, what a settled request means for them, and the beginning of their periods.

A budget holds wherever nobody decides: rules that allow do not hold beyond it (permissions/budgets.py), and refills are
no more than it has. What people approve counts too, and may go beyond. All of it is read from the ledger under its
lock, in the transaction that grants, so two at once, on two replicas, are never both the last that fits. Amounts are in
units of the settings' gateway; of others, what is worth as many dollars.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import sqlalchemy as sa

from bot.approvals import ledger
from bot.approvals.models import ApprovalRequest, Status
from bot.db.engine import Database
from bot.db.tables import budget_grants, grants
from bot.gateway.dollars import USUAL, Dollars
from bot.gateway.numbers import block_named
from bot.gateway.writes import WriteResult
from bot.keys import budgets
from bot.operations import AllowanceTerms, Budget, Effect, Operation, role_of
from bot.periods import begin_of, day_of, span_of
from bot.permissions.models import BudgetLeft
from bot.permissions.rules import Policy


@dataclass
class _LastLook:
    """Whether any budget counted when this process looked last."""

    any_counted: bool = True


@dataclass(frozen=True, kw_only=True)
class Budgets:
    """`people_of`: everybody behind ids of people and groups; None when Slack does not tell."""

    database: Database
    policy: Callable[[], Policy]
    people_of: Callable[[Iterable[str]], Awaitable[frozenset[str] | None]]
    clock: Callable[[], float]
    dollars: Dollars = USUAL
    _last: _LastLook = field(default_factory=_LastLook, init=False)

    def any_counted(self) -> bool:
        """Whether any counted at the last look; True before the first one."""
        return self._last.any_counted

    async def of(self, person: str, gateway: str = "") -> tuple[BudgetLeft, ...]:
        """The budgets that hold for what this person gets, and what is left of each, in units of the gateway."""
        theirs = await self.counting(person)
        return await self.database.read(self.left, theirs, None, gateway) if theirs else ()

    async def counting(self, person: str) -> tuple[BudgetLeft, ...]:
        """What this person gets counts against these: those of theirs that stand, and those that ended in their
        present period, which hold for nothing until somebody asks for them anew. `left` is for `left` to tell.
        """
        found = await self.database.read(budgets.counting, self.today())
        self._last.any_counted = bool(found)
        asked = [(budget, await self._one(budget, person)) for budget in found]
        return tuple(one for budget, one in asked if one is not None and (budget.stands or one.left is not None))

    async def _one(self, budget: Budget, person: str) -> BudgetLeft | None:
        """The budget, if it is this person's; what is left of it is not known yet, or cannot be told (None)."""
        role = role_of(budget.holder)
        if not role:
            return _left(budget, 0) if budget.holder == person else None
        roles = self.policy().roles
        ids = roles.members.get(role, frozenset())
        people = ids if ledger.EVERYBODY in ids else await self.people_of(ids)
        if people is None:
            return _left(budget, None)
        return _left(budget, 0) if {person, ledger.EVERYBODY} & people else None

    def left(
        self, c: sa.Connection, known: Sequence[BudgetLeft], before: int | None = None, gateway: str = ""
    ) -> tuple[BudgetLeft, ...]:
        """The same as they stand. Those that have ended are none. `before`: a request, of what was granted earlier."""
        unknown, into = {one.number for one in known if one.left is None}, block_named(gateway)
        found = []
        for row in budgets.several(c, [one.number for one in known]):
            now, given = self.present(c, row, before)
            one = _left(now, None if now.number in unknown else now.left(given))
            left = None if one.left is None else self.dollars.afforded(one.left, into=into)
            found.append(replace(one, left=left, amount=self.dollars.afforded(one.amount, into=into)))
        return tuple(found)

    def of_holder(self, c: sa.Connection, holder: str) -> tuple[Budget, int | None] | None:
        """The budget of a holder as `present` tells it; None where none stands."""
        budget = budgets.find(c, holder)
        return None if budget is None or not budget.stands else self.present(c, budget)

    def present(self, c: sa.Connection, budget: Budget, before: int | None = None) -> tuple[Budget, int | None]:
        """A budget in the period of today, and what was given in it, None = without a limit."""
        today = self.today()
        now = budget.at(today, None if budget.is_of(today) else self._given(c, budget, None))
        return now, self._given(c, now, before)

    def _given(self, c: sa.Connection, budget: Budget, before: int | None) -> int | None:
        zone = self.policy().time_zone
        begin, end = begin_of(budget.span.first, zone), begin_of(budget.span.until, zone)
        during = (grants.c.granted_at >= begin) & (grants.c.granted_at < end)
        drawn = grants.join(budget_grants, budget_grants.c.request_id == grants.c.request_id)
        unlimited = sa.func.count() - sa.func.count(grants.c.units)
        sums = sa.select(grants.c.block, sa.func.sum(grants.c.units).label("units"), unlimited.label("unlimited"))
        sums = sums.select_from(drawn).where(budget_grants.c.budget == budget.number, during).group_by(grants.c.block)
        found = c.execute(sums.where(ledger.earlier(c, before))).all()
        if any(row.unlimited for row in found):
            return None
        return sum(self.dollars.exchanged(int(row.units), block=row.block) for row in found)

    def begin_periods(self, c: sa.Connection) -> None:
        """Begin those that are due, so that what was unspent is kept once per period, and not for one without us."""
        if not budgets.standing(c):
            return
        ledger.lock(c)
        for budget in budgets.standing(c):
            now, _ = self.present(c, budget)
            if now != budget:
                budgets.save(c, budget, now)

    def follow(self, c: sa.Connection, request: ApprovalRequest, operation: Operation, _result: WriteResult) -> None:
        """After a request was settled: a budget begins, changes or ends with the request about it."""
        if operation.effect is not Effect.BUDGETS or request.status is not Status.SUCCEEDED:
            return
        ledger.lock(c)
        holder, wanted = request.input["holder"], request.input["terms"]
        before = budgets.find(c, holder)
        if wanted is None:
            if before is not None and before.stands:
                budgets.save(c, before, replace(self.present(c, before)[0], ended_at=self.clock()))
            return
        terms = AllowanceTerms.model_validate(wanted)
        granted: dict[str, Any] = {
            "request_id": request.id,
            "rule": request.judgement.decision.rule or "",
            "set_at": self.clock(),
        }
        if before is None:
            span = span_of(terms.period, self.today())
            after = Budget(holder=holder, terms=terms, span=span, amount=terms.amount, highest=terms.amount, **granted)
        else:
            after = replace(self._changed(c, before, terms), **granted)
        budgets.save(c, before, after)

    def _changed(self, c: sa.Connection, before: Budget, terms: AllowanceTerms) -> Budget:
        """With other terms. What stands in no present period begins with them."""
        if before.stands:
            return self.present(c, before)[0].changed(terms)
        if before.is_of(self.today()):
            return before.changed(terms)
        span, amount = span_of(terms.period, self.today()), terms.amount
        return replace(before.changed(terms), span=span, amount=amount, highest=amount, carried=0)

    def today(self) -> date:
        """The day in the time zone of the policy's allowances."""
        return day_of(self.clock(), self.policy().time_zone)


def _left(budget: Budget, left: int | None) -> BudgetLeft:
    return BudgetLeft(
        number=budget.number,
        role=role_of(budget.holder),
        amount=budget.amount + budget.carried,
        left=left,
        until=budget.span.until.isoformat(),
    )
