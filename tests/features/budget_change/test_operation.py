"""A budget: what the policy judges, what people read, and that its run writes nothing to the gateway."""

from typing import Any

import pytest

from bot.errors import InputError
from bot.features.budget_change.operation import OPERATION, ChangeBudget
from bot.gateway.writes import WriteStatus
from bot.operations import AllowanceTerms, Offer
from bot.periods import Period
from bot.permissions.models import ActorKind
from tests.features.kit import ADA, MemoryOwnership, look_on, work_on
from tests.gateway.kit import client_of, fake_gateway, sent
from tests.keys.test_budgets import budget

MONTHLY = AllowanceTerms(amount=1_000_000, period=Period.MONTH)
HER = "U0ADA"


async def look(holder: str, terms: AllowanceTerms | None, **more: Any) -> Any:
    wanted = ChangeBudget(holder=holder, terms=terms)
    return await OPERATION.inspect(look_on(client_of(fake_gateway()), **more), ADA, wanted)


async def test_the_policy_judges_how_much_per_period_and_whose_it_is() -> None:
    found = await look(HER, MONTHLY)
    assert (found.own, found.key, found.key_name) == (True, None, HER)
    assert (found.facts.allowance, found.facts.allowance_period, found.facts.increase) == (1_000_000, 2_592_000, None)
    assert found.completed == ChangeBudget(holder=HER, terms=MONTHLY, owner_id=HER)
    assert not (await look("U0BEN", MONTHLY)).own
    role = await look("role:data", MONTHLY)
    assert (role.own, role.key_name, role.completed.owner_id) == (False, "data", "")
    ending = await look(HER, None, budget=(budget(HER), 5))
    assert (ending.facts.allowance, ending.facts.allowance_period) == (0, 2_592_000)


async def test_people_read_what_it_was_what_it_is_to_be_and_what_was_given() -> None:
    found = await look(HER, MONTHLY, budget=(budget(HER, amount=500_000, carried=0), 100_000))
    lines = {line.field: (line.before, line.after) for line in found.changes}
    assert lines["owner"] == (None, HER)
    assert lines["budget"] == (
        "100 units (under $0.01) every month, and what is left stays",
        "1M units ($2.00) every month",
    )
    assert "100k units ($0.20) were given" in str(lines["given"][1])
    assert [line.field for line in (await look("role:data", MONTHLY)).changes] == ["role", "budget"]


@pytest.mark.parametrize(
    ("terms", "more", "place", "words"),
    [
        (None, {}, "refill", "none to end"),
        (MONTHLY, {"budget": (budget(HER, terms=MONTHLY), 0)}, "allowance", "already"),
        (MONTHLY, {"ownership": MemoryOwnership(U0ADA=ActorKind.DEACTIVATED)}, "refill", "deactivated"),
    ],
)
async def test_what_changes_nothing_is_said(
    terms: AllowanceTerms | None, more: dict[str, Any], place: str, words: str
) -> None:
    with pytest.raises(InputError) as wrong:
        await look(HER, terms, **more)
    assert words in wrong.value.fields[place]


async def test_the_budget_of_somebody_who_has_left_can_end() -> None:
    gone = MemoryOwnership(U0ADA=ActorKind.DEACTIVATED)
    assert (await look(HER, None, budget=(budget(HER), 0), ownership=gone)).facts.allowance == 0


@pytest.mark.parametrize(
    ("kind", "terms", "status"),
    [
        (ActorKind.MEMBER, MONTHLY, WriteStatus.DONE),
        (ActorKind.UNKNOWN, MONTHLY, WriteStatus.FAILED),
        (ActorKind.DEACTIVATED, MONTHLY, WriteStatus.REFUSED),
        (ActorKind.DEACTIVATED, None, WriteStatus.DONE),
    ],
)
async def test_a_run_writes_nothing_and_begins_it_for_members_only(
    kind: ActorKind, terms: AllowanceTerms | None, status: WriteStatus
) -> None:
    fake = fake_gateway()
    work = work_on(client_of(fake), None, ownership=MemoryOwnership(U0ADA=kind))
    result = await OPERATION.run(work, ChangeBudget(holder=HER, terms=terms, owner_id=HER))
    assert (result.status, result.again_after) == (status, 30.0 if status is WriteStatus.FAILED else None)
    assert sent(fake, "PUT") == []


def test_an_approver_may_grant_less() -> None:
    wanted = ChangeBudget(holder=HER, terms=MONTHLY)
    less = OPERATION.with_offer(wanted, Offer(allowance=5))
    assert less.terms == MONTHLY.model_copy(update={"amount": 5})
    assert OPERATION.with_offer(wanted, Offer()) == wanted
    with pytest.raises(InputError):
        OPERATION.with_offer(wanted, Offer(allowance=1_000_001))
