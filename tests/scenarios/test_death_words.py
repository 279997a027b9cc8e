"""No word of death before the gateway has refused the key, on any surface; no green tick either."""

import functools
import json

import pytest

from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack import SlackMessage
from tests.narrow import expect
from tests.scenarios.alerting import SAM, cards, learned, send
from tests.scenarios.desk import Desk, text_of, view_text

pytestmark = pytest.mark.thorough

ADA = seed.ENGINEER
DEATH = (
    ":lock:", ":white_check_mark:", "dead", "out of use", "stops working", "stop working", "no longer works",
    "works no more", "no longer takes", "refuses it since", "Refused since",
)  # fmt: skip


def everything_said(desk: Desk, *, people: tuple[str, ...] = (ADA, SAM, seed.ADMIN)) -> str:
    """Every message, direct message, window and Home that somebody can see now."""
    channels = [text_of(m) for channel in desk.slack.workspace.channels for m in desk.slack.messages(channel)]
    windows = [view_text(view) for user in people for view in desk.slack.open_views(user)]
    homes = [json.dumps(view.body) for user in people if (view := desk.slack.home(user)) is not None]
    return "\n".join([*channels, *windows, *homes])


def words_of_death(desk: Desk) -> list[str]:
    said = everything_said(desk)
    return [word for word in DEATH if word in said]


async def look_everywhere(desk: Desk) -> None:
    """Open what people open."""
    for user in (ADA, SAM):
        await desk.slack.open_home(user)
        await desk.eventually(functools.partial(desk.slack.home, user))
        await desk.slack.command(user, seed.GENERAL_CHANNEL, "/apikey list")
        await desk.slack.command(user, seed.GENERAL_CHANNEL, "/apikey requests")


@pytest.mark.parametrize("way", ["alert", "window", "command", "batch"])
async def test_while_the_gateways_cache_still_accepts_the_key(http_desk: Desk, way: str) -> None:
    desk = http_desk
    desk.gateway.switch("cache_disable", 20.0)
    await learned(desk)
    record = await desk.own(ADA, desk.key("production"))
    other = await desk.own(ADA, desk.gateway.add_key(name="other", unlimited_quota=True))
    if way == "batch":
        await desk.slack.command(SAM, seed.GENERAL_CHANNEL, f"/apikey disable {record.id} {other.id}")
        await desk.eventually(lambda: "DISABLE 2" in json.dumps(desk.slack.top_view(SAM).body))
        await desk.fill(SAM, desk.slack.top_view(SAM), confirm="DISABLE 2", reason="leak")
        await desk.slack.submit(SAM, desk.slack.top_view(SAM))
    elif way == "command":
        await desk.slack.command(ADA, seed.GENERAL_CHANNEL, f"/apikey disable {record.id}")
        await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] == "key.disable")
        await desk.fill(ADA, desk.slack.top_view(ADA), reason="leak")
        await desk.slack.submit(ADA, desk.slack.top_view(ADA))
    else:
        message = await desk.slack.say(ADA, seed.KEYS_CHANNEL, f"oops {desk.gateway.key_value(record.id)}")
        card = (await desk.eventually(lambda: cards(desk, "production")))[0]
        if way == "window":
            await desk.slack.shortcut(SAM, "disable_leaked_key", seed.KEYS_CHANNEL, expect(SlackMessage, message).ts)
            await desk.eventually(lambda: "Disable now" in view_text(desk.slack.top_view(SAM)))
            await desk.slack.click(SAM, desk.slack.top_view(SAM), "disable")
        else:
            await desk.slack.click(SAM, card, "disable")
    accepted = "till accepted" if way != "alert" and way != "window" else "still accepted the key"
    await desk.eventually(lambda: desk.gateway.key(record.id).status == 2)
    await desk.eventually(lambda: accepted in everything_said(desk))
    await look_everywhere(desk)
    assert words_of_death(desk) == []
    # Everything that tells of it later was drawn: then the gateway refuses the key, and they say so.
    await desk.pass_time(25)
    await desk.eventually(lambda: {":lock:"} <= set(words_of_death(desk)))


async def test_a_key_that_somebody_disabled_elsewhere_is_called_disabled_and_no_more(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    record = await desk.own(ADA, desk.key("production"))
    desk.gateway.edit_behind(record.id, status=2)
    await send(desk, "generic", desk.gateway.key_value(record.id))
    await desk.eventually(lambda: cards(desk, "The gateway was not seen to refuse it"))
    await desk.eventually(lambda: desk.dm(ADA, "Whether the gateway refuses it was not seen yet"))
    assert words_of_death(desk) == []


async def test_a_key_that_is_accepted_to_the_end_is_never_called_dead(http_desk: Desk) -> None:
    desk = http_desk
    desk.gateway.switch("cache_disable", 100_000.0)
    await learned(desk)
    record = await desk.own(ADA, desk.key("production"))
    await send(desk, "generic", desk.gateway.key_value(record.id))
    card = (await desk.eventually(lambda: cards(desk, "production")))[0]
    await desk.slack.click(SAM, card, "disable")
    await desk.eventually(lambda: cards(desk, "but the gateway still accepts a key"))
    await desk.eventually(lambda: desk.dm(ADA, "The gateway still accepts it"))
    assert words_of_death(desk) == []
