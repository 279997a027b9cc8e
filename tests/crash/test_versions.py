"""The version before is still running when this one migrates its PostgreSQL: nothing is lost, nothing doubled.

tests/db/data/version_0_1.tar.xz is the program of 0.1 as it was; it makes the database, is used, and goes on while this
version migrates it beside. It should have been stopped before: docs/operating/upgrade.md.
"""

import asyncio
import contextlib
import signal
import sys
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from bot.approvals.models import Status
from keydesk_sandbox import seed
from tests.crash.house import House, Nursery, open_house
from tests.scenarios.policies import asking
from tests.tools.ports import free_port

OLD = Path(__file__).parents[1] / "db" / "data" / "version_0_1.tar.xz"
ADA, MIRA, KEYS = seed.ENGINEER, seed.MANAGER, seed.KEYS_CHANNEL
POLICY = asking('from = ["manager"], expires = "3d", remind = "4h"')
WISH: dict[str, Any] = {
    "remain_quota": "100k",
    "expired_time": "30d",
    "model_limits": ["gpt-4o-mini"],
    "reason": "to test",
}


@contextlib.asynccontextmanager
async def old_version(house: House, folder: Path) -> AsyncIterator[tuple[asyncio.subprocess.Process, str]]:
    """`serve` of 0.1, once it is ready, and the address to which Slack sends."""
    with tarfile.open(OLD) as archive:
        # The archive is our own, and Python 3.11 before 3.11.4 knows no filter.
        if hasattr(tarfile, "data_filter"):
            archive.extraction_filter = tarfile.data_filter
        archive.extractall(folder)
    port = free_port()
    settings = house.world.environment(gateway_url=house._gateway_url, port=port, database_url=house.database_url)
    settings |= {"KEYDESK_METRICS_PORT": str(free_port()), "PYTHONPATH": str(folder)}
    output = (folder / "output.txt").open("wb")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "serve"), cwd=folder, env=settings, stdout=output, stderr=output
    )
    try:
        async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(90):
            while True:
                assert process.returncode is None, (folder / "output.txt").read_text()[-3000:]
                with contextlib.suppress(httpx.HTTPError):
                    if (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200:
                        break
                await asyncio.sleep(0.05)
        yield process, f"http://127.0.0.1:{port}/slack/events"
    finally:
        output.close()
        if process.returncode is None:
            process.kill()
            await process.wait()


async def asked(house: House, name: str, seen: set[int]) -> int:
    """Ask for a key; the number of the request, once its card is there."""
    assert (await house.desk.ask(ADA, name=name, **WISH)).ok

    async def found() -> int | None:
        rows = await house.database.read(_names)
        return next((number for number, of_key in rows.items() if of_key == name and number not in seen), None)

    number: int = await house.desk.until(found, otherwise=f"nobody asked for {name}")
    seen.add(number)
    await house.desk.eventually(lambda: house.desk.card(number))
    return number


def _names(c: sa.Connection) -> dict[int, str]:
    # Not through this version's reader: before the migration the table lacks columns.
    return {row.id: row.key_name for row in c.execute(sa.text("SELECT id, key_name FROM requests"))}


async def approve(house: House, number: int) -> None:
    assert (await house.slack.click(MIRA, house.desk.card(number), "approve")).ok


@pytest.mark.thorough
@pytest.mark.postgres
async def test_what_the_version_before_has_in_hand_is_finished(
    tmp_path: Path, empty_postgres_url: str, nursery: Nursery
) -> None:
    async with open_house(tmp_path, database_url=empty_postgres_url, nursery=nursery, policy=POLICY) as house:
        async with old_version(house, tmp_path / "old") as (before, old):
            seen: set[int] = set()
            house.slack.bot_url = old
            first = await asked(house, "asked-before", seen)
            process = await house.start()
            new = house.slack.bot_url
            # What one took in the other one decides.
            await approve(house, first)
            assert (await house.settled(first)).status is Status.SUCCEEDED
            second = await asked(house, "asked-after", seen)
            house.slack.bot_url = old
            # 0.1 cannot read rows that keep their sentences for readers of many languages; it changes nothing.
            await approve(house, second)
            third = await asked(house, "left-behind", seen)
            house.slack.bot_url = new
            before.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(before.wait(), 30) == 0
        # 0.1 cannot write down what this version keeps elsewhere; what it had in hand is finished here.
        await approve(house, second)
        assert (await house.settled(second)).status is Status.SUCCEEDED
        await approve(house, third)
        assert (await house.settled(third)).status is Status.SUCCEEDED
        made = [name for name in house.names() if name in {"asked-before", "asked-after", "left-behind"}]
        assert sorted(made) == ["asked-after", "asked-before", "left-behind"]
        for number in (first, second, third):
            await house.shown(number)
        assert house.verdict().problems == ()
        assert "Traceback" not in process.said()
        assert await process.end() == 0
