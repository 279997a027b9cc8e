"""Rotating again: never twice from one key, never a third key beside two, and under the next free name."""

from bot.approvals.models import Status
from keydesk_sandbox import seed
from tests.scenarios.desk import Desk
from tests.scenarios.operating import do, key_id_of, owned

ADA = seed.ENGINEER


async def test_a_replaced_key_is_neither_enabled_nor_rotated_again(http_desk: Desk) -> None:
    desk = http_desk
    key = await owned(desk)
    await do(desk, ADA, "rotate", key, overlap="0")
    await desk.settled(1)
    await desk.eventually(lambda: desk.gateway.key(key.id).status == 2)
    answer = await do(desk, ADA, "enable", key, delta="100k")
    assert "was replaced by key" in answer.body["errors"]["reason"]
    answer = await do(desk, ADA, "rotate", key)
    assert "was replaced by key" in answer.body["errors"]["reason"]


async def test_rotating_again_and_again_multiplies_no_quota(http_desk: Desk) -> None:
    desk = http_desk
    first = await owned(desk)
    await do(desk, ADA, "rotate", first, overlap="1h")
    second = desk.gateway.key(key_id_of(await desk.settled(1)))
    answer = await do(desk, ADA, "rotate", second, overlap="1h")
    assert answer.body["errors"]["overlap"].startswith(
        f"Key {first.id}, which was replaced by this one or by one before it, still works."
    )
    await desk.fill(ADA, desk.slack.top_view(ADA), overlap="0")
    assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
    await desk.settled(2)
    await desk.eventually(lambda: desk.gateway.key(second.id).status == 2)
    assert desk.gateway.key(first.id).status == 1


async def test_a_key_in_its_overlap_is_not_forgotten_behind_one_that_has_ended(http_desk: Desk) -> None:
    """Rotated without an overlap meanwhile: still two keys share the place of one, and no third joins them."""
    desk = http_desk
    first = await owned(desk)
    await do(desk, ADA, "rotate", first, overlap="1h")
    second = desk.gateway.key(key_id_of(await desk.settled(1)))
    await do(desk, ADA, "rotate", second, overlap="0")
    third = desk.gateway.key(key_id_of(await desk.settled(2)))
    await desk.eventually(lambda: desk.gateway.key(second.id).status == 2)
    answer = await do(desk, ADA, "rotate", third, overlap="1h")
    assert answer.body["errors"]["overlap"].startswith(f"Key {first.id}, which was replaced by this one or by one")
    await desk.pass_time(3_700)
    await desk.eventually(lambda: desk.gateway.key(first.id).status == 2)
    await desk.fill(ADA, desk.slack.top_view(ADA), overlap="1h")
    assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok


async def test_a_rotation_takes_the_next_free_name(http_desk: Desk) -> None:
    desk = http_desk
    desk.gateway.add_key(name="search (2)")
    key = await owned(desk)
    await do(desk, ADA, "rotate", key, overlap="1h")
    row = await desk.settled(1)
    assert row.status is Status.SUCCEEDED, row.outcome
    assert desk.key("search (3)").id == key_id_of(row)
