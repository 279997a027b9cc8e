"""Adopting: an owner for a key that has none, judged by what the key brings; the gateway is only read."""

import dataclasses
from typing import Any

import pytest

from bot.errors import InputError
from bot.features.key_adopt.operation import OPERATION
from bot.gateway.models import Key, KeyId
from bot.gateway.writes import WriteStatus
from bot.operations import NewOwner
from bot.permissions.models import ActorKind
from tests.features.kit import ADA, MemoryLineage, MemoryOwnership, look_on, work_on
from tests.gateway.kit import client_of, fake_gateway


def wish(key: Any, owner: str = "U0BEN") -> NewOwner:
    return NewOwner(key_id=key.id, owner_id=owner)


@pytest.mark.parametrize(
    ("made", "increase", "adds"),
    [
        ({"remain_quota": 5}, 5, True),
        ({"remain_quota": -5}, 0, True),
        ({"unlimited_quota": True, "remain_quota": 9}, 0, True),
        ({"remain_quota": 5, "status": 2}, 5, False),
    ],
)
async def test_what_arrives_is_what_the_rules_see(made: dict[str, Any], increase: int, adds: bool) -> None:
    fake = fake_gateway()
    key = fake.add_key(name="console", **made)
    found = await OPERATION.inspect(look_on(client_of(fake), owner=None), ADA, wish(key))
    assert (found.facts.increase, found.facts.adds_key, found.own) == (increase, adds, False)
    assert [(line.field, line.before, line.after) for line in found.changes] == [("owner", None, "U0BEN")]
    assert found.completed == NewOwner(key_id=key.id, owner_id="U0BEN", owner_team="T0TEST")


async def test_a_key_with_an_owner_is_given_not_adopted() -> None:
    fake = fake_gateway()
    key = fake.add_key(name="console")
    with pytest.raises(InputError, match=f"/apikey give {key.id}"):
        await OPERATION.inspect(look_on(client_of(fake), owner="U0ADA"), ADA, wish(key))
    with pytest.raises(InputError, match="replaced by key 9"):
        await OPERATION.inspect(look_on(client_of(fake), owner=None, successor=9), ADA, wish(key))


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (ActorKind.GUEST, "guest"),
        (ActorKind.BOT, "an app"),
        (ActorKind.DEACTIVATED, "deactivated"),
        (ActorKind.OUTSIDER, "another workspace"),
        (ActorKind.UNKNOWN, "does not say who"),
    ],
)
async def test_only_full_members_own_keys(kind: ActorKind, words: str) -> None:
    fake = fake_gateway()
    key = fake.add_key(name="console")
    people = MemoryOwnership(None, U0BEN=kind)
    with pytest.raises(InputError, match=words) as error:
        await OPERATION.inspect(look_on(client_of(fake), ownership=people), ADA, wish(key))
    assert list(error.value.fields) == ["owner"]
    client = client_of(fake)
    work = work_on(client, await client.get_key(KeyId(key.id)), ownership=people)
    result = await OPERATION.run(work, wish(key))
    silent = kind is ActorKind.UNKNOWN
    assert result.status is (WriteStatus.FAILED if silent else WriteStatus.REFUSED)
    assert (result.again_after is not None) is silent
    late = dataclasses.replace(work, approved_at=client.now() - 3601)
    assert (await OPERATION.run(late, wish(key))).status is WriteStatus.REFUSED


async def test_while_another_account_is_shown_nothing_is_adopted() -> None:
    fake = fake_gateway()
    key = fake.add_key(name="console")
    client, people = client_of(fake), MemoryOwnership(None, known=False)
    with pytest.raises(InputError, match="another account"):
        await OPERATION.inspect(look_on(client, ownership=people), ADA, wish(key))
    result = await OPERATION.run(work_on(client, None, ownership=people), wish(key))
    assert (result.status, "another account" in result.sentence) == (WriteStatus.REFUSED, True)


async def test_the_run_reads_all_of_it_again_and_writes_nothing() -> None:
    fake = fake_gateway()
    key = fake.add_key(name="console")
    client = client_of(fake)
    before = await client.get_key(KeyId(key.id))
    begun = len(fake.requests)
    result = await OPERATION.run(work_on(client, before), wish(key))
    assert (result.status, result.key) == (WriteStatus.DONE, before)
    assert {sent.method for sent in fake.requests[begun:]} == {"GET"}
    other = before.model_copy(update={"created_time": before.created_time - 1})
    assert isinstance(other, Key)
    refused = {
        "owner already": work_on(client, before, ownership=MemoryOwnership("U0MIRA")),
        "another key now": work_on(client, other),
        "stays out of use": work_on(client, before, lineage=MemoryLineage(out_of_use="It stays out of use.")),
    }
    for words, work in refused.items():
        result = await OPERATION.run(work, wish(key))
        assert (result.status, words in result.sentence) == (WriteStatus.REFUSED, True), words
