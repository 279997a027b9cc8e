"""A key that is refilled: asked in its form or by the command, approved as anything, refilled once per period."""

from datetime import UTC, datetime

from bot.approvals import store
from bot.approvals.models import ApprovalRequest, OriginKind, Status
from bot.keys import allowances
from bot.operations import Allowance
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import Record
from tests.narrow import present
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
    offer = await desk.eventually(lambda: desk.dm(ADA, "offers less")[0])
    await desk.slack.click(ADA, offer, "accept_offer")
    await desk.settled(1)
    await settled(desk, record, 1)
    assert desk.key("nightly").remain_quota == 21 * DOLLAR
