"""A budget: what all keys of a person, or of everybody in a role, may be given per period. Plain values.

Nothing is written to the gateway when a period begins: what is left is the amount less what was given in the period,
by whatever way, so nothing can be refilled twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from bot.operations.allowance import ZONES_APART, AllowanceTerms
from bot.periods import Span, span_of

_ROLE = "role:"


def role_holder(role: str) -> str:
    """The holder that means everybody in a role."""
    return f"{_ROLE}{role}"


def role_of(holder: str) -> str:
    """The role that a holder means, "" for a person."""
    return holder.removeprefix(_ROLE) if holder.startswith(_ROLE) else ""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """The row of one holder: a Slack user id, or a role. `number`: of the row, 0 = it has none yet.

    `span`: the present period, for which there are `amount` units and what is `carried` into it, less than nothing
    where more was given than there was. `highest`: the most that `amount` was in it. `request_id`, `rule`: of the
    request that granted it. `ended_at`: None = it stands.
    """

    number: int = 0
    holder: str
    terms: AllowanceTerms
    request_id: int
    rule: str
    set_at: float
    span: Span
    amount: int
    carried: int = 0
    highest: int = 0
    ended_at: float | None = None
    version: int = 0

    @property
    def stands(self) -> bool:
        """Whether it goes on."""
        return self.ended_at is None

    def is_of(self, today: date) -> bool:
        """Whether its period is that of today. A day long before it is not: the clock was wrong."""
        return self.span.first - ZONES_APART <= today < self.span.until

    def adding(self, today: date) -> Sequence[AllowanceTerms]:
        """What it adds, where allowances are summed up: its terms, and what it has been in the period of today, also
        when it was lowered or ended since.
        """
        terms = [self.terms] if self.stands else []
        if self.is_of(today):
            terms.append(AllowanceTerms(amount=max(self.highest, self.amount), period=self.span.period))
        return terms

    def left(self, given: int | None) -> int:
        """What may still be given. `given` in this period, None = without a limit."""
        return 0 if given is None else max(0, self.amount + self.carried - given)

    def at(self, today: date, given: int | None) -> "Budget":
        """In the period of today: begun once, however many have passed. `given`: in the period that it was in."""
        if self.is_of(today):
            return self
        keeps = self.terms.rollover and self.stands
        carried = self.amount + self.carried - given if keeps and given is not None else 0
        if today < self.span.first:
            carried = min(0, carried)  # the clock was wrong: what that period had was for days that are still to come
        amount = self.terms.amount
        return replace(self, span=span_of(self.terms.period, today), amount=amount, highest=amount, carried=carried)

    def changed(self, terms: AllowanceTerms) -> "Budget":
        """With other terms, in the period that it is in. Another amount counts at once, less what was given in the
        period. Another period begins when the present one has ended; until then there is the smaller amount.
        """
        same = self.span == span_of(terms.period, self.span.first)
        amount = terms.amount if same else min(self.amount, terms.amount)
        return replace(
            self,
            terms=terms,
            amount=amount,
            highest=max(self.highest, self.amount, amount),
            carried=self.carried if terms.rollover else min(0, self.carried),
            ended_at=None,
        )
