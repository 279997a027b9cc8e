"""Events come again with the same id until the app takes them."""

from typing import Any

from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import (
    Bot,
    Clock,
    Got,
)


async def test_a_failed_event_comes_again_with_its_id_and_the_reason(
    slack: FakeSlack, bot: Bot, naps: list[float]
) -> None:
    bot.answer = lambda _: (500, None)
    await slack.say("U1ALICE", "C1GENERAL", "hello")
    await slack.settle()
    assert len({got.payload["event_id"] for got in bot.got}) == 1
    assert [got.headers.get("x-slack-retry-num") for got in bot.got] == [None, "1", "2", "3"]
    assert bot.got[1].headers["x-slack-retry-reason"] == "http_error"
    assert naps == [0.0, 60.0, 300.0]


async def test_retries_end_with_the_first_success(slack: FakeSlack, bot: Bot) -> None:
    bot.answer = lambda _: (200 if len(bot.got) == 2 else 500, None)
    await slack.say("U1ALICE", "C1GENERAL", "hello")
    await slack.settle()
    assert len(bot.got) == 2


async def test_no_retry_when_the_app_says_so_or_the_switch_is_off(slack: FakeSlack, bot: Bot) -> None:
    bot.answer = lambda _: (500, None)
    bot.answer_headers = [(b"x-slack-no-retry", b"1")]
    await slack.say("U1ALICE", "C1GENERAL", "hello")
    await slack.settle()
    bot.answer_headers = []
    slack.switches.event_retries = False
    await slack.say("U1ALICE", "C1GENERAL", "hello")
    await slack.settle()
    assert len(bot.got) == 2


async def test_an_event_over_two_hours_late_is_dropped(slack: FakeSlack, bot: Bot, clock: Clock) -> None:
    def fail(_: Got) -> tuple[Any, ...]:
        clock.now += 3 * 3600
        return 500, None

    bot.answer = fail
    await slack.say("U1ALICE", "C1GENERAL", "hello")
    await slack.settle()
    assert len(bot.got) == 1
