"""Two real processes on PostgreSQL, and one on SQLite that will not be two.

The takeover and the change of version start and end several processes; they are in `make soak`.
"""

import asyncio
import functools
import signal

import pytest

from bot.approvals.models import Status
from keydesk_sandbox import seed
from tests.crash.house import House

ADA, MIRA = seed.ENGINEER, seed.MANAGER
TAKEOVER_SECONDS = 10.0
BIG = {"name": "big", "remain_quota": "2M", "expired_time": "30d", "reason": "to test"}
SMALL = {"name": "small", "remain_quota": "100k", "expired_time": "30d", "reason": "to test"}


async def ask(house: House, **fields: str) -> None:
    """Up to the acknowledgement."""
    answer = await house.desk.ask(ADA, **fields)
    assert answer.ok, answer


@pytest.mark.soak
@pytest.mark.postgres
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
async def test_the_work_of_a_dead_or_frozen_process_is_taken_over_within_ten_seconds(
    pg_house: House, how: signal.Signals
) -> None:
    first = await pg_house.start(quick=False)
    pg_house.gateway.arm("hang", method="POST", path="/api/token/")
    await ask(pg_house, **SMALL)
    await pg_house.desk.eventually(lambda: pg_house.gateway.keys()[0].name == "small")
    heir = await pg_house.start(quick=False)
    first.kill(how)
    # This loop's time leaves out what the machine took away (tests/tools/patient_loop.py).
    loop = asyncio.get_running_loop()
    begun = loop.time()
    row = await pg_house.settled(1)
    assert row.status is Status.SUCCEEDED
    assert loop.time() - begun < TAKEOVER_SECONDS
    await pg_house.desk.eventually(lambda: pg_house.posted().get("req:1:confirmation"))
    first.kill(signal.SIGCONT)
    await asyncio.sleep(2)
    assert pg_house.names().count("small") == 1
    assert set(pg_house.posted().values()) == {1}
    assert pg_house.verdict().problems == ()
    assert heir.alive


@pytest.mark.soak
@pytest.mark.postgres
async def test_a_request_that_waits_goes_on_under_another_version(pg_house: House) -> None:
    old = await pg_house.start(version="0.0.9")
    await ask(pg_house, **BIG)
    card = await pg_house.desk.eventually(lambda: pg_house.desk.card(1))
    new = await pg_house.start(version="9.9.9")
    assert await old.end() == 0
    assert (await pg_house.slack.click(MIRA, card, "approve")).ok
    assert (await pg_house.settled(1)).status is Status.SUCCEEDED
    assert [line["details"]["version"] for line in await pg_house.desk.audit("started")] == ["0.0.9", "9.9.9"]
    assert await new.end() == 0


@pytest.mark.thorough
@pytest.mark.postgres
async def test_answering_and_working_apart(pg_house: House) -> None:
    answering = await pg_house.start("serve", "--no-worker")
    await ask(pg_house, **SMALL)
    await asyncio.sleep(0.5)
    assert (await pg_house.desk.request(1)).status is Status.APPROVED
    worker = await pg_house.start("work", wait=False)
    assert (await pg_house.settled(1)).status is Status.SUCCEEDED
    await pg_house.desk.eventually(lambda: pg_house.posted().get("req:1:confirmation") == 1)
    assert await worker.end() == 0
    assert await answering.end() == 0
    assert "Traceback" not in worker.said() + answering.said()


async def test_a_second_process_on_one_sqlite_file_is_refused(house: House) -> None:
    first = await house.start()
    second = await house.start(wait=False)
    assert await asyncio.wait_for(asyncio.shield(second.ended), 60) == 2
    assert f"already used by another keydesk (pid {first.pid})" in second.said()
    assert "PostgreSQL" in second.said()
    assert "Traceback" not in second.said()
    assert (await first.get("/readyz")).status_code == 200


@pytest.mark.thorough
@pytest.mark.postgres
async def test_a_role_that_is_taken_away_stops_counting_on_every_replica(pg_house: House) -> None:
    """No event tells them. A decision asks Slack anew, all else is a minute old at most (here: one second)."""
    replicas = [await pg_house.start(), await pg_house.start()]
    for number, replica in enumerate(replicas, 1):
        pg_house.slack.bot_url = f"http://127.0.0.1:{replica.port}/slack/events"
        await ask(pg_house, **{**BIG, "name": f"big-{number}"})
        await pg_house.desk.eventually(functools.partial(pg_house.desk.card, number))
        # A click that is refused, so that this replica knows the manager too.
        assert (await pg_house.slack.click(MIRA, pg_house.desk.card(number), "take")).ok
    pg_house.slack.bot_url = None
    await pg_house.slack.changes.set_group("S0MANAGERS", [])
    await pg_house.slack.changes.set_group("S0ENGINEERS", [])
    await asyncio.sleep(2.1)
    for number, replica in enumerate(replicas, 1):
        pg_house.slack.bot_url = f"http://127.0.0.1:{replica.port}/slack/events"
        await pg_house.slack.click(MIRA, pg_house.desk.card(number), "approve")
        assert (await pg_house.desk.request(number)).status is Status.PENDING
        # Nobody without a role gets a form.
        answer = await pg_house.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey new")
        assert "Without a role" in str(answer.body)
        pg_house.slack.changes.reload(ADA)
    assert len(await pg_house.requests()) == 2
    assert set(pg_house.names()).isdisjoint({"small", "big-1", "big-2"})
    refused = await pg_house.desk.audit("refused")
    assert [line["details"].get("tried") for line in refused].count("approve") == 2
