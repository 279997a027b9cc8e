"""SIGTERM: no new work, what runs is finished or handed over, below ten seconds, without a traceback."""

import asyncio
import signal

import pytest

from bot.approvals.models import Status
from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack.views import View
from tests.crash.house import House

ADA = seed.ENGINEER
STOP_SECONDS = 10.0
SMALL = {"name": "small", "remain_quota": "100k", "expired_time": "30d", "reason": "to test"}


async def _ends(house: House, *, within: float = STOP_SECONDS) -> None:
    """In the time of this loop, which leaves out what the machine took away (tests/tools/patient_loop.py)."""
    process = house.processes[-1]
    loop = asyncio.get_running_loop()
    process.kill(signal.SIGTERM)
    end = loop.time() + within
    while process.alive:
        assert loop.time() < end, process.said()[-2000:]
        await asyncio.sleep(0.02)
    assert process.ended.result() == 0, process.said()[-2000:]
    assert "Traceback" not in process.said(), process.said()


async def test_a_process_at_rest_stops_at_once(house: House) -> None:
    await house.start(quick=False)
    await _ends(house, within=4.0)


@pytest.mark.thorough
async def test_a_slack_that_does_not_say_which_app_we_are_keeps_nobody_from_starting(house: House) -> None:
    house.slack.faults.add("bots.info", "reset", times=2)
    await house.start()
    assert (await house.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey help")).ok
    await _ends(house)


@pytest.mark.thorough
@pytest.mark.parametrize("hanging", ["gateway", pytest.param("slack", marks=pytest.mark.soak)])
async def test_work_that_hangs_is_handed_over(house: House, hanging: str) -> None:
    await house.start(quick=False)
    if hanging == "gateway":
        house.gateway.arm("hang", method="POST", path="/api/token/", lands=False)
    else:
        house.slack.faults.add("chat.postMessage", "delay", delay=9.0)
    assert (await house.desk.ask(ADA, **SMALL)).ok
    await asyncio.sleep(0.5)
    await _ends(house)
    assert house.names().count("small") == (0 if hanging == "gateway" else 1)
    await house.start()
    assert (await house.settled(1)).status is Status.SUCCEEDED
    await house.desk.eventually(lambda: house.posted().get("req:1:confirmation") == 1)
    assert house.names().count("small") == 1
    assert house.verdict().problems == ()


@pytest.mark.thorough
async def test_a_burst_of_requests_is_answered_or_refused_but_never_half_done(house: House) -> None:
    """Whoever got an answer has a request; whoever got none can ask again and gets one."""
    process = await house.start(quick=False)
    views = []
    for number in range(12):
        await house.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey new")
        view = house.slack.top_view(ADA)
        await house.desk.fill(ADA, view, **{**SMALL, "name": f"k{number}"})
        views.append(view)
    answers = asyncio.gather(*(_submit_anyway(house, view) for view in views))
    await asyncio.sleep(0.02)
    process.kill(signal.SIGTERM)
    good = sum(await answers)
    await _ends(house)
    assert len(await house.requests()) >= good


async def _submit_anyway(house: House, view: View) -> bool:
    """Submit without asking whether it lies on top."""
    client = house.slack.client
    person = client._person(ADA)
    payload = client._payloads.submission(person, view, trigger_id=client._triggers.issue(ADA), response_urls=[])
    return bool((await house.slack.deliveries.send("interactive", payload)).ok)
