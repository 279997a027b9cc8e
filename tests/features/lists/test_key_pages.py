"""Lists of keys come from the inventory with its age; before the first list of all keys they are read from the gateway."""

import pytest

from bot.errors import InputError
from bot.features.lists.key_pages import key_page
from bot.keys import inventory_store
from bot.keys.inventory_store import PassMark
from bot.keys.key_query import EVERYTHING, KeyFilter, KeyOrder, KeyQuery
from tests.approvals.kit import ADA, BEN
from tests.features.desk import ListenerDesk


async def names(desk: ListenerDesk, owner: str | None, **more: int) -> list[str] | None:
    asked = {"number": 1, "rows": 10} | more
    page = await key_page(desk.deps, KeyQuery(owner=owner), deadline=5.0, **asked)
    return None if page is None else [known.key.name for known in page.keys]


async def test_before_the_first_list_keys_are_read_from_the_gateway(listener_desk: ListenerDesk) -> None:
    for name in ("one", "two", "three"):
        await listener_desk.owned(name=name)
    await listener_desk.owned(BEN.slack_user_id, name="bens")
    assert await names(listener_desk, ADA.slack_user_id) == ["three", "two", "one"]
    assert await names(listener_desk, None, number=9, rows=3) == ["one"]
    page = await key_page(listener_desk.deps, KeyQuery(owner=ADA.slack_user_id), number=1, rows=1, deadline=5.0)
    assert page is not None
    assert (page.total, page.as_of) == (3, listener_desk.spine.now)


async def test_whoever_has_no_key_costs_no_call(listener_desk: ListenerDesk) -> None:
    assert await names(listener_desk, ADA.slack_user_id) == []
    assert listener_desk.gateway.requests == []


async def test_a_gateway_that_does_not_tell_is_not_an_empty_list(listener_desk: ListenerDesk) -> None:
    listener_desk.gateway.arm("refused", times=None)
    assert await names(listener_desk, None) is None


async def test_after_it_the_gateway_is_not_asked(listener_desk: ListenerDesk) -> None:
    await listener_desk.owned(name="one")
    at = listener_desk.spine.now - 100
    mark = PassMark(started_at=at, finished_at=at, keys=1, settled=True)
    await listener_desk.deps.database.run(inventory_store.finish_pass, mark)
    before = len(listener_desk.gateway.requests)
    assert await names(listener_desk, ADA.slack_user_id) == ["one"]
    page = await key_page(listener_desk.deps, EVERYTHING, number=1, rows=1, deadline=5.0)
    assert page is not None
    assert page.as_of == at
    assert len(listener_desk.gateway.requests) == before


@pytest.mark.parametrize(
    "query", [KeyQuery(filters=frozenset({KeyFilter.IDLE})), KeyQuery(text="x"), KeyQuery(order=KeyOrder.NAME)]
)
async def test_before_the_first_list_nothing_is_looked_for_and_it_is_said(
    listener_desk: ListenerDesk, query: KeyQuery
) -> None:
    with pytest.raises(InputError, match="as soon as all of them were listed once"):
        await key_page(listener_desk.deps, query, number=1, rows=5, deadline=5.0)
    assert listener_desk.gateway.requests == []
