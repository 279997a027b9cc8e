"""Each key goes to those who decide what its owner asks for, and to nobody about a key of their own."""

from typing import Any

import pytest

from bot.db.engine import Database
from bot.keys import lineage
from bot.permissions import ActorKind
from bot.review import selection
from bot.review.models import Verdict, WhyLeft
from bot.review.selection import SECURITY, PeopleUnknown
from tests.review.kit import BEN, MIRA, OMAR, SAM, Desk, key

MANAGERS = ("manager",)


async def chosen(desk: Desk, *, patient: bool = True) -> dict[Any, list[int]]:
    """Numbers of the keys on each card."""
    found = await desk.selection().choose(patient=patient)
    return {roles: [one.key_id for one in keys] for roles, keys in found.items()}


async def test_keys_go_to_the_managers_of_their_owners_and_those_of_nobody_to_security(database: Database) -> None:
    desk = Desk(database)
    desk.put(key(1), key(3))
    desk.put(key(2), owner=BEN)
    desk.put(key(4), owner=MIRA)
    desk.put(key(5), owner=SAM)
    desk.put(key(6), owner=None)
    desk.put(key(7, remain_quota=1))
    found = await chosen(desk)
    assert {roles: sorted(keys) for roles, keys in found.items()} == {MANAGERS: [1, 2, 3, 4], SECURITY: [5, 6]}
    assert found[MANAGERS] == [1, 3, 2, 4], "the keys of one owner stand together"


async def test_the_only_decider_does_not_decide_about_a_key_of_their_own(database: Database) -> None:
    desk = Desk(database)
    desk.groups["S0MANAGERS"] = {MIRA}
    desk.put(key(1), owner=MIRA)
    desk.put(key(2))
    assert await chosen(desk) == {SECURITY: [1], MANAGERS: [2]}


async def test_a_manager_who_left_or_is_not_in_slack_decides_nothing(database: Database) -> None:
    desk = Desk(database)
    desk.kinds = {MIRA: ActorKind.DEACTIVATED, OMAR: ActorKind.GUEST}
    desk.put(key(1))
    assert await chosen(desk) == {SECURITY: [1]}
    desk.kinds[OMAR] = ActorKind.UNKNOWN
    with pytest.raises(PeopleUnknown):
        await chosen(desk)
    assert await chosen(desk, patient=False) == {SECURITY: [1]}


async def test_a_key_about_which_nobody_may_decide_is_left_out_and_said(database: Database) -> None:
    desk = Desk(database)
    desk.put(key(1), owner=SAM)
    [left] = (await desk.selection().choose(patient=True))[SECURITY]
    assert (left.verdict, left.departure) == (Verdict.LEFT, WhyLeft.NOBODY)


async def test_a_leavers_keys_go_to_the_managers_of_then(database: Database) -> None:
    desk = Desk(database)
    desk.put(key(1), owner="U0GONE", roles=["engineer"])
    desk.put(key(2), owner="U0LOST")
    assert await chosen(desk) == {MANAGERS: [1], SECURITY: [2]}


async def test_while_slack_does_not_tell_nobody_is_passed_over(database: Database) -> None:
    desk = Desk(database)
    desk.put(key(1))
    desk.silent = True
    with pytest.raises(PeopleUnknown):
        await chosen(desk)
    assert await chosen(desk, patient=False) == {SECURITY: [1]}
    desk.groups["S0ENGINEERS"] = desk.groups["S0MANAGERS"] = set()
    desk.silent = False
    assert await chosen(desk) == {SECURITY: [1]}


async def test_slack_may_fall_silent_about_the_deciders_alone(database: Database) -> None:
    desk = Desk(database)
    desk.put(key(1), owner=None)
    desk.silent = True
    with pytest.raises(PeopleUnknown):
        await chosen(desk)


async def test_a_key_that_was_replaced_ends_by_itself(database: Database) -> None:
    desk = Desk(database)
    desk.put(key(1), key(2), key(3))
    desk.database.run_here(lineage.claim, 1, born_at=key(1).created_time, rotation=7)
    desk.database.run_here(lineage.claim, 2, born_at=5, rotation=8)
    assert await chosen(desk) == {MANAGERS: [2, 3]}


async def test_all_pages_are_looked_at(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(selection, "PAGE", 2)
    desk = Desk(database)
    desk.put(*(key(number) for number in range(1, 7)))
    assert await chosen(desk) == {MANAGERS: [1, 2, 3, 4, 5, 6]}
