"""Who may answer for keys that nobody answers for: those who may disable any key without asking; others are recorded."""

import pytest

from bot.care.rights import admit_for_any_key
from bot.errors import PermissionDenied
from bot.slack.delivery import Kind
from keydesk_sandbox import seed
from tests.scenarios.conftest import OpenDesk, desk_with
from tests.slack.kit import make_delivery

__all__ = ["desk_with"]

ASKING = """
[roles]
security = ["S0SECURITY"]
manager = ["S0MANAGERS"]
[[rules]]
name = "security asks first"
who = ["security"]
do = ["key.disable"]
on = "any"
approval = { from = ["manager"], expires = "1d" }
[[rules]]
name = "managers break glass"
who = ["manager"]
do = ["key.disable"]
on = "any"
approval = { from = ["security"], expires = "1d", break_glass = true }
"""


async def may(open_desk: OpenDesk, user: str, **more: str) -> bool:
    async with open_desk(**more) as desk:
        delivery = make_delivery(Kind.ACTION, user_id=user, team_id=seed.TEAM, channel_id=seed.SECURITY_CHANNEL)
        try:
            actor = await admit_for_any_key(desk.app.care.parts.deps, delivery)
        except PermissionDenied:
            return False
        return actor.slack_user_id == user


@pytest.mark.parametrize(
    ("user", "allowed"), [(seed.SECURITY, True), (seed.MANAGER, False), (seed.GUEST, False), (seed.DEACTIVATED, False)]
)
async def test_those_who_may_disable_any_key(desk_with: OpenDesk, user: str, *, allowed: bool) -> None:
    assert await may(desk_with, user) is allowed


@pytest.mark.parametrize(("user", "allowed"), [(seed.SECURITY, False), (seed.MANAGER, True)])
async def test_who_must_ask_first_may_not_and_who_breaks_glass_may(
    desk_with: OpenDesk, user: str, *, allowed: bool
) -> None:
    assert await may(desk_with, user, policy=ASKING) is allowed
