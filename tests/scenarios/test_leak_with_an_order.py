"""An order about a leaked key that does not disable it keeps no automatic disabling from it."""

from tests.scenarios.alerting import SAM, cards, learned, send
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.policies import ROLES

AUTO = f"""{ROLES}
[[rules]]
name  = "security acts"
who   = ["security"]
do    = ["key.disable", "key.rotate", "key.show"]
on    = "any"
allow = true

[alerts]
auto_disable = ["generic"]
"""


async def test_a_rotation_of_a_masked_key_does_not_keep_the_whole_one_alive(desk_with: OpenDesk) -> None:
    async with desk_with(policy=AUTO) as desk:
        await learned(desk)
        record = await desk.own("U0ADA", desk.key("production"))
        value = desk.gateway.key_value(record.id)
        await send(desk, "generic", f"{value[:7]}**********{value[-4:]}")
        card = (await desk.eventually(lambda: cards(desk, "production")))[0]
        await desk.slack.click(SAM, card, "rotate")
        await desk.eventually(lambda: "rotate" in str(desk.slack.top_view(SAM).body.get("blocks")))
        await desk.slack.click(SAM, desk.slack.top_view(SAM), "rotate")
        await desk.eventually(lambda: cards(desk, "The leaked key still works"))
        assert desk.gateway.key(record.id).status == 1
        await send(desk, "generic", value)
        await desk.eventually(lambda: desk.gateway.key(record.id).status == 2)
