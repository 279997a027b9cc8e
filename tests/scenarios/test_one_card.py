"""A key that leaks in several places is one card, one message to its owner and one set of calls."""

import pytest

from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack.messages import SlackMessage
from keydesk_sandbox.fake_slack.views import View
from tests.narrow import expect, present
from tests.scenarios.alerting import SAM, cards, everything, learned, send
from tests.scenarios.conftest import http_desk
from tests.scenarios.desk import Desk, buttons_of, text_of, view_text
from tests.scenarios.forging import last, send_as
from tests.scenarios.operating import open_form
from tests.scenarios.test_alert_calls import calls, over
from tests.scenarios.test_alert_corners import shortcut

pytestmark = pytest.mark.thorough

__all__ = ["http_desk"]
ADA, BEN = seed.ENGINEER, seed.SECOND_ENGINEER
KEY = "production"


def answer(desk: Desk, said: object, fragment: str) -> list[SlackMessage]:
    parent = expect(SlackMessage, said).ts
    return [m for m in desk.messages(seed.KEYS_CHANNEL) if m.thread_ts == parent and fragment in text_of(m)]


async def leaked_in_four_sources(desk: Desk) -> tuple[object, str]:
    """A message, GitHub, a signed webhook and a paste that somebody reports."""
    await learned(desk)
    record = await desk.own(ADA, desk.key(KEY))
    value = desk.gateway.key_value(record.id)
    said = await desk.slack.say(ADA, seed.KEYS_CHANNEL, f"it works with `{value}` now")
    await desk.eventually(lambda: cards(desk, KEY))
    await send(desk, "github", value)
    await send(desk, "generic", value)
    pasted = await desk.slack.post_as_app(seed.SECURITY_CHANNEL, f"found: {value}")
    await shortcut(desk, SAM, seed.SECURITY_CHANNEL, pasted.ts)
    await desk.eventually(lambda: cards(desk, "Seen 4 times"))
    return said, value


async def test_a_key_leaked_in_four_sources_is_one_card_one_message_and_one_set_of_calls(http_desk: Desk) -> None:
    desk = http_desk
    said, value = await leaked_in_four_sources(desk)
    (card,) = cards(desk, KEY)
    channels = [f"<#{seed.KEYS_CHANNEL}>", f"<#{seed.SECURITY_CHANNEL}>"]
    for place in (*channels, "GitHub secret scanning", "a signed webhook"):
        assert place in text_of(card)
    told = await desk.eventually(lambda: desk.dm(ADA, "Seen 4 times"))
    assert len(told) == len(desk.dm(ADA, "was seen where it should not be")) == 1
    await desk.eventually(lambda: calls(desk))
    await desk.pass_time(6 * 60)
    await desk.eventually(lambda: len(calls(desk)) == 2)
    await desk.slack.click(SAM, card, "disable")
    await desk.eventually(lambda: cards(desk, "dead, refused by the gateway"))
    await desk.eventually(lambda: len(over(desk)) == len(calls(desk)) == 2)
    await desk.eventually(lambda: answer(desk, said, "It is dead"))
    await desk.eventually(lambda: desk.dm(ADA, "The gateway refuses it since"))
    assert len(cards(desk, KEY)) == 1
    assert value.removeprefix("sk-") not in everything(desk)


async def test_the_window_of_a_joined_report_shows_the_key_and_its_order_goes_to_the_one_card(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    value = desk.gateway.key_value(desk.key(KEY).id)
    await send(desk, "generic", value)
    await desk.eventually(lambda: cards(desk, KEY))
    pasted = await desk.slack.post_as_app(seed.SECURITY_CHANNEL, f"found: {value}")
    await shortcut(desk, SAM, seed.SECURITY_CHANNEL, pasted.ts)
    window = present(desk.slack.top_view(SAM))
    assert "whole value matched" in view_text(window)
    assert "False alarm" not in view_text(window)  # that is said on the card
    await desk.slack.click(SAM, window, "disable")
    await desk.eventually(lambda: cards(desk, "dead, refused by the gateway"))
    assert len(cards(desk, KEY)) == 1


async def test_after_a_false_alarm_a_new_leak_of_the_key_is_a_new_card(http_desk: Desk) -> None:
    desk = http_desk
    await leaked_in_four_sources(desk)
    await desk.slack.click(SAM, cards(desk, KEY)[0], "false_alarm")
    await desk.eventually(lambda: cards(desk, "False alarm, says"))
    await desk.eventually(lambda: desk.dm(ADA, "A false alarm, says"))
    await desk.slack.say(ADA, seed.KEYS_CHANNEL, f"and again {desk.gateway.key_value(desk.key(KEY).id)}")
    await desk.eventually(lambda: [m for m in cards(desk, KEY) if "disable" in buttons_of(m)])
    assert len([m for m in cards(desk) if "False alarm, says" in text_of(m)]) == 1


async def test_a_closed_alert_shows_how_its_key_stands_now(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    record = await desk.own(ADA, desk.key(KEY))
    await send(desk, "generic", desk.gateway.key_value(record.id))
    card = (await desk.eventually(lambda: cards(desk, KEY)))[0]
    await desk.slack.click(SAM, card, "false_alarm")
    await desk.eventually(lambda: cards(desk, "False alarm, says"))
    assert "disabled (at" not in text_of(cards(desk)[0])
    view = await open_form(desk, ADA, f"/apikey disable {record.id}", operation="key.disable")
    await desk.slack.submit(ADA, view)
    await desk.eventually(lambda: cards(desk, "disabled (at"))
    assert "False alarm, says" in text_of(cards(desk)[0])


async def test_what_names_no_key_of_ours_is_noted_as_not_ours(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    await send(desk, "generic", "sk-" + "Q7" * 24)
    card = (await desk.eventually(lambda: cards(desk, "Unknown here")))[0]
    await desk.slack.click(SAM, card, "not_ours")
    payload = last(desk, "block_actions")
    closed = (await desk.eventually(lambda: cards(desk, "Not ours, says")))[0]
    assert buttons_of(closed) == []
    assert [line["actor"] for line in await desk.audit("not_ours")] == [SAM]
    assert await desk.audit("false_alarm") == []
    await send_as(desk, payload, BEN)
    await desk.until(lambda: desk.audit("refused"), otherwise="it was not refused")


async def test_all_alerts_of_a_message_are_noted_as_not_ours_at_once(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    await desk.pass_time(60 - desk.clock() % 60 + 1)
    for number in range(3):
        await send(desk, "generic", "sk-" + f"{number:02}" * 24, number=number)
    about = await desk.eventually(lambda: desk.said("3 alerts of one minute name no key", seed.SECURITY_CHANNEL))
    await desk.slack.click(SAM, about[0], "not_ours")
    await desk.eventually(lambda: desk.said("Not ours, says", seed.SECURITY_CHANNEL))
    assert len(await desk.audit("not_ours")) == 3


async def test_a_killed_key_can_be_asked_back_from_its_card_and_is_judged_like_any_wish(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    record = await desk.own(ADA, desk.key(KEY))
    await send(desk, "generic", desk.gateway.key_value(record.id))
    card = (await desk.eventually(lambda: cards(desk, KEY)))[0]
    assert "key.enable" not in buttons_of(card)
    await desk.slack.click(SAM, card, "disable")
    await desk.eventually(lambda: cards(desk, "dead, refused by the gateway"))
    (card,) = await desk.eventually(lambda: [m for m in cards(desk, KEY) if "key.enable" in buttons_of(m)])
    done = (await desk.eventually(lambda: desk.said("was disabled", seed.KEYS_CHANNEL)))[0]
    assert "key.enable" in buttons_of(done)
    await desk.slack.click(SAM, card, "key.enable")
    view = await desk.eventually(lambda: _form(desk, "key.enable"))
    await desk.fill(SAM, view, reason="it was none")
    await desk.slack.submit(SAM, view)
    # The sandbox's policy lets security unlock; the card calls the key leaked and enabled again.
    await desk.eventually(lambda: desk.gateway.key(record.id).status == 1)
    await desk.eventually(lambda: cards(desk, "enabled again"))


def _form(desk: Desk, callback_id: str) -> View | None:
    view = desk.slack.top_view(SAM)
    return view if view.body["callback_id"] == callback_id else None
