"""Refills: after each list of all keys, those whose allowance no refill covers today are refilled, a few at a time, or
many together.

Who is refilled: a key that is in use but for its quota, by the list that was just read; not locked, not replaced, and
of somebody who is a full member now. What waits for its turn is begun by a durable job a moment later.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from bot.all_settled import all_settled
from bot.approvals.allowance_rows import AllowanceRows
from bot.approvals.execution import REFILLS
from bot.approvals.models import ApprovalRequest
from bot.approvals.refills import Refills
from bot.care.kind import CareKind, CareParts
from bot.deps import Deps
from bot.durable.engine import Again, Engine
from bot.errors import GatewayError
from bot.gateway.errors import GatewayRemoved
from bot.gateway.gathered import GatheredReads, reading_together
from bot.gateway.limiter import asked_by
from bot.gateway.models import Key, KeyId
from bot.gateway.numbers import block_of
from bot.keys import allowances, inventory_store
from bot.logs import for_request
from bot.operations import Allowance, is_refilled
from bot.periods import day_of
from bot.permissions.models import ActorKind, BudgetLeft
from bot.slack.router import Router

JOB = "refills"
# Refills that run by themselves at a time, so that they leave the gateway and the queue to people. More than that run
# together, so that a call reads many keys: as many as the gateway's limit takes, but not fewer than WORTH_IT.
MOST_IN_HAND, MOST_TOGETHER, WORTH_IT, AT_ONCE = 4, 60, 20, 8
# Calls beside the writes of those that run together, to read before and after.
READS = 8
# When one that was begun together with others runs by itself, because the process died, or it could not end.
ALONE_SECONDS = 60.0
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
    """`run` begins what is due, as much as there is room for. `run_one`: the run of a request."""

    deps: Deps
    engine: Engine
    refills: Refills
    rows: AllowanceRows
    run_one: Callable[[str], Awaitable[object]]

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
        # What a run has just read of a key, such as that it is disabled.
        await self.deps.known.writer.flush()
        under_way = await self.deps.database.read(allowances.in_hand)
        today = day_of(self.deps.clock(), self.deps.policy().time_zone)
        chosen, rooms, more = dict[int, list[Due]](), dict[int, int](), False
        after: int | None = -1
        while after is not None and not more:
            due, after = await self.deps.database.read(self._due, today, after)
            numbers = Counter(block_of(one.key.id) for one in due)
            for one in due:
                block = block_of(one.key.id)
                if block not in rooms:
                    rooms[block] = self._room(one.key.id, numbers[block]) - under_way
                if rooms[block] <= 0:
                    more = True
                elif await self._is_member(one):
                    chosen.setdefault(block, []).append(one)
                    rooms[block] -= 1
        # Beside what the runs ask, which are counted for refills as well.
        with asked_by(REFILLS):
            for of_gateway in chosen.values():
                await self._begin_some(of_gateway, MOST_IN_HAND - under_way)
        return more

    async def _is_member(self, due: Due) -> bool:
        # Whom Slack does not tell of waits for the next list.
        return (await self.deps.directory.actor(due.owner_id, due.owner_team)).kind is ActorKind.MEMBER

    def _room(self, key_id: KeyId, wanted: int) -> int:
        """How many refills of keys of this gateway may be under way: a few, or what its limit takes together."""
        if wanted <= MOST_IN_HAND:
            return MOST_IN_HAND
        try:
            left = self.deps.reader.of(key_id).limiter.left_for(REFILLS)
        except GatewayRemoved:
            return MOST_IN_HAND  # they wait until it is there again, each by itself
        number = MOST_TOGETHER if left is None else min(MOST_TOGETHER, left - READS)
        return number if number >= min(wanted, WORTH_IT) else 0

    async def _begin_some(self, due: Sequence[Due], alone: int) -> None:
        """Begin those of one gateway that are due still: `alone` of them by themselves, or all of them here."""
        together = len(due) > MOST_IN_HAND and await self._answers(due)
        begun = []
        for one in due if together else due[: max(0, alone)]:
            budgets = await self.deps.counts.budgets.counting(one.owner_id)
            delay = ALONE_SECONDS if together else 0.0
            request = await self.deps.database.run(self._begin_one, one, budgets, delay)
            begun += [] if request is None else [str(request.id)]
        if together:
            await self._run_together(begun)

    async def _answers(self, due: Sequence[Due]) -> bool:
        """Whether the gateway answers: else many would wait for it, each by itself."""
        try:
            await self.deps.reader.get_key(due[0].key.id)
        except GatewayError:
            return False
        return True

    async def _run_together(self, requests: Sequence[str]) -> None:
        """Each with its own verified write, all of them read together before and after."""
        reads = GatheredReads(self.deps.reader, parties=len(requests), at_once=AT_ONCE)

        async def one(request: str) -> None:
            async with reads.working():
                with reading_together(reads):
                    # What does not end here goes on by its own job.
                    await self.run_one(request)

        await all_settled(*map(one, requests))

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

    def _begin_one(
        self, c: sa.Connection, due: Due, budgets: Sequence[BudgetLeft], delay: float
    ) -> ApprovalRequest | None:
        """Begin one, if it is still due."""
        row = self.rows.reconcile(c, due.allowance)
        today = day_of(self.deps.clock(), self.deps.policy().time_zone)
        if row is None or row.is_covered(today):
            return None
        return self.refills.begin(c, row, due.key, budgets, delay=delay)


def build(parts: CareParts, router: Router) -> CareKind:
    """Refills; they have no messages of their own, and no buttons."""
    del router
    approvals = parts.approvals
    made = RefillRounds(
        deps=parts.deps,
        engine=parts.engine,
        refills=approvals.refills,
        rows=approvals.allowance_rows,
        run_one=for_request(approvals.execution.run),
    )
    return CareKind(name="refills", round=made.run, jobs={JOB: made.again})
