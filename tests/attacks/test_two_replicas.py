"""Two replicas on one database are one Keydesk: what one refuses, the other does not grant. Two real processes."""

import asyncio
import copy
import time
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from bot.approvals.models import Status
from keydesk_sandbox import alerts, seed
from tests.crash.conftest import nursery, victims
from tests.crash.house import House, Nursery, Process, open_house
from tests.scenarios.forging import last
from tests.scenarios.policies import ROLES

__all__ = ["nursery", "victims"]
pytestmark = pytest.mark.postgres
ADA, MIRA = seed.ENGINEER, seed.MANAGER
FREE_ROOM = seed.GENERAL_CHANNEL
POLICY = f"""{ROLES}
[[rules]]
name  = "two are free, in one channel"
who   = ["engineer"]
do    = ["key.create"]
when  = {{ channel_in = ["{FREE_ROOM}"], keys_at_most = 2 }}
allow = true

[[rules]]
name  = "two managers decide, one of whom may have asked"
who   = ["manager"]
do    = ["key.create"]
approval = {{ from = ["manager"], count = 2, self_approval = true }}
"""
FIELDS = {"remain_quota": "100k", "expired_time": "30d", "reason": "to test"}


@pytest.fixture
async def house(tmp_path: Path, postgres_url: str, nursery: Nursery) -> AsyncIterator[House]:  # a fixture
    async with open_house(tmp_path, database_url=postgres_url, nursery=nursery, policy=POLICY) as opened:
        yield opened
        await opened.close()


def at(house: House, replica: Process) -> None:
    """From now on Slack sends to this one."""
    house.slack.bot_url = f"http://127.0.0.1:{replica.port}/slack/events"


async def test_a_form_that_one_replica_opened_is_judged_by_the_other_where_it_was_opened(house: House) -> None:
    first, second = await house.start(), await house.start()
    at(house, first)
    await house.slack.command(ADA, FREE_ROOM, "/apikey new")
    at(house, second)
    await house.desk.fill(ADA, house.slack.top_view(ADA), name="one", **FIELDS)
    assert (await house.slack.submit(ADA, house.slack.top_view(ADA))).ok
    (row,) = await house.requests()
    assert row.channel_id == FREE_ROOM
    assert (await house.settled(row.id)).status is Status.SUCCEEDED


async def test_alerts_about_one_key_that_both_store_at_once_are_one_card(house: House) -> None:
    replicas = [await house.start(), await house.start()]
    key = house.gateway.add_key(name="leaked", unlimited_quota=True)
    value = house.gateway.key_value(key.id)

    async def send(replica: Process, number: int) -> int:
        body = alerts.body_of("generic", number=number, text=value)
        secret = house.world.alert_secrets["generic"]
        sent = alerts.signed("generic", body, secret=secret, now=time.time())
        async with httpx.AsyncClient() as client:
            url = f"http://127.0.0.1:{replica.port}{sent.path}"
            return (await client.post(url, headers=sent.headers, content=sent.body)).status_code

    assert await send(replicas[0], 0) == 202
    await house.desk.eventually(lambda: house.posted().get("alert:1:card"), seconds=20)
    assert set(await asyncio.gather(*(send(replicas[n % 2], n) for n in range(1, 9)))) == {202}
    await house.desk.eventually(lambda: house.desk.said("Seen 9 times", seed.SECURITY_CHANNEL), seconds=20)
    assert [name for name in house.posted() if name.endswith(":card")] == ["alert:1:card"]


async def test_wishes_at_once_on_both_do_not_all_fit_under_one_limit(house: House) -> None:
    replicas = [await house.start(), await house.start()]
    assert (await house.desk.ask(ADA, channel=FREE_ROOM, name="one", **FIELDS)).ok
    (row,) = await house.requests()
    await house.settled(row.id)
    payload = last(house.desk, "view_submission")
    sent = []
    for number in range(6):
        forged = copy.deepcopy(payload)
        forged["view"]["id"] = f"V0MANY{number}"
        forged["view"]["state"]["values"]["name"]["value"]["value"] = f"more-{number}"
        at(house, replicas[number % 2])
        sent.append(asyncio.create_task(house.slack.deliveries.send("interactive", forged)))
        await asyncio.sleep(0)  # the address is read when the task begins
    await asyncio.gather(*sent)
    rows = await house.requests()
    assert len(rows) == 2
    for row in rows:
        assert (await house.settled(row.id)).status is Status.SUCCEEDED
    assert len([name for name in house.names() if name == "one" or name.startswith("more-")]) == 2


async def test_one_person_is_one_approval_on_both(house: House) -> None:
    replicas = [await house.start(), await house.start()]
    assert (await house.desk.ask(MIRA, name="big", **FIELDS)).ok
    (row,) = await house.requests()
    card = await house.desk.eventually(lambda: house.desk.card(None))
    for replica in replicas:
        at(house, replica)
        await house.slack.click(MIRA, card, "approve")
    row = await house.desk.request(row.id)
    assert row.status is Status.PENDING
    assert len(row.votes) == 1
