"""Ask for a key, decide, get it, see it: the main job over both transports."""

import time
from typing import Any

from bot.approvals.models import Status
from keydesk_sandbox import seed
from tests.scenarios.conftest import EACH_TRANSPORT
from tests.scenarios.desk import Desk, buttons_of, text_of, view_text

ADA, MIRA = seed.ENGINEER, seed.MANAGER
BIG: dict[str, Any] = {
    "name": "search-backend",
    "remain_quota": "2M",
    "expired_time": "30d",
    "model_limits": ["gpt-4o-mini", "claude-sonnet-4"],
    "allow_ips": "198.51.100.10\n203.0.113.0/24",
    "reason": "The new search needs it",
}


@EACH_TRANSPORT
async def test_a_big_request_waits_for_a_manager_and_is_then_made_exactly_as_asked(desk: Desk) -> None:
    answer = await desk.ask(ADA, **BIG)
    assert answer.ok, answer
    assert "waits for" in view_text(desk.slack.top_view(ADA))
    card = await desk.eventually(lambda: desk.card(1))
    assert {"approve", "approve_with_changes", "deny", "take", "withdraw"} <= set(buttons_of(card))
    assert not [key for key in desk.gateway.requests if key.method == "POST"]

    approved_at = time.time()
    assert (await desk.slack.click(MIRA, card, "approve")).ok
    await desk.eventually(lambda: desk.said("was created"))
    record = desk.key("search-backend")
    assert record.remain_quota == 2_000_000
    assert record.unlimited_quota is False
    assert record.model_limits_enabled is True
    assert record.model_limits == "gpt-4o-mini,claude-sonnet-4"
    assert record.allow_ips == "198.51.100.10\n203.0.113.0/24"
    assert abs(record.expired_time - (approved_at + 30 * 86_400)) < 60

    assert len(desk.said("was created")) == 1
    await desk.eventually(lambda: "approved by" in text_of(desk.card(1)))
    assert buttons_of(desk.card(1)) == ["look_at_request"]
    # One message of the request stands in the channel itself; the rest is in its thread.
    assert [
        call.arguments.get("reply_broadcast") for call in desk.slack.calls if call.arguments.get("reply_broadcast")
    ] == []
    assert len([m for m in desk.messages() if not m.thread_ts and not m.ephemeral_to]) == 1
    value = desk.gateway.key_value(record.id)
    everything = " ".join(text_of(message) for message in [*desk.messages(), *desk.dm(ADA)])
    assert value.removeprefix("sk-") not in everything


@EACH_TRANSPORT
async def test_the_owner_reveals_the_value(desk: Desk) -> None:
    await desk.ask(ADA, name="mine", remain_quota="100k", expired_time="30d")
    notice = (await desk.eventually(lambda: desk.dm(ADA, "is ready")))[0]
    value = desk.gateway.key_value(desk.key("mine").id)
    await desk.slack.close_view(ADA, desk.slack.top_view(ADA))

    assert (await desk.slack.click(ADA, notice, "reveal")).ok
    await desk.eventually(lambda: value in view_text(desk.slack.top_view(ADA)))


@EACH_TRANSPORT
async def test_a_small_request_is_granted_at_once(desk: Desk) -> None:
    answer = await desk.ask(ADA, name="tiny", remain_quota="$1", expired_time="7d")
    assert answer.ok
    assert "granted" in view_text(desk.slack.top_view(ADA))
    await desk.eventually(lambda: desk.said("was created"))
    assert desk.key("tiny").remain_quota == 500_000
    assert (await desk.request(1)).status is Status.SUCCEEDED
