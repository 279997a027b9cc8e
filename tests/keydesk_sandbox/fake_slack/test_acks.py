"""G1, G10: three seconds, honest notices, banners, retries of events, duplicates."""

import asyncio

import httpx
import pytest

from tests.keydesk_sandbox.fake_slack.kit import Caller, actions, button, modal, plain, section, text_input


@pytest.fixture
def impatient(make_slack):
    return make_slack(ack_seconds=0.01)


async def late(_):
    await asyncio.sleep(0.03)
    return 200, None


async def form(slack, api, *blocks, **more):
    view = modal(*(blocks or (text_input(optional=True),)), **more)
    await api.ok("views.open", trigger_id=slack.triggers.issue("U1ALICE"), view=view)
    return slack.top_view("U1ALICE")


async def test_a_late_command_shows_operation_timeout_and_its_handler_goes_on(impatient, bot):
    bot.answer = late
    answer = await impatient.command("U1ALICE", "C1GENERAL", "/apikey new")
    assert answer.failure == "timeout"
    assert impatient.notices("U1ALICE")[0].code == "operation_timeout"
    await impatient.settle()


async def test_a_failing_command_shows_dispatch_failed(slack, bot):
    bot.answer = lambda _: (500, "oops")
    assert (await slack.command("U1ALICE", "C1GENERAL", "/apikey")).failure == "http_error"
    assert slack.notices("U1ALICE")[0].code == "dispatch_failed"


async def test_an_unreachable_app_shows_dispatch_failed(slack):
    slack.bot_url = None
    assert (await slack.command("U1ALICE", "C1GENERAL", "/apikey")).failure == "unreachable"
    assert slack.notices("U1ALICE")[0].code == "dispatch_failed"


async def test_a_refused_connection_counts_as_unreachable(slack):
    def refuse(request):
        raise httpx.ConnectError("refused", request=request)

    slack.deliveries.use_transport(httpx.MockTransport(refuse))
    assert (await slack.command("U1ALICE", "C1GENERAL", "/apikey")).failure == "unreachable"


async def test_a_late_submission_keeps_the_modal_open_with_a_banner(impatient, bot):
    view = await form(impatient, Caller(impatient))
    bot.answer = late
    assert (await impatient.submit("U1ALICE", view)).failure == "timeout"
    assert impatient.top_view("U1ALICE").banner == "We had some trouble connecting. Try again?"
    assert not view.busy
    await impatient.settle()


@pytest.mark.parametrize(
    "body",
    [
        "some text",
        {},
        {"response_action": "explode"},
        {"response_action": "clear", "view": {}},
        {"response_action": "errors"},
        {"response_action": "errors", "errors": {}},
        {"response_action": "errors", "errors": {"nowhere": "x"}},
        {"response_action": "errors", "errors": {"note": "a section, no input"}},
        {"response_action": "errors", "errors": {"name": 5}},
        {"response_action": "update", "view": {"type": "modal"}},
        {"response_action": "update"},
        {"response_action": "push", "view": {"type": "home", "blocks": []}},
    ],
)
async def test_an_answer_slack_cannot_use_keeps_the_modal_open_with_a_banner(slack, bot, api, body):
    view = await form(slack, api, text_input(optional=True), section(block_id="note"))
    bot.answer = lambda _: (200, body)
    answer = await slack.submit("U1ALICE", view)
    assert answer.failure == "bad_answer"
    assert answer.complaints[""]
    assert view.banner
    assert slack.open_views("U1ALICE") == [view]


async def test_errors_are_shown_under_their_block(slack, bot, api):
    view = await form(slack, api)
    bot.answer = lambda _: (200, {"response_action": "errors", "errors": {"name": "taken"}})
    assert (await slack.submit("U1ALICE", view)).ok
    assert view.errors == {"name": "taken"}
    assert view.banner is None


async def test_update_push_and_clear_do_what_they_say(slack, bot, api):
    view = await form(slack, api)
    bot.answer = lambda _: (200, {"response_action": "update", "view": modal(text_input("other"), title=plain("Two"))})
    await slack.submit("U1ALICE", view)
    assert slack.top_view("U1ALICE").title == "Two"
    await slack.type_in("U1ALICE", view, "other", "x")
    bot.answer = lambda _: (200, {"response_action": "push", "view": modal(text_input(optional=True))})
    await slack.submit("U1ALICE", view)
    assert len(slack.open_views("U1ALICE")) == 2
    bot.answer = lambda _: (200, {"response_action": "clear"})
    await slack.submit("U1ALICE", slack.top_view("U1ALICE"))
    assert slack.open_views("U1ALICE") == []


async def test_an_empty_answer_closes_that_view_only(slack, bot, api):
    first = await form(slack, api)
    await api.ok("views.push", trigger_id=slack.triggers.issue("U1ALICE", view_id=first.id), view=modal(text_input()))
    second = slack.top_view("U1ALICE")
    await slack.type_in("U1ALICE", second, "name", "x")
    await slack.submit("U1ALICE", second)
    assert slack.open_views("U1ALICE") == [first]


async def test_a_failed_click_in_a_modal_shows_the_banner(slack, bot, api):
    view = await form(slack, api, actions(button()))
    bot.answer = lambda _: (404, None)
    await slack.click("U1ALICE", view, "go")
    assert view.banner
    bot.answer = lambda _: (200, None)
    await slack.click("U1ALICE", view, "go")
    assert view.banner is None


async def test_a_failed_event_comes_again_with_its_id_and_the_reason(slack, bot):
    bot.answer = lambda _: (500, None)
    await slack.say("U1ALICE", "C1GENERAL", "hello")
    await slack.settle()
    assert len({got.payload["event_id"] for got in bot.got}) == 1
    assert [got.headers.get("x-slack-retry-num") for got in bot.got] == [None, "1", "2", "3"]
    assert bot.got[1].headers["x-slack-retry-reason"] == "http_error"
    assert slack.naps == [0.0, 60.0, 300.0]


async def test_retries_end_with_the_first_success(slack, bot):
    bot.answer = lambda _: (200 if len(bot.got) == 2 else 500, None)
    await slack.say("U1ALICE", "C1GENERAL", "hello")
    await slack.settle()
    assert len(bot.got) == 2


async def test_no_retry_when_the_app_says_so_or_the_switch_is_off(slack, bot):
    bot.answer = lambda _: (500, None)
    bot.answer_headers = [(b"x-slack-no-retry", b"1")]
    await slack.say("U1ALICE", "C1GENERAL", "hello")
    await slack.settle()
    bot.answer_headers = []
    slack.switches.event_retries = False
    await slack.say("U1ALICE", "C1GENERAL", "hello")
    await slack.settle()
    assert len(bot.got) == 2


async def test_an_event_over_two_hours_late_is_dropped(slack, bot, clock):
    def fail(_):
        clock.now += 3 * 3600
        return 500, None

    bot.answer = fail
    await slack.say("U1ALICE", "C1GENERAL", "hello")
    await slack.settle()
    assert len(bot.got) == 1


async def test_duplicates_come_at_once_or_later(slack, bot):
    slack.switches.duplicate = "at_once"
    await slack.command("U1ALICE", "C1GENERAL", "/apikey")
    assert len(bot.got) == 2
    assert bot.got[0].payload == bot.got[1].payload
    slack.switches.duplicate = "later"
    await slack.command("U1ALICE", "C1GENERAL", "/apikey")
    assert len(bot.got) == 3
    assert len(await slack.deliveries.deliver_duplicates()) == 1
    assert bot.got[3].payload == bot.got[2].payload
