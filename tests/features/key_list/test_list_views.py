"""A list of keys is whole within Slack's limits, page by page, as rows and as a table."""

from typing import Any

import pytest

from bot.features.key_list.list_views import NARROW, NEXT, ORDER, PREVIOUS, ROWS, KeyList
from bot.gateway.dollars import Dollars
from bot.gateway.models import Key
from bot.keys.inventory_store import KnownKey
from bot.keys.key_query import EVERYTHING, KeyFilter, KeyOrder, KeyQuery
from bot.keys.known_keys import KeyPage, pages
from bot.slack.blocks import MESSAGE_BLOCKS_LIMIT, Message
from bot.slack.tables import ROWS as TABLE_ROWS
from keydesk_sandbox.fake_gateway import FakeGateway
from keydesk_sandbox.fake_slack.blocks.surfaces import message_problems
from tests.gateway.kit import client_of, fake_gateway

NOW = 1_790_000_000.0
LONG = "<&>" * 16 + "x"


async def some_keys(number: int) -> list[Key]:
    fake: FakeGateway = fake_gateway("cometapi")
    for _ in range(number):
        fake.add_key(name=LONG, remain_quota=2**40 + 1, expired_time=int(NOW) + 5_000_000)
    return await client_of(fake).list_keys(deadline=60.0)


def known(key: Key) -> KnownKey:
    owner = "W" + "Z" * 12
    return KnownKey(
        key=key, read_at=NOW, known_since=NOW, gone_at=None, owner_id=owner, owner_team=None, owner_roles=None
    )


def listed(keys: list[Key], page: int = 1, *, rows: int = ROWS, query: KeyQuery = EVERYTHING, **more: Any) -> KeyList:
    part = keys[(page - 1) * rows : page * rows]
    found = KeyPage(keys=[known(key) for key in part], total=len(keys), number=page, as_of=NOW - 150)
    values: dict[str, Any] = {
        "everybody": True,
        "locked": {},
        "now": lambda _key: NOW,
        "asked_at": NOW,
        "dollars": Dollars(),
    }
    return KeyList(page=found, query=query, rows=rows, **values | more)


def elements(message: Message) -> dict[str, dict[str, Any]]:
    return {
        one["action_id"]: one for block in message.blocks for one in block.get("elements", []) if "action_id" in one
    }


def small(message: Message) -> list[str]:
    return [one["text"] for one in message.blocks[-1]["elements"]]


async def test_every_key_is_on_one_page_and_no_page_is_cut() -> None:
    keys = await some_keys(3 * ROWS - 1)
    seen: list[str] = []
    for page in range(1, pages(len(keys), ROWS) + 1):
        sent = listed(keys, page).message().to_slack()["blocks"]
        assert message_problems(sent) == []
        assert len(sent) <= MESSAGE_BLOCKS_LIMIT
        assert "do not fit" not in str(sent)
        seen += [block["accessory"]["value"] for block in sent if "accessory" in block]
    assert seen == [str(key.id) for key in keys]


async def test_every_key_is_in_one_table_and_can_be_opened_from_it() -> None:
    keys = await some_keys(TABLE_ROWS + 3)
    for page, rows in ((1, TABLE_ROWS), (2, 3)):
        drawn = listed(keys, page, rows=TABLE_ROWS).table()
        assert message_problems(drawn.to_slack()["blocks"]) == []
        (table,) = [block for block in drawn.blocks if block["type"] == "data_table"]
        assert len(table["rows"]) == rows + 1
        assert len({len(row) for row in table["rows"]}) == 1
        assert len(elements(drawn)["key.show"]["options"]) == rows


async def test_a_page_leads_to_the_ones_beside_it() -> None:
    keys = await some_keys(2 * ROWS + 5)
    first, second, last = (listed(keys, page).message() for page in (1, 2, 3))
    finds, age = "`/apikey show KEY` finds each", "as of 2 minutes ago"
    assert small(first) == ["1 to 20 of 45", "Newest first", finds, age]
    assert small(last) == ["41 to 45 of 45", "Newest first", finds, age]
    assert PREVIOUS not in elements(first)
    assert elements(first)[NEXT]["value"] == "2"
    assert (elements(second)[PREVIOUS]["value"], elements(second)[NEXT]["value"]) == ("1", "3")
    assert NEXT not in elements(last)
    assert "to 20 of" not in str(listed(keys[:ROWS]).message().blocks)


async def test_menus_keep_what_was_looked_for() -> None:
    query = KeyQuery(filters=frozenset({KeyFilter.IDLE}), owner="U0BEN", text="bot", order=KeyOrder.NAME)
    drawn = listed(await some_keys(2), query=query).message()
    shown = elements(drawn)
    assert shown[NARROW]["initial_option"]["text"]["text"] == "Not billed for 30 days"
    values = {one["text"]["text"]: one["value"] for one in shown[NARROW]["options"]}
    assert values["Unlimited quota"] == "unlimited <@U0BEN> by-name \u201cbot\u201d 1"
    assert values["Without an owner"] == "ownerless by-name \u201cbot\u201d 1"
    assert values["All of them"] == "<@U0BEN> by-name 1"
    orders = {one["text"]["text"]: one["value"] for one in shown[ORDER]["options"]}
    assert orders["Newest first"] == "idle <@U0BEN> \u201cbot\u201d 1"
    assert drawn.text == "2 keys found"
    assert small(drawn)[0] == "Not billed for 30 days, \u201cbot\u201d in the name, of <@U0BEN>"
    assert "ownerless" not in str(listed(await some_keys(2), everybody=False).message().blocks)


def test_a_query_of_everything_at_once_has_no_menus_that_slack_would_refuse() -> None:
    query = KeyQuery(filters=frozenset(KeyFilter), owner="W" + "0" * 20, text="x" * 40, order=KeyOrder.EXPIRY)
    shown = listed([], query=query).message()
    assert message_problems(shown.to_slack()["blocks"]) == []


@pytest.mark.parametrize(
    ("query", "everybody", "text"),
    [
        (EVERYTHING, True, "There are no keys yet."),
        (KeyQuery(owner="U0ADA"), False, "You have no keys yet. `/apikey new` asks for one."),
        (KeyQuery(owner="U0BEN"), True, "<@U0BEN> has no keys."),
        (KeyQuery(text="<x>"), True, "No key is like that: \u201c&lt;x&gt;\u201d in the name."),
    ],
)
def test_an_empty_list_says_whose_it_is(query: KeyQuery, everybody: bool, text: str) -> None:
    assert listed([], query=query, everybody=everybody).message().text == text


def test_names_that_somebody_may_have_meant_are_a_click_away() -> None:
    drawn = listed([], query=KeyQuery(owner="U0ADA", text="serach"), alike=["search", "unlimited"]).message()
    assert "Did you mean one of these?" in str(drawn.blocks)
    values = [(one["text"]["text"], one["value"]) for one in elements(drawn).values()]
    assert values == [
        ("search", "<@U0ADA> \u201csearch\u201d 1"),
        ("unlimited", "<@U0ADA> \u201cunlimited\u201d 1"),
        ("Show all", "<@U0ADA> 1"),
    ]


@pytest.mark.parametrize(("number", "count"), [(0, 1), (1, 1), (ROWS, 1), (ROWS + 1, 2), (3 * ROWS, 3)])
def test_pages_are_counted(number: int, count: int) -> None:
    assert pages(number, ROWS) == count
