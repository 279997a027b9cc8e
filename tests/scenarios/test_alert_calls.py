"""An alert about a living key calls security until somebody acts; nobody is called for a key that is dead."""

import functools

import pytest

from keydesk_sandbox import seed
from tests.narrow import present
from tests.scenarios.alerting import SAM, cards, learned, send
from tests.scenarios.desk import Desk, buttons_of, text_of, view_text
from tests.scenarios.forging import last, send_as
from tests.scenarios.operating import open_form

pytestmark = pytest.mark.thorough

MINUTE, HOUR = 60.0, 3600.0


def calls(desk: Desk) -> list[str]:
    """Each call, also one that says by now that it is over."""
    found = [text_of(m) for m in desk.messages(seed.SECURITY_CHANNEL) if m.thread_ts]
    live = [text for text in found if "still works" in text and "<!subteam^S0SECURITY>" in text]
    return live + over(desk)


def over(desk: Desk) -> list[str]:
    return [text_of(m) for m in desk.said("This call is over", seed.SECURITY_CHANNEL)]


async def called(desk: Desk, number: int) -> None:
    await desk.eventually(lambda: len(calls(desk)) == number)


async def leaked(desk: Desk) -> None:
    await learned(desk)
    await send(desk, "generic", desk.gateway.key_value(desk.key("production").id))
    await desk.eventually(lambda: cards(desk, "production"))
    await desk.eventually(lambda: calls(desk))


def _called(desk: Desk, times: int) -> bool:
    return len(calls(desk)) == times


async def test_security_is_called_at_once_and_again_until_the_key_is_dead(http_desk: Desk) -> None:
    desk = http_desk
    await leaked(desk)
    assert "Please act on the card above" in calls(desk)[0]
    # The card said who is called, and when again, as it was posted, before anybody was.
    posted = [str(one.arguments) for one in desk.slack.calls if one.method == "chat.postMessage"]
    first = next(text for text in posted if "Leaked key" in text)
    assert "*Called now*" in first
    assert "*Next call*: the same people, <!date^" in first
    await desk.eventually(lambda: cards(desk, "*Next call*: the role *"))
    for number, minutes in enumerate((6, 11, 46, 245), start=2):
        await desk.pass_time(minutes * MINUTE)
        await desk.eventually(functools.partial(_called, desk, number))
    # From an hour on the administrators are called too, and the channel sees it.
    assert "<!subteam^S0ADMINS>" not in calls(desk)[2]
    assert "<!subteam^S0ADMINS>" in calls(desk)[3]
    await desk.eventually(lambda: cards(desk, "the role *\u2068admin\u2069*"))
    card = cards(desk, "production")[0]
    await desk.slack.click(SAM, card, "disable")
    await desk.eventually(lambda: cards(desk, "dead"))
    # Every message that called says how it ended.
    await desk.eventually(lambda: len(over(desk)) == 5)
    assert all("dead, refused by the gateway" in text for text in over(desk))
    await desk.pass_time(9 * HOUR)
    assert len(calls(desk)) == 5


async def test_whoever_is_on_it_is_named_and_calls_pause_for_half_an_hour(http_desk: Desk) -> None:
    desk = http_desk
    await leaked(desk)
    card = cards(desk, "production")[0]
    assert "acknowledge" in buttons_of(card)
    await desk.slack.click(SAM, card, "acknowledge")
    await desk.eventually(lambda: cards(desk, f"<@{SAM}> is on it"))
    assert cards(desk, "If the key still works then, the next call goes to the role *")
    # The card, its thread and the Home say the same, and nobody is asked to do what somebody does.
    await desk.eventually(lambda: "nobody else needs to act before" in calls(desk)[0])
    assert "Please act" not in calls(desk)[0]
    assert "acknowledge" not in buttons_of(cards(desk, "production")[0])
    await desk.slack.open_home(SAM)
    await desk.eventually(lambda: f"<@{SAM}> is on it until <!date^" in view_text(present(desk.slack.home(SAM))))
    await desk.pass_time(25 * MINUTE)
    assert len(calls(desk)) == 1
    await desk.pass_time(7 * MINUTE)
    await desk.eventually(lambda: len(calls(desk)) == 2)
    assert "is it done?" in calls(desk)[1]
    await desk.eventually(lambda: "acknowledge" in buttons_of(cards(desk, "production")[0]))
    assert [line["actor"] for line in await desk.audit("acknowledged")] == [SAM]


async def test_only_those_who_may_act_on_it_can_say_that_they_do(http_desk: Desk) -> None:
    desk = http_desk
    await leaked(desk)
    card = cards(desk, "production")[0]
    desk.gateway.arm("refused", times=None)  # the key stays alive
    await desk.slack.click(SAM, card, "acknowledge")
    payload = last(desk, "block_actions")
    await desk.eventually(lambda: cards(desk, f"<@{SAM}> is on it"))
    await send_as(desk, payload, seed.ENGINEER)
    await desk.until(lambda: desk.audit("refused"), otherwise="it was not refused")
    assert [line["actor"] for line in await desk.audit("acknowledged")] == [SAM]


async def test_open_alerts_stand_on_the_home_of_security_alone_and_can_be_acted_on_there(http_desk: Desk) -> None:
    desk = http_desk
    await leaked(desk)
    for user, sees in ((seed.ENGINEER, False), (SAM, True)):
        await desk.slack.open_home(user)
        home = await desk.eventually(functools.partial(desk.slack.home, user))
        assert ("Waiting for you" in view_text(home)) is sees
        assert ("next call: the role *" in view_text(home)) is sees
    await desk.slack.click(SAM, present(desk.slack.home(SAM)), "disable")
    await desk.eventually(lambda: cards(desk, "dead"))


async def test_a_masked_match_stands_on_the_home_as_what_it_is(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    value = desk.gateway.key_value(desk.key("production").id)
    await send(desk, "generic", f"sk-{value[:4]}**********{value[-4:]}")
    await desk.eventually(lambda: cards(desk, "may have leaked and still works"))
    await desk.eventually(lambda: desk.said("which still works", seed.SECURITY_CHANNEL))
    await desk.slack.open_home(SAM)
    home = await desk.eventually(lambda: view_text(present(desk.slack.home(SAM))))
    assert "Perhaps leaked: " in home
    assert ":rotating_light:" not in home


async def test_a_key_that_is_disabled_in_the_console_is_called_for_no_more(http_desk: Desk) -> None:
    desk = http_desk
    await leaked(desk)
    desk.gateway.edit_behind(desk.key("production").id, status=2)
    await desk.pass_time(9 * HOUR)
    assert len(calls(desk)) == 1


async def test_an_order_that_hangs_does_not_silence_the_alert(http_desk: Desk) -> None:
    desk = http_desk
    await leaked(desk)
    desk.gateway.arm("panic", times=None, method="PUT")
    await desk.slack.click(SAM, cards(desk, "production")[0], "disable")
    await desk.pass_time(6 * MINUTE)
    await desk.eventually(lambda: len(calls(desk)) >= 2)


async def test_more_quota_for_a_leaked_key_that_was_spent_calls_security(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    record = await desk.own(seed.ENGINEER, desk.gateway.add_key(name="spent", remain_quota=0, status=4))
    await send(desk, "generic", desk.gateway.key_value(record.id))
    await desk.eventually(lambda: cards(desk, "spent"))
    await desk.pass_time(10 * MINUTE)
    assert calls(desk) == []
    view = await open_form(desk, seed.ENGINEER, f"/apikey quota {record.id} +100k", operation="key.quota")
    await desk.slack.submit(seed.ENGINEER, view)
    await desk.eventually(lambda: calls(desk))


async def test_many_alerts_about_one_key_are_one_call_at_a_time(http_desk: Desk) -> None:
    desk = http_desk
    await leaked(desk)
    value = desk.gateway.key_value(desk.key("production").id)
    for number in range(6):
        await send(desk, "generic", value, number=number + 2)
    await desk.eventually(lambda: cards(desk, "Seen 7 times"))
    await desk.pass_time(4 * MINUTE)
    assert len(cards(desk, "production")) == len(calls(desk)) == 1


async def test_a_key_that_works_again_is_called_for_at_once(http_desk: Desk) -> None:
    desk = http_desk
    await leaked(desk)
    for number, minutes in enumerate((6, 11, 46), start=2):
        await desk.pass_time(minutes * MINUTE)
        await called(desk, number)
    card = cards(desk, "production")[0]
    await desk.slack.click(SAM, card, "acknowledge")
    await desk.slack.click(SAM, card, "disable")
    await desk.eventually(lambda: cards(desk, "dead"))
    record = desk.key("production")
    desk.gateway.edit_behind(record.id, status=1)
    await desk.pass_time(5)
    await send(desk, "generic", desk.gateway.key_value(record.id))
    await desk.eventually(lambda: len(calls(desk)) == 5)
    assert "is on it" not in text_of(cards(desk, "production")[0])
