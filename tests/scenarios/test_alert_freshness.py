"""What was just made is found: repeats are looked up afresh, messages with keys too new for the index are answered."""

import asyncio

import pytest

from bot.alerts import store
from bot.alerts.detection.key_index import IndexEntry
from bot.alerts.listeners import LOOK_SECONDS
from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack import SlackMessage
from tests.narrow import expect
from tests.scenarios.alerting import SAM, cards, learned, send
from tests.scenarios.desk import Desk, buttons_of, text_of, view_text

pytestmark = pytest.mark.thorough

ADA = seed.ENGINEER
NOBODYS = "sk-" + "Q7" * 24


async def test_a_repeat_with_the_value_of_a_key_made_just_now_names_it_on_a_closed_alert(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    await send(desk, "generic", NOBODYS)
    card = (await desk.eventually(lambda: cards(desk, "another account's")))[0]
    await desk.slack.click(SAM, card, "not_ours")
    await desk.eventually(lambda: cards(desk, "Not ours, says"))
    late = desk.gateway.add_key(name="late", unlimited_quota=True)
    await desk.pass_time(1)
    await send(desk, "generic", desk.gateway.key_value(late.id))
    card = (await desk.eventually(lambda: cards(desk, "Leaked key: *\u2068late\u2069*")))[0]
    assert {"disable", "false_alarm"} <= set(buttons_of(card))
    assert "Not ours, says" not in text_of(card)


async def test_another_accounts_is_said_only_after_a_fresh_look(http_desk: Desk) -> None:
    """Also on a repeat: while the gateway does not answer, nobody knows whose the value is."""
    desk = http_desk
    await learned(desk)
    await send(desk, "generic", NOBODYS)
    await desk.eventually(lambda: cards(desk, "another account's"))
    await desk.pass_time(10)
    desk.gateway.arm("refused", times=None)
    await send(desk, "generic", NOBODYS)
    card = (await desk.eventually(lambda: cards(desk, "not looked up yet")))[0]
    assert "another account's" not in text_of(card)
    desk.gateway.disarm()
    await desk.eventually(lambda: cards(desk, "another account's"))


@pytest.mark.parametrize("repeats", [1, 14])
async def test_a_key_that_works_again_is_found_by_whichever_repeat(http_desk: Desk, repeats: int) -> None:
    desk = http_desk
    await learned(desk)
    record = desk.key("production")
    value = desk.gateway.key_value(record.id)
    await send(desk, "generic", value)
    card = (await desk.eventually(lambda: cards(desk, "production")))[0]
    await desk.slack.click(SAM, card, "disable")
    await desk.eventually(lambda: cards(desk, "dead"))
    for _ in range(repeats):
        await desk.pass_time(3)
        await send(desk, "generic", value)
    desk.gateway.edit_behind(record.id, status=1)
    await desk.pass_time(3)
    await send(desk, "generic", value)
    card = (await desk.eventually(lambda: cards(desk, "enabled again")))[0]
    assert "disable" in buttons_of(card)


@pytest.mark.parametrize("thread", [False, True])
async def test_a_key_made_in_the_console_and_pasted_is_announced_within_two_minutes(
    http_desk: Desk, thread: bool
) -> None:
    desk = http_desk
    await learned(desk)
    root = await desk.slack.say(ADA, seed.KEYS_CHANNEL, "who has the new key?") if thread else None
    await desk.pass_time(30)
    late = desk.gateway.add_key(name="late", unlimited_quota=True)
    await desk.pass_time(4)
    text = f"use {desk.gateway.key_value(late.id)} for now"
    said = await desk.slack.say(ADA, seed.KEYS_CHANNEL, text, thread_ts=expect(SlackMessage, root).ts if root else None)
    begun = desk.clock()
    assert not cards(desk)
    # The look that each minute brings.
    desk.app.alerts.index_sync.changed()
    await desk.eventually(lambda: cards(desk, "late"))
    below = expect(SlackMessage, root).ts if root else expect(SlackMessage, said).ts
    await desk.eventually(lambda: [m for m in desk.messages() if m.thread_ts == below and "late" in text_of(m)])
    assert desk.clock() - begun < 120


async def test_other_news_of_the_index_does_not_make_a_value_nobodys(http_desk: Desk) -> None:
    """The index learns another key while nobody can look for the one that was leaked."""
    desk = http_desk
    await learned(desk)
    late = desk.gateway.add_key(name="late", unlimited_quota=True)
    desk.gateway.arm("refused", times=None)
    await send(desk, "generic", desk.gateway.key_value(late.id))
    await desk.eventually(lambda: cards(desk, "not looked up yet"))
    value = "N3w" + "k" * 45
    desk.app.alerts.index.put([IndexEntry(99_999, value[:4] + value[-4:], desk.app.alerts.fingerprints.of(value))])
    await desk.app.alerts._grown()
    (alert,) = await desk.app.database.read(store.recent)
    assert alert.awaits_lookup
    desk.gateway.disarm()
    await desk.eventually(lambda: cards(desk, "Leaked key: *\u2068late\u2069*"))


@pytest.mark.parametrize("trouble", ["hang", "refused"])
async def test_a_window_says_soon_that_nothing_could_be_looked_up_whatever_the_background_does(
    http_desk: Desk, trouble: str
) -> None:
    desk = http_desk
    await learned(desk)
    late = desk.gateway.add_key(name="late", unlimited_quota=True)
    desk.gateway.arm(trouble, times=None)
    # The background's pass over all keys waits for the gateway, too.
    desk.app.alerts.index_sync._sources[0].all_at = float("-inf")
    desk.app.alerts.index_sync.changed()
    await asyncio.sleep(1)
    message = await desk.slack.post_as_app(seed.SECURITY_CHANNEL, f"look: {desk.gateway.key_value(late.id)}")
    desk.moves_time = False
    asked = asyncio.get_running_loop().time()
    await desk.slack.shortcut(SAM, "disable_leaked_key", seed.SECURITY_CHANNEL, message.ts)
    await desk.eventually(lambda: "could not be looked up yet" in view_text(desk.slack.top_view(SAM)))
    assert asyncio.get_running_loop().time() - asked < LOOK_SECONDS + 2
    desk.gateway.disarm()
    desk.moves_time = True
    await desk.eventually(lambda: "late" in view_text(desk.slack.top_view(SAM)))
