"""Lists are read to their end, again when they move; the rest is in test_client.py."""

import pytest

from bot.gateway import listing
from bot.gateway.models import KeyId
from tests.gateway.kit import client_of, fake_gateway, sent


async def test_a_first_page_that_holds_all_is_the_whole_list() -> None:
    fake = fake_gateway()
    for number in range(25):
        fake.add_key(name=f"key {number}")
    client = client_of(fake)
    assert len(await client.list_keys()) == 25
    assert len(sent(fake, "GET")) == 1


async def test_places_in_the_list_are_remembered_for_the_next_read() -> None:
    fake = fake_gateway()
    ids = [fake.add_key(name=f"key {number}").id for number in range(950)]
    client = client_of(fake)
    await client.list_keys()
    before = len(fake.requests)
    found = await client.get_keys([KeyId(key_id) for key_id in ids[:100]])
    assert len(found) == 100
    assert len(fake.requests) - before <= 2


async def test_a_list_without_end_is_not_followed_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = fake_gateway()
    ids = [fake.add_key(name=f"key {number}").id for number in range(150)]
    # None of these has a place yet, so they are looked for from the beginning: the last nine are beyond it.
    wanted = [KeyId(key_id) for key_id in (*ids[:9], *ids[-9:])]
    monkeypatch.setattr(listing, "MOST_PAGES", 1)
    client = client_of(fake)
    found = await client.get_keys(wanted)
    assert sorted(found) == sorted(wanted)  # each of the nine by a call of its own
    assert sum(call == "GET /api/token/" for call in sent(fake)) == 1


async def test_a_gateway_that_gives_smaller_pages_than_asked_for_is_read_whole() -> None:
    fake = fake_gateway(page_rows=10)
    ids = [fake.add_key(name=f"key {number}").id for number in range(125)]
    client = client_of(fake)
    assert [key.id for key in await client.newest_keys()] == ids[:-101:-1]
    assert sorted(key.id for key in await client.list_keys()) == ids
    assert [key.id for key in await client.keys_above(ids[-25])] == ids[:-25:-1]
    assert sorted(await client.get_keys(ids[::3])) == ids[::3]
    assert client.has_listed


async def test_a_list_that_never_ends_is_read_once_and_proves_nothing_of_other_keys() -> None:
    fake = fake_gateway(endless_list=True)
    ids = [fake.add_key(name=f"key {number}").id for number in range(250)]
    client = client_of(fake)
    assert sorted(key.id for key in await client.list_keys()) == ids
    # Three pages, and a fourth that brings nothing new.
    assert sum(call == "GET /api/token/" for call in sent(fake)) == 4
    assert not client.has_listed
    walk = await client.walk_keys(_nothing)
    assert not walk.ended
    assert len(await client.newest_keys()) == 100
    assert len(await client.keys_above(0)) == 250


async def _nothing(_keys: object) -> None:
    pass
