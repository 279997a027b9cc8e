"""The shared state: versions that wake who waits, message times that never repeat, DMs made on first use."""

import asyncio

import pytest

from keydesk_sandbox.fake_slack.core import Core
from keydesk_sandbox.fake_slack.errors import ApiError, ClientRefusal
from keydesk_sandbox.fake_slack.manifest import parse_manifest
from keydesk_sandbox.fake_slack.workspace import Workspace


def core(now: float = 1_000.0) -> Core:
    app = parse_manifest({}, app_id="A1", bot_id="B1", bot_user_id="UBOT")
    return Core(app=app, workspace=Workspace(), clock=lambda: now)


def test_times_of_messages_never_repeat() -> None:
    shared = core()
    found = [shared.new_ts() for _ in range(3)]
    assert found == ["1000.000000", "1000.000001", "1000.000002"]


async def test_who_waits_for_a_change_is_woken_by_it() -> None:
    shared = core()
    waiting = asyncio.create_task(shared.wait_for_change(seen=0, seconds=30))
    await asyncio.sleep(0)
    shared.changed()
    async with asyncio.timeout(60):
        assert await waiting == 1
    assert await shared.wait_for_change(seen=0, seconds=30) == 1
    assert await shared.wait_for_change(seen=1, seconds=0.001) == 1


def test_a_dm_is_made_once() -> None:
    shared = core()
    first = shared.dm_with("U1")
    assert shared.dm_with("U1") is first
    assert (first.kind, first.members, shared.version) == ("dm", ["U1", "UBOT"], 1)


def test_the_bot_is_there_and_others_are_refused() -> None:
    shared = core()
    assert shared.person("UBOT").id == "UBOT"
    with pytest.raises(ClientRefusal):
        shared.person("U404")
    with pytest.raises(ApiError, match="channel_not_found"):
        shared.channel("C404")
