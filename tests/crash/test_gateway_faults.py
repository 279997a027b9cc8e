"""The gateway is slow, flaps, talks nonsense or does not know us: requests wait as *applying*, all of it finishes."""

import re
from typing import Any

import pytest

from bot.approvals.models import Status
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import GatewayFault
from tests.crash.house import House
from tests.crash.policy import BIG
from tests.scenarios.desk import text_of, view_text

ADA, MIRA, CHANNEL = seed.ENGINEER, seed.MANAGER, seed.KEYS_CHANNEL
# Of many kinds, so that it is not one special case that is borne.
FLAPS = ("html", "panic", "lost_request", "lost_reply", "cut_body", "empty_429", "empty", "truncated_gzip")


async def approve(house: House) -> None:
    """The one request waits for Mira, and Mira says yes."""
    card = await house.desk.eventually(lambda: house.desk.card(1))
    await house.persist(lambda: house.slack.click(MIRA, card, "approve"))


async def held(house: House, why: str) -> None:
    """It waits as *applying*; people, /readyz and /metrics know, and the process is not taken out."""
    await house.desk.eventually(lambda: "nothing is lost" in text_of(house.desk.card(1)))
    await house.desk.eventually(lambda: len(house.desk.dm(ADA, "not applied yet")) == 1)
    assert (await house.requests())[0].status in {Status.APPROVED, Status.RUNNING}
    assert why in await house.says("/readyz", '"notes":["')
    assert (await house.processes[-1].get("/readyz")).status_code == 200
    metrics = await house.says("/metrics", 'keydesk_up{what="gateway"} 0')
    assert re.search(r'keydesk_requests{status="(approved|running)"} 1', metrics)


async def done(house: House, *, seconds: float = 40) -> None:
    """One effect, said once."""
    assert (await house.settled(1, seconds=seconds)).status is Status.SUCCEEDED
    await house.shown()
    await house.desk.eventually(lambda: "approved by" in text_of(house.desk.card(1)))
    assert house.names().count("big") == 1
    assert len(await house.desk.audit("applied")) == 1
    assert house.verdict().problems == ()


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ({"kind": "html", "status": 200}, "not the gateway's API"),
        pytest.param({"kind": "wrong", "how": "not_json"}, "not the gateway's API", marks=pytest.mark.soak),
        pytest.param({"kind": "wrong", "how": "success_string"}, "not the gateway's API", marks=pytest.mark.soak),
        pytest.param({"kind": "wrong", "how": "not_an_object"}, "not the gateway's API", marks=pytest.mark.soak),
        pytest.param({"kind": "html", "status": 502}, "cannot be reached", marks=pytest.mark.soak),
        pytest.param({"kind": "redirect"}, "not the gateway's API", marks=pytest.mark.soak),
        pytest.param({"kind": "empty_429"}, "limits how often", marks=pytest.mark.soak),
    ],
)
async def test_nonsense_for_a_while(house: House, fault: dict[str, Any], why: str) -> None:
    await house.start()
    await house.desk.ask(ADA, **BIG)
    house.gateway.arm(GatewayFault(times=None, **fault))
    await approve(house)
    await held(house, why)
    assert len(await house.desk.audit("held")) == 1
    house.gateway.disarm()
    await done(house)
    await house.says("/metrics", 'keydesk_up{what="gateway"} 1')
    await house.says("/readyz", '"notes":[]')


@pytest.mark.parametrize("kind", FLAPS[:1] + tuple(pytest.param(kind, marks=pytest.mark.soak) for kind in FLAPS[1:]))
async def test_every_second_answer_fails(house: House, kind: str) -> None:
    await house.start()
    more = {"status": 502} if kind == "html" else {}
    # Each is one call further away than the one before it, and a call that a fault strikes moves no other one up.
    for skip in range(60):
        house.gateway.arm(kind, method="GET", skip=skip, **more)
    for skip in range(2):
        house.gateway.arm(kind, method="POST", path="/api/token/", skip=skip, **more)
    await house.desk.ask(ADA, **BIG)
    await approve(house)
    await done(house)


@pytest.mark.soak
async def test_the_access_token_is_revoked_between_two_calls_of_one_run(house: House) -> None:
    await house.start()
    await house.desk.ask(ADA, **BIG)
    good = house.gateway.access_token
    house.gateway.arm("slow", method="POST", path="/api/token/", delay=1.0)
    await approve(house)
    await house.desk.eventually(lambda: house.names().count("big"))
    # The key is made, its answer is on its way, and what reads it back will be refused.
    house.gateway._state.pat = "another-access-token-12345"
    await house.desk.eventually(lambda: house.desk.dm(ADA, "We are checking what it did"))
    assert (await house.desk.request(1)).status is Status.UNKNOWN
    assert "access token" in await house.says("/readyz", '"notes":["')
    house.gateway._state.pat = good
    await done(house)


@pytest.mark.soak
@pytest.mark.timeout(400)
async def test_answers_that_take_25_seconds(house: House) -> None:
    """Nobody waits for them before Slack's answer; the run does, since they come."""
    await house.start(quick=False)
    await house.desk.ask(ADA, **BIG)
    house.gateway.arm("slow", times=None, delay=25.0)
    key = await house.desk.own(ADA, house.gateway.add_key(name="mine"))
    answer = await house.slack.command(ADA, CHANNEL, f"/apikey edit {key.id}")
    assert answer.ok
    assert answer.seconds < 3
    await house.desk.eventually(lambda: "gateway" in view_text(house.slack.top_view(ADA)))
    await approve(house)
    await done(house, seconds=300)
