"""What the gateway offers, from memory: how old an answer may be, who waits for a new one, and what a change of ours ends."""

import asyncio
from collections.abc import AsyncIterator, Callable
from decimal import Decimal
from typing import Any

import pytest

from bot.db.engine import Database
from bot.errors import GatewayError
from bot.gateway.listing import PAGE_SIZE
from bot.gateway.models import GatewayAccount, Group, Key
from bot.gateway.numbers import KeyNumbers
from bot.gateway.prices import ModelPrice, Prices
from bot.keys import account_offer as module
from bot.keys import inventory as inventory_module
from bot.keys import inventory_store
from bot.keys.account_offer import ACCOUNT_FRESH_SECONDS, OFFER_FRESH_SECONDS, OFFER_USABLE_SECONDS
from bot.keys.inventory import (
    Inventory,
)
from bot.keys.inventory_store import PassMark
from bot.keys.inventory_writer import InventoryWriter
from bot.keys.known_keys import KnownKeys
from bot.keys.remembered import FRESH_SECONDS, USABLE_SECONDS
from tests.keys.records import record

ACCOUNT = GatewayAccount(id=1, username="desk", group="default", quota=1, used_quota=0, request_count=0)
PRICE = ModelPrice(input=Decimal(4))
VIP = Group(name="vip", description="", ratio="1")


class Reader:
    """The reads of a gateway, counted; an error that is set is raised, a gate that is closed is waited for."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.error: GatewayError | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.newest: list[Key] = []
        self.all: list[Key] = []
        self.prices = Prices(models={"a": PRICE})
        self.last_account: tuple[float, Any] | None = None
        self.listeners: list[Callable[..., None]] = []
        self.numbers = KeyNumbers()
        self.each = (self,)

    def listen(self, listener: Callable[..., None]) -> None:
        self.listeners.append(listener)

    async def _told(self, what: str, value: Any) -> Any:
        self.asked.append(what)
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        return value

    async def get_account(self) -> Any:
        return await self._told("account", ACCOUNT)

    async def list_models(self, *, group: str = "") -> Any:
        return await self._told(f"models {group}".strip(), [f"model of {group or 'all'}"])

    async def list_prices(self) -> Any:
        return await self._told("prices", self.prices)

    async def list_groups(self) -> Any:
        return await self._told("groups", [VIP])

    async def list_keys(self) -> Any:
        return await self._told("keys", self.all)

    async def newest_keys(self) -> Any:
        return await self._told("newest", self.newest)


class Silent(GatewayError):
    def __init__(self) -> None:
        super().__init__("The gateway does not answer.")


class Memory:
    """An inventory on a clock that stands still."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.reader = Reader()
        self.listed: list[int] = []
        self.inventory = Inventory(self.reader, clock=lambda: self.now, listed=self._listed)  # type: ignore[arg-type]

    async def _listed(self, keys: Any) -> None:
        self.listed.append(len(keys))


@pytest.fixture
async def memory() -> AsyncIterator[Memory]:
    made = Memory()
    yield made
    await made.inventory.close()


async def test_a_fresh_answer_is_told_from_memory_and_an_old_one_while_a_new_one_is_asked_for(memory: Memory) -> None:
    for _ in range(2):
        assert await memory.inventory.models(deadline=1.0) == ["model of all"]
    assert memory.reader.asked == ["models"]
    memory.now += OFFER_FRESH_SECONDS + 1
    memory.reader.gate.clear()
    assert await memory.inventory.models(deadline=0.0) == ["model of all"]
    await asyncio.sleep(0)
    assert memory.reader.asked == ["models", "models"]
    memory.now += OFFER_USABLE_SECONDS
    assert await memory.inventory.models(deadline=0.0) is None


async def test_nobody_waits_longer_than_they_said_and_what_comes_late_is_for_the_next(memory: Memory) -> None:
    memory.reader.gate.clear()
    assert await memory.inventory.groups(deadline=0.0) is None
    memory.reader.gate.set()
    assert await memory.inventory.groups(deadline=1.0) == [VIP]
    assert memory.reader.asked == ["groups"]


async def test_a_gateway_that_does_not_tell_is_not_asked_at_every_click(memory: Memory) -> None:
    memory.reader.error = Silent()
    for _ in range(3):
        assert await memory.inventory.account(deadline=1.0) is None
    assert memory.reader.asked == ["account"]
    memory.now += module.ACCOUNT_FRESH_SECONDS + 1
    memory.reader.error = None
    assert await memory.inventory.account(deadline=1.0) == ACCOUNT


async def test_each_group_has_its_models_and_too_many_groups_those_of_the_account(
    memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_GROUPS", 1)
    assert await memory.inventory.models(deadline=1.0, group="vip") == ["model of vip"]
    assert await memory.inventory.models(deadline=1.0, group="vip") == ["model of vip"]
    assert await memory.inventory.models(deadline=1.0, group="another") == ["model of all"]
    assert memory.reader.asked == ["models vip", "models"]


def test_the_account_that_somebody_read_is_known_for_an_hour() -> None:
    memory = Memory()
    assert memory.inventory.known_account() is None
    memory.reader.last_account = (memory.now, ACCOUNT)
    assert memory.inventory.known_account() == ACCOUNT
    memory.now += OFFER_USABLE_SECONDS + 1
    assert memory.inventory.known_account() is None
    assert memory.reader.asked == []


async def test_the_account_s_own_group_is_told_from_memory_and_asked_again_in_the_background(memory: Memory) -> None:
    memory.reader.last_account = (memory.now, ACCOUNT)
    assert memory.inventory.account_group() == "default"
    await asyncio.sleep(0)
    assert memory.reader.asked == []
    memory.now += ACCOUNT_FRESH_SECONDS + 1
    for _ in range(3):
        assert memory.inventory.account_group() == "default"
        await asyncio.sleep(0)
    assert memory.reader.asked == ["account"]
    memory.now += OFFER_USABLE_SECONDS
    assert memory.inventory.account_group() is None


async def test_prices_are_those_of_the_group_and_else_of_the_accounts_own(memory: Memory) -> None:
    assert await memory.inventory.prices(group="vip", deadline=1.0) == {"a": PRICE}
    assert await memory.inventory.prices(deadline=1.0) == {"a": PRICE}
    assert memory.reader.asked == ["prices"]
    memory.now += OFFER_USABLE_SECONDS + 1
    memory.reader.last_account = (memory.now, ACCOUNT)
    memory.reader.prices = Prices(models={"a": PRICE}, ratios={"default": Decimal(2), "vip": Decimal(3)})
    assert await memory.inventory.prices(group="vip", deadline=1.0) == {"a": ModelPrice(input=Decimal(12))}
    assert await memory.inventory.prices(deadline=1.0) == {"a": ModelPrice(input=Decimal(8))}
    assert memory.reader.asked == ["prices", "prices"]


async def test_without_the_account_its_own_group_has_no_price(memory: Memory) -> None:
    memory.reader.prices = Prices(models={"a": PRICE}, ratios={"default": Decimal(2)})
    assert await memory.inventory.prices(group="default", deadline=1.0)
    assert await memory.inventory.prices(deadline=1.0) == {}


async def test_a_list_of_all_keys_is_told_to_who_wants_it(memory: Memory) -> None:
    memory.reader.all = [record(1), record(2)]
    assert await memory.inventory.keys(deadline=1.0) == memory.reader.all
    assert memory.listed == [2]
    memory.now += USABLE_SECONDS + 1
    memory.reader.error = Silent()
    assert await memory.inventory.keys(deadline=1.0) is None


async def test_after_a_change_of_ours_people_wait_for_the_news(memory: Memory) -> None:
    memory.reader.all = [record(1)]
    await memory.inventory.keys(deadline=1.0)
    memory.inventory.changed()
    memory.reader.all = [record(1), record(2)]
    assert [key.id for key in await memory.inventory.keys(deadline=1.0) or ()] == [1, 2]
    assert memory.reader.asked == ["keys", "keys"]


async def test_news_that_do_not_come_in_time_leave_the_old(memory: Memory) -> None:
    memory.reader.all = [record(1)]
    await memory.inventory.keys(deadline=1.0)
    memory.inventory.changed()
    memory.reader.gate.clear()
    assert [key.id for key in await memory.inventory.keys(deadline=0.0) or ()] == [1]
    # The second one waits for the same question.
    memory.reader.all = []
    asked = asyncio.create_task(memory.inventory.keys(deadline=1.0))
    await asyncio.sleep(0)
    memory.reader.gate.set()
    assert len(await asked or ()) == 1
    assert memory.reader.asked == ["keys", "keys"]


async def test_a_first_page_that_is_not_full_is_every_key(memory: Memory) -> None:
    memory.reader.newest = [record(2, name="Sea\u200erch"), record(1, name="ci")]
    assert await memory.inventory.name_in_use("Sea\u200erch", deadline=1.0)
    assert not await memory.inventory.name_in_use("Search", deadline=1.0)
    assert [key.id for key in await memory.inventory.named({"Search"}, deadline=1.0)] == [2]
    assert memory.reader.asked == ["newest"]
    memory.now += FRESH_SECONDS
    await memory.inventory.name_in_use("ci", deadline=1.0)
    assert memory.reader.asked == ["newest", "newest"]


async def test_a_full_first_page_knows_better_than_the_list_in_memory(memory: Memory) -> None:
    old, gone = record(1, name="old"), record(250, name="gone")
    memory.reader.all = [old, gone]
    memory.reader.newest = [record(200 + number) for number in range(PAGE_SIZE)]
    assert await memory.inventory.name_in_use("old", deadline=1.0)
    assert not await memory.inventory.name_in_use("gone", deadline=1.0)


async def test_without_a_first_page_the_list_in_memory_must_do(memory: Memory) -> None:
    memory.reader.all = [record(1, name="old")]
    await memory.inventory.keys(deadline=1.0)
    memory.reader.error = Silent()
    assert await memory.inventory.name_in_use("old", deadline=1.0)
    assert not await memory.inventory.name_in_use("new", deadline=1.0)


async def test_records_are_remembered_as_they_were_last_read_whoever_read_them(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = Memory()
    [notice] = memory.reader.listeners
    monkeypatch.setattr(inventory_module, "MOST_RECORDS", 2)
    notice([(record(1, name="One"), "raw"), (record(2), "raw")])
    memory.now += 10.0
    notice([(record(1, name="one"), "raw"), (record(3), "raw")])
    assert memory.inventory.recent(2, within=1e9) is None
    assert [key.name for key in await memory.inventory.remembered({"one"})] == ["one"]
    assert memory.inventory.recent(1, within=0.0) is not None
    memory.now += 10.0
    assert memory.inventory.recent(1, within=9.0) is None


async def test_names_of_older_keys_come_from_what_was_written_down_and_no_list_is_asked_for(
    sqlite_database: Database,
) -> None:
    reader, stored = Reader(), [record(1, name="old"), record(250, name="gone")]
    sqlite_database.run_here(inventory_store.write, {int(key.id): (5.0, key) for key in stored})
    mark = PassMark(started_at=5.0, finished_at=6.0, keys=2, settled=True)
    sqlite_database.run_here(inventory_store.finish_pass, mark)
    known = KnownKeys(database=sqlite_database, writer=InventoryWriter(database=sqlite_database, clock=lambda: 7.0))
    reader.newest = [record(200 + number) for number in range(PAGE_SIZE)]
    inventory = Inventory(reader, clock=lambda: 0.0, known=known)  # type: ignore[arg-type]
    assert await inventory.name_in_use("old", deadline=1.0)
    assert not await inventory.name_in_use("gone", deadline=1.0)
    assert {int(key.id) for key in await inventory.remembered({"old", "gone"})} == {1, 250}
    assert await inventory.last_read(1) == stored[0]
    assert await inventory.last_read(2) is None
    assert "keys" not in reader.asked


async def test_where_nobody_wants_the_list_it_is_remembered_all_the_same() -> None:
    reader = Reader()
    reader.all = [record(1)]
    inventory = Inventory(reader, clock=lambda: 0.0)  # type: ignore[arg-type]
    assert await inventory.keys(deadline=1.0) == reader.all
    await inventory.close()


async def test_closing_ends_what_still_asks() -> None:
    memory = Memory()
    memory.reader.gate.clear()
    await memory.inventory.models(deadline=0.0, group="vip")
    await asyncio.sleep(0)
    await memory.inventory.close()
    assert all(task is asyncio.current_task() for task in asyncio.all_tasks())
