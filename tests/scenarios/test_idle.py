"""An idle key: its owner is asked once, answers from the message, or is silent, which one click takes back."""

import functools
from dataclasses import replace
from typing import Any

from bot.approvals.models import Status
from bot.gateway.models import KeyStatus
from bot.permissions.care import USUAL
from bot.slack.blocks import isolate
from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack.messages import SlackMessage
from tests.narrow import present
from tests.scenarios.desk import Desk, buttons_of, text_of, view_text
from tests.scenarios.forging import last, send_as

ADA, BEN = seed.ENGINEER, seed.SECOND_ENGINEER
DAY = 86_400


async def look(desk: Desk, *days: float) -> None:
    """Time passes, all keys are listed and judged, again and again; the last time is now."""

    async def ours() -> bool:
        return True

    desk.app.care.parts.terms = lambda: replace(USUAL, quiet=None)
    for day in (*days, 0):
        await desk.app.resources.accounts.list_passes[0].run(known=(), turn=ours)
        await desk.app.care.schedule.run()
        if day:
            await desk.pass_time(day * DAY)


async def asked(desk: Desk, **changes: Any) -> SlackMessage:
    """A key of Ada that nobody pays for, and the question about it."""
    record = desk.gateway.add_key(name="forgotten", remain_quota=500_000, expired_time=-1, **changes)
    await desk.own(ADA, record)
    await look(desk, 6, 6, 6, 6, 5)
    assert not desk.dm(ADA, "was never billed")
    await look(desk, 1.1)
    [message] = await desk.eventually(lambda: desk.dm(ADA, "was never billed"))
    assert isinstance(message, SlackMessage)
    return message


async def test_a_key_is_kept_from_the_message_and_only_by_whom_it_asks(http_desk: Desk) -> None:
    desk = http_desk
    message = await asked(desk)
    assert buttons_of(message) == ["key.keep", "key.disable", "key.delete"]
    await desk.slack.click(ADA, message, "key.keep")
    click = last(desk, "block_actions")
    await desk.eventually(lambda: desk.dm(ADA, "It is kept"))
    assert buttons_of(desk.dm(ADA, "It is kept")[0]) == []
    # A second click, and somebody else's, are told that there is nothing to answer.
    for person in (ADA, BEN, seed.GUEST):
        await send_as(desk, click, person)
    await desk.eventually(lambda: "Nobody asks you about this key any more" in str(desk.slack.dm(BEN)))
    await look(desk, 6, 6, 6)
    assert desk.key("forgotten").status == KeyStatus.ENABLED
    assert len(desk.dm(ADA, "was never billed")) == 1


async def test_the_other_answers_open_the_usual_forms(http_desk: Desk) -> None:
    desk = http_desk
    message = await asked(desk)
    await desk.slack.click(ADA, message, "key.delete")
    await desk.eventually(lambda: "forgotten" in view_text(desk.slack.top_view(ADA)))
    await desk.slack.click(ADA, message, "key.disable")
    await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] == "key.disable")
    await desk.slack.submit(ADA, desk.slack.top_view(ADA))
    assert (await desk.settled()).status is Status.SUCCEEDED
    await look(desk, 0.01)
    await desk.eventually(lambda: desk.dm(ADA, "It is out of use now"))


async def test_silence_disables_it_and_one_click_takes_that_back(http_desk: Desk) -> None:
    desk = http_desk
    await asked(desk)
    await look(desk, 6, 6, 2.1)
    request = await desk.settled()
    assert (request.status, request.judgement.decision.rule) == (Status.SUCCEEDED, "[care] idle_answer")
    assert desk.key("forgotten").status == KeyStatus.DISABLED
    await look(desk, 0.01)
    [message] = await desk.eventually(lambda: desk.dm(ADA, "it is disabled now"))
    # A message of its own, redrawn beside the new one.
    await desk.eventually(lambda: "It is out of use now" in text_of(desk.dm(ADA, "was never billed")[0]))
    await desk.slack.click(ADA, message, "key.enable_again")
    await send_as(desk, last(desk, "block_actions"), BEN)
    await desk.eventually(lambda: desk.key("forgotten").status == KeyStatus.ENABLED)
    asked_for = [line for line in await desk.audit("asked") if line["details"]["operation"] == "key.enable"]
    assert [(line["actor"], bool(line["details"]["why"])) for line in asked_for] == [(ADA, True)]
    await look(desk, 0.01)
    await desk.eventually(lambda: desk.dm(ADA, "It is enabled again"))
    await look(desk, 6, 6, 6, 6)
    assert len(desk.dm(ADA, "was never billed")) == 1


async def test_a_key_that_comes_to_life_is_no_longer_asked_about(http_desk: Desk) -> None:
    desk = http_desk
    await asked(desk)
    desk.gateway.charge(desk.key("forgotten").id, 1_000)
    await look(desk, 0.01)
    await desk.eventually(lambda: desk.dm(ADA, "It is in use again"))
    await look(desk, 6, 6, 6)
    assert desk.key("forgotten").status == KeyStatus.ENABLED


async def test_whom_slack_takes_no_message_to_is_asked_in_the_channel(http_desk: Desk) -> None:
    desk = http_desk
    desk.slack.switches.refused_people = {ADA: "messages_tab_disabled"}
    record = desk.gateway.add_key(name="forgotten", remain_quota=500_000, expired_time=-1)
    await desk.own(ADA, record)
    await look(desk, 6, 6, 6, 6, 6, 0.1)
    [message] = await desk.eventually(lambda: desk.said("takes no direct message from me"))
    assert "was never billed" in text_of(message)
    await desk.slack.click(BEN, message, "key.keep")
    await desk.slack.click(ADA, message, "key.keep")
    await desk.eventually(lambda: desk.said("It is kept"))


async def test_what_is_open_stands_on_the_home_until_it_is_answered_there(http_desk: Desk) -> None:
    desk = http_desk
    await asked(desk)
    await desk.slack.open_home(ADA)
    home = await desk.eventually(lambda: desk.slack.home(ADA))
    assert f"*{isolate('forgotten')}* was never billed" in view_text(home)
    for person in (BEN, seed.MANAGER):
        await desk.slack.open_home(person)
        other = await desk.eventually(functools.partial(desk.slack.home, person))
        assert "never billed" not in view_text(other)
    offered = [e["action_id"] for block in home.body["blocks"] for e in block.get("elements", ()) if "action_id" in e]
    assert {"key.keep", "key.disable", "key.delete"} <= set(offered)
    await desk.slack.click(ADA, home, "key.keep")
    await desk.eventually(lambda: "never billed" not in view_text(present(desk.slack.home(ADA))))
    await desk.eventually(lambda: desk.dm(ADA, "It is kept"))
    # One that has run dry: the line with a command makes place for its message.
    record = await desk.own(ADA, desk.gateway.add_key(name="nightly", remain_quota=500_000))
    await look(desk, 1)
    desk.gateway.charge(record.id, 500_000)
    await look(desk, 0.1)
    await desk.slack.open_home(ADA)
    await desk.eventually(lambda: f"*{isolate('nightly')}* has used up" in view_text(present(desk.slack.home(ADA))))
    home = present(desk.slack.home(ADA))
    assert view_text(home).count("has used up") == 1
    await desk.slack.click(ADA, home, "key.more")
    await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] == "key.quota")
