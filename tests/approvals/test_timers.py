"""Lapse, reminders and escalation: what is said and recorded, and that a late timer changes nothing."""

import pytest
import sqlalchemy as sa

from bot.approvals.models import Status
from bot.db.engine import Database
from bot.operations import Offer
from bot.slack import post_store
from tests.approvals.kit import ADA, MIRA, Spine, policy


async def test_a_request_starts_its_timers_with_itself(spine: Spine) -> None:
    await spine.ask()
    assert [name.rpartition("#")[0] or name for name in await spine.started("req:1:expire")]
    assert await spine.started("req:1:remind:1")
    assert not await spine.started(":run")


async def test_a_small_request_starts_none(spine: Spine) -> None:
    await spine.ask(remain_quota=5)
    assert not await spine.started("expire")
    assert not await spine.started("remind")


async def test_lapse_closes_and_tells(spine: Spine) -> None:
    await spine.ask()
    spine.now += 3 * 86_400
    await spine.timers.lapse("1")
    row = await spine.row()
    assert (row.status, row.decided_by, row.settled_at) == (Status.EXPIRED, None, spine.now)
    assert await spine.facts(1) == ["asked", "lapsed"]
    assert (await spine.wanted())["req:1:dm"] == 1


async def test_an_offer_that_nobody_accepted_is_said_to_be_one(spine: Spine) -> None:
    await spine.ask()
    await spine.actions.approve(1, MIRA, ADA, offer=Offer(remain_quota=1_000_000))
    await spine.timers.lapse("1")
    row = await spine.row()
    assert row.status is Status.EXPIRED
    story = await spine.database.read(post_store.load, f"req:1:story:{row.version}")
    assert "The offer was not accepted in time" in str(story)


@pytest.mark.parametrize("what", ["lapse", "remind", "redraw"])
async def test_a_timer_after_the_decision_changes_nothing(spine: Spine, what: str) -> None:
    await spine.ask()
    await spine.actions.approve(1, MIRA, ADA)
    before, wanted = await spine.row(), await spine.wanted()
    await getattr(spine.timers, what)("1:1" if what == "remind" else "1")
    assert (await spine.row(), await spine.wanted()) == (before, wanted)


@pytest.mark.parametrize(("what", "argument"), [("lapse", "7"), ("remind", "7:1"), ("redraw", "7")])
async def test_a_timer_of_a_request_that_is_gone_changes_nothing(spine: Spine, what: str, argument: str) -> None:
    await getattr(spine.timers, what)(argument)
    assert await spine.wanted() == {}


async def test_reminders_follow_each_other_and_end(spine: Spine) -> None:
    await spine.ask()
    for number in range(1, 8):
        await spine.timers.remind(f"1:{number}")
    assert {name for name in await spine.wanted() if "remind" in name} == {f"req:1:remind:{n}" for n in range(1, 8)}
    # Started were only the first and the four after it: `remind_most` is five.
    assert len([name for name in await spine.started("req:1:remind") if "post" not in name and "#" not in name]) >= 5
    assert "reminded" in await spine.facts(1)


async def test_a_reminder_that_comes_twice_is_one_message(spine: Spine) -> None:
    await spine.ask()
    await spine.timers.remind("1:1")
    await spine.timers.remind("1:1")
    assert [name for name in await spine.wanted() if "remind" in name] == ["req:1:remind:1"]


async def test_escalation_opens_the_request_to_more_people(database: Database) -> None:
    terms = 'from = ["manager"], expires = "3d", escalate = { to = ["security"], after = "1d" }'
    spine = Spine(database, policy(terms))
    await spine.ask()
    assert await spine.started("req:1:escalate:0")
    await spine.timers.redraw("1")
    assert (await spine.wanted())["req:1:card"] == 2
    assert any("escalate" in name for name in await spine.wanted())
    assert "escalated" in await spine.facts(1)


@pytest.mark.parametrize(("notify", "written"), [("channel", False), ("dm", True)])
async def test_more_people_are_called_as_their_rule_says(sqlite_database: Database, notify: str, written: bool) -> None:
    terms = f'from = ["manager"], notify = "{notify}", escalate = {{ to = ["security"], after = "1d" }}'
    spine = Spine(sqlite_database, policy(terms))
    await spine.ask()
    spine.now += 86_400
    await spine.timers.redraw("1")
    assert bool(await spine.started("req:1:call:escalate")) is written
    posts = [name for name in await spine.wanted() if "escalate" in name]
    bodies = [dict(await sqlite_database.read(_body, name)) for name in posts]
    assert any("<!subteam^S0SECURITY>" in str(body) for body in bodies) is not written


def _body(c: sa.Connection, post_id: str) -> dict[str, object]:
    post = post_store.load(c, post_id)
    assert post is not None
    return dict(post.body)
