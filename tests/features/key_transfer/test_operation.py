"""Giving: from the owner who was there when it was asked, to somebody else; the gateway is only read."""

import pytest

from bot.errors import InputError
from bot.features.key_transfer.operation import OPERATION
from bot.gateway.models import KeyId
from bot.gateway.writes import WriteStatus
from bot.operations import NewOwner
from bot.permissions.models import ActorKind
from tests.features.kit import ADA, MemoryLineage, MemoryOwnership, look_on, work_on
from tests.gateway.kit import client_of, fake_gateway


async def test_the_wish_remembers_from_whom() -> None:
    fake = fake_gateway()
    key = fake.add_key(name="search", remain_quota=7)
    found = await OPERATION.inspect(look_on(client_of(fake)), ADA, NewOwner(key_id=key.id, owner_id="U0BEN"))
    assert found.completed == NewOwner(key_id=key.id, owner_id="U0BEN", owner_team="T0TEST", from_id="U0ADA")
    assert [(line.field, line.before, line.after) for line in found.changes] == [("owner", "U0ADA", "U0BEN")]
    assert (found.own, found.facts.increase, found.facts.adds_key) == (True, 7, True)


async def test_what_cannot_be_given_is_said() -> None:
    fake = fake_gateway()
    key = fake.add_key(name="search")
    client = client_of(fake)
    wish = NewOwner(key_id=key.id, owner_id="U0BEN")
    looks = {
        "/apikey adopt": look_on(client, owner=None),
        "theirs already": look_on(client, owner="U0BEN"),
        "replaced by key 9": look_on(client, successor=9),
        "guest": look_on(client, ownership=MemoryOwnership("U0ADA", U0BEN=ActorKind.GUEST)),
    }
    for words, look in looks.items():
        with pytest.raises(InputError, match=words):
            await OPERATION.inspect(look, ADA, wish)


async def test_a_key_that_changed_hands_meanwhile_stays_where_it_is() -> None:
    fake = fake_gateway()
    key = fake.add_key(name="search")
    client = client_of(fake)
    before = await client.get_key(KeyId(key.id))
    wish = NewOwner(key_id=key.id, owner_id="U0BEN", owner_team="T0TEST", from_id="U0ADA")
    done = await OPERATION.run(work_on(client, before, ownership=MemoryOwnership("U0ADA")), wish)
    assert (done.status, done.key) == (WriteStatus.DONE, before)
    for owner in ("U0MIRA", None):
        result = await OPERATION.run(work_on(client, before, ownership=MemoryOwnership(owner)), wish)
        assert (result.status, "somebody else by now" in result.sentence) == (WriteStatus.REFUSED, True)
    lineage = MemoryLineage(out_of_use="It stays out of use.")
    result = await OPERATION.run(work_on(client, before, lineage=lineage), wish)
    assert result.status is WriteStatus.REFUSED
