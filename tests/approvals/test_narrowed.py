"""Approve with changes only shrinks, in every field, whatever the payload of the form says."""

from dataclasses import replace
from typing import Any

import pytest

from bot.approvals.models import Status
from bot.approvals.narrowed import narrowed
from bot.db.engine import Database
from bot.errors import ApprovalConflict, InputError
from bot.operations import Expiry, Offer
from bot.permissions.models import Facts
from bot.permissions.rules import parse_policy
from tests.approvals.kit import ADA, MIRA, NOW, POLICY, Spine, new_request, policy, row

GROWN: dict[str, tuple[Offer, str]] = {
    "more time": (Offer(expiry=Expiry(seconds=365 * 86_400)), "expired_time"),
    "for ever": (Offer(expiry=Expiry()), "expired_time"),
    "a later date": (Offer(expiry=Expiry(at=int(NOW) + 30 * 86_400)), "expired_time"),
    "another model": (Offer(models=("a", "x")), "model_limits"),
    "every model": (Offer(models=()), "model_limits"),
    "more quota": (Offer(remain_quota=3_000_000), "remain_quota"),
}


@pytest.mark.parametrize("name", GROWN)
async def test_a_forged_offer_grants_nothing_more(sqlite_database: Database, name: str) -> None:
    offer, block = GROWN[name]
    spine = Spine(sqlite_database)
    await spine.ask(models=("a", "b"), expiry=Expiry(seconds=7 * 86_400))
    with pytest.raises(InputError) as wrong:
        await spine.actions.approve(1, MIRA, ADA, offer=offer)
    assert list(wrong.value.fields) == [block]
    assert (await spine.row()).status is Status.PENDING


@pytest.mark.parametrize("counter_offer", ["stand", "ask"])
async def test_what_is_offered_is_judged_as_a_whole(sqlite_database: Database, counter_offer: str) -> None:
    terms = f'from = ["manager"], expires = "3d", counter_offer = "{counter_offer}"'
    spine = Spine(sqlite_database, policy(terms))
    await spine.ask(expiry=Expiry(seconds=7 * 86_400))
    denying = (
        '[[rules]]\nname="no dust"\nwho=["*"]\ndo=["key.create"]\nwhen={remain_quota_at_most=10}\ndeny="Too small."\n'
    )
    head, first, rest = (POLICY % terms).partition("[[rules]]")
    spine.policy = parse_policy(head + denying + first + rest, file="policy.toml")
    with pytest.raises(ApprovalConflict, match="Too small"):
        await spine.actions.approve(1, MIRA, ADA, offer=Offer(remain_quota=5))
    await spine.actions.approve(1, MIRA, ADA, offer=Offer(remain_quota=600_000, expiry=Expiry(seconds=3_600)))
    if counter_offer == "ask":
        await spine.actions.accept(1, ADA)
    row: Any = await spine.row()
    facts = row.judgement.facts
    assert row.status is Status.APPROVED
    assert (facts.remain_quota, facts.increase, facts.lifetime) == (600_000, 600_000, 3_600.0)


def test_less_in_each_refill_is_less() -> None:
    judged = new_request().judgement
    facts = Facts(remain_quota=900, increase=500, allowance=500, allowance_period=86_400)
    asked = row(judgement=judged.model_copy(update={"facts": facts}))
    found = narrowed(asked, Offer(allowance=200), now=NOW)
    assert (found.allowance, found.increase) == (200, 200)
    assert narrowed(asked, Offer(remain_quota=200), now=NOW).allowance == 200
    lowered = asked.model_copy(update={"judgement": judged.model_copy(update={"facts": replace(facts, increase=None)})})
    assert narrowed(lowered, Offer(allowance=200), now=NOW).increase is None
    with pytest.raises(InputError) as wrong:
        narrowed(asked, Offer(allowance=501), now=NOW)
    assert list(wrong.value.fields) == ["allowance"]


async def test_a_stricter_policy_binds_a_waiting_request(sqlite_database: Database) -> None:
    spine = Spine(sqlite_database)
    await spine.ask()
    spine.policy = policy('from = ["manager"], count = 2, expires = "3d"')
    row = await spine.actions.approve(1, MIRA, ADA)
    assert row.status is Status.PENDING
    assert row.approval is not None
    assert row.approval.count == 2
    spine.policy = policy()
    assert (await spine.row()).approval == row.approval, "a policy that was loosened meanwhile binds no less"


@pytest.mark.parametrize(("left", "after"), [(10_000, 8_000), (None, None)])
def test_a_smaller_raise_leaves_the_key_so_much_less(left: int | None, after: int | None) -> None:
    judgement = new_request().judgement
    asked = Facts(remain_quota=left, increase=5_000, unlimited_quota=False)
    request = row(judgement=judgement.model_copy(update={"facts": asked}), input={"key_id": 7, "delta": 5_000})
    facts = narrowed(request, Offer(delta=3_000), now=NOW)
    assert (facts.remain_quota, facts.increase) == (after, 3_000)
    with pytest.raises(InputError) as wrong:
        narrowed(request, Offer(delta=5_001), now=NOW)
    assert list(wrong.value.fields) == ["delta"]
