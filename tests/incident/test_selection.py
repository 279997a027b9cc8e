"""Which keys a batch is about while a gateway is away: those of the others, and by name what is left for later."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest

from bot.db.engine import Database
from bot.errors import InputError
from bot.gateway.errors import GatewayCallError
from bot.incident.scope import BatchScope
from bot.incident.selection import DISABLE, BatchSelection
from bot.keys import inventory_store, owners
from bot.permissions.models import Actor
from tests.approvals.kit import ADA, CHANNEL, SAM, TEAM
from tests.gateway.test_gateways import Two, away
from tests.incident.room import Room

Chosen = Callable[..., Coroutine[Any, Any, tuple[list[int], list[list[int]]]]]


@pytest.fixture
def two() -> Two:
    return Two()


@pytest.fixture
async def chosen(sqlite_database: Database, two: Two) -> Chosen:
    """Every key was read once; of each gateway one is Ada's."""
    room = Room(sqlite_database)
    deps = replace(room.listeners.deps, reader=two.gateways)
    others = two.there.add_key(name="other")
    read = {int(key.id): (1.0, key) for key in await two.gateways.list_keys()}
    await sqlite_database.run(inventory_store.write, read)
    for key_id in (two.first, two.second):
        line = owners.OwnedKey(
            key_id=key_id, name="svc", owner_id=ADA.slack_user_id, owner_team=TEAM, request_id=None, created_at=1.0
        )
        await sqlite_database.run(owners.own, line)
    assert others.id in {one.id for one in two.there.keys(deleted=True)}

    async def choose(scope: BatchScope, who: Actor = SAM) -> tuple[list[int], list[list[int]]]:
        keys, untold = await BatchSelection(deps).keys(who, DISABLE, scope, CHANNEL)
        return [int(key.id) for key in keys], [[int(one) for one in part] for part in untold.values()]

    return choose


EVERYTHING = BatchScope(before=4_000_000_000.0)
OF_ADA = BatchScope(person=ADA.slack_user_id)


async def test_all_that_is_meant_is_read_where_all_answer(two: Two, chosen: Chosen) -> None:
    assert await chosen(BatchScope(listing=f"{two.own} prod/{two.own}")) == ([two.first, two.second], [])
    assert (await chosen(EVERYTHING))[1] == []
    assert await chosen(OF_ADA) == ([two.first, two.second], [])
    assert await chosen(BatchScope(person=ADA.slack_user_id, before=1.0)) == ([], [])


async def test_what_one_that_is_away_would_tell_is_named(two: Two, chosen: Chosen) -> None:
    away(two.there)
    assert await chosen(BatchScope(listing=f"{two.own} prod/{two.own}")) == ([two.first], [[two.second]])
    assert await chosen(OF_ADA) == ([two.first], [[two.second]])
    keys, untold = await chosen(EVERYTHING)
    assert (keys, two.second in untold[0], len(untold[0])) == ([two.first], True, 2)
    # A list that means none of its keys need not speak of it.
    assert await chosen(BatchScope(listing=f"{two.own} default/{two.own}")) == ([two.first], [])


async def test_a_name_means_what_it_would_mean_if_all_answered(two: Two, chosen: Chosen) -> None:
    away(two.there)
    with pytest.raises(InputError, match="may be meant by “svc”"):
        await chosen(BatchScope(listing="svc, svc"))
    with pytest.raises(GatewayCallError, match="prod"):
        await chosen(BatchScope(listing="svc-of-today, svc-of-yesterday"))
    away(two.here)
    with pytest.raises(GatewayCallError):
        await chosen(EVERYTHING)


async def test_keys_that_somebody_may_not_see_are_not_named(two: Two, chosen: Chosen) -> None:
    away(two.there)
    assert (await chosen(EVERYTHING, ADA))[1] == [[two.second]]
    nobody = Actor(slack_user_id="U0GUS", team_id=TEAM)
    assert (await chosen(EVERYTHING, nobody))[1] == [[]]
    assert (await chosen(OF_ADA, nobody))[1] == [[]]
