"""The list of all keys against the sandbox's gateway: pages in any size, keys that come and go, a list without an end."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from pydantic import SecretStr

from bot.db.engine import Database
from bot.gateway import listing
from bot.gateway.client import GatewayClient
from bot.gateway.connection import connect
from bot.gateway.models import Key, KeyId
from bot.keys import inventory_store as store
from bot.keys.inventory_writer import InventoryWriter
from bot.keys.list_pass import LeaseLost, ListPass
from keydesk_sandbox.fake_gateway import FakeGateway

NOW = 1_800_000_000.0


class Desk:
    def __init__(self, database: Database) -> None:
        self.now = NOW
        self.database = database
        self.gateway = FakeGateway(access_token="a" * 28, profile="cometapi")
        self.client: GatewayClient = connect(
            base_url="http://gateway.test",
            access_token=SecretStr("a" * 28),
            transport=self.gateway.transport(),
            clock=self.gateway.clock,
            sleep=self.gateway.clock.sleep,
        )
        writer = InventoryWriter(database=database, clock=lambda: self.now)
        self.client.listen(writer.notice)
        self.pages: list[list[int]] = []
        self.list_pass = ListPass(
            reader=self.client, database=database, writer=writer, listed=self._listed, clock=lambda: self.now
        )
        self.ours = True

    async def _listed(self, keys: Sequence[Key]) -> None:
        self.pages.append([int(key.id) for key in keys])

    async def _turn(self) -> bool:
        return self.ours

    async def run(self, known: Sequence[int] = ()) -> frozenset[int]:
        return (await self.list_pass.run(known=known, turn=self._turn)).gone

    def living(self) -> set[int]:
        return self.database.run_here(store.living_ids)


@pytest.fixture
async def desk(sqlite_database: Database) -> AsyncIterator[Desk]:
    made = Desk(sqlite_database)
    yield made
    await made.client.aclose()


async def test_every_key_is_written_down_newest_first_a_page_at_a_time(desk: Desk) -> None:
    records = [desk.gateway.add_key(name=f"k{n}") for n in range(250)]
    assert await desk.run() == frozenset()
    assert desk.living() == {record.id for record in records}
    assert [len(page) for page in desk.pages] == [100, 100, 50]
    assert desk.pages[0][0] == max(desk.living())
    mark = desk.database.run_here(store.last_pass)
    assert mark is not None
    assert (mark.keys, mark.settled, mark.finished_at) == (250, True, NOW)
    assert desk.client.has_listed


async def test_a_key_that_is_gone_is_told_once_with_those_the_caller_knows(desk: Desk) -> None:
    first, second = desk.gateway.add_key(name="first"), desk.gateway.add_key(name="second")
    await desk.run()
    await desk.client.delete_key(KeyId(first.id))
    assert await desk.run([99]) == {first.id, 99}
    assert desk.living() == {second.id}
    assert await desk.run() == frozenset()


async def test_while_keys_are_made_a_key_must_be_missing_twice(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    records = [desk.gateway.add_key(name=f"k{n}") for n in range(150)]
    await desk.run()
    await desk.client.delete_key(KeyId(records[0].id))

    async def one_is_made_meanwhile(_keys: Sequence[Key]) -> None:
        desk.gateway.add_key(name="late")

    monkeypatch.setattr(desk.list_pass, "listed", one_is_made_meanwhile)
    assert await desk.run() == frozenset()
    assert records[0].id in desk.living()
    assert await desk.run() == {records[0].id}
    assert records[0].id not in desk.living()


async def test_a_page_size_that_is_ignored_costs_more_calls_and_misses_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [desk.gateway.add_key(name=f"k{n}") for n in range(25)]
    monkeypatch.setattr(listing, "PAGE_SIZE", 10)  # the gateway then gives no more, whatever is asked for
    assert await desk.run() == frozenset()
    assert desk.living() == {record.id for record in records}


async def test_a_list_without_an_end_proves_nothing_of_the_keys_that_are_not_in_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for n in range(350):
        desk.gateway.add_key(name=f"k{n}")
    monkeypatch.setattr(listing, "MOST_PAGES", 3)
    assert await desk.run([99_999]) == frozenset()
    assert len(desk.living()) == 300
    assert desk.database.run_here(store.last_pass) is None
    assert "did not end" in caplog.text


async def test_pages_that_are_empty_too_early_prove_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(150):
        desk.gateway.add_key(name=f"k{n}")
    await desk.run()
    read = desk.client._listing.page

    async def only_the_first(page: int, end: float | None) -> Any:
        rows, total = await read(page, end)
        return rows if page == 1 else [], total

    monkeypatch.setattr(desk.client._listing, "page", only_the_first)
    for _ in range(3):
        assert await desk.run() == frozenset()
    assert len(desk.living()) == 150


async def test_it_stops_when_another_replica_has_the_turn(desk: Desk) -> None:
    desk.gateway.add_key(name="one")
    desk.ours = False
    with pytest.raises(LeaseLost):
        await desk.run()
    assert desk.database.run_here(store.last_pass) is None


async def test_who_subscribed_hears_of_each_list_that_came_to_its_end(desk: Desk) -> None:
    heard: list[int] = []
    desk.list_pass.subscribe(lambda: heard.append(len(desk.living())))
    desk.gateway.add_key(name="first")
    await desk.run()
    assert heard == [1]
    desk.ours = False
    with pytest.raises(LeaseLost):
        await desk.run()
    assert heard == [1]
