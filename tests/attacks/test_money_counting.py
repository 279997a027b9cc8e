"""Rules that count hold for a person, a role and the workspace, alone and in batches, and say their numbers."""

import asyncio

import pytest

from bot.incident import store
from bot.incident.models import BatchStatus
from keydesk_sandbox import seed
from tests.scenarios.conftest import OpenDesk, both
from tests.scenarios.desk import Desk, refusal, text_of, view_text
from tests.scenarios.operating import do, key_id_of, owned
from tests.scenarios.policies import ROLES

__all__ = ["both"]
ADA, BEN, MIRA = seed.ENGINEER, seed.SECOND_ENGINEER, seed.MANAGER


def counting(when: str, do_: str = '"key.create"', who: str = '"engineer"') -> str:
    """Something is free while a number holds; engineers may also ask why and look."""
    return f"""{ROLES}
[[rules]]
name  = "some is free"
who   = [{who}]
do    = [{do_}]
when  = {{ {when} }}
allow = true

[[rules]]
name  = "the rest of one's own"
who   = ["engineer", "manager"]
do    = ["key.show", "key.list", "policy.explain", "key.disable", "key.rotate"]
allow = true
"""


async def ask(desk: Desk, user: str, name: str, quota: str = "100k") -> bool:
    """Whether a new key was granted at once."""
    answer = await desk.ask(user, name=name, remain_quota=quota, expired_time="30d", reason="to test")
    granted = not refusal(answer)
    if not granted:
        await desk.slack.close_view(user, desk.slack.top_view(user))
    return granted


@pytest.mark.parametrize("over", ["role", "team"])
async def test_a_sum_over_a_role_or_the_workspace_is_shared(both: OpenDesk, over: str) -> None:
    when = f'granted_at_most = 250_000, per = "30d", counted_over = "{over}"'
    async with both(policy=counting(when)) as desk:
        assert await ask(desk, ADA, "one")
        assert await ask(desk, BEN, "two")
        assert not await ask(desk, ADA, "three")
        assert await ask(desk, BEN, "four", "50k")
        assert not await ask(desk, BEN, "five", "1")


async def test_a_role_counts_its_own_people_alone(both: OpenDesk) -> None:
    when = 'granted_at_most = 150_000, per = "30d", counted_over = "role"'
    manager = counting(when, who='"manager"').replace("some is free", "managers").split("[[rules]]")[1]
    async with both(policy=f"{counting(when)}\n[[rules]]{manager}") as desk:
        assert await ask(desk, ADA, "one")
        assert await ask(desk, MIRA, "two")
        assert not await ask(desk, BEN, "three")
        assert not await ask(desk, MIRA, "four")


async def test_two_people_at_once_are_not_both_the_last_of_a_role(both: OpenDesk) -> None:
    async with both(policy=counting('keys_at_most = 1, counted_over = "role"')) as desk:
        for user in (ADA, BEN):
            await desk.slack.command(user, seed.KEYS_CHANNEL, "/apikey new")
            fields = {"name": f"of {user}", "remain_quota": "1k", "expired_time": "30d", "reason": "x"}
            await desk.fill(user, desk.slack.top_view(user), **fields)
        answers = await asyncio.gather(*(desk.slack.submit(user, desk.slack.top_view(user)) for user in (ADA, BEN)))
        granted = [one for one in answers if "but not what was asked for here" not in str(one.body)]
        await desk.settled(1)
        assert len(granted) == 1
        records = desk.gateway.keys()
        assert len([record for record in records if record.name.startswith("of ")]) == 1


async def test_a_raise_a_new_key_and_a_rotation_count_what_they_add(both: OpenDesk) -> None:
    when = 'granted_at_most = 250_000, per = "30d"'
    async with both(policy=counting(when, '"key.create", "key.quota"')) as desk:
        assert await ask(desk, ADA, "mine")
        key = desk.gateway.key(key_id_of(await desk.settled(1)))
        await do(desk, ADA, "quota", key, delta="+100k", reason="x")
        await desk.settled(2)
        # A rotation moves what there is, and counts nothing.
        await do(desk, ADA, "rotate", key, overlap="0", reason="x")
        new = key_id_of(await desk.settled(3))
        answer = await do(desk, ADA, "quota", new, delta="+51k", reason="x")
        assert refusal(answer) or answer.body["response_action"] == "push"
        await do(desk, ADA, "quota", new, delta="+50k", reason="x")
        await desk.eventually(lambda: desk.gateway.key(new).remain_quota == 250_000)


async def test_why_says_the_numbers(both: OpenDesk) -> None:
    when = 'keys_at_most = 2, granted_at_most = "$1", per = "30d"'
    async with both(policy=counting(when)) as desk:
        assert await ask(desk, ADA, "one")
        await desk.settled(1)
        await desk.slack.command(ADA, seed.KEYS_CHANNEL, "/apikey why new")
        said = await desk.eventually(
            lambda: next(
                text_of(m)
                for m in desk.slack.messages(seed.KEYS_CHANNEL, viewer=ADA)
                if "What was counted" in text_of(m)
            )
        )
        assert "living keys of this person: 1" in said
        assert "granted to this person in 30 days: 100k units ($0.20)" in said


async def test_batches_bring_no_more_keys_back_than_the_rule_counts(both: OpenDesk) -> None:
    async with both(policy=counting("keys_at_most = 3", '"key.enable"')) as desk:
        await owned(desk, name="alive")
        dead = [await owned(desk, name=f"dead-{n}") for n in range(5)]
        for key in dead:
            await do(desk, ADA, "disable", key)
        for number in range(1, 6):
            await desk.settled(number)
        previews = []
        # Each preview counts what lives now, so each has room for two.
        for some in (dead[:3], dead[2:]):
            numbers = " ".join(str(key.id) for key in some)
            await desk.slack.command(ADA, seed.KEYS_CHANNEL, f"/apikey enable {numbers}")
            await desk.eventually(lambda: "2 keys will be enabled" in view_text(desk.slack.top_view(ADA)))
            previews.append(desk.slack.top_view(ADA))
            await desk.fill(ADA, previews[-1], confirm="ENABLE 2", reason="back")
            assert (await desk.slack.submit(ADA, desk.slack.top_view(ADA))).ok
        assert await desk.until(lambda: _all_settled(desk), otherwise="the batches do not end")
        assert sum(desk.gateway.key(key.id).status == 1 for key in dead) == 2


async def _all_settled(desk: Desk) -> bool:
    batches = [await desk.app.database.read(store.find, number) for number in (1, 2)]
    return all(batch is not None and batch.status is BatchStatus.DONE for batch in batches)


async def test_an_overlap_whose_successor_is_out_of_use_counts_the_old_key(both: OpenDesk) -> None:
    async with both(policy=counting("keys_at_most = 2")) as desk:
        assert await ask(desk, ADA, "one")
        old = desk.gateway.key(key_id_of(await desk.settled(1)))
        await do(desk, ADA, "rotate", old, overlap="24h", reason="x")
        successor = key_id_of(await desk.settled(2))
        await do(desk, ADA, "disable", successor, reason="x")
        await desk.settled(3)
        assert (desk.gateway.key(old.id).status, desk.gateway.key(successor).status) == (1, 2)
        assert await ask(desk, ADA, "two")
        await desk.settled(4)
        assert not await ask(desk, ADA, "three")


async def test_a_disabled_key_that_is_rotated_is_one_key_more(both: OpenDesk) -> None:
    async with both(policy=counting("keys_at_most = 2")) as desk:
        assert await ask(desk, ADA, "one")
        old = desk.gateway.key(key_id_of(await desk.settled(1)))
        await do(desk, ADA, "disable", old, reason="x")
        await desk.settled(2)
        await do(desk, ADA, "rotate", old, reason="x")  # there is no overlap to choose
        rotated = await desk.settled(3)
        assert rotated.judgement.facts.adds_key
        await do(desk, ADA, "rotate", key_id_of(rotated), overlap="0", reason="x")
        assert not (await desk.settled(4)).judgement.facts.adds_key
