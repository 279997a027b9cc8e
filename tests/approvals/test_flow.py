"""Submit: judged by today's rules, stored once, refusals recorded, nothing stored when something is wrong."""

import pytest

from bot.approvals.models import Status
from bot.errors import InputError, PermissionDenied
from bot.permissions.models import ActorKind
from tests.approvals.kit import Spine, person


async def test_a_big_wish_waits_and_wants_a_card(spine: Spine) -> None:
    request = await spine.ask()
    assert (request.status, request.number, request.lapses_at) == (Status.PENDING, "#1", spine.now + 3 * 86_400)
    assert list(await spine.wanted()) == ["req:1:card"]


async def test_a_small_wish_runs_and_wants_no_card(spine: Spine) -> None:
    request = await spine.ask(remain_quota=500_000)
    assert (request.status, request.judgement.decision.rule) == (Status.APPROVED, "small")
    assert await spine.wanted() == {}
    assert await spine.facts(1) == ["asked", "approved"]


@pytest.mark.parametrize(
    "kind", [ActorKind.GUEST, ActorKind.OUTSIDER, ActorKind.DEACTIVATED, ActorKind.BOT, ActorKind.UNKNOWN]
)
async def test_who_is_no_full_member_is_refused_and_recorded_whatever_the_groups_say(
    spine: Spine, kind: ActorKind
) -> None:
    who = person("U0GIL", "S0ENGINEERS", "S0MANAGERS", kind=kind)
    with pytest.raises(PermissionDenied, match="have no role"):
        await spine.ask(who, remain_quota=1)
    assert await spine.facts() == ["refused"]
    assert await spine.started("req:") == []


async def test_a_member_without_a_role_is_refused_and_recorded(spine: Spine) -> None:
    with pytest.raises(PermissionDenied, match="for people without a role"):
        await spine.ask(person("U0NEW"))
    assert await spine.facts() == ["refused"]


async def test_a_name_in_use_stores_nothing(spine: Spine) -> None:
    spine.offered.taken = ("search",)
    with pytest.raises(InputError) as wrong:
        await spine.ask()
    assert list(wrong.value.fields) == ["name"]
    assert await spine.facts() == []


async def test_a_repeat_answers_with_the_row_even_when_the_name_is_taken_by_now(spine: Spine) -> None:
    first = await spine.ask(delivery="sub:1")
    spine.offered.taken = ("search",)
    assert await spine.ask(delivery="sub:1") == first
