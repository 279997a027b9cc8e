"""Slack, the gateway or the database away for a while: nothing acknowledged is lost, and people are told the truth.

`make test` runs one of Slack, `make thorough` one of each (PostgreSQL is stopped in test_database_faults.py), and
`make soak` the others.
"""

import asyncio
import functools
import resource
import sqlite3
from pathlib import Path

import pytest
import sqlalchemy as sa

from bot.approvals.models import Status
from keydesk_sandbox import seed
from tests.crash.house import House
from tests.crash.policy import BIG, SMALL
from tests.scenarios.desk import text_of, view_text

ADA, MIRA, CHANNEL = seed.ENGINEER, seed.MANAGER, seed.KEYS_CHANNEL


async def notes(house: House) -> str:
    """What /readyz says, all of it."""
    return (await house.processes[-1].get("/readyz")).text


@pytest.mark.parametrize("down", ["503", pytest.param("refused", marks=pytest.mark.soak)])
async def test_slack_is_down_between_the_approval_and_the_words(house: House, down: str) -> None:
    await house.start()
    await house.desk.ask(ADA, **BIG)
    card = await house.desk.eventually(lambda: house.desk.card(1))
    await house.slack.click(MIRA, card, "take")
    house.slack.switches.down = down  # type: ignore[assignment]  # one of its words
    await house.slack.click(MIRA, card, "approve")
    assert (await house.settled(1)).status is Status.SUCCEEDED
    await asyncio.sleep(1.5)
    house.slack.switches.down = "up"
    await house.shown()
    await house.desk.eventually(lambda: "approved by" in str(house.desk.card(1).blocks))
    thread = [text_of(m) for m in house.desk.messages() if m.thread_ts]
    assert ["approved" in thread[0], "was created" in thread[-1]] == [True, True]


@pytest.mark.soak
@pytest.mark.parametrize("fault", ["lost_answer", "reset", "error_500", "error_500_after"])
async def test_every_call_to_slack_goes_wrong_once(house: House, fault: str) -> None:
    await house.start()
    await house.desk.ask(ADA, **BIG)
    card = await house.desk.eventually(lambda: house.desk.card(1))
    await house.slack.click(MIRA, card, "take")
    for method in ("chat.postMessage", "chat.update", "conversations.open", "conversations.history", "users.info"):
        house.slack.faults.add(method, fault, times=2)  # type: ignore[arg-type]  # one of its kinds
        house.slack.limits.force(method, times=1, retry_after=1)
    await house.persist(lambda: house.slack.click(MIRA, card, "approve"))
    assert (await house.settled(1)).status is Status.SUCCEEDED
    await house.shown()


@pytest.mark.soak
@pytest.mark.parametrize("trouble", ["archived", "bot_removed"])
async def test_the_channel_is_closed_to_us_for_a_while(house: House, trouble: str) -> None:
    await house.start()
    changes = house.slack.changes
    await (changes.archive(CHANNEL) if trouble == "archived" else changes.remove_bot(CHANNEL))
    house.slack.bot_url = f"http://127.0.0.1:{house.processes[-1].port}/slack/events"
    answer = await house.desk.ask(ADA, channel="C0GENERAL", **SMALL)
    assert answer.ok
    assert (await house.settled(1)).status is Status.SUCCEEDED
    await house.desk.eventually(lambda: house.posted().get("req:1:dm"))
    assert "req:1:confirmation" not in house.posted()
    await (changes.archive(CHANNEL, archived=False) if trouble == "archived" else changes.join(seed.BOT_USER, CHANNEL))
    await house.shown()


@pytest.mark.soak
async def test_the_gateway_is_down_then_flaps(house: House) -> None:
    process = await house.start()
    await house.desk.ask(ADA, **BIG)
    card = await house.desk.eventually(lambda: house.desk.card(1))
    house.gateway.arm("refused", times=None)
    await house.slack.click(MIRA, card, "approve")
    await house.desk.eventually(lambda: "nothing is lost" in text_of(house.desk.card(1)))
    await house.desk.eventually(lambda: len(house.desk.dm(ADA, "not applied yet")) == 1)
    assert "gateway" in await notes(house)
    assert (await process.get("/readyz")).status_code == 200
    house.gateway.disarm()
    for kind in ("html", "panic", "lost_request", "empty_429", "lost_reply"):
        house.gateway.arm(kind, path="/api/token/.*")
    assert (await house.settled(1)).status is Status.SUCCEEDED
    await house.shown()
    assert house.names().count("big") == 1
    assert len(await house.desk.audit("held")) == 1


@pytest.mark.thorough
async def test_the_access_token_is_revoked_and_given_back(house: House) -> None:
    await house.start()
    await house.desk.ask(ADA, **BIG)
    card = await house.desk.eventually(lambda: house.desk.card(1))
    good, house.gateway._state.pat = house.gateway.access_token, "another-access-token-12345"
    await house.slack.click(MIRA, card, "approve")
    await house.desk.eventually(lambda: len(house.desk.dm(ADA, "not applied yet")) == 1)
    assert "access token" in await notes(house)
    house.gateway._state.pat = good
    assert (await house.settled(1)).status is Status.SUCCEEDED
    await house.shown()


@pytest.mark.soak
@pytest.mark.postgres
async def test_postgresql_is_restarted_while_people_ask(pg_house: House, postgres_admin: sa.Engine) -> None:
    house = pg_house
    name = sa.make_url(house.database_url).database
    process = await house.start()
    numbers: list[int] = []
    for round_ in range(4):
        await house.slack.command(ADA, CHANNEL, "/apikey new")
        view = house.slack.top_view(ADA)
        await house.desk.fill(ADA, view, **{**SMALL, "name": f"k{round_}"})
        with _Closed(postgres_admin, name):
            refused = await house.slack.submit(ADA, view)
            await asyncio.sleep(0.3)
        assert not refused.ok or "did not take that" in str(refused.body), refused
        # The window is still open and filled.
        answer = await house.persist(functools.partial(house.slack.submit, ADA, view))
        assert answer is not None
        assert "Request #" in str(answer.body), answer
        _cut(postgres_admin, name)
        numbers.append((await house.requests())[0].id)
    for number in numbers:
        assert (await house.settled(number)).status is Status.SUCCEEDED
        await house.shown(number)
    assert sorted(house.names()[:4]) == ["k0", "k1", "k2", "k3"]
    assert house.verdict().problems == ()
    assert process.alive
    assert (await process.get("/readyz")).status_code == 200


class _Closed:
    """The database takes nobody, and whoever was in is thrown out."""

    def __init__(self, admin: sa.Engine, name: str | None) -> None:
        self._admin = admin
        self._name = name

    def __enter__(self) -> None:
        _sql(self._admin, f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS false")
        _cut(self._admin, self._name)

    def __exit__(self, *_: object) -> None:
        _sql(self._admin, f"ALTER DATABASE {self._name} ALLOW_CONNECTIONS true")


def _cut(admin: sa.Engine, name: str | None) -> None:
    _sql(admin, f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")


def _sql(admin: sa.Engine, statement: str) -> None:
    with admin.connect() as c:
        c.exec_driver_sql(statement)


@pytest.mark.thorough
async def test_the_disk_is_full_for_a_while(house: House) -> None:
    process = await house.start()
    await house.desk.ask(ADA, **SMALL)
    await house.settled(1)
    await house.shown()
    await house.slack.command(ADA, CHANNEL, "/apikey new")
    view = house.slack.top_view(ADA)
    await house.desk.fill(ADA, view, **{**SMALL, "name": "later"})
    path = house.database.engine.url.database or ""
    # The log is a file too, so the limit must not hit that one: what matters is the write-ahead log of the database.
    wal = await asyncio.to_thread(lambda: Path(f"{path}-wal").stat().st_size)
    assert wal > len(process.said()) + 50_000
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (wal // 4, resource.RLIM_INFINITY))
    answer = await house.slack.submit(ADA, view)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert answer.ok
    assert "Request #" not in str(answer.body)
    assert "did not take that" in str(answer.body), answer.body
    assert len(await house.requests()) == 1
    assert "Request #" in str((await house.slack.submit(ADA, view)).body)
    assert (await house.settled(2)).status is Status.SUCCEEDED
    await house.shown(2)
    assert process.alive
    assert house.verdict().problems == ()


@pytest.mark.soak
async def test_another_program_locks_the_file(house: House) -> None:
    """Longer than Slack waits: the person sees Slack's own error, submits again, and has one key."""
    await house.start()
    await house.slack.command(ADA, CHANNEL, "/apikey new")
    view = house.slack.top_view(ADA)
    await house.desk.fill(ADA, view, **SMALL)
    other = sqlite3.connect(house.database.engine.url.database or "", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    answer = await house.slack.submit(ADA, view)
    assert answer.failure == "timeout"
    other.execute("ROLLBACK")
    other.close()
    assert (await house.slack.submit(ADA, view)).ok
    assert (await house.settled(1)).status is Status.SUCCEEDED
    await house.shown()
    assert len(await house.requests()) == 1
    assert "small" in view_text(house.slack.top_view(ADA))
