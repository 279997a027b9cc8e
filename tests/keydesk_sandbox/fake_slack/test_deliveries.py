"""How a payload reaches the app, and what a person sees when it is late, refused or sent twice."""

import httpx

from keydesk_sandbox.fake_slack.slack import FakeSlack
from tests.keydesk_sandbox.fake_slack.kit import (
    Bot,
    late,
)


async def test_a_late_command_shows_operation_timeout_and_its_handler_goes_on(impatient: FakeSlack, bot: Bot) -> None:
    bot.answer = late
    answer = await impatient.command("U1ALICE", "C1GENERAL", "/apikey new")
    assert answer.failure == "timeout"
    assert impatient.notices("U1ALICE")[0].code == "operation_timeout"
    await impatient.settle()


async def test_a_failing_command_shows_dispatch_failed(slack: FakeSlack, bot: Bot) -> None:
    bot.answer = lambda _: (500, "oops")
    assert (await slack.command("U1ALICE", "C1GENERAL", "/apikey")).failure == "http_error"
    assert slack.notices("U1ALICE")[0].code == "dispatch_failed"


async def test_an_unreachable_app_shows_dispatch_failed(slack: FakeSlack) -> None:
    slack.bot_url = None
    assert (await slack.command("U1ALICE", "C1GENERAL", "/apikey")).failure == "unreachable"
    assert slack.notices("U1ALICE")[0].code == "dispatch_failed"


async def test_a_refused_connection_counts_as_unreachable(slack: FakeSlack) -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    slack.deliveries.use_transport(httpx.MockTransport(refuse))
    assert (await slack.command("U1ALICE", "C1GENERAL", "/apikey")).failure == "unreachable"


async def test_duplicates_come_at_once_or_later(slack: FakeSlack, bot: Bot) -> None:
    slack.switches.duplicate = "at_once"
    await slack.command("U1ALICE", "C1GENERAL", "/apikey")
    assert len(bot.got) == 2
    assert bot.got[0].payload == bot.got[1].payload
    slack.switches.duplicate = "later"
    await slack.command("U1ALICE", "C1GENERAL", "/apikey")
    assert len(bot.got) == 3
    assert len(await slack.deliveries.deliver_duplicates()) == 1
    assert bot.got[3].payload == bot.got[2].payload
