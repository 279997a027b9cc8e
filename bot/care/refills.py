"""Refills: after each list of all keys, those whose allowance no refill covers today are refilled, a few at a time.

Who is refilled: a key that is in use but for its quota, by the list that was just read; not locked, not replaced, and
of somebody who is a full member now. What waits for its turn is begun by a durable job a moment later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from bot.approvals.allowance_rows import AllowanceRows
from bot.approvals.refills import Refills
from bot.care.kind import CareKind, CareParts
from bot.deps import Deps
from bot.durable.engine import Again, Engine
from bot.gateway.models import Key
from bot.keys import allowances, inventory_store
from bot.operations import Allowance, is_refilled
from bot.periods import day_of
from bot.permissions.models import ActorKind, BudgetLeft
from bot.slack.router import Router

JOB = "refills"
# Refills under way at a time, so that they leave the gateway and the queue to people.
MOST_IN_HAND = 4
AGAIN_SECONDS = 1.0
PAGE = 500
# A refill that failed is tried again after so long.
FAILED_SECONDS = 86_400.0


@dataclass(frozen=True, kw_only=True)
class Due:
    """An allowance that is due, with its key as it was last listed, and whose it is."""

    allowance: Allowance
    key: Key
    owner_id: str
    owner_team: str


@dataclass(frozen=True, kw_only=True)
class RefillRounds:
    """`run` begins what is due, up to MOST_IN_HAND."""

    deps: Deps
    engine: Engine
    refills: Refills
    rows: AllowanceRows

    async def run(self) -> bool:
        """After a list of all keys: the periods of budgets, a first few refills, and a job for the rest."""
        await self.deps.database.run(self.deps.counts.budgets.begin_periods)
        if await self._begin():
            name = f"{JOB}:{int(self.deps.clock())}"
            await self.deps.database.run(self.engine.start, JOB, name, "", delay=AGAIN_SECONDS)
        return False

    async def again(self, _argument: str) -> Again | None:
        """The durable job: a few more."""
        return Again(AGAIN_SECONDS) if await self._begin() else None

    async def _begin(self) -> bool:
        """Begin as many as there is room for. Whether more are due."""
        deps = self.deps
        # What a run has just read of a key, such as that it is disabled.
        await deps.known.writer.flush()
        today = day_of(deps.clock(), deps.policy().time_zone)
        after: int | None = -1
        while after is not None:
            due, after = await deps.database.read(self._due, today, after)
            for one in due:
                if not await deps.database.read(self._has_room):
                    return True
                # Whom Slack does not tell of waits for the next list.
                person = await deps.directory.actor(one.owner_id, one.owner_team)
                budgets = await deps.counts.budgets.counting(one.owner_id)
                if person.kind is ActorKind.MEMBER:
                    await deps.database.run(self._begin_one, one, budgets)
        return False

    def _due(self, c: sa.Connection, today: date, after: int) -> tuple[Sequence[Due], int | None]:
        """Of the next page of allowances those that can be refilled now; and the last number, None at the end."""
        failed_before = self.deps.clock() - FAILED_SECONDS
        page = allowances.due(c, today, failed_before=failed_before, limit=PAGE, after=after)
        known = inventory_store.several(c, [one.key_id for one in page])
        found = [
            Due(allowance=one, key=there.key, owner_id=there.owner_id, owner_team=there.owner_team or "")
            for one in page
            if (there := known.get(one.key_id)) is not None
            and there.gone_at is None
            and there.owner_id is not None
            and is_refilled(there.key, now=self.deps.reader.server_now(one.key_id))
        ]
        return found, page[-1].key_id if len(page) == PAGE else None

    def _has_room(self, c: sa.Connection) -> bool:
        return allowances.in_hand(c) < MOST_IN_HAND

    def _begin_one(self, c: sa.Connection, due: Due, budgets: Sequence[BudgetLeft]) -> None:
        """Begin one, if it is still due."""
        row = self.rows.reconcile(c, due.allowance)
        today = day_of(self.deps.clock(), self.deps.policy().time_zone)
        if row is not None and not row.is_covered(today):
            self.refills.begin(c, row, due.key, budgets)


def build(parts: CareParts, router: Router) -> CareKind:
    """Refills; they have no messages of their own, and no buttons."""
    del router
    approvals = parts.approvals
    made = RefillRounds(deps=parts.deps, engine=parts.engine, refills=approvals.refills, rows=approvals.allowance_rows)
    return CareKind(name="refills", round=made.run, jobs={JOB: made.again})
