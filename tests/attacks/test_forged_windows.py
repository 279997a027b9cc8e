"""A signed payload whose view is not as we drew it chooses no channel for the rules. Over the real wire."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.approvals.models import ApprovalRequest, Status
from keydesk_sandbox import seed
from tests.scenarios.desk import Desk, open_desk, refusal
from tests.scenarios.forging import last, send_as
from tests.scenarios.operating import open_form, owned
from tests.scenarios.policies import ROLES

ADA, BEN = seed.ENGINEER, seed.SECOND_ENGINEER
HERE, FREE_ROOM = seed.KEYS_CHANNEL, seed.GENERAL_CHANNEL
POLICY = f"""{ROLES}
[[rules]]
name  = "free in one channel"
who   = ["engineer"]
do    = ["key.create", "key.update", "key.quota"]
when  = {{ channel_in = ["{FREE_ROOM}"] }}
allow = true

[[rules]]
name  = "elsewhere somebody decides"
who   = ["engineer"]
do    = ["key.create", "key.update", "key.quota"]
approval = {{ from = ["manager"] }}

[[rules]]
name  = "look"
who   = ["engineer"]
do    = ["key.show", "key.list"]
allow = true
"""
FIELDS = {"name": "search", "remain_quota": "100k", "expired_time": "30d", "reason": "to test"}


@pytest.fixture
async def desk(tmp_path: Path, database_url: str) -> AsyncIterator[Desk]:
    async with open_desk(tmp_path, database_url=database_url, policy=POLICY) as opened:
        yield opened


async def asked(desk: Desk, way: str, *, channel: str = HERE) -> None:
    """An honest submission from a channel, by the form of one operation."""
    if way == "create":
        assert (await desk.ask(ADA, channel=channel, **FIELDS)).ok
        return
    record = await owned(desk)
    if way == "update":
        await desk.slack.command(ADA, channel, f"/apikey edit {record.id}")
        await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] == "key.update")
        await desk.fill(ADA, desk.slack.top_view(ADA), name="better")
    else:
        await desk.slack.command(ADA, channel, f"/apikey quota {record.id}")
        await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] == "key.quota")
        await desk.fill(ADA, desk.slack.top_view(ADA), delta="+100k")
    assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok


def plain(metadata: str) -> str:
    """As it was before there were seals, and as somebody writes it who has none."""
    return metadata.rpartition("\n")[0]


def moved(metadata: str) -> str:
    """Another channel, the seal kept."""
    return metadata.replace(HERE, FREE_ROOM)


async def newest(desk: Desk) -> ApprovalRequest:
    rows = [line["request_id"] for line in await desk.audit("asked")]
    return await desk.request(rows[-1])


@pytest.mark.parametrize("way", ["create", "update", "quota"])
@pytest.mark.parametrize("forge", [moved, lambda text: plain(moved(text)), plain], ids=["moved", "unsealed", "old"])
async def test_a_forged_or_unproven_window_was_opened_in_no_channel(desk: Desk, way: str, forge: Any) -> None:
    await asked(desk, way)
    payload = last(desk, "view_submission")
    metadata = payload["view"]["private_metadata"]
    assert HERE in metadata
    payload["view"]["private_metadata"] = forge(metadata)
    assert refusal(await send_as(desk, payload, ADA)) == ""
    row = await newest(desk)
    assert (row.id, row.channel_id) == ((await desk.audit("asked"))[-1]["request_id"], "")
    assert row.status is Status.PENDING
    assert len(await desk.audit("asked")) == 2


@pytest.mark.parametrize("way", ["create", "update", "quota"])
async def test_the_same_form_opened_in_the_channel_is_granted_there(desk: Desk, way: str) -> None:
    await asked(desk, way, channel=FREE_ROOM)
    row = await newest(desk)
    assert row.channel_id == FREE_ROOM
    assert row.status is not Status.PENDING


async def test_the_seal_of_another_persons_window_opens_nothing(desk: Desk) -> None:
    await asked(desk, "create", channel=FREE_ROOM)
    await send_as(desk, last(desk, "view_submission"), BEN)
    row = await newest(desk)
    assert (row.requester_id, row.channel_id, row.status) == (BEN, "", Status.PENDING)


async def test_the_seal_of_another_form_opens_nothing(desk: Desk) -> None:
    """The memory of a key's window, which is a channel's id too, in the form for a new key."""
    record = await owned(desk, name="other")
    await desk.slack.command(ADA, FREE_ROOM, f"/apikey show {record.id}")
    await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] == "key.show")
    memory = desk.slack.top_view(ADA).body["private_metadata"]
    assert plain(memory) == FREE_ROOM
    await desk.slack.close_view(ADA, desk.slack.top_view(ADA))
    await asked(desk, "create")
    payload = last(desk, "view_submission")
    payload["view"]["private_metadata"] = memory
    await send_as(desk, payload, ADA)
    assert (await newest(desk)).channel_id == ""


async def test_a_window_that_was_open_for_too_long_was_opened_in_no_channel(desk: Desk) -> None:
    await desk.slack.command(ADA, FREE_ROOM, "/apikey new")
    await desk.fill(ADA, desk.slack.top_view(ADA), **FIELDS)
    await desk.pass_time(13 * 3600)
    assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
    assert (await newest(desk)).channel_id == ""


async def test_a_forged_button_in_a_window_opens_no_form_of_another_channel(desk: Desk) -> None:
    record = await owned(desk)
    view = await open_form(desk, ADA, f"/apikey show {record.id}", operation="key.show")
    view.body["private_metadata"] = moved(view.body["private_metadata"])
    await desk.slack.click(ADA, view, "key.quota")
    await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] == "key.quota")
    assert json.loads(plain(desk.slack.top_view(ADA).body["private_metadata"]))["channel"] == ""


async def test_a_redrawn_form_keeps_what_it_was(desk: Desk) -> None:
    """Each change draws the form anew: a forged change must not get the seal that it lacks."""
    await desk.slack.command(ADA, HERE, "/apikey new")
    await desk.fill(ADA, desk.slack.top_view(ADA), **FIELDS)
    await desk.app.responder.drain(grace=10)
    change = last(desk, "block_actions")
    change["view"]["private_metadata"] = plain(moved(change["view"]["private_metadata"]))
    change["view"]["hash"] = desk.slack.top_view(ADA).hash
    change["actions"][0]["action_ts"] = "9.9"
    assert (await desk.slack.deliveries.send("interactive", change)).ok
    await desk.app.responder.drain(grace=10)
    await desk.eventually(lambda: desk.slack.top_view(ADA).body["private_metadata"] == "")
    assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
    assert (await newest(desk)).channel_id == ""
