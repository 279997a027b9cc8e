"""100,000 keys: the list within the call budget, processor time and memory; a year of samples; the Home."""

import json
import os
import time
from collections.abc import AsyncIterator, Sequence

import httpx
import psutil
import pytest
import sqlalchemy as sa
from pydantic import SecretStr

from bot.db.engine import Database
from bot.db.tables import key_samples
from bot.features.home.listeners import HomeListeners
from bot.gateway.client import GatewayClient
from bot.gateway.connection import connect
from bot.gateway.limiter import SIZES, CallLimiter, Limit, Priority, prioritized
from bot.gateway.listing import PAGE_SIZE
from bot.gateway.models import Key
from bot.keys import owners
from bot.keys.inventory_writer import InventoryWriter
from bot.keys.list_pass import ListPass
from bot.keys.owners import OwnedKey
from bot.keys.samples import DAYS, HOURS, KeySample, push
from bot.slack.delivery import Kind
from tests.approvals.kit import ADA, TEAM
from tests.features.desk import ListenerDesk

KEYS, NOON, DAY = 100_000, 1_800_014_400.0, 86_400.0
MIB = 1024 * 1024
PROCESSOR_SECONDS, MEMORY, HOME_SECONDS, YEAR_OF_SAMPLES = 60.0, 40 * MIB, 0.3, 400_000_000


class LargeAccount:
    """A gateway of 100,000 keys, each page made when it is asked for; its clock moves when somebody waits."""

    def __init__(self) -> None:
        self.now, self.spent, self.calls = NOON, 0, list[float]()

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(self.now)
        if request.url.path != "/api/token/":
            return httpx.Response(404, json={"error": {"message": "Invalid URL"}})
        first = KEYS - (int(request.url.params["p"]) - 1) * PAGE_SIZE
        items = [self.record(number) for number in range(first, max(0, first - PAGE_SIZE), -1)]
        body = {"success": True, "message": "", "data": {"page": 1, "page_size": 100, "total": KEYS, "items": items}}
        return httpx.Response(200, content=json.dumps(body), headers={"Content-Type": "application/json"})

    def record(self, number: int) -> dict[str, object]:
        return {
            "id": number,
            "user_id": 1,
            "key": "a" * 48,
            "status": 1,
            "name": f"key number {number}",
            "created_time": 1_700_000_000,
            "accessed_time": int(self.now),
            "expired_time": -1,
            "remain_quota": 10**9 - self.spent,
            "used_quota": self.spent,
            "unlimited_quota": False,
            "model_limits_enabled": False,
            "model_limits": "",
            "allow_ips": "",
            "group": "",
            "cross_group_retry": False,
        }


@pytest.fixture
async def account() -> AsyncIterator[tuple[LargeAccount, GatewayClient]]:
    made = LargeAccount()
    client = connect(
        base_url="https://gateway.test",
        access_token=SecretStr("a" * 28),
        transport=httpx.MockTransport(made.answer),
        clock=made.clock,
        sleep=made.sleep,
        limiter=CallLimiter(clock=made.clock, sleep=made.sleep),
    )
    yield made, client
    await client.aclose()


async def one_pass(database: Database, made: LargeAccount, client: GatewayClient, list_pass: ListPass) -> None:
    process, most = psutil.Process(os.getpid()), 0
    begun, memory, calls = time.process_time(), process.memory_info().rss, len(made.calls)

    async def ours() -> bool:
        nonlocal most
        most = max(most, process.memory_info().rss)
        return True

    with prioritized(Priority.BACKGROUND):
        passed = await list_pass.run(known=(), turn=ours)
    spent, grown = time.process_time() - begun, most - memory
    print(  # noqa: T201  figures for whoever runs the soak
        f"{database.dialect}: {passed.keys:,} keys, {len(made.calls) - calls:,} calls, {spent:.1f} s of processor, "
        f"+{grown / MIB:.0f} MiB, {(made.now - made.calls[calls]) / 60:.0f} minutes of the gateway's time"
    )
    assert passed.keys == KEYS
    assert spent <= PROCESSOR_SECONDS
    assert grown <= MEMORY


def assert_within_the_budget(calls: Sequence[float]) -> None:
    size = SIZES[Limit.CALLS]
    share = size.shares[Priority.BACKGROUND]
    for place in range(share, len(calls)):
        assert calls[place] - calls[place - share] >= size.seconds - 1


@pytest.mark.soak
async def test_a_hundred_thousand_keys_are_listed_and_listed_again_when_all_have_spent(
    database: Database, account: tuple[LargeAccount, GatewayClient]
) -> None:
    made, client = account
    writer = InventoryWriter(database=database, clock=made.clock)
    client.listen(writer.notice)

    async def listed(keys: Sequence[Key]) -> None:
        await database.run(owners.observe, {int(key.id): key.created_time for key in keys})

    list_pass = ListPass(reader=client, database=database, writer=writer, listed=listed, clock=made.clock)
    # The first fills the rows; each later one, an hour and a day on, also writes a sample of every key.
    for _ in range(3):
        await one_pass(database, made, client, list_pass)
        made.now, made.spent = made.now + DAY, made.spent + 100_000
    await writer.close()
    assert len(made.calls) == 3 * (KEYS // PAGE_SIZE + 1)  # and the account
    assert_within_the_budget(made.calls)
    await home(database)


async def home(database: Database) -> None:
    """The Home of somebody with 200 of these keys."""
    desk = ListenerDesk(database)

    def own(c: sa.Connection) -> None:
        for number in range(1, 201):
            line = OwnedKey(
                key_id=number * 400,
                name="",
                owner_id=ADA.slack_user_id,
                owner_team=TEAM,
                request_id=None,
                created_at=NOON,
                born_at=1_700_000_000,
            )
            owners.own(c, line)

    database.run_here(own)
    listeners, delivery = HomeListeners(desk.deps), desk.delivery(ADA.slack_user_id, Kind.EVENT)
    await listeners._draw(delivery)
    begun, processor = time.monotonic(), time.process_time()
    view = await listeners._draw(delivery)
    print(  # noqa: T201  as above
        f"Home: {time.monotonic() - begun:.3f} s, {time.process_time() - processor:.3f} s of processor"
    )
    assert "190 more" in str(view)
    assert time.process_time() - processor <= HOME_SECONDS


@pytest.mark.soak
@pytest.mark.postgres
def test_a_year_of_samples_of_a_hundred_thousand_keys_in_use_fits(postgres_database: Database) -> None:
    """Each key spends in every hour of the week and on every day of 400: no account is as busy. Measured on some."""
    some = 5_000
    series = {}
    for grain, spent in ((HOURS, 200_000), (DAYS, 2_000_000)):
        data = b""
        for number in range(grain.keep):
            slot = 490_000 + number
            used = number * (spent + 37 * (number % 11))
            billed = (slot + 1) * grain.seconds - 60 * (number % 50)
            data = push(data, KeySample(slot, used, 10**12 - used, 1, billed), grain)
        series[grain.number] = data
    with postgres_database.engine.begin() as c:
        for first in range(1, some + 1, 500):
            rows = [
                {"key_id": key_id, "grain": grain, "data": data}
                for key_id in range(first, first + 500)
                for grain, data in series.items()
            ]
            c.execute(sa.insert(key_samples), rows)
    with postgres_database.engine.connect() as c:
        size = int(c.scalar(sa.text("SELECT pg_total_relation_size('key_samples')")) or 0)
    whole = size / some * KEYS
    print(f"{size / some:.0f} bytes a key, {whole / 1e6:.0f} MB for {KEYS:,} keys")  # noqa: T201  as above
    assert whole <= YEAR_OF_SAMPLES
