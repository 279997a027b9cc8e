"""Slack's limits by method and channel, and faults that wait for their method."""

import pytest

from keydesk_sandbox.fake_slack.limits import POST_BURST, TIERS, Faults, Limited, Limits


def test_a_method_takes_its_tier_in_a_minute() -> None:
    now = [0.0]
    limits = Limits(clock=lambda: now[0])
    for _ in range(TIERS[4]):
        limits.check("views.open", None)
    with pytest.raises(Limited) as caught:
        limits.check("views.open", None)
    assert caught.value.retry_after == 61
    now[0] = 60.0
    limits.check("views.open", None)


def test_a_channel_takes_a_burst_then_one_message_a_second() -> None:
    now = [0.0]
    limits = Limits(clock=lambda: now[0])
    for _ in range(POST_BURST):
        limits.check("chat.postMessage", "C1")
    with pytest.raises(Limited):
        limits.check("chat.postMessage", "C1")
    limits.check("chat.postMessage", "C2")
    now[0] = 1.0
    limits.check("chat.postMessage", "C1")


def test_limits_can_be_forced_and_switched_off() -> None:
    limits = Limits(clock=lambda: 0.0)
    limits.enforced = False
    for _ in range(2 * POST_BURST):
        limits.check("chat.postMessage", "C1")
    limits.force("chat.postMessage", times=1, retry_after=7)
    with pytest.raises(Limited) as caught:
        limits.check("chat.postMessage", "C1")
    assert caught.value.retry_after == 7
    limits.check("chat.postMessage", "C1")


def test_a_fault_strikes_its_method_so_often_and_after_so_many() -> None:
    faults = Faults()
    faults.add("chat.update", "reset", skip=1)
    faults.add("*", "refuse", code="fatal_error")
    assert faults.take("chat.update") is None
    first, second, third = faults.take("chat.update"), faults.take("views.open"), faults.take("views.open")
    assert first is not None
    assert second is not None
    assert (first.kind, second.code, third) == ("reset", "fatal_error", None)
