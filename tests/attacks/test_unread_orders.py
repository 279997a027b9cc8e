"""An order about a key that cannot be read is judged when it is asked and again, by the record, before it is carried out."""

import json

import pytest

from bot.approvals.models import Status
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import GatewayFault
from tests.scenarios.alerting import SAM, learned
from tests.scenarios.conftest import OpenDesk, desk_with
from tests.scenarios.desk import Desk, text_of, view_text
from tests.scenarios.forging import last, send_as
from tests.scenarios.operating import owned

__all__ = ["desk_with"]
BEN = seed.SECOND_ENGINEER
NOT_VIP = '[[rules]]\nname = "vip"\nwho = ["*"]\ndo = ["key.disable"]\non = "any"\nwhen = { group_in = ["vip"] }\n'
POLICY = NOT_VIP + 'deny = "Keys of the group vip stay."\n\n' + seed.POLICY


async def form(desk: Desk, user: str, number: int) -> None:
    await desk.slack.command(user, seed.KEYS_CHANNEL, f"/apikey disable {number}")
    await desk.eventually(lambda: desk.slack.top_view(user).body["callback_id"] == "key.disable")


async def test_a_forged_number_in_the_form_stops_no_key_of_somebody_else(desk_with: OpenDesk) -> None:
    async with desk_with() as desk:
        await learned(desk)
        mine, theirs = await owned(desk, BEN), desk.key("production")
        await form(desk, BEN, mine.id)
        assert (await desk.slack.submit(BEN, desk.slack.top_view(BEN))).ok
        await desk.settled()
        desk.gateway.arm(GatewayFault(times=None, kind="refused"))
        payload = last(desk, "view_submission")
        text, _, seal = payload["view"]["private_metadata"].rpartition("\n")
        seen = json.loads(text) | {"key_id": theirs.id}
        payload["view"]["private_metadata"] = f"{json.dumps(seen)}\n{seal}"
        answer = await send_as(desk, payload, BEN)
        assert "disabling keys" in str(answer.body)
        desk.gateway.disarm()
        await desk.pass_time(61)
        assert desk.gateway.key(theirs.id).status == 1
        assert len(await desk.audit("asked")) == 1


@pytest.mark.parametrize("group", ["vip", ""])
async def test_what_a_rule_spares_is_spared_by_the_record_before_the_run(desk_with: OpenDesk, group: str) -> None:
    async with desk_with(policy=POLICY) as desk:
        record = desk.gateway.keys()[-1]
        await learned(desk)
        await desk.pass_time(61)
        desk.gateway.arm(GatewayFault(times=None, kind="refused"))
        # What is remembered says nothing of the group that somebody chose in the console a moment ago.
        desk.gateway.edit_behind(record.id, group=group)
        await form(desk, SAM, record.id)
        assert "The gateway cannot be asked now" in view_text(desk.slack.top_view(SAM))
        assert (await desk.slack.submit(SAM, desk.slack.top_view(SAM))).ok
        desk.gateway.disarm()
        await desk.pass_time(61)
        row = await desk.settled()
        spared = group == "vip"
        assert row.status is (Status.FAILED if spared else Status.SUCCEEDED)
        assert desk.gateway.key(record.id).status == (1 if spared else 2)
        if spared:
            told = await desk.eventually(lambda: desk.dm(SAM, "Keys of the group vip stay."))
            assert "not disabled" in text_of(told[-1])
