"""A list of keys is whole within Slack's limits, page by page."""

import pytest

from bot.features.key_list.views import ROWS, key_list, pages
from bot.gateway.models import Key
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


def shown(keys: list[Key], page: int = 1) -> Message:
    owners: dict[int, str] = {key.id: "W" + "Z" * 12 for key in keys}
    return key_list(keys, everybody=True, owners=owners, now=NOW, units_per_usd=500_000, page=page)


async def test_every_key_is_on_one_page_and_no_page_is_cut() -> None:
    keys = await some_keys(3 * ROWS - 1)
    seen: list[str] = []
    for page in range(1, pages(len(keys)) + 1):
        sent = shown(keys, page).to_slack()["blocks"]
        assert len(sent) <= MESSAGE_BLOCKS_LIMIT
        assert "do not fit" not in str(sent)
        seen += [block["accessory"]["value"] for block in sent if "accessory" in block]
    assert seen == [str(key.id) for key in keys]


async def test_a_page_says_where_the_next_one_is() -> None:
    keys = await some_keys(ROWS + 5)
    small = [str(shown(keys, page).blocks[-1]["elements"][0]["text"]) for page in (1, 2)]
    assert small == [
        "1 to 20 of 25, newest first · `/apikey list 2` shows the next · `/apikey show KEY` finds each",
        "21 to 25 of 25, newest first · `/apikey show KEY` finds each",
    ]
    assert "newest first" not in str(shown(keys[:ROWS]).blocks)


@pytest.mark.parametrize(("number", "count"), [(0, 1), (1, 1), (ROWS, 1), (ROWS + 1, 2), (3 * ROWS, 3)])
def test_pages_are_counted(number: int, count: int) -> None:
    assert pages(number) == count
