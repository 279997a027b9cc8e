"""A batch is judged as single requests are: each key by its own facts, at the preview and again at the write."""

import pytest

from keydesk_sandbox import seed
from tests.scenarios.alerting import SAM
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import text_of, view_text
from tests.scenarios.policies import ROLES
from tests.scenarios.test_incident import CHANNEL, confirm, make, preview, progress

pytestmark = pytest.mark.thorough

HERE = f"""{ROLES}
[[rules]]
name  = "keys are disabled in the security channel"
who   = ["security"]
do    = ["key.disable"]
on    = "any"
when  = {{ channel_in = ["{CHANNEL}"] }}
allow = true

[[rules]]
name = "nowhere else"
who  = ["*"]
do   = ["key.disable"]
on   = "any"
deny = "Keys are disabled in the security channel only."
"""

ALL = f"""{ROLES}
[[rules]]
name  = "security disables"
who   = ["security"]
do    = ["key.disable", "key.show"]
on    = "any"
allow = true
"""

NOT_VIP = ALL.replace(
    "[[rules]]",
    """[[rules]]
name = "the VIPs are spared"
who  = ["*"]
do   = ["key.disable"]
on   = "any"
when = { group_in = ["vip"] }
deny = "Keys of the group vip are never disabled in bulk."

[[rules]]""",
    1,
)


async def test_a_rule_about_the_channel_holds_for_a_batch_as_for_one_key(desk_with: OpenDesk) -> None:
    async with desk_with(policy=HERE) as desk:
        one, two, three = make(desk, 3)
        await desk.slack.command(SAM, seed.KEYS_CHANNEL, f"/apikey disable {one.id} {two.id}")
        await desk.eventually(
            lambda: "Keys are disabled in the security channel only" in view_text(desk.slack.top_view(SAM))
        )
        await desk.slack.command(SAM, seed.KEYS_CHANNEL, f"/apikey disable {three.id}")
        await desk.eventually(
            lambda: (
                "security channel only" in str(desk.slack.messages(seed.KEYS_CHANNEL, SAM)[-1:])
                or "security channel only" in view_text(desk.slack.top_view(SAM))
            )
        )
        assert {desk.gateway.key(record.id).status for record in (one, two, three)} == {1}
        await preview(desk, f"disable {one.id} {two.id}")
        await confirm(desk, "DISABLE 2")
        await desk.eventually(lambda: progress(desk, "2 of 2"))
        assert {desk.gateway.key(record.id).status for record in (one, two)} == {2}


@pytest.mark.parametrize("number", [3, 12])
async def test_a_deny_that_comes_between_stops_exactly_its_keys(desk_with: OpenDesk, number: int) -> None:
    async with desk_with(policy=ALL) as desk:
        records = make(desk, number)
        desk.gateway.edit_behind(records[0].id, group="vip")
        await preview(desk, f"disable {' '.join(str(record.id) for record in records)}")
        desk.gateway.edit_behind(records[1].id, group="vip")
        desk.world.policy_path.write_text(NOT_VIP, encoding="utf-8")
        await desk.eventually(lambda: "vip" in str(desk.app.policy.current().rules))
        await confirm(desk, f"DISABLE {number}")
        await desk.eventually(lambda: progress(desk, "2 failed"))
        await desk.eventually(lambda: progress(desk, f"{number - 2} of {number}"))
        assert [desk.gateway.key(record.id).status for record in records] == [1, 1] + [2] * (number - 2)
        card = next(m for m in desk.messages(CHANNEL) if "Batch 1" in text_of(m))
        assert "never disabled in bulk" in text_of(card)
        assert "Changed since the preview: group" in text_of(card)
        failed = [line for line in await desk.audit("failed") if line["details"].get("batch") == 1]
        assert {line["key_id"] for line in failed} == {records[0].id, records[1].id}
