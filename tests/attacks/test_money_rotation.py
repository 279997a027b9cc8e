"""A rotation makes no money: four ways that once made five keys of one, with a spender beside them, over the real wire."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.approvals.models import Status
from keydesk_sandbox import seed
from keydesk_sandbox.fake_gateway import Record
from keydesk_sandbox.fake_gateway.wire import HttpCall
from tests.attacks.lines import line, living, total
from tests.narrow import present
from tests.scenarios.desk import Desk, open_desk, refusal, text_of, view_text
from tests.scenarios.operating import do, key_id_of, open_form, owned
from tests.scenarios.test_incident import confirm, preview

ADA, SAM = seed.ENGINEER, seed.SECURITY
PRICE = 97


@pytest.fixture
async def desk(tmp_path: Path, database_url: str) -> AsyncIterator[Desk]:
    """On SQLite and on PostgreSQL: the two exclude writers in different ways."""
    async with open_desk(tmp_path, database_url=database_url) as opened:
        yield opened


def spend_all(desk: Desk, key: Record | int) -> None:
    """Use the key until it is empty, as far as it can be used at all."""
    record = desk.gateway.key(key if isinstance(key, int) else key.id)
    if record.status == 1 and record.remain_quota > 0:
        desk.gateway.charge(record.id, record.remain_quota)


def spend_beside(desk: Desk, name: str) -> None:
    """Somebody who uses every key of the line that works: a call of each is charged before every call of ours.

    So every write meets usage that it has not seen, whatever the machine is like; no test can be faster.
    """

    def spend(_call: HttpCall) -> None:
        for record in living(desk.gateway, name):
            desk.gateway.charge(record.id, PRICE)

    desk.gateway.on("request", spend, times=None)


async def test_spending_the_old_key_and_rotating_again_makes_nothing(desk: Desk) -> None:
    key = await owned(desk, remain_quota=500_000)
    newest, number = key.id, 1
    for _ in range(4):
        answer = await do(desk, ADA, "rotate", newest, overlap="24h")
        if refusal(answer):
            break  # nothing is left to rotate
        row = await desk.settled(number)
        spend_all(desk, newest)
        await do(desk, ADA, "disable", newest)
        # The end of the overlap comes with the disabling of the old key: another request.
        await desk.settled(number + 1)
        await desk.settled(number + 2)
        newest, number = key_id_of(row), number + 3
    spend_all(desk, newest)
    assert total(desk.gateway, line(desk.gateway, "search")) == 500_000
    assert number > 6


async def test_five_rotations_at_once_beside_a_spender_make_one_successor_and_nothing(desk: Desk) -> None:
    key = await owned(desk, remain_quota=500_000)
    people = (ADA, SAM, seed.ADMIN)
    for user in people:
        view = await open_form(desk, user, f"/apikey rotate {key.id}", operation="key.rotate")
        await desk.fill(user, view, overlap="1h")
    spend_beside(desk, "search")
    await asyncio.gather(*(desk.slack.submit(user, desk.slack.top_view(user)) for user in people))
    rows = [await desk.settled(number) for number in range(1, len(people) + 1)]
    assert sorted(row.status for row in rows) == [Status.FAILED, Status.FAILED, Status.SUCCEEDED]
    assert len(line(desk.gateway, "search")) == 2
    assert 0 <= total(desk.gateway, line(desk.gateway, "search")) - 500_000 <= PRICE


async def test_in_an_overlap_the_two_share_and_the_rest_follows(desk: Desk) -> None:
    key = await owned(desk, remain_quota=300_001)
    await do(desk, ADA, "rotate", key, overlap="1h")
    row = await desk.settled(1)
    new = key_id_of(row)
    shares = [desk.gateway.key(number).remain_quota for number in (key.id, new)]
    assert shares == [150_000, 150_001]
    assert any("The old key keeps 150,000" in note for note in present(row.outcome).notes)
    spend_beside(desk, "search")
    await desk.pass_time(3_601)
    ended = await desk.settled(2)
    assert (ended.operation, ended.status, desk.gateway.key(key.id).status) == ("key.disable", Status.SUCCEEDED, 2)
    assert any(f"What was left went to key {new}" in note for note in present(ended.outcome).notes), ended.outcome
    assert desk.gateway.key(key.id).remain_quota <= 0
    assert 0 <= total(desk.gateway, (key.id, new)) - 300_001 <= PRICE
    card = await desk.eventually(lambda: desk.dm(ADA, "was disabled"))
    assert any("What was left went to key" in text_of(message) for message in card)


async def test_a_replaced_key_comes_back_by_no_way(desk: Desk) -> None:
    key, other = await owned(desk), await owned(desk, name="other", status=2)
    await do(desk, ADA, "rotate", key, overlap="0")
    new = key_id_of(await desk.settled(1))
    await desk.settled(2)
    # The successor is spent and deleted, so that nobody has it any more.
    spend_all(desk, new)
    await do(desk, ADA, "delete", new, confirm="search (2)")
    await desk.settled(3)
    answer = await do(desk, ADA, "enable", key, delta="1k")
    assert "was replaced by key" in answer.body["errors"]["reason"]
    answer = await do(desk, ADA, "quota", key, delta="+1k")
    assert answer.ok
    await desk.settled(4)
    await desk.slack.command(SAM, seed.SECURITY_CHANNEL, f"/apikey enable {key.id} {other.id}")
    await desk.eventually(lambda: "will be enabled" in view_text(desk.slack.top_view(SAM)))
    number = 2 if "2 keys will be enabled" in view_text(desk.slack.top_view(SAM)) else 1
    await desk.fill(SAM, desk.slack.top_view(SAM), confirm=f"ENABLE {number}", reason="an end")
    assert (await desk.slack.submit(SAM, desk.slack.top_view(SAM))).ok
    await desk.eventually(lambda: desk.gateway.key(other.id).status == 1)
    await desk.eventually(lambda: desk.said("Batch 1", seed.SECURITY_CHANNEL))
    assert desk.gateway.key(key.id).status == 2


async def test_a_key_that_nobody_owns_is_replaced_once_too(desk: Desk) -> None:
    key = desk.gateway.add_key(name="stray", remain_quota=90_000)
    await do(desk, SAM, "rotate", key, overlap="0")
    await desk.settled(1)
    await desk.settled(2)
    answer = await do(desk, SAM, "rotate", key)
    assert "was replaced by key" in answer.body["errors"]["reason"]
    assert total(desk.gateway, line(desk.gateway, "stray")) == 90_000


async def test_an_unlimited_key_has_one_living_successor_and_no_quota_to_move(desk: Desk) -> None:
    key = await owned(desk, unlimited_quota=True, remain_quota=0)
    await do(desk, ADA, "rotate", key, overlap="1h")
    new = key_id_of(await desk.settled(1))
    assert [desk.gateway.key(number).unlimited_quota for number in (key.id, new)] == [True, True]
    answer = await do(desk, ADA, "rotate", key, overlap="1h")
    assert "was replaced by key" in answer.body["errors"]["reason"]
    answer = await do(desk, ADA, "rotate", new, overlap="1h")
    assert "still works" in answer.body["errors"]["overlap"]
    await desk.pass_time(3_601)
    await desk.settled(2)
    await do(desk, ADA, "rotate", new, overlap="0")
    await desk.settled(3)
    await desk.settled(4)
    assert len(living(desk.gateway, "search")) == 1


async def test_an_order_that_waited_for_the_end_of_an_overlap_goes_by_no_record_from_before_it(desk: Desk) -> None:
    """A batch read the old key, then the rest of its quota moved: what the batch writes gives none of it back."""
    key, other = await owned(desk, remain_quota=60_000), await owned(desk, name="other")
    await do(desk, ADA, "rotate", key, overlap="1h")
    new = key_id_of(await desk.settled(int((await desk.audit("asked"))[-1]["request_id"])))
    locks, line = desk.app.approvals.writes.write_locks, f"write:key:{key.id}"

    def queued() -> int:
        return locks._locks[line][1]

    async with locks.lock_key(key.id):
        await desk.pass_time(3_700)
        await desk.eventually(lambda: queued() == 2)  # the end of the overlap
        desk.gateway.charge(key.id, PRICE)  # in use: a sum that moved looks like a race with usage
        await preview(desk, f"disable {key.id} {other.id}")
        await confirm(desk, "DISABLE 2")
        await desk.eventually(lambda: queued() == 3)  # the batch, which has read the key
    await desk.eventually(lambda: desk.gateway.key(other.id).status == 2)
    await desk.eventually(lambda: "2 of 2" in str([text_of(m) for m in desk.messages(seed.SECURITY_CHANNEL)]))
    await desk.app.responder.drain(grace=10)
    left = [desk.gateway.key(number).remain_quota for number in (key.id, new)]
    assert left == [0, 60_000 - PRICE]
