"""An alert about one's own key is closed by somebody else, by whatever way it is tried."""

from bot.alerts import store
from bot.alerts.models import AlertStatus
from keydesk_sandbox import seed
from tests.scenarios.alerting import SAM, cards, learned, send
from tests.scenarios.conftest import OpenDesk, desk_with, http_desk
from tests.scenarios.desk import Desk
from tests.scenarios.operating import owned

__all__ = ["desk_with", "http_desk"]
ADA = seed.ENGINEER
ASKING = """
[[rules]]
name     = "engineers ask to stop keys of others"
who      = ["engineer"]
do       = ["key.disable"]
on       = "any"
approval = { from = ["security"] }
"""


async def status(desk: Desk, alert_id: int) -> AlertStatus:
    return (await desk.app.database.read(store.get, alert_id)).status


async def closed_by(desk: Desk, user: str, alert_id: int) -> bool:
    """Whether a click on *False alarm* on the card closes it; the card may be forwarded, or its id forged."""
    card = (await desk.eventually(lambda: cards(desk, f"Alert {alert_id} ")))[0]
    members = desk.slack.workspace.channels[seed.SECURITY_CHANNEL].members
    if user not in members:
        members.append(user)
    await desk.slack.click(user, card, "false_alarm")
    return await status(desk, alert_id) is AlertStatus.FALSE_ALARM


async def test_the_owner_who_may_only_stop_own_keys_does_not_close_it(http_desk: Desk) -> None:
    desk = http_desk
    key = await owned(desk)
    desk.app.alerts.changed()
    await learned(desk)
    alert_id = (await send(desk, "generic", desk.gateway.key_value(key.id))).json()["id"]
    assert not await closed_by(desk, ADA, alert_id)
    assert await closed_by(desk, SAM, alert_id)


async def test_who_must_ask_to_stop_keys_of_others_does_not_close_it_alone(desk_with: OpenDesk) -> None:
    rules = ASKING + seed.POLICY[seed.POLICY.index("[[rules]]") :]
    async with desk_with(policy=seed.POLICY[: seed.POLICY.index("[[rules]]")] + rules) as desk:
        key = await owned(desk)
        desk.app.alerts.changed()
        await learned(desk)
        alert_id = (await send(desk, "generic", desk.gateway.key_value(key.id))).json()["id"]
        assert not await closed_by(desk, ADA, alert_id)
        assert not await closed_by(desk, seed.SECOND_ENGINEER, alert_id)
        assert await closed_by(desk, SAM, alert_id)
