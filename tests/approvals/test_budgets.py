"""Budgets: what counts against them, however it is cut, when their periods begin, and that nobody gets round them."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa

from bot.approvals import ledger, store
from bot.approvals.models import ApprovalRequest, Status
from bot.db.engine import Database
from bot.errors import PermissionDenied
from bot.features import OPERATIONS
from bot.gateway.dollars import Dollars
from bot.gateway.numbers import know_names
from bot.gateway.writes import WriteResult, WriteStatus
from bot.keys import budgets
from bot.permissions.models import Ask
from bot.permissions.policy import decide
from bot.permissions.rules import Policy, parse_policy
from tests.approvals.kit import ADA, BEN, MIRA, OMAR, Spine, new_request
from tests.approvals.test_races import at_once
from tests.narrow import present

RULES = """
[roles]
engineer = ["S0ENGINEERS"]
manager = ["S0MANAGERS"]
[allowances]
time_zone = "Asia/Taipei"
[[rules]]
name  = "within"
who   = ["engineer"]
do    = ["key.create"]
when  = { within_budget = true }
allow = true
[[rules]]
name  = "small ones are free"
who   = ["engineer"]
do    = ["key.create"]
when  = { remain_quota_at_most = 100 }
allow = true
%s
"""
ASKED = """
[[rules]]
name  = "a manager"
who   = ["engineer"]
do    = ["key.create"]
approval = { from = ["manager"], expires = "3d" }
"""
HER = "U0ADA"


def rules(more: str = "") -> Policy:
    return parse_policy(RULES % more, file="policy.toml")


def terms(amount: int, period: str = "month", *, rollover: bool = False) -> dict[str, Any]:
    return {"amount": amount, "period": period, "rollover": rollover}


async def settle(
    spine: Spine, holder: str, wanted: dict[str, Any] | None, *, status: Status = Status.SUCCEEDED
) -> None:
    """A request for a budget that has ended."""

    def work(c: sa.Connection) -> None:
        changes: dict[str, Any] = {"operation": "budget.change", "input": {"holder": holder, "terms": wanted}}
        request = store.insert(
            c, new_request(f"b:{spine.now}:{holder}:{wanted}", **changes), status=Status.APPROVED, lapses_at=None
        )[0]
        done = request.model_copy(update={"status": status})
        result = WriteResult(status=WriteStatus.DONE)
        spine.counts.budgets.follow(c, done, OPERATIONS["budget.change"], result)

    await spine.database.run(work)


async def left(spine: Spine, person: str = HER) -> list[int | None]:
    return [one.left for one in await spine.counts.budgets.of(person)]


def go_to(spine: Spine, *day: int) -> None:
    spine.now = datetime(*day, tzinfo=UTC).timestamp()  # type: ignore[arg-type,misc]  # year, month and day, and perhaps the hour


@pytest.fixture
def spine(thorough_database: Database) -> Spine:
    """On PostgreSQL in `make thorough`; those that happen at once are on both always."""
    made = Spine(thorough_database, rules())
    go_to(made, 2026, 3, 10, 12)
    return made


async def test_many_small_keys_do_not_get_round_it(spine: Spine) -> None:
    await settle(spine, HER, terms(250))
    assert await left(spine) == [250]
    answers = await at_once(*(spine.ask(delivery=f"sub:{n}", remain_quota=60) for n in range(20)))
    granted = [one for one in answers if isinstance(one, ApprovalRequest)]
    assert (len(granted), await left(spine)) == (4, [10])
    assert {one.judgement.decision.rule for one in granted} == {"within"}
    refused = [one for one in answers if isinstance(one, PermissionDenied)]
    assert len(refused) == 16
    # It is hers alone, and a key without a limit never fits.
    assert (await spine.ask(BEN, delivery="sub:ben", remain_quota=100)).status is Status.APPROVED
    with pytest.raises(PermissionDenied):
        await spine.ask(delivery="sub:all", unlimited_quota=True, remain_quota=0)
    # What failed gives its place back.
    await spine.database.run(ledger.take_back, granted[0].id)
    assert await left(spine) == [70]


async def test_one_that_another_process_has_set_binds_where_none_stood_before(spine: Spine) -> None:
    assert await left(spine) == []
    assert (await spine.ask(delivery="sub:before", remain_quota=60)).judgement.decision.rule == "small ones are free"
    # Not looked for, since none stood when this process looked last.
    assert not spine.counts.budgets.any_counted()
    await settle(spine, HER, terms(50))
    with pytest.raises(PermissionDenied):
        await spine.ask(delivery="sub:after", remain_quota=60)
    within = await spine.ask(delivery="sub:within", remain_quota=50)
    assert (within.judgement.decision.rule, await left(spine)) == ("within", [0])
    # Asked before it stood, the same delivery gets its answer of then.
    assert (await spine.ask(delivery="sub:before", remain_quota=60)).status is Status.APPROVED


async def test_what_people_approve_goes_beyond_and_counts(spine: Spine) -> None:
    spine.policy = rules(ASKED)
    await settle(spine, HER, terms(250))
    asked = await spine.ask(remain_quota=400)
    assert asked.status is Status.PENDING
    await spine.actions.approve(asked.id, MIRA, ADA)
    assert await left(spine) == [0]
    # Even the smallest needs somebody now.
    assert (await spine.ask(remain_quota=1)).status is Status.PENDING
    unlimited = await spine.ask(unlimited_quota=True, remain_quota=0)
    await spine.actions.approve(unlimited.id, MIRA, ADA)
    await settle(spine, HER, terms(100_000))
    assert await left(spine) == [0]
    go_to(spine, 2026, 4, 2)
    assert await left(spine) == [100_000]


async def test_a_role_shares_one_as_people_belonged_to_it_when_they_got_something(spine: Spine) -> None:
    spine.people = frozenset({"U0ADA", "U0BEN"})
    await settle(spine, "role:engineer", terms(100))
    await settle(spine, HER, terms(40))
    await spine.ask(BEN, remain_quota=50)
    assert (await left(spine), await left(spine, "U0BEN")) == ([50, 40], [50])
    spine.people = frozenset({"U0ADA"})  # Ben has left the role, and what he got stays taken
    assert (await left(spine), await left(spine, "U0BEN")) == ([50, 40], [])
    with pytest.raises(PermissionDenied):
        await spine.ask(remain_quota=45)  # all must have it
    spine.people = None  # Slack does not tell
    assert await left(spine, "U0BEN") == [None]
    with pytest.raises(PermissionDenied):
        await spine.ask(BEN, remain_quota=1)


async def test_everybody_may_be_a_role_and_one_that_the_policy_lost_has_nobody(spine: Spine) -> None:
    spine.policy = parse_policy('[roles]\nall = ["*"]\n')
    await settle(spine, "role:all", terms(100))
    await settle(spine, "role:gone", terms(5))
    spine.people = frozenset()
    assert await left(spine) == [100]


async def test_ending_and_asking_anew_in_one_period_gives_nothing_twice(spine: Spine) -> None:
    await settle(spine, HER, terms(100))
    await spine.ask(remain_quota=90)
    spine.now += 60
    await settle(spine, HER, None)
    assert await left(spine) == []
    assert await spine.database.read(spine.counts.budgets.of_holder, HER) is None
    await settle(spine, HER, None)  # once is enough
    for wanted, expected in ((terms(100), 10), (terms(100, "day"), 10), (terms(30, "week"), 0), (terms(120), 30)):
        spine.now += 60
        await settle(spine, HER, wanted)
        assert await left(spine) == [expected]
    # Another period begins when this one has ended.
    await settle(spine, HER, terms(70, "day"))
    now, _ = present(await spine.database.read(spine.counts.budgets.of_holder, HER))
    assert now.span.until.isoformat() == "2026-04-01"
    go_to(spine, 2026, 3, 31, 17)  # it is the first of April in Taipei
    assert await left(spine) == [70]
    # One that ended in an earlier period begins anew.
    await settle(spine, HER, None)
    go_to(spine, 2026, 6, 1, 12)
    await settle(spine, HER, terms(55, rollover=True))
    assert await left(spine) == [55]


async def test_what_is_granted_while_a_budget_is_ended_counts_when_it_is_asked_anew(spine: Spine) -> None:
    await settle(spine, HER, terms(100))
    await settle(spine, "role:engineer", terms(500))
    for holder in (HER, "role:engineer"):
        await settle(spine, holder, None)
    await runs(spine, await spine.ask(remain_quota=70))
    spine.people = None  # who cannot be told to be in the role is not held up by what holds for nothing
    await runs(spine, await spine.ask(BEN, remain_quota=20))
    spine.people = frozenset({"U0BEN"})  # she has left the role, and what she got stays taken
    for holder, amount in ((HER, 100), ("role:engineer", 500)):
        await settle(spine, holder, terms(amount))
    assert (await left(spine), await left(spine, "U0BEN")) == ([30], [430])
    await settle(spine, HER, None)
    go_to(spine, 2026, 4, 2, 12)
    await runs(spine, await spine.ask(remain_quota=70))
    await settle(spine, HER, terms(100))
    assert await left(spine) == [100]  # it had ended in an earlier period


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("together", [False, True])
async def test_of_two_runs_under_a_budget_that_began_after_both_were_asked_one_fits(
    database: Database, order: tuple[int, int], *, together: bool
) -> None:
    spine, other = Spine(database, rules()), Spine(database, rules())
    go_to(spine, 2026, 3, 10, 12)
    asked = [await spine.ask(remain_quota=60) for _ in range(2)]
    # Those of yesterday count in the period in which they run.
    spine.now = other.now = spine.now + 86_400
    await settle(spine, HER, terms(100, "day"))
    work = [runs(one, asked[number]) for one, number in zip((spine, other), order, strict=True)]
    found = await asyncio.gather(*work) if together else [await each for each in work]
    assert sorted(found) == [False, True]
    assert together or found[0]
    # Again, after its process has died: the same answer.
    again = [await runs(spine, asked[number]) for number in order]
    assert again == found
    assert await left(spine) == [0]


async def runs(spine: Spine, request: ApprovalRequest) -> bool:
    """Whether the policy lets its run begin, with the numbers of now."""
    facts = await spine.counts.as_granted(request, request.judgement.facts)
    return decide(spine.policy, Ask(actor=ADA, operation=request.operation, facts=facts)).allowed


async def test_nothing_happens_for_a_request_that_failed(spine: Spine) -> None:
    await settle(spine, HER, terms(100), status=Status.FAILED)
    assert await spine.database.read(budgets.standing) == []


async def test_what_is_left_stays_once_per_period_and_what_is_overdrawn_is_taken(spine: Spine) -> None:
    spine.policy = rules(ASKED)
    begin = spine.counts.budgets.begin_periods
    await spine.database.run(begin)
    await settle(spine, HER, terms(100, rollover=True))
    await spine.ask(remain_quota=30)
    go_to(spine, 2026, 4, 1, 12)
    await asyncio.gather(*(spine.database.run(begin) for _ in range(4)))  # two replicas, again and again
    assert await left(spine) == [170]
    go_to(spine, 2026, 9, 1, 12)  # nobody was there for months: once, not many times
    assert await left(spine) == [270]
    for _ in range(2):
        await spine.database.run(begin)
    asked = await spine.ask(remain_quota=400)
    await spine.actions.approve(asked.id, MIRA, ADA)
    assert await left(spine) == [0]
    go_to(spine, 2026, 10, 1, 12)
    await spine.database.run(begin)
    assert await left(spine) == [0]  # 100 more, 130 were overdrawn
    await settle(spine, HER, terms(100))  # it begins anew from now on, and what is overdrawn stays taken
    assert await left(spine) == [0]
    go_to(spine, 2026, 11, 1, 12)
    assert await left(spine) == [100]


async def test_a_clock_that_goes_back_gives_nothing_twice(spine: Spine) -> None:
    await settle(spine, HER, terms(100))
    await spine.ask(remain_quota=100)
    here = spine.now
    spine.now += 400 * 86_400
    await spine.database.run(spine.counts.budgets.begin_periods)
    spine.now = here
    await spine.database.run(spine.counts.budgets.begin_periods)
    assert await left(spine) == [0]


@pytest.mark.parametrize("apart", [-3600.0, 3600.0])
async def test_of_two_raises_at_the_same_instant_on_two_replicas_one_fits(database: Database, apart: float) -> None:
    one, other = (Spine(database, rules()) for _ in range(2))
    go_to(one, 2026, 3, 10, 12)
    other.now = one.now + apart
    await settle(one, HER, terms(100))
    asks = (spine.ask(delivery=f"sub:{n}", remain_quota=60) for n, spine in enumerate((one, other)))
    answers = await at_once(*asks)
    assert sorted(type(answer).__name__ for answer in answers) == ["ApprovalRequest", "PermissionDenied"]


async def test_of_two_approved_at_once_the_run_of_the_later_finds_the_earlier(database: Database) -> None:
    spine = Spine(database, rules(ASKED))
    go_to(spine, 2026, 3, 10, 12)
    await settle(spine, HER, terms(500))
    spine.policy = parse_policy(RULES.replace("within_budget = true", "remain_quota_at_most = 0") % ASKED)
    first, second = await spine.ask(remain_quota=400), await spine.ask(remain_quota=400)
    await asyncio.gather(spine.actions.approve(first.id, MIRA, ADA), spine.actions.approve(second.id, OMAR, ADA))
    known = first.judgement.facts.budgets
    assert known is not None
    found = [await database.read(spine.counts.budgets.left, known, each.id) for each in (first, second)]
    assert sorted(one.left or 0 for (one,) in found) == [100, 500]


async def test_budgets_count_as_allowances_of_other_people_do(spine: Spine) -> None:
    spine.policy = parse_policy("""
[roles]
engineer = ["S0ENGINEERS"]
[[rules]]
name = "r"
who = ["engineer"]
do = ["budget.change"]
on = "any"
when = { allowance_at_most = 300, per = "30d", counted_over = "team" }
allow = true
""")
    await settle(spine, HER, terms(100))
    await settle(spine, "role:engineer", terms(150))
    await settle(spine, "U0BEN", terms(900))
    await settle(spine, "U0BEN", None)  # in this period it counts still

    async def needed(holder: str) -> Any:
        return await spine.counts.now("budget.change", "", holder=holder)

    assert [one.value for one in await needed(HER)] == [1050]
    go_to(spine, 2026, 4, 2)
    assert [one.value for one in await needed(HER)] == [150]
    assert [one.value for one in await needed("")] == [250]


async def test_what_is_left_is_no_more_where_units_are_worth_more(spine: Spine) -> None:
    """One unit of 500,000 to a dollar is left: at a gateway where one unit is a dollar that is nothing."""
    await settle(spine, HER, terms(1))
    know_names({0: "default", 1: "dear"})
    try:
        priced = replace(spine.counts.budgets, dollars=Dollars(others={1: 1}))
        assert [one.left for one in await priced.of(HER, "dear")] == [0]
        assert [one.left for one in await priced.of(HER, "default")] == [1]
    finally:
        know_names({})


async def test_what_was_lowered_or_ended_counts_as_it_was_until_its_period_is_over(spine: Spine) -> None:
    spine.policy = parse_policy("""
[roles]
engineer = ["S0ENGINEERS"]
[[rules]]
name = "r"
who = ["engineer"]
do = ["key.allowance"]
when = { allowance_at_most = 300, per = "30d" }
allow = true
""")

    async def counted() -> list[int | None]:
        return [one.value for one in await spine.counts.now("key.allowance", HER)]

    await settle(spine, HER, terms(200))
    for wanted in (terms(1), terms(1, "day"), None, terms(2)):
        spine.now += 60
        await settle(spine, HER, wanted)
        assert await counted() == [200]
    go_to(spine, 2026, 4, 2)
    assert await counted() == [2]


async def test_a_clock_that_was_a_year_ahead_leaves_nothing_to_carry(spine: Spine) -> None:
    begin = spine.counts.budgets.begin_periods
    await settle(spine, HER, terms(100, rollover=True))
    await spine.ask(remain_quota=30)
    for ahead in (400, 0, 400, 0):
        go_to(spine, 2026, 3, 10, 12)
        spine.now += ahead * 86_400
        await spine.database.run(begin)
    assert await left(spine) == [70]
