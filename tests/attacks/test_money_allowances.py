"""An allowance gives no more than was granted: one refill a period, and no order of approvals that gets round a sum."""

import functools

from bot.approvals import store
from bot.approvals.models import Status
from keydesk_sandbox import seed
from tests.scenarios.conftest import OpenDesk, both
from tests.scenarios.desk import Desk
from tests.scenarios.operating import do, key_id_of, owned
from tests.scenarios.policies import ROLES

__all__ = ["both"]
ADA, MIRA = seed.ENGINEER, seed.MANAGER
DOLLAR = 500_000
FREE = f"""{ROLES}
[[rules]]
name  = "five dollars once per period are free"
who   = ["engineer"]
do    = ["key.allowance"]
when  = {{ increase_at_most = "$5" }}
allow = true

[[rules]]
name  = "one's own"
who   = ["engineer"]
do    = ["key.rotate", "key.disable", "key.enable"]
allow = true
"""


def asked(operation: str, when: str) -> str:
    """A manager may grant this much; more is denied."""
    return f"""{ROLES}
[[rules]]
name     = "up to here managers decide"
who      = ["engineer"]
do       = ["{operation}"]
when     = {{ {when} }}
approval = {{ from = ["manager"], expires = "3d" }}
"""


async def newest(desk: Desk) -> int:
    """The number of the latest request of a person, whose line in the record may follow; PostgreSQL's have gaps."""
    rows = await desk.app.database.read(store.of_requester, ADA)
    return max(row.id for row in rows if row.origin.by_person)


async def allow(desk: Desk, key: int, **fields: str) -> int:
    await do(desk, ADA, "allowance", desk.gateway.key(key), reason="to test", **fields)
    return await newest(desk)


async def test_an_allowance_that_is_ended_rotated_and_asked_again_refills_once(both: OpenDesk) -> None:
    async with both(policy=FREE) as desk:
        key = (await owned(desk, name="nightly", remain_quota=1)).id
        await desk.settled(await allow(desk, key, refill="month", allowance="$5"))
        await desk.eventually(lambda: desk.gateway.key(key).remain_quota == 5 * DOLLAR)
        await desk.settled(await allow(desk, key, refill="never"))
        await do(desk, ADA, "rotate", desk.gateway.key(key), overlap="0", reason="to test")
        rotated = await desk.settled(await newest(desk))
        successor = key_id_of(rotated)
        assert desk.gateway.key(successor).remain_quota == 5 * DOLLAR
        desk.gateway.charge(successor, 5 * DOLLAR - 1)
        again = await desk.settled(await allow(desk, successor, refill="month", allowance="$5"))
        assert again.status is Status.SUCCEEDED
        of_key = await desk.app.database.read(store.of_key, successor, limit=100)
        assert [one for one in of_key if one.origin.kind == "allowance"] == []


async def test_two_allowances_approved_in_the_other_order_are_counted_together(both: OpenDesk) -> None:
    async with both(policy=asked("key.allowance", 'allowance_at_most = "$20", per = "30d"')) as desk:
        numbers = []
        for name in ("first", "second"):
            key = await owned(desk, name=name)
            numbers.append(await allow(desk, key.id, refill="month", allowance="$20"))
        await approved_from_the_last(desk, numbers)


async def test_two_raises_approved_in_the_other_order_are_counted_together(both: OpenDesk) -> None:
    async with both(policy=asked("key.quota", 'granted_at_most = "$20", per = "30d"')) as desk:
        numbers = []
        for name in ("first", "second"):
            await do(desk, ADA, "quota", await owned(desk, name=name), delta="+$20", reason="to test")
            numbers.append(await newest(desk))
        await approved_from_the_last(desk, numbers)


async def approved_from_the_last(desk: Desk, numbers: list[int]) -> None:
    """A manager approves both, the later one first: it is granted, and the other is too much by then."""
    found = []
    for number in reversed(numbers):
        card = await desk.eventually(functools.partial(desk.card, number))
        await desk.slack.click(MIRA, card, "approve")
        found.append((await desk.settled(number)).status)
    assert found == [Status.SUCCEEDED, Status.FAILED]
