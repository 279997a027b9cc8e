"""Nobody can approve: judged as the click is, on the card and to the requester, until somebody can."""

from typing import Any

import pytest

from bot.approvals import approver_check
from bot.approvals.approver_check import ApproverCheck
from bot.approvals.models import Status
from bot.db.engine import Database
from bot.permissions.models import ActorKind
from bot.permissions.rules import parse_policy
from keydesk_sandbox import seed
from tests.approvals.kit import ADA as ASKER
from tests.approvals.kit import BEN, Spine, person
from tests.approvals.kit import MIRA as MANAGER
from tests.scenarios.conftest import http_desk
from tests.scenarios.desk import Desk, text_of

__all__ = ["http_desk"]
ADA, MIRA = seed.ENGINEER, seed.MANAGER
NOBODY = "Nobody can approve this now"
BIG: dict[str, Any] = {
    "name": "big",
    "remain_quota": "2M",
    "expired_time": "90d",
    "model_limits": ["gpt-4o-mini"],
    "reason": "why not",
}


def card(desk: Desk) -> str:
    return text_of(desk.card(1))


@pytest.mark.thorough
@pytest.mark.parametrize(
    "managers",
    [[], [seed.DEACTIVATED, seed.GUEST], [seed.DEACTIVATED], [seed.GUEST, seed.OUTSIDER], [ADA], [ADA, seed.GUEST]],
    ids=["nobody", "left and guest", "left", "guest and outsider", "the requester", "the requester and a guest"],
)
async def test_nobody_can_approve_is_said_to_both_and_taken_back(http_desk: Desk, managers: list[str]) -> None:
    desk = http_desk
    await desk.slack.changes.set_group("S0MANAGERS", managers)
    await desk.ask(ADA, **BIG)
    await desk.eventually(lambda: NOBODY in card(desk))
    await desk.eventually(lambda: desk.dm(ADA, NOBODY))
    assert "manager" in card(desk)
    # Whoever clicks hears the same.
    for user in managers:
        if user in {ADA, seed.GUEST}:
            await desk.slack.click(user, desk.card(1), "approve")
    assert (await desk.request(1)).status == "pending"
    await desk.slack.changes.set_group("S0MANAGERS", [*managers, MIRA])
    await desk.eventually(lambda: NOBODY not in card(desk))
    await desk.eventually(lambda: not desk.dm(ADA, NOBODY))
    await desk.slack.click(MIRA, desk.card(1), "approve")
    assert (await desk.settled(1)).status == "succeeded"


async def test_where_somebody_can_approve_nothing_is_said(http_desk: Desk) -> None:
    desk = http_desk
    await desk.slack.changes.set_group("S0MANAGERS", [seed.GUEST, MIRA])
    await desk.ask(ADA, **BIG)
    await desk.eventually(lambda: "big" in card(desk))
    assert await desk.app.approvals.approver_check.run("1") is None
    assert (await desk.request(1)).progress.no_approver_since is None
    assert NOBODY not in card(desk)
    assert not desk.dm(ADA)


async def test_nothing_is_said_while_slack_does_not_tell(http_desk: Desk) -> None:
    desk = http_desk
    await desk.ask(ADA, **BIG)
    await desk.eventually(lambda: "big" in card(desk))
    desk.app.directory._groups.clear()
    desk.slack.switches.refused_methods = {"usergroups.users.list": "internal_error"}
    again = await desk.app.approvals.approver_check.run("1")
    assert again is not None
    assert again.seconds == approver_check.PAUSE
    assert (await desk.request(1)).progress.no_approver_since is None
    # For ever is too long: whom Slack does not name may do nothing, as at a click.
    desk.ahead += approver_check.PATIENCE + 1
    desk.app.directory._groups.clear()
    assert await desk.app.approvals.approver_check.run("1") is not None
    assert (await desk.request(1)).progress.no_approver_since is not None


async def test_what_waits_no_longer_is_not_looked_at(http_desk: Desk) -> None:
    assert await http_desk.app.approvals.approver_check.run("404") is None


async def nobody_is_asked(*_who: Any) -> Any:
    raise AssertionError("Slack is asked")


def check_of(spine: Spine, *, people: Any = nobody_is_asked, who_is: Any = nobody_is_asked) -> ApproverCheck:
    return ApproverCheck(
        database=spine.database,
        policy=lambda: spine.policy,
        people=people,
        who_is=who_is,
        seen=spine,
        notifications=spine.actions.notifications,
        clock=spine.clock,
    )


async def test_where_everybody_may_approve_nobody_is_looked_for(sqlite_database: Database) -> None:
    spine = Spine(sqlite_database)
    spine.policy = parse_policy("""
[roles]
anybody = ["*"]
[[rules]]
name = "anybody agrees"
who = ["anybody"]
do = ["key.create"]
approval = { from = ["anybody"] }
""")
    await spine.ask()
    assert await check_of(spine).run("1") is None
    assert (await spine.row()).progress.no_approver_since is None


async def test_a_request_that_waits_for_nobody_is_not_looked_after(sqlite_database: Database) -> None:
    spine = Spine(sqlite_database)
    await spine.ask(remain_quota=1)
    assert [await check_of(spine).run(argument) for argument in ("1", "9")] == [None, None]


async def test_what_is_decided_while_slack_is_asked_is_left_alone(sqlite_database: Database) -> None:
    spine = Spine(sqlite_database)
    await spine.ask()

    async def meanwhile(_ids: Any) -> frozenset[str]:
        await spine.actions.withdraw(1, ASKER)
        return frozenset()

    async def who_is(*_who: Any) -> Any:
        return ASKER

    await check_of(spine, people=meanwhile, who_is=who_is).run("1")
    assert (await spine.row()).status is Status.WITHDRAWN
    assert (await spine.row()).progress.no_approver_since is None


async def test_no_job_looks_for_approvers_where_one_was_seen_just_now(sqlite_database: Database) -> None:
    spine = Spine(sqlite_database)
    await spine.ask()
    spine.seen = {one.slack_user_id: one for one in (ASKER, BEN, MANAGER)}
    await spine.ask()
    assert await spine.started(":approvers") == ["req:1:approvers"]
    # Whoever asks cannot approve it, nor can a guest, whatever group they are in.
    guest = person("U0GUEST", "S0MANAGERS", kind=ActorKind.GUEST)
    asker = person(ASKER.slack_user_id, "S0MANAGERS", *ASKER.groups)
    spine.seen = {one.slack_user_id: one for one in (asker, guest)}
    await spine.ask(asker)
    assert await spine.started(":approvers") == ["req:1:approvers", "req:3:approvers"]
