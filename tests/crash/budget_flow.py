"""A budget as a flow of the crash matrix: Ben asks for Ada's, Mira approves it, and a key is given by it at once."""

from dataclasses import dataclass

import sqlalchemy as sa

from bot.db.tables import budget_grants, budgets, grants
from bot.keys.budgets import standing
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import Record
from keydesk_sandbox.fake_slack.views import View
from tests.crash.flows import ADA, CHANNEL, FLOWS, Flow, Problems, submit, submit_and_approve
from tests.crash.house import House

BEN = seed.SECOND_ENGINEER
BUDGET, KEY = 10_000_000, 2_000_000
_KEY = FLOWS["create-approved"]


@dataclass(frozen=True, kw_only=True)
class BudgetFlow(Flow):
    """What the budget holds is free, so Ada's request waits for nobody, and counts against it once."""

    async def prepare(self, house: House) -> tuple[Record | None, View]:
        """Both forms, of which Ada's stays open."""
        await _KEY.prepare(house)
        await house.form(BEN, CHANNEL, f"/apikey budget <@{ADA}> $20 per month a crash test", "budget.change")
        return None, house.slack.top_view(BEN)

    def recorded(self, house: House) -> Problems:
        """What is wrong with the rows of the budget, too."""
        with house.database.engine.connect() as c:
            rows = [tuple(row) for row in c.execute(sa.select(budgets.c.holder, budgets.c.version, budgets.c.present))]
            drawn = sa.select(grants.c.units).join(budget_grants, budget_grants.c.request_id == grants.c.request_id)
            units = list(c.scalars(drawn))
        problems = [] if rows == [(ADA, 1, BUDGET)] else [f"the budgets are {rows}"]
        problems += [] if units == [KEY] else [f"given by it: {units}"]
        return problems + super().recorded(house)


async def _budget_and_key(house: House, view: View) -> None:
    await submit_and_approve(house, view)
    # Not by the number of its request: on PostgreSQL one that was rolled back uses a number up.
    await house.desk.until(lambda: house.database.read(standing), otherwise="the budget never stands")
    await submit(house, house.slack.top_view(ADA))


BUDGETED = BudgetFlow(name="budget", act=_budget_and_key, check=_KEY.check, requests=2)
