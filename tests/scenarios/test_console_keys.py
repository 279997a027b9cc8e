"""A key that is made in the gateway's console and leaks at once, on every kind of gateway: it is found and disabled."""

from functools import partial

import pytest

from keydesk_sandbox import seed
from tests.scenarios.alerting import cards, learned, send
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import Desk
from tests.scenarios.policies import ROLES

pytestmark = pytest.mark.thorough

ADA = seed.ENGINEER
PROFILES = ("cometapi", "upstream-g1", "upstream-g2", "upstream-g3", "sibling")
AUTOMATIC = f"""{ROLES}
[alerts]
auto_disable = ["generic", "slack"]
"""


async def leak(desk: Desk, way: str, value: str) -> None:
    if way in {"channel", "both"}:
        await desk.slack.say(ADA, seed.KEYS_CHANNEL, f"use {value} for now")
    if way in {"generic", "both"}:
        await send(desk, "generic", value)


def is_out_of_use(desk: Desk, key_id: int) -> bool:
    return desk.gateway.key(key_id).status != 1


@pytest.mark.parametrize("way", ["channel", "generic", "both"])
@pytest.mark.parametrize("profile", PROFILES)
async def test_a_key_made_in_the_console_and_leaked_at_once_is_disabled(
    desk_with: OpenDesk, profile: str, way: str
) -> None:
    async with desk_with(profile=profile, policy=AUTOMATIC) as desk:
        await learned(desk)
        late = desk.gateway.add_key(name="late", unlimited_quota=True)
        await leak(desk, way, desk.gateway.key_value(late.id))
        begun = desk.clock()
        # The look that each minute brings.
        desk.app.alerts.index_sync.changed()
        await desk.eventually(lambda: cards(desk, "late"))
        if profile == "sibling":  # it stores no write, so nothing dies there
            return
        await desk.eventually(lambda: desk.gateway.key(late.id).status != 1)
        assert desk.clock() - begun < 70


@pytest.mark.parametrize("way", ["channel", "generic"])
async def test_one_leak_after_the_other_is_disabled_where_values_are_masked(desk_with: OpenDesk, way: str) -> None:
    """The gateway shows few values in twenty minutes; what may be leaked is not left to what the background spent."""
    async with desk_with(profile="upstream-g3", policy=AUTOMATIC) as desk:
        await learned(desk)
        for number in range(5):
            late = desk.gateway.add_key(name=f"late {number}", unlimited_quota=True)
            await leak(desk, way, desk.gateway.key_value(late.id))
            begun = desk.clock()
            desk.app.alerts.index_sync.changed()
            await desk.eventually(partial(is_out_of_use, desk, late.id))
            assert desk.clock() - begun < 70
