"""The life of a card: denied, taken, offered less, reminded of, lapsed, in stages, after break-glass."""

import functools
from typing import Any

import pytest

from bot.approvals.models import Status
from keydesk_sandbox import seed
from tests.narrow import present
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import Desk, buttons_of, text_of, view_text
from tests.scenarios.forging import last, send_as
from tests.scenarios.policies import asking

ADA, MIRA, OMAR, SAM = seed.ENGINEER, seed.MANAGER, seed.SECOND_MANAGER, seed.SECURITY
BIG: dict[str, Any] = {
    "name": "big",
    "remain_quota": "2M",
    "expired_time": "90d",
    "model_limits": ["gpt-4o-mini", "claude-sonnet-4"],
}


async def waiting(desk: Desk, user: str = ADA, **fields: Any) -> Any:
    """Ask, and the card of it."""
    await desk.ask(user, **{**BIG, **fields})
    return await desk.eventually(lambda: desk.card(1))


def told(desk: Desk, user: str) -> str:
    return " ".join(text_of(m) for m in desk.slack.messages(seed.KEYS_CHANNEL, viewer=user) if m.ephemeral_to == user)


def made(desk: Desk) -> list[str]:
    return [record.name for record in desk.gateway.keys(deleted=True) if record.name == "big"]


async def test_a_denial_with_its_reason_reaches_the_requester(desk: Desk) -> None:
    card = await waiting(desk)
    await desk.slack.click(MIRA, card, "deny")
    answer = await desk.slack.submit(MIRA, desk.slack.top_view(MIRA))
    assert not answer.ok  # the client asks for the reason
    await desk.fill(MIRA, desk.slack.top_view(MIRA), reason=" \u200b ")
    answer = await desk.slack.submit(MIRA, desk.slack.top_view(MIRA))
    assert "reason" in (answer.complaints or answer.body["errors"])
    await desk.fill(MIRA, desk.slack.top_view(MIRA), reason="Use the team's key.")
    await desk.slack.submit(MIRA, desk.slack.top_view(MIRA))
    with pytest.raises(LookupError):
        desk.slack.top_view(MIRA)  # the card tells; no second window has to be closed
    assert (await desk.settled()).status is Status.DENIED
    notice = (await desk.eventually(lambda: desk.dm(ADA, "denied")))[0]
    assert "Use the team's key." in text_of(notice)
    assert f"<@{MIRA}>" in text_of(notice)
    await desk.eventually(lambda: "Denied" in text_of(desk.card(1)))
    assert buttons_of(desk.card(1)) == ["look_at_request", "key.create.again"]
    assert made(desk) == []


async def test_an_offer_is_accepted_and_made_as_offered(desk: Desk) -> None:
    card = await waiting(desk)
    await desk.slack.click(MIRA, card, "approve_with_changes")
    view = desk.slack.top_view(MIRA)
    assert "accepts the offer" in view_text(view)
    answer = await desk.slack.submit(MIRA, view)
    assert "Nothing differs" in answer.body["errors"]["remain_quota"]
    await desk.fill(MIRA, view, remain_quota="3M")
    answer = await desk.slack.submit(MIRA, view)
    assert "more than was asked" in answer.body["errors"]["remain_quota"]
    await desk.fill(MIRA, view, remain_quota="1M", expired_time="30d", model_limits=["gpt-4o-mini"])
    await desk.slack.submit(MIRA, view)
    with pytest.raises(LookupError):
        desk.slack.top_view(MIRA)  # the card tells; no second window has to be closed
    notice = (await desk.eventually(lambda: desk.dm(ADA, "with changes")))[0]
    assert set(buttons_of(notice)) == {"accept_offer", "withdraw"}
    await desk.eventually(lambda: "Offered instead" in text_of(desk.card(1)))
    # The offered value is the one in bold.
    assert "→ *1M units ($2.00)*" in text_of(desk.card(1))
    assert made(desk) == []
    await desk.slack.click(ADA, notice, "accept_offer")
    await desk.eventually(lambda: desk.said("was created"))
    record = desk.key("big")
    assert (record.remain_quota, record.model_limits) == (1_000_000, "gpt-4o-mini")
    assert abs(record.expired_time - desk.clock() - 30 * 86_400) < 60
    assert "1M units" in text_of(desk.said("was created")[0]), "the confirmation must say what was made"


async def test_what_is_offered_is_shown_to_the_requester(http_desk: Desk) -> None:
    desk = http_desk
    card = await waiting(desk)
    await desk.slack.click(MIRA, card, "approve_with_changes")
    await desk.fill(MIRA, desk.slack.top_view(MIRA), remain_quota="$2")
    await desk.slack.submit(MIRA, desk.slack.top_view(MIRA))
    notice = (await desk.eventually(lambda: desk.dm(ADA, "with changes")))[0]
    told = text_of(notice)
    assert "Quota: you asked for 2M units ($4.00); offered: *1M units ($2.00)*." in told
    assert "Accept or withdraw by <!date^" in told
    assert "If you do neither, the offer lapses" in told
    await desk.eventually(lambda: f"Only <@{ADA}> can accept this offer." in text_of(desk.card(1)))
    assert "Without an answer by <!date^" in text_of(desk.card(1))


async def test_an_offer_has_a_reason_and_can_be_taken_back_by_who_made_it(http_desk: Desk) -> None:
    desk = http_desk
    card = await waiting(desk)
    await desk.slack.click(MIRA, card, "approve_with_changes")
    await desk.fill(MIRA, desk.slack.top_view(MIRA), remain_quota="1M", reason="Start <small>.")
    await desk.slack.submit(MIRA, desk.slack.top_view(MIRA))
    await desk.eventually(lambda: desk.dm(ADA, "&gt; Start &lt;small&gt;.") or desk.dm(ADA, "Start &lt;small&gt;."))
    await desk.eventually(lambda: "Offered instead" in text_of(desk.card(1)))
    await desk.slack.click(OMAR, desk.card(1), "take_back")
    await desk.eventually(lambda: "Only <@U0MIRA>, who made the offer" in told(desk, OMAR))
    await desk.slack.click(MIRA, desk.card(1), "take_back")
    await desk.eventually(lambda: "approve" in buttons_of(desk.card(1)))
    assert "Offered instead" not in text_of(desk.card(1))
    await desk.eventually(lambda: buttons_of(desk.dm(ADA)[0]) == [])
    await desk.slack.click(OMAR, desk.card(1), "approve")
    assert (await desk.settled()).status is Status.SUCCEEDED
    assert desk.key("big").remain_quota > 1_000_000
    assert [line["actor"] for line in await desk.audit("retracted")] == [MIRA]


async def test_an_offer_is_withdrawn(http_desk: Desk) -> None:
    desk = http_desk
    card = await waiting(desk)
    await desk.slack.click(MIRA, card, "approve_with_changes")
    await desk.fill(MIRA, desk.slack.top_view(MIRA), remain_quota="1M")
    await desk.slack.submit(MIRA, desk.slack.top_view(MIRA))
    notice = (await desk.eventually(lambda: desk.dm(ADA, "with changes")))[0]
    await desk.slack.click(ADA, notice, "withdraw")
    assert (await desk.settled()).status is Status.WITHDRAWN
    await desk.eventually(lambda: "withdrew" in text_of(desk.dm(ADA)[0]))
    assert buttons_of(desk.dm(ADA)[0]) == ["key.create.again"]
    assert made(desk) == []


async def test_an_offer_that_stands_is_made_without_a_question(desk_with: OpenDesk) -> None:
    async with desk_with(policy=asking('from = ["manager"], expires = "3d", counter_offer = "stand"')) as desk:
        card = await waiting(desk)
        await desk.slack.click(MIRA, card, "approve_with_changes")
        await desk.fill(MIRA, desk.slack.top_view(MIRA), remain_quota="1M")
        await desk.slack.submit(MIRA, desk.slack.top_view(MIRA))
        assert (await desk.settled()).status is Status.SUCCEEDED
        assert desk.key("big").remain_quota == 1_000_000


async def test_take_shows_who_looks(http_desk: Desk) -> None:
    card = await waiting(http_desk)
    await http_desk.slack.click(MIRA, card, "take")
    await http_desk.eventually(lambda: f"<@{MIRA}> is looking at it" in text_of(http_desk.card(1)))
    assert "approve" in buttons_of(http_desk.card(1))


async def test_withdraw_is_the_requesters_alone(http_desk: Desk) -> None:
    desk = http_desk
    card = await waiting(desk)
    await desk.slack.click(MIRA, card, "withdraw")
    await desk.eventually(lambda: "Only <@U0ADA>, who asked" in told(desk, MIRA))
    await desk.slack.click(ADA, card, "withdraw")
    assert (await desk.settled()).status is Status.WITHDRAWN
    await desk.eventually(lambda: "Withdrawn" in text_of(desk.card(1)))


async def test_a_reminder_of_the_requester_is_said_in_the_thread(http_desk: Desk) -> None:
    desk = http_desk
    card = await waiting(desk)
    await desk.slack.click(ADA, card, "remind")
    reminder = (await desk.eventually(lambda: desk.said("asks for a decision on request #1")))[0]
    assert reminder.thread_ts == card.ts
    await desk.slack.click(ADA, card, "remind")
    await desk.eventually(lambda: "within the hour" in told(desk, ADA))


async def test_a_reminder_brings_back_a_card_that_somebody_deleted(desk: Desk) -> None:
    card = await waiting(desk)
    await desk.slack.changes.delete_message(card)
    await desk.app.approvals.timers.remind("1:1")
    again = await desk.eventually(lambda: desk.card(1))
    assert buttons_of(again) == buttons_of(card)
    await desk.eventually(lambda: desk.said("still waits for a decision"))
    await desk.slack.click(MIRA, again, "approve")
    assert (await desk.settled()).status is Status.SUCCEEDED


async def test_a_request_nobody_decides_lapses(desk: Desk) -> None:
    card = await waiting(desk)
    await desk.app.approvals.timers.remind("1:1")
    await desk.eventually(lambda: desk.said("still waits for a decision"))
    desk.ahead += 250  # as far as Slack's signatures bear; the timer itself does not look at the clock
    await desk.app.approvals.timers.lapse("1")
    await desk.eventually(lambda: desk.dm(ADA, "expired"))
    await desk.eventually(lambda: "*Expired*" in text_of(desk.card(1)))
    assert buttons_of(desk.card(1)) == ["look_at_request", "key.create.again"]
    assert card.ts == desk.card(1).ts
    assert made(desk) == []


async def test_two_managers_are_needed(desk_with: OpenDesk) -> None:
    async with desk_with(policy=asking('from = ["manager"], count = 2, expires = "3d"')) as desk:
        card = await waiting(desk)
        assert "Needs 2 approvals" in text_of(card)
        await desk.slack.click(MIRA, card, "approve")
        await desk.eventually(
            lambda: f"Needs 1 more approval from *manager*; approved by <@{MIRA}>" in text_of(desk.card(1))
        )
        await desk.slack.click(MIRA, card, "approve")
        await desk.eventually(lambda: "You have approved request #1 already" in told(desk, MIRA))
        assert made(desk) == []
        await desk.slack.click(OMAR, card, "approve")
        assert (await desk.settled()).status is Status.SUCCEEDED


async def test_stages_wait_for_each_other(desk_with: OpenDesk) -> None:
    async with desk_with(
        policy=asking('stages = [{ from = ["manager"] }, { from = ["security"] }], expires = "3d"')
    ) as desk:
        card = await waiting(desk)
        await desk.slack.click(SAM, card, "approve")
        await desk.eventually(lambda: "Only manager may answer this in stage 1 of 2." in told(desk, SAM))
        await desk.slack.click(MIRA, card, "approve")
        await desk.eventually(lambda: "from *security*" in text_of(desk.card(1)))
        await desk.slack.click(SAM, card, "approve")
        assert (await desk.settled()).status is Status.SUCCEEDED


async def test_break_glass_is_done_at_once_and_reviewed_afterwards(desk_with: OpenDesk) -> None:
    async with desk_with(policy=asking('from = ["manager"], expires = "3d", break_glass = true')) as desk:
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey new")
        await desk.fill(ADA, desk.slack.top_view(ADA), **BIG)
        # A reason alone changes nothing: what is done at once is ticked.
        view = await desk.eventually(lambda: _with(desk, "Needs approval"))
        assert "It is urgent" in view_text(view)
        await desk.fill(ADA, view, break_glass=["on"])
        view = await desk.eventually(lambda: _with(desk, "Done at once, reviewed afterwards"))
        assert present(view.body["submit"])["text"] == "Do it now"
        answer = await desk.slack.submit(ADA, view)
        assert list(answer.body["errors"]) == ["reason"]
        await desk.fill(ADA, desk.slack.top_view(ADA), reason="Production is down.")
        await desk.slack.submit(ADA, desk.slack.top_view(ADA))
        assert (await desk.settled()).status is Status.SUCCEEDED
        await desk.eventually(lambda: desk.said("Please review it."))
        assert "<!subteam^S0MANAGERS>" in text_of(desk.said("Please review it.")[0])
        await desk.eventually(lambda: desk.dm(ADA, "By break-glass: without an approval"))
        await desk.eventually(lambda: "reviewed" in buttons_of(desk.card(1)))
        assert "not reviewed yet" in text_of(desk.card(1))
        for who, listed in ((MIRA, True), (ADA, False)):
            await desk.slack.command(who, seed.KEYS_CHANNEL, "/apikey requests")
            assert ("*To review*" in text_of(desk.slack.messages(seed.KEYS_CHANNEL, who)[-1])) is listed
            await desk.slack.open_home(who)
            home = await desk.eventually(functools.partial(desk.slack.home, who))
            assert ("to be reviewed by you" in view_text(home)) is listed
        assert "you asked for a new key" in view_text(present(desk.slack.home(ADA)))
        await desk.slack.click(ADA, desk.card(1), "reviewed")
        await desk.eventually(lambda: told(desk, ADA))
        await desk.slack.click(MIRA, desk.card(1), "reviewed")
        await desk.eventually(lambda: f"reviewed by <@{MIRA}>" in text_of(desk.card(1)))
        assert buttons_of(desk.card(1)) == ["look_at_request"]
        await desk.slack.command(MIRA, seed.KEYS_CHANNEL, "/apikey requests")
        assert "*To review*" not in text_of(desk.slack.messages(seed.KEYS_CHANNEL, MIRA)[-1])


def _with(desk: Desk, words: str) -> Any:
    view = desk.slack.top_view(ADA)
    return view if words in view_text(view) else None


async def test_without_the_tick_a_request_waits_also_with_a_reason(desk_with: OpenDesk) -> None:
    async with desk_with(policy=asking('from = ["manager"], expires = "3d", break_glass = true')) as desk:
        await desk.ask(ADA, **BIG, reason="Production is down.")
        card = await desk.eventually(lambda: desk.card(1))
        assert "approve" in buttons_of(card)
        assert made(desk) == []


@pytest.mark.parametrize("operation", ["approve", "deny"])
async def test_the_window_from_the_home_decides_too(http_desk: Desk, operation: str) -> None:
    desk = http_desk
    await waiting(desk)
    await desk.slack.open_home(MIRA)
    home = await desk.eventually(lambda: desk.slack.home(MIRA))
    assert "Waiting for you" in view_text(home)
    await desk.slack.click(MIRA, home, "look_at_request")
    window = desk.slack.top_view(MIRA)
    await desk.slack.click(MIRA, window, operation)
    if operation == "deny":
        await desk.fill(MIRA, desk.slack.top_view(MIRA), reason="No.")
        await desk.slack.submit(MIRA, desk.slack.top_view(MIRA))
    assert (await desk.settled()).status is (Status.SUCCEEDED if operation == "approve" else Status.DENIED)


async def test_a_decider_approves_on_the_home_with_one_click_and_others_are_told(http_desk: Desk) -> None:
    desk = http_desk
    await waiting(desk)
    await desk.slack.open_home(MIRA)
    home = await desk.eventually(lambda: desk.slack.home(MIRA))
    assert "2M units ($4.00)" in view_text(home)
    await desk.slack.click(MIRA, home, "home.approve")
    payload = last(desk, "block_actions")
    assert (await desk.settled()).status is Status.SUCCEEDED
    await desk.eventually(lambda: "Waiting for you" not in view_text(present(desk.slack.home(MIRA))))
    # The finished card shows the rest to those who may see it.
    card = await desk.eventually(lambda: desk.card(1) if "approved by" in text_of(desk.card(1)) else None)
    assert "claude-sonnet-4" not in text_of(card)
    await desk.slack.click(ADA, card, "look_at_request")
    assert "claude-sonnet-4" in view_text(desk.slack.top_view(ADA))
    await desk.ask(ADA, **{**BIG, "name": "other"})
    await desk.eventually(lambda: desk.card(2))
    payload["actions"][0]["value"] = "2"
    await send_as(desk, payload, ADA)
    await desk.until(lambda: desk.audit("refused"), otherwise="it was not refused")
    payload["actions"][0]["value"] = "x"
    await send_as(desk, payload, MIRA)


async def test_a_card_has_two_buttons_and_a_menu(http_desk: Desk) -> None:
    desk = http_desk
    card = await waiting(desk)
    [row] = [block for block in card.blocks if block["type"] == "actions"]
    assert [element["action_id"] for element in row["elements"]] == ["approve", "deny", "more"]
    options = [option["value"] for option in row["elements"][-1]["options"]]
    assert options == ["approve_with_changes:1", "take:1", "remind:1", "withdraw:1"]
    await desk.slack.click(MIRA, card, "more", value="take:1")
    await desk.eventually(lambda: "is looking at it" in text_of(desk.card(1)))


async def test_a_forged_choice_from_the_menu_does_nothing(http_desk: Desk) -> None:
    desk = http_desk
    card = await waiting(desk)
    await desk.slack.click(MIRA, card, "more", value="remind:1")  # the requester's alone
    payload = last(desk, "block_actions")
    for value in ("", "take", "take:", "take:x", "take:99", "approve:1", "drop:1", ":1", "1", "take:١"):
        chosen = {**payload["actions"][0]["selected_option"], "value": value}
        await send_as(desk, {**payload, "actions": [{**payload["actions"][0], "selected_option": chosen}]}, MIRA)
    row = await desk.request(1)
    assert (row.status, row.taken_by, row.votes) == (Status.PENDING, None, ())
