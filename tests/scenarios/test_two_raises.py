"""Two requests for more quota of one key, waiting at once: each adds its own, unless together they are too much."""

import functools

import pytest

from bot.approvals.models import Status
from keydesk_sandbox import seed
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import Desk, buttons_of, text_of
from tests.scenarios.operating import do, owned
from tests.scenarios.policies import ROLES

pytestmark = pytest.mark.thorough

ADA, MIRA = seed.ENGINEER, seed.MANAGER
CAPPED = f"""{ROLES}
[[rules]]
name     = "a manager decides, up to a million"
who      = ["engineer"]
do       = ["key.quota"]
when     = {{ remain_quota_at_most = 1_000_000 }}
approval = {{ from = ["manager"], expires = "1d" }}
"""


async def both_approved(desk: Desk, delta: str) -> int:
    """Ask twice, then approve twice. The key's id."""
    key = await owned(desk)
    for number in (1, 2):
        assert (await do(desk, ADA, "quota", key, delta=delta)).ok
        await desk.eventually(functools.partial(desk.card, number))
    for number in (1, 2):
        await desk.slack.click(MIRA, desk.card(number), "approve")
        await desk.settled(number)
    return key.id


async def test_both_are_done_and_the_second_says_from_where_it_went(desk: Desk) -> None:
    key_id = await both_approved(desk, "+$2")
    assert desk.gateway.key(key_id).remain_quota == 2_300_000
    assert {(await desk.request(number)).status for number in (1, 2)} == {Status.SUCCEEDED}
    said = await desk.eventually(lambda: desk.said("1,300,000 units were left, now it is 2,300,000"))
    assert all("(#2)" in text_of(message) for message in said)


async def test_what_together_is_too_much_stops_with_a_button_to_ask_again(desk_with: OpenDesk) -> None:
    async with desk_with(policy=CAPPED) as desk:
        key_id = await both_approved(desk, "+$1")
        assert desk.gateway.key(key_id).remain_quota == 800_000
        row = await desk.request(2)
        assert row.status is Status.FAILED
        assert row.outcome is not None
        assert "has changed since" in row.outcome.sentence
        notice = (await desk.eventually(lambda: desk.dm(ADA, "but not what was asked for here")))[0]
        assert buttons_of(notice) == ["key.quota"]


async def test_a_key_that_was_disabled_meanwhile_gets_nothing(http_desk: Desk) -> None:
    desk = http_desk
    key = await owned(desk)
    await do(desk, ADA, "quota", key, delta="+$2")
    card = await desk.eventually(lambda: desk.card(1))
    desk.gateway.edit_behind(key.id, status=2)
    await desk.slack.click(MIRA, card, "approve")
    row = await desk.settled(1)
    assert row.outcome is not None
    assert (row.status, row.outcome.changed_since) == (Status.FAILED, True)
    assert desk.gateway.key(key.id).remain_quota == 300_000


async def test_while_the_gateway_does_not_say_what_the_key_has_the_request_waits(http_desk: Desk) -> None:
    desk = http_desk
    key = await owned(desk)
    await do(desk, ADA, "quota", key, delta="+$2")
    card = await desk.eventually(lambda: desk.card(1))
    desk.gateway.arm("html", method="GET", status=503, times=None)
    await desk.slack.click(MIRA, card, "approve")
    await desk.eventually(lambda: desk.dm(ADA, "not applied yet"), seconds=60)
    assert (await desk.request(1)).status is Status.APPROVED
    desk.gateway.disarm()
    await desk.app.engine.skip(60.0)
    assert (await desk.settled(1)).status is Status.SUCCEEDED
