"""Fills a database with requests that wait for a decision, each with its timers, as `submit` would leave them."""

import sqlalchemy as sa

from bot.app import prepare_database
from bot.approvals import store
from bot.approvals.models import Judgement, NewRequest, Status
from bot.db.engine import open_database
from bot.durable.engine import Engine
from bot.permissions.models import Approval, Decision, Facts, Stage

DAY = 86_400.0


async def _nothing(_argument: str) -> None:
    return None


def fill(database_url: str, *, count: int, now: float) -> None:
    """Write `count` waiting requests; their cards count as posted."""
    database = open_database(database_url)
    prepare_database(database)
    jobs = dict.fromkeys(("run", "lapse", "remind", "redraw", "post"), _nothing)
    engine = Engine(database=database, jobs=jobs, executor_id="bench")
    terms = Approval(stages=(Stage(roles=("manager",)),), expires=3 * DAY, remind=DAY)
    decision = Decision(outcome="needs_approval", rule="bench", sentence="A manager decides.", approval=terms)

    def some(c: sa.Connection, first: int) -> None:
        for number in range(first, min(first + 500, count)):
            new = NewRequest(
                delivery_id=f"bench:{number}",
                operation="key.create",
                requester_id="U0ADA",
                requester_team="T0SANDBOX",
                channel_id="C0KEYS",
                key_id=None,
                key_name=f"bench-{number}",
                reason="to measure",
                input={"name": f"bench-{number}", "remain_quota": 1, "expiry": {"seconds": 60}},
                before=None,
                summary=(),
                judgement=Judgement(decision=decision, facts=Facts(), own=True),
                asked_at=now,
            )
            request, _ = store.insert(c, new, status=Status.PENDING, lapses_at=now + 3 * DAY)
            engine.start(c, "lapse", f"req:{request.id}:expire", str(request.id), delay=3 * DAY)
            engine.start(c, "remind", f"req:{request.id}:remind:1", f"{request.id}:1", delay=DAY)

    for first in range(0, count, 500):
        database.run_here(some, first)
    database.close()
