"""Incident mode, after the disabling: each key itself is tried until the gateway refuses it, and the message says so."""

import asyncio
import logging
import time
from typing import Any

import pytest

from bot.gateway.writes import REVOCATION_DELAYS
from bot.incident import store as batch_store
from bot.incident.models import BatchRevocation, BatchStatus
from keydesk_sandbox.fake_gateway import Record
from tests.scenarios.alerting import SAM, everything
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import PATIENCE, Desk
from tests.scenarios.test_incident import CHANNEL, confirm, make, preview, progress

pytestmark = pytest.mark.thorough

LONGEST = sum(REVOCATION_DELAYS)


async def disabled(desk: Desk, number: int, **fields: Any) -> list[Record]:
    """So many keys, disabled by batch 1."""
    records = make(desk, number, **fields)
    await preview(desk, f"disable {' '.join(str(record.id) for record in records)}")
    await confirm(desk, f"DISABLE {number}")
    await desk.eventually(lambda: progress(desk, f"{number} of {number}"))
    assert {desk.gateway.key(record.id).status for record in records} == {2}
    return records


async def proved(desk: Desk) -> dict[BatchRevocation, int]:
    counts = await desk.app.database.read(batch_store.proved, 1)
    return {proof: number for proof, number in counts.items() if number}


async def outcomes(desk: Desk) -> list[str]:
    return [line["details"]["outcome"] for line in await desk.audit("probe")]


def no_value_in(desk: Desk, records: list[Record], log: str) -> None:
    produced = everything(desk, log)
    for record in records:
        assert desk.gateway.key_value(record.id).removeprefix("sk-") not in produced


@pytest.mark.parametrize("number", [3, 30])
@pytest.mark.parametrize("profile", ["cometapi", "upstream-g2"])
async def test_every_key_is_refused_and_the_message_says_so(
    desk_with: OpenDesk, profile: str, number: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger="bot")
    async with desk_with(profile=profile) as desk:
        records = await disabled(desk, number)
        await desk.eventually(lambda: progress(desk, f":lock: *Refused by the gateway: {number} of {number}*"))
        assert len(progress(desk)) == 1
        lines = [line for line in await desk.audit("probe") if line["details"]["batch"] == 1]
        assert sorted(line["key_id"] for line in lines) == sorted(record.id for record in records)
        assert {line["details"]["outcome"] for line in lines} == {"refused"}
        no_value_in(desk, records, caplog.text)
        # The reveal endpoint has a small limit, and people need it too: many values come in one call.
        assert number == 3 or not [each for each in desk.gateway.requests if each.path.endswith("/key")]


async def test_nothing_is_tried_before_everything_that_can_be_is_disabled(http_desk: Desk) -> None:
    desk = http_desk
    begun = len(desk.gateway.requests)
    await disabled(desk, 20)
    await desk.eventually(lambda: progress(desk, "Refused by the gateway: 20 of 20"))
    seen = [(each.method, each.path) for each in desk.gateway.requests[begun:]]
    first = seen.index(("GET", "/v1/models"))
    assert not [method for method, _ in seen[first:] if method == "PUT"]
    assert sum(path == "/v1/models" for _, path in seen) == 20


async def test_keys_that_live_on_in_a_cache_are_watched_until_they_are_refused(http_desk: Desk) -> None:
    desk = http_desk
    desk.gateway.clock.ticking = False
    desk.gateway.switch("cache_disable", 20.0)
    await disabled(desk, 3)
    await desk.eventually(lambda: progress(desk, "Still accepted, checking: 3"))
    assert not progress(desk, ":lock:")
    await desk.pass_time(LONGEST / 4)
    await desk.eventually(lambda: progress(desk, ":lock: *Refused by the gateway: 3 of 3*"))
    assert not progress(desk, "Still accepted")
    assert sorted(await outcomes(desk)) == ["accepted"] * 3 + ["refused"] * 3


async def until_the_end(desk: Desk) -> None:
    """Let the trials' two minutes pass, pause by pause."""
    for tries, pause in enumerate((*REVOCATION_DELAYS, 0.0), 1):
        end = time.monotonic() + PATIENCE
        while fewest_tries(desk) < tries:
            assert time.monotonic() < end, f"never tried {tries} times"
            # The job may queue its next turn only now; the keys themselves are due by the clock.
            await desk.app.engine.skip(LONGEST)
            await asyncio.sleep(0.02)
        await desk.pass_time(pause)


def fewest_tries(desk: Desk) -> int:
    keys = desk.app.database.run_here(batch_store.keys_of, 1)
    return min(int(key.progress.get("probe", {}).get("tries", 0)) for key in keys)


def models_calls(desk: Desk) -> int:
    return sum(each.path == "/v1/models" for each in desk.gateway.requests)


async def test_keys_that_are_never_refused_are_cried_out_once(http_desk: Desk) -> None:
    desk = http_desk
    desk.gateway.switch("cache_disable", 100_000.0)
    records = await disabled(desk, 2)
    await until_the_end(desk)
    alarm = await desk.eventually(lambda: desk.said("of batch 1 are disabled, but the gateway still accepts", CHANNEL))
    assert len(alarm) == 1
    shown = (await desk.eventually(lambda: progress(desk, "Refused by the gateway: 0 of 2")))[0]
    assert f"*Still accepted*: key {records[0].id} `svc-0`, key {records[1].id} `svc-1`" in shown
    assert await proved(desk) == {BatchRevocation.ALIVE: 2}
    calls = models_calls(desk)
    await desk.pass_time(LONGEST)
    assert models_calls(desk) == calls == 2 * (len(REVOCATION_DELAYS) + 1)


async def test_where_no_value_is_shown_no_proof_is_claimed(desk_with: OpenDesk) -> None:
    async with desk_with(profile="upstream-g2") as desk:
        desk.gateway.switch("reveal", False)
        await disabled(desk, 3)
        await desk.eventually(lambda: progress(desk, "3 could not be tried: The gateway does not show its value"))
        assert progress(desk, "Refused by the gateway: 0 of 3")
        assert await outcomes(desk) == ["unclear"] * 3


async def test_many_values_that_are_not_shown_are_not_asked_for_one_by_one(desk_with: OpenDesk) -> None:
    async with desk_with(profile="upstream-g2") as desk:
        desk.gateway.switch("reveal", False)
        desk.gateway.switch("batch_reveal", False)
        await disabled(desk, 12)
        await until_the_end(desk)
        await desk.eventually(lambda: progress(desk, "12 could not be tried: The gateway did not show its value"))
        one_by_one = [each.path for each in desk.gateway.requests if each.path.endswith("/key")]
        assert len(one_by_one) == len(set(one_by_one))  # the index of fingerprints asks for each new key once


async def test_a_batch_that_is_taken_back_meanwhile_is_no_alarm(http_desk: Desk) -> None:
    desk = http_desk
    desk.gateway.clock.ticking = False
    desk.gateway.switch("cache_disable", 20.0)
    await disabled(desk, 2)
    await desk.eventually(lambda: progress(desk, "Still accepted, checking: 2"))
    await preview(desk, "enable batch 1")
    await confirm(desk, "ENABLE 2")
    await desk.eventually(lambda: progress(desk, "> enabled "))
    await desk.pass_time(LONGEST)
    await desk.eventually(lambda: progress(desk, "2 could not be tried: The key was enabled again meanwhile"))
    assert not desk.said("still accepts", CHANNEL)


async def test_what_was_disabled_before_a_stop_is_proved_too(http_desk: Desk) -> None:
    desk = http_desk
    records = make(desk, 40)
    desk.gateway.arm("slow", delay=0.05, times=1_000)
    await preview(desk, f"disable {' '.join(str(record.id) for record in records)}")
    await confirm(desk, "DISABLE 40")
    await desk.eventually(lambda: any(desk.gateway.key(record.id).status == 2 for record in records))
    await desk.slack.click(SAM, desk.said("Batch 1", CHANNEL)[0], "stop_batch")
    desk.gateway.disarm()
    await desk.eventually(lambda: progress(desk, "Stopped by"))
    await desk.eventually(lambda: progress(desk, ":lock: *Refused by the gateway:"))
    assert (await desk.app.database.read(batch_store.get, 1)).status is BatchStatus.STOPPED
    count = sum(desk.gateway.key(record.id).status == 2 for record in records)
    assert await proved(desk) == {BatchRevocation.REFUSED: count}
