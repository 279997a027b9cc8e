"""A batch of 200 keys whose process is killed in the middle, again and again.

In `make soak`, because it starts five processes and disables 200 keys; `make thorough` kills a batch of nine keys
(test_matrix.py).
"""

import functools
import signal
from pathlib import Path

import pytest

from bot.incident import store as batch_store
from bot.incident.execution import AT_ONCE
from bot.incident.models import BatchKeyStatus, BatchRevocation, BatchStatus
from keydesk_sandbox import seed
from tests.crash.house import House, Nursery, open_house
from tests.scenarios.desk import text_of, view_text

SAM = seed.SECURITY
KEYS = 200
KILLS = (20, 90, 150)
# Keys that were refused when the last kill comes.
REFUSED = 30


async def begin(house: House) -> None:
    desk = house.desk
    old = [
        house.gateway.add_key(name=f"svc-{n}", unlimited_quota=True, created_time=1_700_000_000) for n in range(KEYS)
    ]
    assert len(old) == KEYS
    await house.slack.command(SAM, seed.SECURITY_CHANNEL, "/apikey disable created before 2024-01-01")
    await desk.eventually(lambda: "200 keys will be disabled" in view_text(house.slack.top_view(SAM)))
    await desk.fill(SAM, house.slack.top_view(SAM), confirm="DISABLE 200", reason="an incident")
    assert (await house.slack.submit(SAM, house.slack.top_view(SAM))).ok


def disabled(house: House) -> int:
    records = house.gateway.keys()
    return sum(record.status == 2 for record in records)


def _disabled_at_least(house: House, number: int) -> bool:
    return disabled(house) >= number


def refused(house: House) -> int:
    return house.database.run_here(batch_store.proved, 1)[BatchRevocation.REFUSED]


@pytest.mark.soak
async def test_a_batch_goes_on_after_kill_minus_nine_and_each_key_is_disabled_once(
    tmp_path: Path, sqlite_url: str, nursery: Nursery
) -> None:
    async with open_house(tmp_path, database_url=sqlite_url, nursery=nursery, policy=seed.POLICY) as house:
        process = await house.start()
        await begin(house)
        for number in KILLS:
            await house.desk.eventually(functools.partial(_disabled_at_least, house, number))
            await process.end(signal.SIGKILL)
            assert disabled(house) < KEYS
            process = await house.start()
        await house.desk.eventually(lambda: disabled(house) == KEYS)
        done = BatchStatus.DONE
        await house.desk.eventually(lambda: house.database.run_here(batch_store.get, 1).status is done)
        counts = await house.database.read(batch_store.counts, 1)
        assert counts[BatchKeyStatus.DONE] == KEYS

        applied = [line["key_id"] for line in await house.desk.audit("applied")]
        assert len(applied) == len(set(applied)) == KEYS
        # A write whose answer died with the process is found done by the read-back: at most the few in flight repeat.
        writes = sum(seen.method == "PUT" for seen in house.gateway.requests)
        assert KEYS <= writes <= KEYS + len(KILLS) * AT_ONCE
        said = [m for m in house.desk.messages(seed.SECURITY_CHANNEL) if "Batch 1" in text_of(m)]
        await house.desk.eventually(lambda: "200 of 200" in text_of(said[0]))
        assert len(said) == 1
        # The proof survives as well: every key was tried itself, and the record says so once for each.
        await house.desk.eventually(lambda: refused(house) >= REFUSED)
        await process.end(signal.SIGKILL)
        await house.start()
        await house.desk.eventually(lambda: "Refused by the gateway: 200 of 200" in text_of(said[0]), seconds=60)
        tried = [line["key_id"] for line in await house.desk.audit("probe")]
        assert len(tried) == len(set(tried)) == KEYS
        assert house.verdict().problems == ()
