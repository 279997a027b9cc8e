"""Many read-backs in few calls."""

import asyncio
from typing import Any

import pytest

from bot.gateway import gathered
from bot.gateway.errors import GatewayUnavailable, KeyNotFound
from bot.gateway.gathered import GatheredReads, as_gathered, reading_together
from bot.gateway.models import Key, KeyId
from bot.gateway.writes import WriteStatus, disable
from bot.gateway.writes.results import WriteResult
from tests.gateway.kit import MemoryJournal, client_of, fake_gateway, sent
from tests.narrow import expect


def many(number: int = 40) -> tuple[Any, ...]:
    fake = fake_gateway()
    ids = [fake.add_key(name=f"key {each}", unlimited_quota=True).id for each in range(number)]
    return fake, ids, client_of(fake)


async def test_forty_disables_are_forty_writes_and_two_lists() -> None:
    fake, ids, client = many()
    reads = GatheredReads(client, parties=len(ids), at_once=4)

    async def one(key_id: int) -> WriteResult:
        async with reads.working():
            return await disable(reads.client_for(client), KeyId(key_id), MemoryJournal())

    results = await asyncio.gather(*map(one, ids))
    assert {result.status for result in results} == {WriteStatus.DONE}
    assert {fake.key(key_id).status for key_id in ids} == {2}
    assert (len(sent(fake, "PUT")), len(sent(fake, "GET"))) == (40, 2)


async def test_a_key_that_is_gone_is_told_to_whoever_asked_for_it() -> None:
    _, ids, client = many(12)
    await client.delete_key(KeyId(ids[0]))
    reads = GatheredReads(client, parties=12, at_once=12)

    async def one(key_id: int) -> Key:
        async with reads.working():
            return await reads.client_for(client).get_key(KeyId(key_id))

    first, *others = await asyncio.gather(*map(one, ids), return_exceptions=True)
    assert isinstance(first, KeyNotFound)
    assert [expect(Key, key).id for key in others] == ids[1:]


async def test_runs_read_together_where_their_caller_says_so() -> None:
    fake, ids, client = many(12)
    reads = GatheredReads(client, parties=12, at_once=4)
    assert as_gathered(client) is client

    async def one(key_id: int) -> Key:
        async with reads.working():
            with reading_together(reads):
                return await as_gathered(client).get_key(KeyId(key_id))

    keys = await asyncio.gather(*map(one, ids))
    assert [key.id for key in keys] == ids
    assert len(sent(fake, "GET")) == 1
    assert as_gathered(client) is client


async def test_whoever_leaves_is_not_waited_for_and_an_error_reaches_everybody() -> None:
    fake, ids, client = many(10)
    reads = GatheredReads(client, parties=10, at_once=10)
    fake.arm("empty", times=None)

    async def one(number: int) -> Key | None:
        async with reads.working():
            if number < 8:
                return None
            return await reads.get_key(KeyId(ids[number]))

    results = await asyncio.gather(*map(one, range(10)), return_exceptions=True)
    assert [type(each) for each in results[8:]] == [GatewayUnavailable] * 2


async def test_one_that_hangs_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathered, "LONGEST_GATHERING", 0.01)
    _, ids, client = many(2)
    reads = GatheredReads(client, parties=2, at_once=2)
    end = asyncio.Event()

    async def hangs() -> None:
        async with reads.working():
            await end.wait()

    async def reading() -> Key:
        async with reads.working():
            return await reads.get_key(KeyId(ids[0]))

    waiting = asyncio.create_task(hangs())
    assert (await reading()).id == ids[0]
    end.set()
    await waiting


async def test_two_who_want_one_record_are_told_by_one_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathered, "LONGEST_GATHERING", 0.01)
    fake, ids, client = many(2)
    reads = GatheredReads(client, parties=2, at_once=2)

    async def one() -> Any:
        async with reads.working():
            return await reads.get_key(KeyId(ids[0]))

    first, second = await asyncio.gather(one(), one())
    assert first is second
    assert len(sent(fake, "GET")) == 1


async def test_whatever_fails_reaches_everybody_who_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only what the gateway says: who waited for a defect of ours would wait for ever, with the locks in hand."""
    _, ids, client = many(2)

    async def broken(_ids: object, **_more: object) -> None:
        raise ValueError("a defect")

    monkeypatch.setattr(client, "get_keys", broken)
    reads = GatheredReads(client, parties=2, at_once=2)

    async def one(key_id: int) -> Key:
        async with reads.working():
            return await reads.get_key(KeyId(key_id))

    async with asyncio.timeout(60):
        results = await asyncio.gather(*map(one, ids), return_exceptions=True)
    assert [str(each) for each in results] == ["a defect"] * 2
