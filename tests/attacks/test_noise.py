"""Noise: floods of one person, of people without a role, of alerts about nothing; none of it hides or delays a kill."""

import asyncio
import contextlib
from collections import Counter
from pathlib import Path
from typing import Any

from bot.alerts import store
from bot.alerts.intake.message_monitor import MOST_HELD
from bot.approvals import store as requests_store
from bot.approvals.cards.notifications import STORY
from bot.approvals.models import Status
from bot.errors import GatewayError
from bot.gateway.models import KeyId
from keydesk_sandbox import seed
from keydesk_sandbox.fake_slack import SlackMessage
from keydesk_sandbox.fake_slack.people import Person
from tests.alerts.kit import core
from tests.approvals.kit import put
from tests.narrow import expect
from tests.scenarios.alerting import cards, learned, send
from tests.scenarios.conftest import OpenDesk, desk_with, http_desk
from tests.scenarios.desk import Desk, buttons_of, open_desk, text_of, view_text
from tests.scenarios.operating import owned

__all__ = ["desk_with", "http_desk"]
ADA, BEN, SAM, MIRA = seed.ENGINEER, seed.SECOND_ENGINEER, seed.SECURITY, seed.MANAGER
CHANNEL = seed.SECURITY_CHANNEL
NOBODY = "U0NORA"


def heard(desk: Desk, user: str, fragment: str) -> list[str]:
    texts = [text_of(m) for m in desk.slack.messages(seed.KEYS_CHANNEL, user)]
    return [text for text in texts if fragment in text]


async def test_one_person_s_flood_is_told_kindly_and_nobody_else_is_kept_waiting(desk_with: OpenDesk) -> None:
    async with desk_with(KEYDESK_COMMANDS_PER_MINUTE="10") as desk:
        key = await owned(desk)
        for _ in range(30):
            await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey requests")
        assert heard(desk, ADA, "more than 10 commands and clicks in a minute")
        before = len(desk.gateway.requests)
        for _ in range(20):
            await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey show {key.id}")
        assert len(desk.gateway.requests) == before
        # Her key can still be stopped, by herself and by others; and others are answered.
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey disable {key.id}")
        await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] == "key.disable")
        assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
        await desk.eventually(lambda: desk.gateway.key(key.id).status == 2)
        await desk.slack.command(BEN, seed.KEYS_CHANNEL, "/apikey requests")
        assert not heard(desk, BEN, "more than 10")
        await desk.pass_time(61)
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey show {key.id}")
        await desk.eventually(lambda: "Quota left" in view_text(desk.slack.top_view(ADA)))


async def test_a_person_has_so_many_open_requests_and_may_always_stop_a_key(desk_with: OpenDesk) -> None:
    async with desk_with(KEYDESK_OPEN_REQUESTS="2") as desk:
        for number in range(2):
            assert (await desk.ask(ADA, name=f"big-{number}", remain_quota="$50")).ok
        refused = await desk.ask(ADA, name="big-2", remain_quota="$50")
        assert "2 requests of yours wait for a decision already" in str(refused.body)
        assert (await desk.ask(BEN, name="big-3", remain_quota="$50")).ok
        key = await owned(desk)
        await desk.slack.close_view(ADA, desk.slack.top_view(ADA))
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey disable {key.id}")
        await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] == "key.disable")
        assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
        await desk.eventually(lambda: desk.gateway.key(key.id).status == 2)


async def test_somebody_without_a_role_costs_no_gateway_call_and_no_group_look_up(http_desk: Desk) -> None:
    desk = http_desk
    desk.slack.workspace.people[NOBODY] = Person(id=NOBODY, name="nora", real_name="Nora Nobody")
    desk.slack.workspace.channels[seed.KEYS_CHANNEL].members.append(NOBODY)
    await learned(desk)
    await desk.slack.command(SAM, seed.KEYS_CHANNEL, "/apikey list")
    await desk.slack.command(NOBODY, seed.KEYS_CHANNEL, "/apikey list")
    words = ["list", "show 1", "show production", "quota 1 +5", "enable 1 2", "why create", "new", "requests", "audit"]
    calls, asked = len(desk.gateway.requests), _group_calls(desk)
    # Groups are two minutes old each time, so whoever could have a role would have them looked up.
    for word in words:
        await desk.pass_time(30)
        calls, asked = len(desk.gateway.requests), _group_calls(desk)
        await desk.slack.command(NOBODY, seed.KEYS_CHANNEL, f"/apikey {word}")
        await asyncio.sleep(0.02)
        assert [seen.path for seen in desk.gateway.requests[calls:]] == [], word
        assert _group_calls(desk) == asked, word
    assert heard(desk, NOBODY, "Without a role")
    refused = [line for line in await desk.audit("refused") if line["actor"] == NOBODY]
    assert len(refused) >= len(words) - 1


def _group_calls(desk: Desk) -> int:
    return sum(call.method == "usergroups.users.list" for call in desk.slack.calls)


async def test_a_report_of_somebody_without_a_role_reaches_security_and_reports_have_a_limit(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    desk.slack.workspace.people[NOBODY] = Person(id=NOBODY, name="nora", real_name="Nora Nobody")
    desk.slack.workspace.channels[seed.KEYS_CHANNEL].members.append(NOBODY)
    said = await desk.slack.say(NOBODY, seed.KEYS_CHANNEL, "what is sk-" + "Z9" * 24)
    before = len(desk.gateway.requests)
    assert (
        await desk.slack.shortcut(NOBODY, "disable_leaked_key", seed.KEYS_CHANNEL, expect(SlackMessage, said).ts)
    ).ok
    assert "Security is told" in view_text(desk.slack.top_view(NOBODY))
    del before
    await desk.eventually(lambda: cards(desk, f"reported by <@{NOBODY}>"))
    for _ in range(10):
        await desk.slack.shortcut(NOBODY, "disable_leaked_key", seed.KEYS_CHANNEL, expect(SlackMessage, said).ts)
    await desk.eventually(lambda: _warned(desk, NOBODY, "You have reported 10 messages within a minute"))


def _warned(desk: Desk, user: str, fragment: str) -> list[Any]:
    messages = [*desk.slack.messages(seed.KEYS_CHANNEL, user), *desk.slack.dm(user)]
    return [m for m in messages if fragment in text_of(m)]


async def test_alerts_about_unknown_keys_are_one_message_a_minute_and_one_that_is_ours_gets_its_own(
    http_desk: Desk,
) -> None:
    desk = http_desk
    await learned(desk)
    await desk.pass_time(60 - desk.clock() % 60 + 1)
    for number in range(25):
        await send(desk, "generic", "sk-" + f"{number:02}" * 24, number=number)
    await desk.eventually(lambda: desk.said("25 alerts of one minute name no key that is known here", CHANNEL))
    about = [m for m in desk.messages(CHANNEL) if "Unknown here" in text_of(m) or "alerts of one minute" in text_of(m)]
    assert len(about) == 1
    assert buttons_of(about[0]) == ["not_ours"]
    assert "15 more of this minute are not shown" in text_of(about[0])
    # A key of the account in the middle of it stands alone, with its buttons.
    record = desk.key("production")
    await send(desk, "generic", desk.gateway.key_value(record.id), number=99)
    card = (await desk.eventually(lambda: cards(desk, "production")))[0]
    assert "disable" in buttons_of(card)
    await desk.pass_time(60)
    await send(desk, "generic", "sk-" + "Q7" * 24, number=100)
    alone = (await desk.eventually(lambda: cards(desk, "Unknown here")))[0]
    assert buttons_of(alone) == ["not_ours"]


async def test_an_alert_is_posted_next_behind_five_hundred_messages(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    await desk.app.database.run(_queue, desk)
    await desk.eventually(lambda: desk.said("Message ", CHANNEL))
    await send(desk, "generic", desk.gateway.key_value(desk.key("production").id))
    before = len(desk.said("Message ", CHANNEL))
    card = (await desk.eventually(lambda: cards(desk, "production")))[0]
    ahead = [m for m in desk.said("Message ", CHANNEL) if float(m.ts) < float(card.ts)]
    # A message a second goes into the channel: so many came first.
    assert len(ahead) - before <= 3


def _queue(c: Any, desk: Desk) -> None:
    for number in range(500):
        body = {"text": f"Message {number}"}
        desk.app.outbox.want(c, id=f"noise:{number}", kind=STORY, subject="0", target=CHANNEL, body=body)


async def test_lookers_on_leave_the_gateway_s_limit_to_an_order(desk_with: OpenDesk) -> None:
    """CometAPI publishes no limit; this one takes 180 calls in 180 seconds, and many people look at keys."""
    async with desk_with() as desk:
        leaked = desk.key("production")
        await learned(desk)
        await send(desk, "generic", desk.gateway.key_value(leaked.id))
        card = (await desk.eventually(lambda: cards(desk, "production")))[0]
        desk.gateway.switch("ip_limit", (180, 180.0))
        told = 0
        for _ in range(200):
            with contextlib.suppress(GatewayError):
                await desk.app.client.get_key(KeyId(leaked.id), deadline=0.05)
                told += 1
        assert told < 180
        begun = desk.clock()
        await desk.slack.click(SAM, card, "disable")
        await desk.eventually(lambda: "dead, refused" in text_of(cards(desk, "production")[0]))
        assert desk.clock() - begun <= 10


async def test_one_person_who_looks_at_a_key_all_the_time_leaves_the_gateway_to_others(desk_with: OpenDesk) -> None:
    async with desk_with(KEYDESK_COMMANDS_PER_MINUTE="1000") as desk:
        key = await owned(desk)
        desk.gateway.switch("ip_limit", (180, 180.0))
        for _ in range(4):
            for _ in range(45):
                await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey show {key.id}")
            await desk.pass_time(20)
        await desk.eventually(lambda: "limit" in view_text(desk.slack.top_view(ADA)))
        path = f"/api/token/{key.id}"
        assert len([seen for seen in desk.gateway.requests if (seen.method, seen.path) == ("GET", path)]) <= 70
        assert (await desk.ask(BEN, name="others", remain_quota="100k", expired_time="30d")).ok
        await desk.eventually(lambda: desk.key("others"))


async def test_an_author_who_floods_a_channel_with_a_live_key_fills_no_channel_with_cards(http_desk: Desk) -> None:
    desk = http_desk
    await learned(desk)
    value = desk.gateway.key_value(desk.key("production").id)
    await desk.pass_time(60 - desk.clock() % 60 + 1)
    for number in range(40):
        await desk.slack.say(ADA, seed.KEYS_CHANNEL, f"{number}: {value}")
    recent = await desk.app.database.read(store.recent)
    assert len(recent) == 11
    assert recent[0].deliveries == 30


async def test_the_oldest_requests_of_one_person_do_not_hide_everybody_elses(http_desk: Desk) -> None:
    desk = http_desk
    await desk.app.database.run(_many_of_ada)
    assert (await desk.ask(BEN, name="bens", remain_quota="$50")).ok
    waiting = await desk.app.database.read(requests_store.waiting, limit=10)
    assert [row.requester_id for row in waiting[:2]] == [ADA, BEN]
    assert [row.id for row in waiting[2:]] == sorted(row.id for row in waiting[2:])
    await desk.slack.open_home(MIRA)
    await desk.eventually(lambda: "bens" in str(desk.slack.home(MIRA)))


def _many_of_ada(c: Any) -> None:
    for number in range(70):
        row = put(c, Status.PENDING, f"sub:ada:{number}")
        requests_store.change(c, row, requester_id=ADA, requester_team=seed.TEAM)


async def test_a_leak_that_the_index_does_not_know_yet_is_found_behind_520_messages_of_one_person(
    tmp_path: Path, database_url: str
) -> None:
    """What waits for the next look at the gateway's keys is shared among authors, so noise pushes out noise alone."""
    async with open_desk(tmp_path, database_url=database_url) as desk:
        await learned(desk)
        record = desk.gateway.add_key(name="fresh")
        await desk.slack.say(BEN, seed.KEYS_CHANNEL, f"oops {desk.gateway.key_value(record.id)}")
        for number in range(520):
            await desk.slack.say(ADA, seed.GENERAL_CHANNEL, f"sk-{core(number)}")
        held = await desk.app.database.read(store.held, now=desk.clock())
        by = Counter(message.place["by"] for message in held)
        assert by == {BEN: 1, ADA: MOST_HELD - 1}
        desk.app.alerts.changed()
        await desk.eventually(lambda: cards(desk, "fresh"))
