"""Somebody's account is deactivated: their keys are shown at once, taken over or disabled, and disabled after a day."""

from dataclasses import replace

import sqlalchemy as sa

from bot.approvals.models import Status
from bot.care.leavers import roll_call
from bot.keys import locks, owners
from bot.permissions.care import USUAL
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import GatewayFault, Record
from keydesk_sandbox.fake_slack.messages import SlackMessage
from keydesk_sandbox.fake_slack.people import Person, PersonKind
from keydesk_sandbox.world import World
from tests.narrow import present
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import Desk, buttons_of, text_of, view_text

ADA, BEN, ALEX, SAM, MIRA = seed.ENGINEER, seed.SECOND_ENGINEER, seed.ADMIN, seed.SECURITY, seed.MANAGER
DAY = 86_400
ENABLED, DISABLED = 1, 2


async def keys_of(desk: Desk, person: str, *names: str) -> list[Record]:
    return [await desk.own(person, desk.gateway.add_key(name=name, remain_quota=100_000)) for name in names]


def hand_over(c: sa.Connection, key: Record) -> None:
    """Ben owns it, as after a transfer."""
    line = present(owners.find(c, key.id))
    owners.hand_over(c, replace(line, owner_id=BEN))


def cards(desk: Desk, word: str = "has left") -> list[SlackMessage]:
    return desk.said(word, seed.SECURITY_CHANNEL)


async def leave(desk: Desk, person: str = ADA) -> SlackMessage:
    before = len(cards(desk))
    await desk.slack.changes.deactivate(person)
    await desk.eventually(lambda: len(cards(desk)) > before)
    return cards(desk)[-1]


async def press(desk: Desk, user: str, card: SlackMessage, action_id: str, key: Record) -> None:
    """The button of one key among those of many."""
    rows = [block for block in card.blocks if block["type"] == "actions"]
    [row] = [one for one in rows for e in one["elements"] if (e["action_id"], e["value"]) == (action_id, str(key.id))]
    await desk.slack.click(user, card, action_id, block_id=row["block_id"])


def state(desk: Desk, key: Record) -> int:
    return desk.gateway.key(key.id).status


async def look(desk: Desk) -> None:
    """The daily look at the list of all people, a day after the last one."""
    await desk.pass_time(DAY + 1)
    await desk.app.care.schedule.run()


async def test_the_keys_are_shown_once_and_what_nobody_takes_over_is_disabled_and_locked(both: OpenDesk) -> None:
    async with both() as desk:
        one, two, own = await keys_of(desk, ADA, "search", "reports", "hers alone")
        await desk.own(BEN, desk.gateway.add_key(name="of Ben"))
        card = await leave(desk)
        assert f"<@{ADA}> has left" in text_of(card)
        assert "3 keys of theirs still worked" in text_of(card)
        assert buttons_of(card).count("key.take_over") == 3
        # Who decides about her has the same card as a direct message.
        await desk.eventually(lambda: desk.dm(MIRA, "has left"))
        # The administrator takes one over; another is disabled by security.
        await press(desk, ALEX, card, "key.take_over", one)
        await desk.eventually(lambda: desk.slack.top_view(ALEX).body["callback_id"] == "key.transfer")
        assert f"{ALEX}" in str(desk.slack.top_view(ALEX).body)
        assert (await desk.slack.submit(ALEX, desk.slack.top_view(ALEX))).ok
        await desk.eventually(lambda: f"taken over by <@{ALEX}>" in text_of(cards(desk)[0]))
        assert not desk.dm(ALEX, "wants to give you")
        assert await desk.app.database.read(owners.owner_of, one.id) == ALEX
        await press(desk, SAM, cards(desk)[0], "key.disable", two)
        await desk.eventually(lambda: desk.slack.top_view(SAM).body["callback_id"] == "key.disable")
        assert (await desk.slack.submit(SAM, desk.slack.top_view(SAM))).ok
        await desk.eventually(lambda: ":no_entry: disabled" in text_of(cards(desk)[0]))
        await desk.pass_time(DAY + 1)
        await desk.eventually(lambda: state(desk, own) == DISABLED)
        await desk.eventually(lambda: "What nobody took over was disabled" in text_of(cards(desk)[0]))
        assert (state(desk, one), len(cards(desk))) == (ENABLED, 1)
        await desk.eventually(lambda: text_of(cards(desk)[0]).count(":no_entry: disabled") == 2)
        assert present(await desk.app.database.read(locks.lock_of, own.id)).cause == "leaver"
        # No message per key, and none to her.
        assert not desk.said("hers alone", seed.KEYS_CHANNEL)
        assert not desk.dm(ADA)
        asked = [line for line in await desk.audit("asked") if line["details"].get("left") == ADA]
        assert [line["actor"] for line in asked] == [None]


async def test_who_comes_back_in_time_stops_the_clock(http_desk: Desk) -> None:
    desk = http_desk
    [key] = await keys_of(desk, ADA, "search")
    await leave(desk)
    await desk.slack.changes.change_person(ADA, kind=PersonKind.MEMBER)
    await desk.eventually(lambda: "They have been back since" in text_of(cards(desk)[0]))
    assert "key.take_over" not in buttons_of(cards(desk)[0])
    await desk.pass_time(DAY + 1)
    assert state(desk, key) == ENABLED
    # Who leaves again is told again.
    await leave(desk)
    assert len(cards(desk)) == 2


async def test_who_comes_back_later_does_not_bring_the_key_back_alone(http_desk: Desk) -> None:
    desk = http_desk
    [key] = await keys_of(desk, ADA, "search")
    await leave(desk)
    await desk.pass_time(DAY + 1)
    await desk.eventually(lambda: state(desk, key) == DISABLED)
    await desk.slack.changes.change_person(ADA, kind=PersonKind.MEMBER)
    await desk.slack.changes.set_group("S0ENGINEERS", [ADA, BEN])
    await desk.eventually(lambda: "what was disabled stays so" in text_of(cards(desk)[0]))
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey enable {key.id}")
    await desk.eventually(lambda: "Needs approval" in view_text(desk.slack.top_view(ADA)))
    assert state(desk, key) == DISABLED


async def test_a_missed_event_is_made_good_by_the_daily_look(http_desk: Desk) -> None:
    desk = http_desk
    await keys_of(desk, ADA, "search")
    await desk.own(BEN, desk.gateway.add_key(name="of Ben"))
    desk.slack.workspace.people[ADA].kind = PersonKind.DEACTIVATED
    await look(desk)
    await desk.eventually(lambda: cards(desk))
    await look(desk)
    await desk.app.responder.drain(grace=10)
    assert len(cards(desk)) == 1


async def test_slack_that_is_silent_disables_nothing_and_is_asked_again(http_desk: Desk) -> None:
    desk = http_desk
    [key] = await keys_of(desk, ADA, "search")
    await leave(desk)
    desk.slack.switches.down = "503"
    await desk.pass_time(DAY + 1)
    await look(desk)
    assert state(desk, key) == ENABLED
    desk.slack.switches.down = "up"
    await desk.eventually(lambda: state(desk, key) == DISABLED)


CROWD = [f"U1CROWD{number:02}" for number in range(8)]


def crowd(world: World) -> None:
    """Owners of keys, more than leave in a day."""
    for number, person in enumerate(CROWD):
        world.slack.workspace.people[person] = Person(id=person, name=f"c{number}", real_name=f"Crowd {number}")


async def test_a_list_that_says_that_everybody_is_gone_is_a_question_to_security(desk_with: OpenDesk) -> None:
    async with desk_with(prepare=crowd) as desk:
        keys = [(await keys_of(desk, person, f"key of {person}"))[0] for person in CROWD]
        for person in CROWD:
            desk.slack.workspace.people[person].kind = PersonKind.DEACTIVATED
        await look(desk)
        [question] = await desk.eventually(lambda: desk.said("8 of 8 owners", seed.SECURITY_CHANNEL))
        assert not cards(desk, "has left: ")
        # Not for everybody: a manager may not disable any key.
        await desk.slack.click(MIRA, question, "leavers.confirm")
        assert [line["actor"] for line in await desk.audit("refused")] == [MIRA]
        await look(desk)
        await desk.eventually(lambda: len(desk.said("owners of keys", seed.SECURITY_CHANNEL)) == 1)
        assert {state(desk, key) for key in keys} == {ENABLED}
        await desk.slack.click(SAM, question, "leavers.confirm")
        await desk.eventually(lambda: len(cards(desk, "has left: ")) == len(CROWD))
        await desk.pass_time(DAY + 1)
        await desk.eventually(lambda: {state(desk, key) for key in keys} == {DISABLED})


async def test_who_was_said_to_be_here_is_not_asked_about_again_for_a_week(desk_with: OpenDesk) -> None:
    async with desk_with(prepare=crowd) as desk:
        for person in CROWD:
            await keys_of(desk, person, f"key of {person}")
            desk.slack.workspace.people[person].kind = PersonKind.DEACTIVATED
        await look(desk)
        [question] = await desk.eventually(lambda: desk.said("8 of 8 owners", seed.SECURITY_CHANNEL))
        await desk.slack.click(SAM, question, "leavers.dismiss")
        await desk.eventually(lambda: desk.said("they have not left", seed.SECURITY_CHANNEL))
        for _ in range(3):
            await look(desk)
        await desk.app.responder.drain(grace=10)
        assert len(desk.said("owners of keys", seed.SECURITY_CHANNEL)) == 1
        await desk.pass_time(roll_call.BELIEVED)
        await look(desk)
        await desk.eventually(lambda: len(desk.said("owners of keys", seed.SECURITY_CHANNEL)) == 2)


async def test_nothing_is_said_where_it_is_switched_off_and_nothing_disabled_where_it_only_tells(
    http_desk: Desk,
) -> None:
    desk = http_desk
    [key] = await keys_of(desk, ADA, "search")
    desk.app.care.parts.terms = lambda: replace(USUAL, leavers=None)
    await desk.slack.changes.deactivate(ADA)
    await look(desk)
    await desk.app.responder.drain(grace=10)
    assert not cards(desk)
    desk.app.care.parts.terms = lambda: replace(USUAL, leavers=0)
    await look(desk)
    [card] = await desk.eventually(lambda: cards(desk))
    assert "Nothing is disabled by itself" in text_of(card)
    await desk.pass_time(3 * DAY)
    assert state(desk, key) == ENABLED


async def test_buttons_are_judged_at_the_click(http_desk: Desk) -> None:
    desk = http_desk
    [key] = await keys_of(desk, ADA, "search")
    card = await leave(desk)
    await press(desk, MIRA, card, "key.disable", key)
    await desk.eventually(lambda: desk.slack.top_view(MIRA).body["callback_id"] == "key.disable")
    assert (await desk.slack.submit(MIRA, desk.slack.top_view(MIRA))).body is not None
    assert state(desk, key) == ENABLED
    assert {line["actor"] for line in await desk.audit("refused")} == {MIRA}


async def test_a_key_that_was_taken_over_while_the_gateway_was_away_stays_in_use(http_desk: Desk) -> None:
    desk = http_desk
    [key] = await keys_of(desk, ADA, "search")
    await leave(desk)
    desk.gateway.arm(GatewayFault(kind="refused", times=None))
    await desk.pass_time(DAY + 1)
    await desk.eventually(lambda: "being disabled as soon as the gateway answers" in text_of(cards(desk)[0]))
    await desk.app.database.run(hand_over, key)
    desk.gateway.disarm()
    await desk.eventually(lambda: f"taken over by <@{BEN}>" in text_of(cards(desk)[0]))
    assert (await desk.settled()).status is Status.FAILED
    assert state(desk, key) == ENABLED


async def test_it_may_be_given_to_somebody_else_who_accepts(http_desk: Desk) -> None:
    desk = http_desk
    [key] = await keys_of(desk, ADA, "search")
    card = await leave(desk)
    await press(desk, ALEX, card, "key.take_over", key)
    await desk.eventually(lambda: desk.slack.top_view(ALEX).body["callback_id"] == "key.transfer")
    await desk.fill(ALEX, desk.slack.top_view(ALEX), owner=BEN)
    assert (await desk.slack.submit(ALEX, desk.slack.top_view(ALEX))).ok
    offer = await desk.eventually(lambda: next(m for m in desk.dm(BEN) if "accept_key" in buttons_of(m)))
    await desk.slack.click(BEN, offer, "accept_key")
    await desk.eventually(lambda: f"taken over by <@{BEN}>" in text_of(cards(desk)[0]))
    assert (await desk.settled()).status is Status.SUCCEEDED
