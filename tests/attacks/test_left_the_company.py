"""Somebody who has just left decides nothing, whatever was known of them a moment ago and whatever events were lost."""

import dataclasses

import pytest

from bot.approvals.models import Status
from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack.people import PersonKind
from tests.scenarios.conftest import http_desk
from tests.scenarios.desk import Desk

__all__ = ["http_desk"]
ADA, MIRA = seed.ENGINEER, seed.MANAGER


@pytest.mark.parametrize("kind", [PersonKind.DEACTIVATED, PersonKind.GUEST])
async def test_a_manager_who_has_just_left_cannot_approve_from_what_is_remembered(
    http_desk: Desk, kind: PersonKind
) -> None:
    desk = http_desk
    await desk.ask(ADA, name="big", remain_quota="900k", expired_time="90d", reason="a plan")
    card = await desk.eventually(desk.card)
    # Known as a full member a moment ago; Slack's event about the change never comes.
    assert (await desk.slack.command(MIRA, seed.KEYS_CHANNEL, "/apikey requests")).ok
    people = desk.slack.workspace.people
    before = people[MIRA]
    payload_before = len(desk.slack.sent)
    await desk.slack.click(MIRA, card, "take")
    click = next(d.payload for d in desk.slack.sent[payload_before:] if d.payload.get("type") == "block_actions")
    people[MIRA] = dataclasses.replace(before, kind=kind)
    # What was asked for a click within three seconds stands; the minute for which other looks are kept does not.
    await desk.pass_time(4)
    forged = {
        **click,
        "trigger_id": "late.1",
        "actions": [{**click["actions"][0], "action_id": "approve", "value": "1"}],
    }
    await desk.slack.deliveries.send("interactive", forged)
    await desk.app.responder.drain(grace=10)
    row = await desk.request(1)
    assert (row.status, row.votes) == (Status.PENDING, ())
    assert [line["actor"] for line in await desk.audit("refused")] == [MIRA]
