"""The same thing twice, at once and later, over both transports: one key, one confirmation."""

import asyncio

import pytest

from bot.approvals.models import Status
from keydesk_sandbox import seed
from tests.scenarios.conftest import EACH_TRANSPORT
from tests.scenarios.desk import Desk, text_of
from tests.scenarios.forging import last, send_as

ADA, MIRA, OMAR = seed.ENGINEER, seed.MANAGER, seed.SECOND_MANAGER


def made(desk: Desk, name: str) -> int:
    return [record.name for record in desk.gateway.keys(deleted=True)].count(name)


def told(desk: Desk, user: str) -> list[str]:
    return [text_of(m) for m in desk.slack.messages(seed.KEYS_CHANNEL, viewer=user) if m.ephemeral_to == user]


@EACH_TRANSPORT
@pytest.mark.parametrize("when", ["at_once", "later"])
async def test_a_form_submitted_twice_is_one_key(desk: Desk, when: str) -> None:
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey new")
    await desk.fill(ADA, desk.slack.top_view(ADA), name="once", remain_quota="100k")
    desk.slack.switches.duplicate = when  # type: ignore[assignment]  # one of its words
    assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
    await desk.settled()
    desk.slack.switches.duplicate = "off"
    again = [answer.body for answer in await desk.slack.deliveries.deliver_duplicates() if answer.body]
    # Other payloads, events for one, are repeated as well.
    assert [body["response_action"] for body in again] == (["update"] if when == "later" else [])
    await desk.eventually(lambda: desk.dm(ADA, "is ready"))
    await desk.eventually(lambda: desk.said("was created"))
    await desk.slack.settle()
    assert made(desk, "once") == 1
    assert len(desk.said("was created")) == len(desk.dm(ADA)) == 1
    assert [line["request_id"] for line in await desk.audit("asked")] == [1]


@EACH_TRANSPORT
@pytest.mark.parametrize("when", ["at_once", "later"])
async def test_a_button_clicked_twice_is_one_approval(desk: Desk, when: str) -> None:
    await desk.ask(ADA, name="once", remain_quota="2M")
    card = await desk.eventually(lambda: desk.card(1))
    desk.slack.switches.duplicate = when  # type: ignore[assignment]  # one of its words
    await desk.slack.click(MIRA, card, "approve")
    await desk.settled()
    desk.slack.switches.duplicate = "off"
    await desk.slack.deliveries.deliver_duplicates()
    await desk.eventually(lambda: desk.said("was created"))
    assert made(desk, "once") == 1
    assert len(await desk.audit("approved")) == 1


@EACH_TRANSPORT
async def test_of_two_managers_the_second_is_told_who_decided(desk: Desk) -> None:
    await desk.ask(ADA, name="once", remain_quota="2M")
    card = await desk.eventually(lambda: desk.card(1))
    await asyncio.gather(desk.slack.click(MIRA, card, "approve"), desk.slack.click(OMAR, card, "approve"))
    row = await desk.settled()
    loser = OMAR if row.decided_by == MIRA else MIRA
    await desk.eventually(lambda: told(desk, loser))
    assert f"already by <@{row.decided_by}>" in told(desk, loser)[0]
    assert told(desk, str(row.decided_by)) == []
    await desk.eventually(lambda: desk.said("was created"))
    assert made(desk, "once") == 1
    assert len(desk.said("was created")) == 1
    assert [line["actor"] for line in await desk.audit("approved")] == [row.decided_by]


async def test_of_an_approval_and_a_denial_at_once_one_counts(http_desk: Desk) -> None:
    desk = http_desk
    await desk.ask(ADA, name="once", remain_quota="2M")
    card = await desk.eventually(lambda: desk.card(1))
    await desk.slack.click(OMAR, card, "deny")
    await desk.fill(OMAR, desk.slack.top_view(OMAR), reason="Not now.")
    await asyncio.gather(desk.slack.click(MIRA, card, "approve"), desk.slack.submit(OMAR, desk.slack.top_view(OMAR)))
    row = await desk.settled()
    assert row.status in {Status.SUCCEEDED, Status.DENIED}
    assert made(desk, "once") == (1 if row.status is Status.SUCCEEDED else 0)
    facts = [line["fact"] for line in await desk.audit()]
    assert facts.count("approved") + facts.count("denied") == 1


async def test_two_people_who_want_the_same_name_get_one_key_and_one_no(http_desk: Desk) -> None:
    desk = http_desk
    for user in (ADA, seed.SECOND_ENGINEER):
        await desk.slack.command(user, seed.KEYS_CHANNEL, "/apikey new")
        await desk.fill(user, desk.slack.top_view(user), name="wanted", remain_quota="1k")
    await asyncio.gather(*(desk.slack.submit(u, desk.slack.top_view(u)) for u in (ADA, seed.SECOND_ENGINEER)))
    rows = [await desk.settled(number) for number in range(1, len(await desk.audit("asked")) + 1)]
    assert made(desk, "wanted") == 1
    assert [row.status for row in rows].count(Status.SUCCEEDED) == 1


async def test_a_card_that_is_over_has_no_buttons_and_an_old_click_is_answered(http_desk: Desk) -> None:
    desk = http_desk
    await desk.ask(ADA, name="once", remain_quota="2M")
    card = await desk.eventually(lambda: desk.card(1))
    await desk.slack.click(MIRA, card, "approve")
    await desk.settled()
    await send_as(desk, last(desk, "block_actions"), OMAR)
    await desk.eventually(lambda: told(desk, OMAR))
    assert f"was approved already by <@{MIRA}>; it is done now." in told(desk, OMAR)[0]
