"""A list of keys is whole within Slack's limits, page by page."""

import pytest

from bot.features.key_list.views import ROWS, key_list
from bot.gateway.models import Key
from bot.keys.inventory_store import KnownKey
from bot.keys.known_keys import KeyPage, pages
from bot.slack.blocks import MESSAGE_BLOCKS_LIMIT, Message
from keydesk_sandbox.fake_gateway import FakeGateway
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


def shown(keys: list[Key], page: int = 1) -> Message:
    part = keys[(page - 1) * ROWS : page * ROWS]
    found = KeyPage(keys=[known(key) for key in part], total=len(keys), number=page, as_of=NOW - 150)
    return key_list(found, everybody=True, now=NOW, asked_at=NOW, units_per_usd=500_000)


async def test_every_key_is_on_one_page_and_no_page_is_cut() -> None:
    keys = await some_keys(3 * ROWS - 1)
    seen: list[str] = []
    for page in range(1, pages(len(keys), ROWS) + 1):
        sent = shown(keys, page).to_slack()["blocks"]
        assert len(sent) <= MESSAGE_BLOCKS_LIMIT
        assert "do not fit" not in str(sent)
        seen += [block["accessory"]["value"] for block in sent if "accessory" in block]
    assert seen == [str(key.id) for key in keys]


async def test_a_page_says_where_the_next_one_is() -> None:
    keys = await some_keys(ROWS + 5)
    small = [[one["text"] for one in shown(keys, page).blocks[-1]["elements"]] for page in (1, 2)]
    finds, age = "`/apikey show KEY` finds each", "as of 2 minutes ago"
    assert small == [
        ["1 to 20 of 25, newest first", "`/apikey list 2` shows the next", finds, age],
        ["21 to 25 of 25, newest first", finds, age],
    ]
    assert "newest first" not in str(shown(keys[:ROWS]).blocks)


@pytest.mark.parametrize(("number", "count"), [(0, 1), (1, 1), (ROWS, 1), (ROWS + 1, 2), (3 * ROWS, 3)])
def test_pages_are_counted(number: int, count: int) -> None:
    assert pages(number, ROWS) == count
