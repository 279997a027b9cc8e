"""What rules compare beside the key itself, wherever somebody is judged: forms, runs, batches, `why`. These are the
numbers of conditions that count, and the group that a key without one is in.

Who belongs to a role is Slack's to say, so it is asked before the transaction; what was granted is read in it, from
the ledger (ledger.py).
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from bot.approvals import ledger
from bot.approvals.budgets import Budgets
from bot.approvals.ledger import Members
from bot.approvals.models import ApprovalRequest
from bot.db.engine import Database
from bot.gateway.dollars import Dollars
from bot.gateway.numbers import block_named, gateway_of
from bot.permissions.models import BudgetLeft, Counted, Facts
from bot.permissions.rules import Policy


@dataclass(frozen=True, kw_only=True)
class Counts:
    """`people_of`: everybody behind ids of people and groups; None when Slack does not tell. `own_group`: the group of
    the gateway's account as it was last told, None = not known.
    """

    database: Database
    policy: Callable[[], Policy]
    people_of: Callable[[Iterable[str]], Awaitable[frozenset[str] | None]]
    clock: Callable[[], float]
    own_group: Callable[[str], str | None] = lambda _gateway: None
    dollars: Dollars = field(default_factory=Dollars)

    @cached_property
    def budgets(self) -> Budgets:
        """What is left of budgets."""
        return Budgets(
            database=self.database,
            policy=self.policy,
            people_of=self.people_of,
            clock=self.clock,
            dollars=self.dollars,
        )

    def account_group(self, gateway: str) -> str | None:
        """The account's own group, where a rule speaks of groups: else the gateway need not be asked for it."""
        return self.own_group(gateway) if self.policy().judges_groups else None

    def account_groups(self, key_ids: Iterable[int]) -> dict[str, str | None]:
        """The own groups of the accounts of these keys, by gateway."""
        return {gateway: self.account_group(gateway) for gateway in {gateway_of(key_id) for key_id in key_ids}}

    def placed(self, facts: Facts, gateway: str, **others: Any) -> Facts:
        """The facts with what hangs on the gateway, "" = there is only one, and with these others."""
        return replace(facts, gateway=gateway, account_group=self.account_group(gateway), **others)

    async def members(self, operation: str, *, refilled: bool = True) -> Members:
        """Who is counted where a rule about this operation counts over a role. `refilled`: see `counts_needed`."""
        policy, found = self.policy(), {}
        for count in policy.counts_needed(operation, refilled=refilled):
            if count.over == "role":
                ids = policy.roles.ids(count.names)
                found[count.names] = ids if ledger.EVERYBODY in ids else await self.people_of(ids)
        return found

    async def now(
        self,
        operation: str,
        person: str,
        *,
        before: int | None = None,
        key_id: int | None = None,
        holder: str = "",
        refilled: bool = True,
        gateway: str = "",
    ) -> tuple[Counted, ...]:
        """The numbers as they stand for this person, sums of money in units of the gateway.

        `before`: a request; of what was granted before it was. `key_id`, `holder`: the key, or the budget, that
        it is about, whose own allowance is left out.
        """
        if not self.policy().counts_needed(operation, refilled=refilled):
            return ()
        members = await self.members(operation, refilled=refilled)
        return await self.database.read(
            self.within,
            operation,
            person,
            members,
            before=before,
            key_id=key_id,
            holder=holder,
            refilled=refilled,
            gateway=gateway,
        )

    async def by_gateway(self, operation: str, person: str, gateways: Iterable[str]) -> dict[str, tuple[Counted, ...]]:
        """The numbers for keys of several gateways, each in its units."""
        return {gateway: await self.now(operation, person, gateway=gateway) for gateway in gateways}

    async def as_granted(self, request: ApprovalRequest, facts: Facts) -> Facts:
        """The facts with the numbers of now, of what was granted before this request."""
        about: dict[str, Any] = {"key_id": request.key_id, "holder": request.input.get("holder", "")}
        counts = await self.now(
            request.operation, request.counted_for, before=request.id, gateway=request.gateway, **about
        )
        facts = replace(facts, counts=counts) if counts else facts
        known, later = facts.budgets or (), await self._later_budgets(request)
        if later:
            left = await self.database.run(self._left_under, request, (*known, *later))
        else:
            left = await self.database.read(self.budgets.left, known, request.id, request.gateway) if known else ()
        return replace(facts, budgets=left or None)

    async def budgets_after(self, request: ApprovalRequest) -> tuple[BudgetLeft, ...] | None:
        """The budgets that what begins with a request counts against: refills of an allowance go by those of now."""
        if request.operation != "key.allowance" or not request.origin.by_person:
            return request.judgement.facts.budgets
        return await self.budgets.counting(request.counted_for) or None

    async def _later_budgets(self, request: ApprovalRequest) -> tuple[BudgetLeft, ...]:
        """The budgets that it was not granted under: they began, or became this person's, while it waited, or ended."""
        if request.operation not in ledger.GIVING:
            return ()
        numbers = {one.number for one in request.judgement.facts.budgets or ()}
        now = await self.budgets.counting(request.counted_for)
        # Where Slack does not say who is in a role, what was granted goes on.
        return tuple(one for one in now if one.number not in numbers and one.left is not None)

    def _left_under(
        self, c: sa.Connection, request: ApprovalRequest, known: tuple[BudgetLeft, ...]
    ) -> tuple[BudgetLeft, ...]:
        """What others have left of these, of which some are new to this request: of two such runs at once, the second
        sees the first.
        """
        ledger.lock(c)
        ledger.grant_under(c, request.id, [one.number for one in known], at=self.clock())
        return self.budgets.left(c, known, request.id, request.gateway)

    def within(
        self,
        c: sa.Connection,
        operation: str,
        person: str,
        members: Members,
        *,
        before: int | None = None,
        key_id: int | None = None,
        holder: str = "",
        refilled: bool = True,
        gateway: str = "",
    ) -> tuple[Counted, ...]:
        """The same in the caller's transaction, which holds `ledger.lock` where something is granted by it."""
        policy, into = self.policy(), block_named(gateway)
        return ledger.counted(
            c,
            policy.counts_needed(operation, refilled=refilled),
            person=person,
            now=self.clock(),
            members=members,
            before=before,
            key_id=key_id,
            holder=holder,
            time_zone=policy.time_zone,
            units=lambda block, units: self.dollars.exchanged(units, block=block, into=into),
        )
