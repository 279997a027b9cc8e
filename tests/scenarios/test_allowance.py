"""A key that is refilled: asked in its form or by the command, approved as anything, refilled once per period."""

import functools
from datetime import UTC, datetime

import pytest

from bot.approvals import store
from bot.approvals.models import ApprovalRequest, OriginKind, Status
from bot.keys import allowances
from bot.operations import Allowance
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import Record
from keydesk_sandbox.fake_slack.messages import SlackMessage
from tests.narrow import present
from tests.scenarios.conftest import OpenDesk
from tests.scenarios.desk import Desk, text_of, view_text
from tests.scenarios.test_care import look

ADA = seed.ENGINEER
DAY = 86_400
DOLLAR = 500_000


async def a_key(desk: Desk, **fields: int) -> Record:
    return await desk.own(ADA, desk.gateway.add_key(name="nightly", **{"remain_quota": DOLLAR, **fields}))


async def open_form(desk: Desk, text: str) -> str:
    """`/apikey allowance …`, until the form is there; what it says."""
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey allowance {text}")
    await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] == "key.allowance")
    return view_text(desk.slack.top_view(ADA))


async def ask(desk: Desk, text: str) -> None:
    """The command, and its form sent as it comes."""
    await open_form(desk, text)
    await desk.slack.submit(ADA, desk.slack.top_view(ADA))


async def row(desk: Desk, record: Record) -> Allowance:
    return present(await desk.app.database.read(allowances.find, record.id))


async def refills(desk: Desk, record: Record) -> list[ApprovalRequest]:
    of_key = await desk.app.database.read(store.of_key, record.id, limit=1_000)
    return [one for one in reversed(of_key) if one.origin.kind is OriginKind.ALLOWANCE]


async def settled(desk: Desk, record: Record, number: int) -> list[ApprovalRequest]:
    """The refills of a key, once there are so many and none is under way."""

    async def done() -> list[ApprovalRequest] | None:
        found = await refills(desk, record)
        over = all(one.status in {Status.SUCCEEDED, Status.FAILED} for one in found)
        return found if len(found) >= number and over else None

    found: list[ApprovalRequest] = await desk.until(done, otherwise=f"there are no {number} refills")
    assert len(found) == number
    return found


async def until_day(desk: Desk, *day: int) -> None:
    """The clocks go ahead to noon of a day, and all keys are listed."""
    await desk.pass_time(datetime(*day, 12, tzinfo=UTC).timestamp() - desk.clock())  # type: ignore[arg-type,misc]
    await look(desk)


def following(desk: Desk, months: int = 1) -> tuple[int, int, int]:
    """The first day of a month to come."""
    today = datetime.fromtimestamp(desk.clock(), UTC)
    month = today.month - 1 + months
    return today.year + month // 12, month % 12 + 1, 1


async def test_a_small_allowance_is_free_and_refills_at_once_and_each_month(http_desk: Desk) -> None:
    desk = http_desk
    await look(desk)
    record = await a_key(desk)
    text = await open_form(desk, "nightly $5 per month for the night job")
    assert "Granted at once" in text
    await desk.slack.submit(ADA, desk.slack.top_view(ADA))
    assert (await desk.settled(1)).reason == "for the night job"
    await settled(desk, record, 1)
    assert desk.key("nightly").remain_quota == 5 * DOLLAR
    await look(desk)
    await settled(desk, record, 1)
    for months in (1, 2):
        desk.gateway.charge(record.id, 2 * DOLLAR)
        await until_day(desk, *following(desk))
        await settled(desk, record, 1 + months)
        await look(desk)
        assert desk.key("nightly").remain_quota == 5 * DOLLAR
    used = 4 * DOLLAR
    assert desk.key("nightly").used_quota == used
    # Quiet: the channel hears of the allowance once, its owner of nothing but what they asked for.
    assert len([m for m in desk.messages() if "nightly" in text_of(m)]) == 1
    assert len(desk.dm(ADA, "nightly")) == 1
    assert len(await desk.audit("applied")) == 4


async def test_a_large_one_is_approved_by_a_manager_who_may_grant_less(http_desk: Desk) -> None:
    desk = http_desk
    record = await a_key(desk)
    await open_form(desk, "nightly")
    view = desk.slack.top_view(ADA)
    await desk.fill(ADA, view, refill="week", allowance="$50", rollover=["on"], reason="load tests")
    await desk.slack.submit(ADA, desk.slack.top_view(ADA))
    card = await desk.eventually(lambda: desk.card(1))
    assert "added every week" in text_of(card)
    await desk.slack.click(seed.MANAGER, card, "approve_with_changes")
    await desk.eventually(lambda: desk.slack.top_view(seed.MANAGER).body["callback_id"] == "request.offer")
    await desk.fill(seed.MANAGER, desk.slack.top_view(seed.MANAGER), allowance="$20")
    await desk.slack.submit(seed.MANAGER, desk.slack.top_view(seed.MANAGER))
    offer = await desk.eventually(lambda: desk.dm(ADA, "with changes")[0])
    await desk.slack.click(ADA, offer, "accept_offer")
    await desk.settled(1)
    await settled(desk, record, 1)
    assert desk.key("nightly").remain_quota == 21 * DOLLAR


async def test_it_is_seen_in_the_list_the_window_the_usage_and_why(http_desk: Desk) -> None:
    desk = http_desk
    await look(desk)
    record = await a_key(desk)
    await ask(desk, "nightly $5 per month")
    await settled(desk, record, 1)
    await look(desk)
    first = f"{following(desk)[0]}-{following(desk)[1]:02}-01"
    for number, command in enumerate(("list", "usage nightly"), 1):
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey {command}")
        await desk.eventually(functools.partial(shown, desk, first, number))
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey show nightly")
    await desk.eventually(lambda: first in view_text(desk.slack.top_view(ADA)))
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey why allowance nightly")
    await desk.eventually(lambda: [m for m in told(desk) if "other allowances of this person" in text_of(m)])
    # What Keydesk does each day is no request of theirs.
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey requests")
    await desk.eventually(lambda: [m for m in told(desk) if "#1" in text_of(m) and "#2" not in text_of(m)])


def shown(desk: Desk, text: str, number: int) -> bool:
    return len([m for m in told(desk) if text in text_of(m)]) == number


def told(desk: Desk) -> list[SlackMessage]:
    """What only Ada sees."""
    return [m for m in desk.slack.messages(seed.KEYS_CHANNEL) if m.ephemeral_to == ADA]


async def test_it_is_changed_and_ended_by_the_same_command(http_desk: Desk) -> None:
    desk = http_desk
    await look(desk)
    record = await a_key(desk)
    await ask(desk, "nightly $5 per month")
    await settled(desk, record, 1)
    assert "That is its allowance already." in await open_form(desk, "nightly")
    await desk.fill(ADA, desk.slack.top_view(ADA), allowance="$4")
    await desk.slack.submit(ADA, desk.slack.top_view(ADA))
    assert (await desk.settled(3)).status is Status.SUCCEEDED
    assert (await row(desk, record)).terms.amount == 4 * DOLLAR
    await ask(desk, "nightly off no longer needed")
    assert (await desk.settled(4)).status is Status.SUCCEEDED
    assert not (await row(desk, record)).stands
    await until_day(desk, *following(desk))
    await settled(desk, record, 1)
    assert "has no allowance" in await open_form(desk, "nightly off")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("nightly 0 per month", "A refill of 0 adds nothing"),
        ("nightly lots per month", "is not an amount"),
        ("nightly -5 per day", "has a sign"),
    ],
)
async def test_bad_input_is_told_in_the_form(http_desk: Desk, text: str, says: str) -> None:
    desk = http_desk
    await a_key(desk)
    assert says in await open_form(desk, text)
    answer = await desk.slack.submit(ADA, desk.slack.top_view(ADA))
    assert says in answer.body["errors"]["allowance"]


async def test_an_allowance_above_what_the_account_has_is_said(http_desk: Desk) -> None:
    desk = http_desk
    await a_key(desk)
    desk.gateway.account.quota = DOLLAR
    await look(desk)
    await open_form(desk, "nightly $50 per month")
    await desk.slack.submit(ADA, desk.slack.top_view(ADA))
    card = await desk.eventually(lambda: desk.card(1))
    assert "less than one refill" in text_of(card)


async def test_it_goes_with_a_rotation_and_ends_with_the_owner(http_desk: Desk) -> None:
    desk = http_desk
    await look(desk)
    record = await a_key(desk)
    await ask(desk, "nightly $5 per month")
    await settled(desk, record, 1)
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey rotate nightly")
    await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] == "key.rotate")
    await desk.slack.submit(ADA, desk.slack.top_view(ADA))
    made = present(present((await desk.settled(3)).outcome).key_id)
    assert (await row(desk, desk.gateway.key(made))).stands
    assert await desk.app.database.read(allowances.find, record.id) is None
    await until_day(desk, *following(desk))
    await settled(desk, desk.gateway.key(made), 1)
    assert desk.gateway.key(made).remain_quota == 5 * DOLLAR


async def test_many_keys_do_not_get_round_a_rule(http_desk: Desk) -> None:
    desk = http_desk
    await look(desk)
    record = await a_key(desk)
    other = await desk.own(ADA, desk.gateway.add_key(name="other", remain_quota=DOLLAR))
    await ask(desk, "nightly $3 per month")
    await settled(desk, record, 1)
    assert "Needs approval" in await open_form(desk, "other $3 per month")
    await desk.slack.close_view(ADA, desk.slack.top_view(ADA), clear=True)
    # Nor one after the other: what was refilled counts until its month is over.
    await ask(desk, "nightly off")
    await desk.settled(3)
    assert "Needs approval" in await open_form(desk, "other $3 per month")
    await desk.slack.close_view(ADA, desk.slack.top_view(ADA), clear=True)
    assert "Granted at once" in await open_form(desk, "other $2 per month")
    await desk.slack.close_view(ADA, desk.slack.top_view(ADA), clear=True)
    await until_day(desk, *following(desk))
    assert "Granted at once" in await open_form(desk, "other $3 per month")
    assert await refills(desk, other) == []


async def test_a_new_key_may_be_refilled_from_the_start(http_desk: Desk) -> None:
    desk = http_desk
    await look(desk)
    await desk.ask(name="batch", remain_quota="$1", refill="week", expired_time="90d")
    assert (await desk.settled(1)).status is Status.SUCCEEDED
    record = desk.key("batch")
    assert (await row(desk, record)).terms.amount == DOLLAR
    desk.gateway.charge(record.id, DOLLAR // 2)
    await look(desk)
    assert await refills(desk, record) == []
    await desk.pass_time(8 * DAY)
    await look(desk)
    await settled(desk, record, 1)
    assert desk.key("batch").remain_quota == DOLLAR
    # Small as a key, but too much in a month: somebody decides.
    await desk.ask(name="hungry", remain_quota="$1", refill="day")
    assert "The key would be refilled." in str((await desk.request(3)).judgement.decision.sentence)


async def test_the_command_for_a_new_key_knows_how_often_it_is_refilled(http_desk: Desk) -> None:
    desk = http_desk
    await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey new daily batch $1 per month 90d because of reports")
    await desk.eventually(lambda: desk.slack.top_view(ADA).body["callback_id"] == "key.create")
    await desk.slack.submit(ADA, desk.slack.top_view(ADA))
    assert (await desk.settled(1)).key_name == "daily batch"
    assert (await row(desk, desk.key("daily batch"))).terms.period == "month"


ANY = """
[[rules]]
name  = "administrators care for all keys"
who   = ["admin"]
do    = ["key.allowance"]
on    = "any"
allow = true
"""


async def test_an_allowance_for_the_key_of_somebody_who_has_left_refills_nothing(desk_with: OpenDesk) -> None:
    async with desk_with(policy=seed.POLICY + ANY) as desk:
        await look(desk)
        record = await a_key(desk)
        await desk.slack.changes.deactivate(ADA)
        await desk.eventually(lambda: desk.said("has left", seed.SECURITY_CHANNEL))
        await desk.slack.command(seed.ADMIN, seed.KEYS_CHANNEL, "/apikey allowance nightly $50 per month")
        await desk.eventually(lambda: desk.slack.top_view(seed.ADMIN).body["callback_id"] == "key.allowance")
        assert (await desk.slack.submit(seed.ADMIN, desk.slack.top_view(seed.ADMIN))).ok
        assert (await desk.settled(1)).status is Status.SUCCEEDED
        [refill] = await settled(desk, record, 1)
        assert refill.status is Status.FAILED
        await look(desk)
        await settled(desk, record, 1)
        assert desk.key("nightly").remain_quota == DOLLAR
