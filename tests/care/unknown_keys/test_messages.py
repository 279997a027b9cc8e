"""A card shows what became of each key, and has buttons for those of which nothing did."""

import pytest

from bot.care.unknown_keys import store
from bot.care.unknown_keys.messages import CARD, SHOWN, SUMMARY, drawers
from bot.db.engine import Database
from bot.gateway.dollars import Dollars
from bot.keys import inventory_store, owners
from bot.slack.blocks import Message
from tests.care.kit import NOON, key
from tests.care.leavers.kit import ADA, Office, line
from tests.care.leavers.test_messages import actions_of
from tests.narrow import present
from tests.scenarios.desk import text_of
from tests.slack.outboxes import post_row


def draw(office: Office) -> Message | None:
    return office.database.run_here(drawers(dollars=Dollars())[CARD], post_row(CARD))


@pytest.fixture
async def office(database: Database) -> Office:
    made = Office(database)
    keys = [key(number, name=f"key {number}", remain_quota=250_000) for number in (1, 2)]
    await made.database.run(inventory_store.write, {int(one.id): (NOON, one) for one in keys})
    await made.database.run(store.remember, keys, card=1, at=NOON)
    return made


async def test_what_became_of_each_key_is_said(office: Office) -> None:
    message = present(draw(office))
    assert len(actions_of(message)) == 6
    assert "*Ignore* lets it stay without an owner. Until somebody decides, it keeps working." in text_of(message)
    await office.database.run(owners.hand_over, line(1, ADA))
    await office.database.run(inventory_store.write, {2: (NOON + 1, key(2, status=2))})
    message = present(draw(office))
    assert f"belongs to <@{ADA}>" in text_of(message)
    assert "keeps working" not in text_of(message)
    assert actions_of(message) == [("key.adopt", "2"), ("unknown_key.ignore", "2")]
    await office.database.run(store.ignore, 2, by="U0SAM", at=NOON)
    assert ":no_entry: disabled · <@U0SAM> says" in text_of(present(draw(office)))
    await office.database.run(inventory_store.mark_gone, [2], at=NOON + 2)
    assert "deleted" in text_of(present(draw(office)))


async def test_many_are_cut_with_a_way_to_the_rest(office: Office) -> None:
    keys = [key(number) for number in range(10, 60)]
    await office.database.run(inventory_store.write, {int(one.id): (NOON, one) for one in keys})
    await office.database.run(store.remember, keys, card=1, at=NOON)
    message = present(draw(office))
    assert "52 keys were made outside Keydesk" in message.text
    assert len(actions_of(message)) == 3 * SHOWN
    assert f"… and {52 - SHOWN} more" in text_of(message)
    assert len(message.blocks) <= 50


def test_the_summary_and_a_card_of_nothing(database: Database) -> None:
    office = Office(database)
    assert draw(office) is None
    drawer = drawers(dollars=Dollars())[SUMMARY]
    message = present(office.database.run_here(drawer, post_row(SUMMARY, "", body={"count": 300})))
    assert "300 keys" in message.text
    assert "/apikey adopt KEY @person" in text_of(message)
