"""`/apikey give KEY @person`: the new owner accepts, and only then the key is theirs."""

import pytest

from bot.approvals.models import Status
from bot.approvals.record_check import disagreements
from bot.keys import owners
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import Record
from keydesk_sandbox.fake_slack.messages import SlackMessage
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import Desk, buttons_of, text_of, view_text

pytestmark = pytest.mark.thorough

ADA, BEN, ALEX, CHANNEL = seed.ENGINEER, seed.SECOND_ENGINEER, seed.ADMIN, seed.KEYS_CHANNEL
WEEK = 7 * 86_400


async def give(desk: Desk, key: Record, to: str, *, user: str = ADA, why: str = "moving teams") -> SlackMessage:
    """Ask, and return the message in which the new owner is asked."""
    # An older offer may lose its button meanwhile, so they are told apart, not counted.
    before = {message.ts for message in offers(desk, to)}

    def new() -> SlackMessage:
        return next(message for message in offers(desk, to) if message.ts not in before)

    await desk.slack.command(user, CHANNEL, f"/apikey give {key.id} <@{to}> {why}")
    await desk.eventually(lambda: desk.slack.top_view(user).body["callback_id"] == "key.transfer")
    assert (await desk.slack.submit(user, desk.slack.top_view(user))).ok
    offer: SlackMessage = await desk.eventually(new)
    await desk.slack.close_view(user, desk.slack.top_view(user))
    return offer


def offers(desk: Desk, user: str) -> list[SlackMessage]:
    return [message for message in desk.dm(user) if "accept_key" in buttons_of(message)]


async def owner_of(desk: Desk, key: Record) -> str | None:
    return await desk.app.database.read(owners.owner_of, key.id)


async def test_the_new_owner_is_asked_accepts_and_can_rotate(both: OpenDesk) -> None:
    async with both() as desk:
        key = await desk.own(ADA, desk.gateway.add_key(name="search", remain_quota=100_000))
        offer = await give(desk, key, BEN)
        assert f"<@{ADA}> wants to give you" in text_of(offer)
        assert "moving teams" in text_of(offer)
        assert await owner_of(desk, key) == ADA
        await desk.eventually(lambda: desk.dm(ADA, f"waits for <@{BEN}> to accept"))
        await desk.slack.click(BEN, offer, "accept_key")
        await desk.eventually(lambda: desk.said("has a new owner"))
        assert await owner_of(desk, key) == BEN
        told = await desk.eventually(lambda: desk.dm(BEN, "It is your key"))
        assert "key.rotate" in buttons_of(told[0])
        await desk.eventually(lambda: desk.dm(BEN, "You accepted it. The key is yours."))
        assert not offers(desk, BEN)
        assert await desk.app.database.read(lambda c: list(disagreements(c))) == []
        # A key that is somebody's is no longer hers: she may not even look at it.
        await desk.slack.command(ADA, CHANNEL, f"/apikey quota {key.id} +1")
        await desk.app.responder.drain(grace=10)
        assert (await desk.audit("refused"))[-1]["actor"] == ADA


async def test_a_no_is_told_and_changes_nothing(http_desk: Desk) -> None:
    desk = http_desk
    key = await desk.own(ADA, desk.gateway.add_key(name="search"))
    await desk.slack.click(BEN, await give(desk, key, BEN), "decline_key")
    await desk.eventually(lambda: desk.dm(ADA, f"<@{BEN}> declined the key"))
    assert await owner_of(desk, key) == ADA
    assert (await desk.settled((await desk.audit("asked"))[0]["request_id"])).status is Status.FAILED


async def test_without_an_answer_it_is_over_after_a_week(both: OpenDesk) -> None:
    async with both() as desk:
        key = await desk.own(ADA, desk.gateway.add_key(name="search"))
        await give(desk, key, BEN)
        await desk.pass_time(WEEK + 1)
        await desk.eventually(lambda: desk.dm(ADA, "did not accept the key in time"))
        await desk.eventually(lambda: len(desk.dm(BEN, "did not accept the key in time")) == 2)
        assert not offers(desk, BEN)
        assert await owner_of(desk, key) == ADA


async def test_an_administrator_gives_the_key_of_somebody_who_left(http_desk: Desk) -> None:
    desk = http_desk
    key = await desk.own(seed.DEACTIVATED, desk.gateway.add_key(name="orphan"))
    offer = await give(desk, key, BEN, user=ALEX, why="Dora left")
    assert f"of <@{seed.DEACTIVATED}>" in text_of(offer)
    await desk.slack.click(BEN, offer, "accept_key")
    await desk.eventually(lambda: desk.said("has a new owner"))
    assert await owner_of(desk, key) == BEN


async def test_the_former_owner_hears_that_it_was_theirs(http_desk: Desk) -> None:
    desk = http_desk
    key = await desk.own(ADA, desk.gateway.add_key(name="search"))
    await desk.slack.click(BEN, await give(desk, key, BEN, user=ALEX), "accept_key")
    await desk.eventually(lambda: desk.dm(ADA, f"It was your key; <@{ALEX}> asked for this."))
    assert "key.rotate" not in buttons_of(desk.dm(ADA, "It was your key")[0])


async def test_open_requests_of_the_former_owner_end_with_the_reason(http_desk: Desk) -> None:
    desk = http_desk
    key = await desk.own(ADA, desk.gateway.add_key(name="search", remain_quota=100_000))
    await desk.slack.command(ADA, CHANNEL, f"/apikey quota {key.id} +900k")
    await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] == "key.quota")
    await desk.fill(ADA, desk.slack.top_view(ADA), reason="a plan")
    assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
    await desk.slack.close_view(ADA, desk.slack.top_view(ADA))
    card = await desk.eventually(lambda: next(m for m in desk.messages() if "approve" in buttons_of(m)))
    await desk.slack.click(BEN, await give(desk, key, BEN), "accept_key")
    await desk.eventually(lambda: desk.said("has a new owner"))
    await desk.slack.click(seed.MANAGER, card, "approve")
    row = await desk.settled((await desk.audit("asked"))[0]["request_id"])
    assert row.status is Status.FAILED
    assert "belongs to somebody else by now" in str(row.outcome)
    assert desk.gateway.key(key.id).remain_quota == 100_000


@pytest.mark.parametrize(
    ("owner", "to", "words"),
    [(ADA, ADA, "theirs already"), (None, BEN, "/apikey adopt"), (ADA, seed.GUEST, "guest")],
)
async def test_what_cannot_be_given_is_said_in_the_form(
    http_desk: Desk, owner: str | None, to: str, words: str
) -> None:
    desk = http_desk
    key = desk.gateway.add_key(name="search")
    if owner is not None:
        await desk.own(owner, key)
    await desk.slack.command(ALEX, CHANNEL, f"/apikey give {key.id} <@{to}>")
    await desk.eventually(lambda: desk.slack.top_view(ALEX).body["callback_id"] == "key.transfer")
    assert words in view_text(desk.slack.top_view(ALEX))
    assert words in str((await desk.slack.submit(ALEX, desk.slack.top_view(ALEX))).body)


async def test_a_locked_key_stays_locked(http_desk: Desk) -> None:
    desk = http_desk
    key = await desk.own(ADA, desk.gateway.add_key(name="search", remain_quota=100_000))
    await desk.slack.command(seed.SECURITY, CHANNEL, f"/apikey disable {key.id}")
    await desk.eventually(lambda: desk.slack.top_view(seed.SECURITY).body["callback_id"] == "key.disable")
    await desk.slack.submit(seed.SECURITY, desk.slack.top_view(seed.SECURITY))
    await desk.eventually(lambda: desk.said("was disabled"))
    await desk.slack.click(BEN, await give(desk, key, BEN), "accept_key")
    await desk.eventually(lambda: desk.said("has a new owner"))
    await desk.slack.command(BEN, CHANNEL, f"/apikey enable {key.id}")
    await desk.eventually(lambda: "Needs approval" in view_text(desk.slack.top_view(BEN)))
