"""Alert windows and False alarm are judged as a command is: with the key as it is, and the channel."""

import pytest

from keydesk_sandbox import seed
from tests.scenarios.alerting import SAM, cards, learned, send
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import Desk, text_of, view_text
from tests.scenarios.policies import ROLES

pytestmark = pytest.mark.thorough

POLICY = (
    ROLES
    + """
[[rules]]
name = "the payment keys are not theirs"
who  = ["security"]
do   = ["key.disable", "key.show"]
on   = "any"
when = { group_in = ["payment"] }
deny = "The payment team looks after its keys."

[[rules]]
name  = "security pulls the plug"
who   = ["security"]
do    = ["key.disable", "key.show"]
on    = "any"
allow = true
"""
)
ELSEWHERE = POLICY.replace('group_in = ["payment"]', f'channel_in = ["{seed.SECURITY_CHANNEL}"]')


def told_alone(desk: Desk, user: str) -> str:
    """What was said in the channel to this person alone."""
    seen = desk.slack.messages(seed.SECURITY_CHANNEL, user)
    return " ".join(text_of(message) for message in seen if message.ephemeral_to == user)


@pytest.mark.parametrize(("policy", "group", "allowed"), [
    (POLICY, "payment", False), (POLICY, "default", True), (ELSEWHERE, "default", False),
])  # fmt: skip
async def test_a_rule_on_the_key_or_the_channel_binds_the_window_and_the_false_alarm(
    desk_with: OpenDesk, policy: str, group: str, allowed: bool
) -> None:
    async with desk_with(policy=policy) as desk:
        await learned(desk)
        record = desk.gateway.add_key(name="pay", unlimited_quota=True, group=group)
        message = await desk.slack.post_as_app(seed.SECURITY_CHANNEL, f"oops: {desk.gateway.key_value(record.id)}")
        await desk.slack.shortcut(SAM, "disable_leaked_key", seed.SECURITY_CHANNEL, message.ts)
        await desk.eventually(lambda: "of this account" in view_text(desk.slack.top_view(SAM)))
        shown = view_text(desk.slack.top_view(SAM))
        assert ("Quota left" in shown) is allowed
        assert ("Disable now" in shown) is allowed
        card = (await desk.eventually(lambda: cards(desk, "pay")))[0]
        await desk.slack.click(SAM, card, "false_alarm")
        if allowed:
            await desk.eventually(lambda: cards(desk, "False alarm, says"))
        else:
            await desk.eventually(lambda: "payment team" in told_alone(desk, SAM))
            assert not cards(desk, "False alarm, says")


async def test_a_false_alarm_while_the_gateway_is_down_is_judged_as_far_as_is_known(desk_with: OpenDesk) -> None:
    async with desk_with(policy=POLICY) as desk:
        await learned(desk)
        await send(desk, "generic", desk.gateway.key_value(desk.key("production").id))
        card = (await desk.eventually(lambda: cards(desk, "production")))[0]
        desk.gateway.arm("refused", times=None)
        await desk.slack.click(SAM, card, "false_alarm")
        await desk.eventually(lambda: cards(desk, "False alarm, says"))
