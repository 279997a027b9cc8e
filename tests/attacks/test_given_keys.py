"""Keys that change hands: nobody takes one that was offered to somebody else, and no round raises what anybody may have."""

import asyncio

import pytest

from bot.approvals.models import Status
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import Record
from keydesk_sandbox.fake_slack.messages import SlackMessage
from tests.scenarios.conftest import OpenDesk, both, desk_with
from tests.scenarios.desk import Desk, buttons_of, refusal
from tests.scenarios.policies import ROLES
from tests.scenarios.test_give import ADA, BEN, CHANNEL, WEEK, give, offers, owner_of

__all__ = ["both", "desk_with"]
COUNTED = f"""{ROLES}
[[rules]]
name  = "small keys are free"
who   = ["engineer"]
do    = ["key.create", "key.transfer", "key.show", "key.reveal"]
when  = {{ keys_at_most = 2, granted_at_most = "$1", per = "30d" }}
allow = true
"""
# Whoever gets a key may be one of those who decide about it.
DECIDED = f"""{ROLES}
[[rules]]
name     = "a second pair of eyes"
who      = ["engineer"]
do       = ["key.transfer", "key.adopt"]
on       = "any"
approval = {{ from = ["manager", "security"] }}
"""


async def answer(desk: Desk, user: str, action: str, value: str, like: dict[str, object]) -> None:
    """A click that this person never could make: with the value of somebody else's message."""
    forged = {
        **like,
        "user": {"id": user, "team_id": seed.TEAM},
        "trigger_id": f"forged.{user}.{action}",
        "actions": [{"type": "button", "action_id": action, "value": value, "block_id": "b", "action_ts": f"{user}1"}],
    }
    await desk.slack.deliveries.send("interactive", forged)
    await desk.app.responder.drain(grace=10)


async def accepted(desk: Desk, offer: SlackMessage) -> dict[str, object]:
    """Accept, and return what Slack sent."""
    begun = len(desk.slack.sent)
    await desk.slack.click(BEN, offer, "accept_key")
    return next(dict(d.payload) for d in desk.slack.sent[begun:] if d.payload.get("type") == "block_actions")


async def test_nobody_else_accepts_or_declines(both: OpenDesk) -> None:
    async with both() as desk:
        key = await desk.own(ADA, desk.gateway.add_key(name="search"))
        offer = await give(desk, key, BEN)
        begun = len(desk.slack.sent)
        await asyncio.gather(*(desk.slack.click(BEN, offer, "accept_key") for _ in range(2)))
        click = next(d.payload for d in desk.slack.sent[begun:] if d.payload.get("type") == "block_actions")
        await desk.eventually(lambda: desk.said("has a new owner"))
        assert len(await desk.audit("accepted")) == 1, "twice is once"
        other = await desk.own(ADA, desk.gateway.add_key(name="other"))
        await give(desk, other, BEN)
        number = str((await desk.audit("asked"))[-1]["request_id"])
        for thief in (seed.MANAGER, ADA, seed.GUEST, seed.DEACTIVATED):
            for action in ("accept_key", "decline_key"):
                await answer(desk, thief, action, number, click)
        assert await owner_of(desk, other) == ADA
        assert len(await desk.audit("accepted")) == 1
        assert (await desk.request(int(number))).waits_for_acceptance


@pytest.mark.parametrize("late", [WEEK - 60, WEEK + 60])
async def test_an_answer_counts_within_the_week_alone(desk_with: OpenDesk, late: float) -> None:
    async with desk_with() as desk:
        key = await desk.own(ADA, desk.gateway.add_key(name="search"))
        await give(desk, key, BEN)
        number = (await desk.audit("asked"))[0]["request_id"]
        other = await desk.own(ADA, desk.gateway.add_key(name="other"))
        click = await accepted(desk, await give(desk, other, BEN))
        await desk.pass_time(late)
        # The message may have lost its buttons by now.
        await answer(desk, BEN, "accept_key", str(number), click)
        row = await desk.settled(number)
        assert row.status is (Status.SUCCEEDED if late < WEEK else Status.FAILED)
        assert await owner_of(desk, key) == (BEN if late < WEEK else ADA)


async def test_two_who_were_offered_the_same_key_do_not_both_get_it(both: OpenDesk) -> None:
    async with both() as desk:
        key = await desk.own(ADA, desk.gateway.add_key(name="search"))
        first, second = await give(desk, key, BEN), await give(desk, key, seed.ARABIC_ENGINEER)
        await asyncio.gather(
            desk.slack.click(BEN, first, "accept_key"),
            desk.slack.click(seed.ARABIC_ENGINEER, second, "accept_key"),
        )
        numbers = [line["request_id"] for line in await desk.audit("asked")]
        rows = [await desk.settled(number) for number in numbers]
        assert sorted(row.status.value for row in rows) == ["failed", "succeeded"]
        (done,) = [row for row in rows if row.status is Status.SUCCEEDED]
        assert await owner_of(desk, key) == done.input["owner_id"]


async def made(desk: Desk, user: str, name: str) -> Record | None:
    answer = await desk.ask(user, name=name, remain_quota="200k", expired_time="30d")
    if refusal(answer):
        await desk.slack.close_view(user, desk.slack.top_view(user))
        return None
    await desk.eventually(lambda: desk.said(name))
    await desk.slack.close_view(user, desk.slack.top_view(user))
    await desk.eventually(lambda: desk.key(name))
    return desk.key(name)


async def test_keys_that_go_round_give_nobody_more_than_their_own(desk_with: OpenDesk) -> None:
    """A dollar is 500,000 units: two keys of 200,000 each, whatever is given away and back."""
    async with desk_with(policy=COUNTED) as desk:
        keys = [await made(desk, ADA, f"mine {number}") for number in range(2)]
        assert None not in keys
        first = keys[0]
        assert first is not None
        offer = await give(desk, first, BEN)
        await desk.slack.click(BEN, offer, "accept_key")
        await desk.eventually(lambda: desk.said("has a new owner"))
        # What she gave away frees a place, but none of the money that was granted to her.
        assert await made(desk, ADA, "a third") is None
        # What came to him counts: 200,000 of his dollar are gone.
        assert await made(desk, BEN, "his") is not None
        assert await made(desk, BEN, "his second") is None
        # And back: her dollar is spent, so she cannot take it.
        await desk.slack.command(BEN, CHANNEL, f"/apikey give {first.id} <@{ADA}>")
        await desk.eventually(lambda: desk.slack.top_view(BEN).body["callback_id"] == "key.transfer")
        answered = await desk.slack.submit(BEN, desk.slack.top_view(BEN))
        assert refusal(answered)
        assert not offers(desk, ADA)
        assert await owner_of(desk, first) == BEN


@pytest.mark.parametrize("word", ["give", "adopt"])
async def test_whoever_gets_a_key_does_not_approve_it_themselves(desk_with: OpenDesk, word: str) -> None:
    async with desk_with(policy=DECIDED) as desk:
        key = desk.gateway.add_key(name="console")
        if word == "give":
            await desk.own(ADA, key)
        await desk.slack.command(ADA, CHANNEL, f"/apikey {word} {key.id} <@{seed.MANAGER}> she wants it")
        await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] in {"key.transfer", "key.adopt"})
        assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
        card = await desk.eventually(lambda: next(m for m in desk.messages() if "approve" in buttons_of(m)))
        await desk.slack.click(seed.MANAGER, card, "approve")
        await desk.app.responder.drain(grace=10)
        request = await desk.request((await desk.audit("asked"))[0]["request_id"])
        assert (request.status, request.votes) == (Status.PENDING, ())
        assert (await desk.audit("refused"))[-1]["actor"] == seed.MANAGER
        await desk.slack.click(seed.SECURITY, card, "approve")
        await desk.eventually(lambda: offers(desk, seed.MANAGER) or desk.said("has an owner now"))
