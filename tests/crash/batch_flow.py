"""A batch as a flow of the crash matrix: security disables several keys with one typed confirmation."""

from collections import Counter
from dataclasses import dataclass

import sqlalchemy as sa

from bot.audit import read as read_audit
from bot.incident import store
from bot.incident.models import UNSETTLED, BatchKeyStatus, BatchRevocation, BatchStatus
from bot.incident.tables import batches
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import Record
from keydesk_sandbox.fake_slack.views import View
from tests.crash.flows import Flow, Problems
from tests.crash.house import House
from tests.scenarios.desk import text_of, view_text

SAM, CHANNEL = seed.SECURITY, seed.SECURITY_CHANNEL
# More than one round of BatchExecution, so that there is something left to do at most points.
KEYS = 9
ASKED = Counter({"asked": 1, "applied": KEYS, "probe": KEYS})


@dataclass(frozen=True, kw_only=True)
class BatchFlow(Flow):
    """Disables KEYS keys. A write that arrives after a frozen process woke up is a problem: all was done by then."""

    nothing_late: bool = True

    async def prepare(self, house: House) -> tuple[Record | None, View]:
        """The keys, and the window with the typed confirmation."""
        for number in range(KEYS):
            house.gateway.add_key(name=f"svc-{number}", unlimited_quota=True, created_time=1_700_000_000)
        await house.command(SAM, CHANNEL, "/apikey disable created before 2024-01-01")
        await house.desk.eventually(lambda: f"{KEYS} keys will be disabled" in view_text(house.slack.top_view(SAM)))
        await house.desk.fill(SAM, house.slack.top_view(SAM), confirm=f"DISABLE {KEYS}", reason="a crash test")
        return None, house.slack.top_view(SAM)

    def moving(self, c: sa.Connection) -> str:
        """What of the batch is not settled yet."""
        statuses = list(c.scalars(sa.select(batches.c.status)))
        if statuses != [BatchStatus.DONE.value]:
            return f"batches: {statuses}"
        tried = store.proved(c, 1)
        return f"revocation: {tried}" if any(tried[proof] for proof in UNSETTLED) else ""

    def recorded(self, house: House) -> Problems:
        """What is wrong with the rows, the record and the message."""
        with house.database.engine.connect() as c:
            counts, tried = store.counts(c, 1), store.proved(c, 1)
            lines = read_audit(c, limit=500)
        problems = [] if counts[BatchKeyStatus.DONE] == KEYS else [f"the keys stand at {counts}"]
        problems += [] if tried[BatchRevocation.REFUSED] == KEYS else [f"tried: {tried}"]
        facts = Counter(str(line["fact"]) for line in lines)
        problems += [f"{fact} recorded {facts[fact]} times" for fact, wanted in ASKED.items() if facts[fact] != wanted]
        said = [text_of(m) for m in house.desk.messages(CHANNEL) if "Batch 1" in text_of(m)]
        problems += [] if len(said) == 1 and f"{KEYS} of {KEYS}" in said[0] else [f"the channel reads {said}"]
        return problems


async def _confirm(house: House, view: View) -> None:
    await house.persist(lambda: house.slack.submit(SAM, view))


def _all_disabled(house: House, _made: Record | None) -> Problems:
    records = house.gateway.keys()
    wrong = [
        f"{one.name} has status {one.status}" for one in records if one.name.startswith("svc-") and one.status != 2
    ]
    others = [one.name for one in records if not one.name.startswith("svc-") and one.status != 1]
    # One write for each key; one more for each that was in hand when the process died, since its answer was lost.
    writes = Counter(seen.path for seen in house.gateway.requests if seen.method != "GET")
    return (
        wrong
        + [f"{name} was disabled too" for name in others]
        + [f"{p}: {n}" for p, n in writes.items() if n > 2 * KEYS]
    )


BATCH = BatchFlow(name="batch", act=_confirm, check=_all_disabled, requests=0)
