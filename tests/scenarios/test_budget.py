"""A budget for all keys of a person or a role: asked, approved, seen, drawn on without asking again, refilled, ended."""

import functools

from bot.approvals.models import Status
from keydesk_sandbox import seed
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import Desk, refusal, text_of, view_text
from tests.scenarios.test_allowance import ANY, DOLLAR, a_key, following, refills, settled, until_day
from tests.scenarios.test_care import look

ADA, BEN, MIRA = seed.ENGINEER, seed.SECOND_ENGINEER, seed.MANAGER


async def open_form(desk: Desk, user: str, text: str) -> str:
    await desk.slack.command(user, seed.KEYS_CHANNEL, f"/apikey {text}")
    await desk.eventually(lambda: desk.slack.top_view(user).body["callback_id"] == "budget.change")
    return view_text(desk.slack.top_view(user))


async def grant(desk: Desk, number: int, text: str) -> str:
    """Asked by the command, approved by the manager. What the card said that they decided by."""
    await open_form(desk, ADA, text)
    assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
    card = await desk.eventually(functools.partial(desk.card, number))
    asked = text_of(card)
    await desk.slack.click(MIRA, card, "approve")
    assert (await desk.settled(number)).status is Status.SUCCEEDED
    return asked


async def heard(desk: Desk, user: str, text: str) -> str:
    """What somebody is answered."""
    await desk.slack.command(user, seed.KEYS_CHANNEL, f"/apikey {text}")
    return text_of(desk.slack.messages(seed.KEYS_CHANNEL, viewer=user)[-1])


async def test_it_is_asked_approved_drawn_on_and_seen(http_desk: Desk) -> None:
    desk = http_desk
    await look(desk)
    text = await open_form(desk, ADA, f"allowance <@{ADA}> $20 per month for the search team")
    assert "There is no budget yet" in text
    assert "Needs approval" in text
    card = await grant(desk, 1, f"budget <@{ADA}> $20 per month for the search team")
    assert "asks to change the budget of" in card
    assert "10M units ($20.00) every month" in card
    # Within it more is granted at once, by the rule that says so; small ones count too.
    for number, (name, amount) in enumerate((("one", "$12"), ("two", "$1"), ("three", "$5")), start=2):
        await desk.ask(name=name, remain_quota=amount, expired_time="30d")
        small = amount == "$1"
        rule = "small keys are free" if small else "what a budget holds is free"
        assert (await desk.settled(number)).judgement.decision.rule == rule
    # Beyond it even a small key needs somebody, who sees what is left.
    await desk.ask(name="four", remain_quota="$2.50", expired_time="30d")
    waits = await desk.eventually(functools.partial(desk.card, 5))
    assert "Of the budget of 10M units ($20.00), 1M units ($2.00) are left" in text_of(waits)
    assert "This goes 250k units ($0.50) beyond it" in text_of(waits)
    await desk.ask(name="five", remain_quota="$0.90", expired_time="30d")
    assert (await desk.settled(6)).status is Status.SUCCEEDED
    assert "9.45M units ($18.90) were given" in await heard(desk, ADA, "budget")
    assert "There is no budget that you may see" in await heard(desk, BEN, "budget")
    assert "($18.90) were given" in await heard(desk, MIRA, "budget")
    await desk.slack.command(MIRA, seed.KEYS_CHANNEL, f"/apikey usage <@{ADA}>")
    await desk.eventually(
        lambda: "550k units ($1.10) are left" in text_of(desk.slack.messages(seed.KEYS_CHANNEL, viewer=MIRA)[-1])
    )
    await desk.slack.open_home(ADA)
    home = await desk.eventually(lambda: desk.slack.home(ADA))
    assert "All your keys: 550k units ($1.10) of 10M units ($20.00) are left" in view_text(home)
    why = await heard(desk, ADA, "why quota one +$3")
    assert "of the budget of this person 550k units are left" in why
    # A new month: all of it again, and no key was touched for that.
    await until_day(desk, *following(desk))
    await desk.ask(name="six", remain_quota="$20", expired_time="30d")
    assert (await desk.settled(7)).judgement.decision.rule == "what a budget holds is free"
    # It ends: what it held needs a manager again.
    await grant(desk, 8, f"budget <@{ADA}> off")
    await desk.ask(name="seven", remain_quota="$3", expired_time="30d")
    assert (await desk.request(9)).status is Status.PENDING


async def test_the_first_refill_keeps_to_a_budget_that_began_while_its_allowance_waited(desk_with: OpenDesk) -> None:
    async with desk_with() as desk:
        await look(desk)
        record = await a_key(desk)
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey allowance {record.id} $50 per month")
        await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] == "key.allowance")
        assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
        card = await desk.eventually(functools.partial(desk.card, 1))
        await grant(desk, 2, f"budget <@{ADA}> $12 per month")
        await desk.slack.click(MIRA, card, "approve")
        assert (await desk.settled(1)).status is Status.SUCCEEDED
        await settled(desk, record, 1)
        assert desk.gateway.key(record.id).remain_quota == (1 + 12) * DOLLAR
        assert "6M units ($12.00) were given" in await heard(desk, ADA, "budget")


async def test_refills_of_members_share_what_their_role_has(desk_with: OpenDesk) -> None:
    async with desk_with(policy=seed.POLICY + ANY) as desk:
        await look(desk)
        keys = [await a_key(desk), await desk.own(BEN, desk.gateway.add_key(name="of Ben", remain_quota=0, status=1))]
        for key in keys:
            await desk.slack.command(seed.ADMIN, seed.KEYS_CHANNEL, f"/apikey allowance {key.id} $10 per month")
            await desk.eventually(lambda: desk.slack.top_view(seed.ADMIN).body["callback_id"] == "key.allowance")
            assert (await desk.slack.submit(seed.ADMIN, desk.slack.top_view(seed.ADMIN))).ok
            await settled(desk, key, 1)
        assert [desk.gateway.key(key.id).remain_quota for key in keys] == [10 * DOLLAR, 10 * DOLLAR]
        await grant(desk, 5, "budget engineer $12 per month")
        for key in keys:
            desk.gateway.charge(key.id, 10 * DOLLAR)
        await until_day(desk, *following(desk))
        for key in keys:
            await settled(desk, key, 2)
        await look(desk)
        together = sum(desk.gateway.key(key.id).remain_quota for key in keys)
        assert together == 12 * DOLLAR
        assert sum(desk.gateway.key(key.id).used_quota for key in keys) == 20 * DOLLAR
        assert [len(await refills(desk, key)) for key in keys] == [2, 2]


async def test_wrong_holders_and_amounts_are_told(http_desk: Desk) -> None:
    desk = http_desk
    answer = await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey budget nobody $5 per month")
    assert "name a role: `engineer`" in str(answer)
    guest = await desk.slack.command(seed.GUEST, seed.KEYS_CHANNEL, f"/apikey budget <@{ADA}> $5 per month")
    assert "Guests" in str(guest)
    await open_form(desk, ADA, f"budget <@{seed.GUEST}> $5 per month")
    answer = await desk.slack.submit(ADA, desk.slack.top_view(ADA))
    assert "is a guest here" in refusal(answer)
    for text, said in (("$0 per month", "adds nothing"), ("off", "none to end")):
        await open_form(desk, ADA, f"budget <@{ADA}> {text}")
        answer = await desk.slack.submit(ADA, desk.slack.top_view(ADA))
        assert said in refusal(answer)


async def test_a_request_that_nobody_decided_can_be_asked_again(http_desk: Desk) -> None:
    desk = http_desk
    await open_form(desk, ADA, "budget engineer $20 per week rollover for all")
    assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
    await desk.eventually(functools.partial(desk.card, 1))
    record = await a_key(desk)
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey allowance {record.id} $50 per week rollover")
    await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] == "key.allowance")
    assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
    await desk.pass_time(4 * 86_400)
    message = await desk.eventually(lambda: desk.dm(ADA, "Your request for the budget of")[0])
    other = await desk.eventually(lambda: desk.dm(ADA, "Your request for key")[0])
    for button, sent, amount in (
        ("budget.change.again", message, "10M"),
        ("key.allowance.again", other, "25M"),
    ):
        await desk.slack.click(ADA, sent, button)
        operation = button.removesuffix(".again")
        await desk.eventually(
            lambda operation=operation: desk.slack.top_view(ADA).body["callback_id"] == operation  # type: ignore[misc]
        )
        form = str(desk.slack.top_view(ADA).body)
        assert f"'{amount}'" in form
        assert "'initial_options'" in form
