"""Rules that count: exact when many ask at once, after failures and restarts, on SQLite and on PostgreSQL."""

import asyncio
import functools
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from bot.approvals import ledger, store
from bot.approvals.models import ApprovalRequest, Status
from bot.db.engine import Database
from bot.db.tables import grants
from bot.errors import PermissionDenied
from bot.gateway.dollars import Dollars
from bot.gateway.models import KeyId
from bot.gateway.numbers import BLOCK, know_names
from bot.gateway.writes import WriteResult, WriteStatus
from bot.keys import allowances, owners
from bot.keys.owners import OwnedKey
from bot.operations import Allowance, AllowanceTerms
from bot.periods import Period
from bot.permissions.models import Count, Facts
from bot.permissions.rules import Policy, parse_policy
from tests.approvals.kit import ADA, BEN, MIRA, NOW, OMAR, TEAM, Spine, new_request
from tests.approvals.test_races import at_once
from tests.gateway.kit import client_of, fake_gateway
from tests.narrow import present

RULES = """
[roles]
engineer = ["S0ENGINEERS"]
[[rules]]
name  = "some are free"
who   = ["engineer"]
do    = ["key.create"]
when  = { %s }
allow = true
"""


def rules(when: str) -> Policy:
    return parse_policy(RULES % when, file="policy.toml")


def key(number: int, **more: Any) -> OwnedKey:
    values: dict[str, Any] = {"name": f"k{number}", "owner_id": "U0ADA", "owner_team": TEAM, "request_id": None}
    return OwnedKey(key_id=number, created_at=NOW, **values | more)


async def settle(database: Database, number: int, to: Status) -> None:
    def work(c: sa.Connection) -> None:
        request = store.move(c, store.get(c, number, lock=True), Status.RUNNING)
        store.move(c, request, to, settled_at=NOW)
        if to is Status.FAILED:
            ledger.take_back(c, number)
        else:
            owners.own(c, key(100 + number))

    await database.run(work)


@pytest.mark.parametrize("when", ["keys_at_most = 5", "granted_at_most = 500_000, per = '1d'"])
async def test_of_twenty_at_once_five_are_granted(database: Database, when: str) -> None:
    spine = Spine(database, rules(when))
    answers = await at_once(*(spine.ask(delivery=f"sub:{n}", remain_quota=100_000) for n in range(20)))
    granted = [one for one in answers if isinstance(one, ApprovalRequest)]
    assert len(granted) == len(await spine.started()) == 5
    refused = [one for one in answers if isinstance(one, PermissionDenied)]
    assert len(refused) == 15
    assert (await spine.facts()).count("refused") == 15
    repeated = await spine.ask(delivery=granted[0].delivery_id, remain_quota=100_000)
    assert repeated.id == granted[0].id


async def test_what_failed_gives_its_place_back_and_what_was_made_keeps_it(database: Database) -> None:
    spine = Spine(database, rules("keys_at_most = 1, granted_at_most = 100_000, per = '1d'"))
    first = await spine.ask(remain_quota=100_000)
    await settle(database, first.id, Status.FAILED)
    second = await spine.ask(remain_quota=100_000)
    await settle(database, second.id, Status.SUCCEEDED)
    with pytest.raises(PermissionDenied):
        await spine.ask(remain_quota=0)
    await database.run(owners.set_disabled, 100 + second.id, at=NOW)
    with pytest.raises(PermissionDenied):
        await spine.ask(remain_quota=1)
    spine.now += 86_401  # what was granted a day ago counts no more
    await spine.ask(remain_quota=100_000)


async def test_counts_are_of_a_person_of_a_role_or_of_all(database: Database) -> None:
    spine = Spine(database, rules("keys_at_most = 9"))
    await spine.ask(remain_quota=1_000)
    await spine.ask(BEN, remain_quota=2_000)

    members: dict[tuple[str, ...], frozenset[str] | None] = {}

    def numbers(c: sa.Connection, before: int | None = None) -> list[int | None]:
        needed = [
            Count(what="keys"),
            Count(what="keys", over="team"),
            Count(what="granted", per=60),
            Count(what="granted", over="team", per=60),
            Count(what="granted", over="role", names=("engineer",), per=60),
            Count(what="allowance", per=60),
        ]
        counted = ledger.counted(c, needed, person="U0ADA", now=NOW, members=members, before=before)
        return [one.value for one in counted]

    assert await database.read(numbers) == [1, 2, 1_000, 3_000, None, 0]
    assert await database.read(numbers, 1) == [0, 0, 0, 0, None, 0]
    # What was granted before it counts, whichever was asked first.
    await database.run(lambda c: c.execute(sa.update(grants).where(grants.c.request_id == 1).values(place=3)))
    assert await database.read(numbers, 1) == [0, 1, 0, 2_000, None, 0]
    assert await database.read(numbers, 2) == [0, 0, 0, 0, None, 0]
    for people, sum_ in (({"U0BEN"}, 2_000), ({"U0ADA", "U0BEN"}, 3_000), ({"*"}, 3_000), ((), 0)):
        members["engineer",] = frozenset(people)
        assert (await database.read(numbers))[4] == sum_
    members["engineer",] = None  # Slack does not tell
    assert (await database.read(numbers))[4] is None
    await spine.ask(unlimited_quota=True, remain_quota=0)
    assert (await database.read(numbers))[2:4] == [None, None]


async def test_allowances_of_other_keys_are_counted_by_their_pace(database: Database) -> None:
    per = Count(what="allowance", per=30 * 86_400)
    needed = [per, replace(per, over="team")]
    weekly = {"amount": 70, "period": "week", "rollover": False}

    def prepare(c: sa.Connection) -> None:
        for number, owner in ((1, "U0ADA"), (2, "U0ADA"), (3, "U0BEN")):
            owners.own(c, key(number, owner_id=owner))
            terms = AllowanceTerms(amount=100 * number, period=Period.MONTH)
            row = Allowance(key_id=number, born_at=1, terms=terms, request_id=1, rule="r", set_at=NOW)
            allowances.save(c, None, row)
        # Granted, and not in force yet: of Ada's fourth key; one of her first that is to end.
        for number, wanted in ((4, weekly), (1, None)):
            changes: dict[str, Any] = {
                "operation": "key.allowance",
                "key_id": number,
                "input": {"owner_id": "U0ADA", "terms": wanted},
            }
            new = new_request(f"sub:{number}", **changes)
            request, _ = store.insert(c, new, status=Status.APPROVED, lapses_at=None)
            ledger.grant(c, request, at=NOW)

        for number, refill in ((5, {"refill": "day"}), (6, {})):
            new = new_request(f"sub:{number}", input={"remain_quota": 50, **refill})
            ledger.grant(c, store.insert(c, new, status=Status.APPROVED, lapses_at=None)[0], at=NOW)

    await database.run(prepare)

    def numbers(c: sa.Connection, /, **more: Any) -> list[int | None]:
        return [one.value for one in ledger.counted(c, needed, person="U0ADA", now=NOW, **more)]

    assert await database.read(numbers) == [2_100, 2_400]
    assert await database.read(numbers, key_id=2) == [1_900, 2_200]
    assert await database.read(numbers, before=1) == [300, 600]
    assert await database.read(numbers, key_id=9, before=2) == [600, 900]


async def test_what_a_refill_adds_is_known_once_it_is_made(sqlite_database: Database) -> None:
    def work(c: sa.Connection) -> list[int]:
        request, _ = store.insert(c, new_request(operation="key.allowance"), status=Status.APPROVED, lapses_at=None)
        ledger.grant(c, request, at=NOW)
        ledger.set_units(c, request.id, 60)
        made = list(c.scalars(sa.select(grants.c.units)))
        ledger.settle_failure(c, request, WriteResult(status=WriteStatus.FAILED, moved=7))
        made += c.scalars(sa.select(grants.c.units))
        ledger.settle_failure(c, request, WriteResult(status=WriteStatus.REFUSED))
        return made + list(c.scalars(sa.select(grants.c.units)))

    assert sqlite_database.run_here(work) == [60, 7]


async def test_what_gives_nothing_is_not_written_down(sqlite_database: Database) -> None:
    def work(c: sa.Connection) -> None:
        request, _ = store.insert(c, new_request(operation="key.disable"), status=Status.APPROVED, lapses_at=None)
        ledger.grant(c, request, at=NOW)
        lowered = replace(request.judgement.facts, increase=-5)
        judgement = request.judgement.model_copy(update={"facts": lowered})
        ledger.grant(c, request.model_copy(update={"operation": "key.quota", "judgement": judgement}), at=NOW)
        rows = c.execute(sa.text("SELECT units, adds_key FROM grants")).all()
        assert [(row.units, bool(row.adds_key)) for row in rows] == [(0, False)]

    sqlite_database.run_here(work)


async def test_the_condition_is_explained_with_its_numbers(sqlite_database: Database) -> None:
    spine = Spine(sqlite_database, rules("keys_at_most = 1"))
    first = await spine.ask(remain_quota=1_000)
    assert first.judgement.facts.counts is not None
    assert [one.value for one in first.judgement.facts.counts] == [0]
    assert ADA.slack_user_id == "U0ADA"


@pytest.mark.parametrize(
    ("operation", "moved", "unlimited", "left"),
    [
        ("key.quota", 700, False, [700]),
        ("key.enable", 700, False, [700]),
        ("key.quota", 0, False, []),
        ("key.quota", 0, True, [None]),
        ("key.create", 0, False, []),
    ],
)
async def test_what_a_failed_request_gave_all_the_same_stays_counted(
    database: Database, operation: str, moved: int, unlimited: bool, left: list[int | None]
) -> None:
    fake = fake_gateway()
    record = await client_of(fake).get_key(KeyId(fake.add_key(name="k", unlimited_quota=unlimited).id))

    def work(c: sa.Connection) -> list[int | None]:
        request, _ = store.insert(c, new_request(operation=operation, key_id=7), status=Status.APPROVED, lapses_at=None)
        facts = replace(request.judgement.facts, unlimited_quota=unlimited)
        judgement = request.judgement.model_copy(update={"facts": facts})
        request = request.model_copy(update={"judgement": judgement})
        ledger.grant(c, request, at=NOW)
        result = WriteResult(status=WriteStatus.FAILED, key=record, moved=moved)
        ledger.settle_failure(c, request, result)
        return [row.units for row in c.execute(sa.text("SELECT units FROM grants"))]

    assert await database.run(work) == left


@pytest.mark.parametrize(
    ("operation", "facts", "units"),
    [
        ("key.create", {"increase": 5}, 5),
        ("key.quota", {"increase": -5}, 0),
        ("key.create", {"unlimited_quota": True, "increase": 5}, None),
        ("key.rotate", {"increase": 5}, 0),  # the successor has what the old key had
    ],
)
def test_what_a_granted_request_adds(
    sqlite_database: Database, operation: str, facts: dict[str, Any], units: int | None
) -> None:
    judgement = new_request().judgement
    judged = judgement.model_copy(update={"facts": Facts(**facts)})

    def work(c: sa.Connection) -> list[int | None]:
        new = new_request(operation=operation, judgement=judged)
        request, _ = store.insert(c, new, status=Status.APPROVED, lapses_at=None)
        ledger.grant(c, request, at=NOW)
        return list(c.scalars(sa.select(grants.c.units)))

    assert sqlite_database.run_here(work) == [units]


ALL_ASK = """
[roles]
engineer = ["S0ENGINEERS"]
manager = ["S0MANAGERS"]
[[rules]]
name  = "so much, with a manager"
who   = ["engineer"]
do    = ["key.create"]
when  = { granted_at_most = 500_000, per = "1d" }
approval = { from = ["manager"], expires = "1d" }
"""


@pytest.mark.parametrize("apart", [-3600.0, 0.0, 3600.0])
async def test_of_two_that_are_approved_at_once_on_two_replicas_the_later_run_finds_the_earlier(
    database: Database, apart: float
) -> None:
    one, other = (Spine(database, parse_policy(ALL_ASK)) for _ in range(2))
    first, second = await one.ask(remain_quota=400_000), await one.ask(remain_quota=400_000)
    other.now += apart  # the clocks of two machines
    await asyncio.gather(one.actions.approve(first.id, MIRA, ADA), other.actions.approve(second.id, OMAR, ADA))
    counts = [await one.counts.now("key.create", "U0ADA", before=each.id) for each in (first, second)]
    assert sorted(present(count.value) for found in counts for count in found) == [0, 400_000]


@pytest.mark.postgres
async def test_a_grant_waits_for_one_that_is_not_committed_yet(postgres_database: Database) -> None:
    spine = Spine(postgres_database, parse_policy(ALL_ASK))
    first, second = await spine.ask(remain_quota=400_000), await spine.ask(remain_quota=400_000)
    with postgres_database.engine.begin() as c:  # another replica, in the middle of its transaction
        ledger.lock(c)
        ledger.grant(c, first, at=NOW)
        approving = asyncio.create_task(spine.actions.approve(second.id, MIRA, ADA))
        waiting = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        with postgres_database.engine.connect() as watching:
            while not approving.done() and not watching.scalar(waiting):  # noqa: ASYNC110  # the server tells nobody
                await asyncio.sleep(0.01)
        assert not approving.done()
    await approving
    assert [one.value for one in await spine.counts.now("key.create", "U0ADA", before=second.id)] == [400_000]
    assert [one.value for one in await spine.counts.now("key.create", "U0ADA", before=first.id)] == [0]


async def test_sums_over_gateways_add_dollars(database: Database) -> None:
    """At `prod` a dollar is twice as many units: what was granted there counts half as much here, and here twice there."""
    know_names({0: "default", 1: "prod"})
    dollars = Dollars(others={1: 1_000_000})

    def prepare(c: sa.Connection) -> None:
        for number, (gateway, units, refill) in enumerate((("default", 500_000, "day"), ("prod", 1_000_000, "day"))):
            facts = Facts(increase=units, unlimited_quota=False, gateway=gateway)
            judgement = new_request().judgement.model_copy(update={"facts": facts})
            wanted = {"remain_quota": units, "refill": refill}
            new = new_request(f"sub:{number}", input=wanted, judgement=judgement)
            ledger.grant(c, store.insert(c, new, status=Status.APPROVED, lapses_at=None)[0], at=NOW)
        owners.own(c, key(BLOCK + 9))
        terms = AllowanceTerms(amount=1_000_000, period=Period.DAY)
        allowances.save(
            c, None, Allowance(key_id=BLOCK + 9, born_at=1, terms=terms, request_id=1, rule="r", set_at=NOW)
        )

    await database.run(prepare)
    needed = [Count(what="granted", per=86_400), Count(what="allowance", per=86_400)]
    members: dict[tuple[str, ...], frozenset[str] | None] = {}

    def numbers(c: sa.Connection, into: int) -> list[int | None]:
        units = functools.partial(dollars.exchanged, into=into)
        counted = ledger.counted(
            c,
            needed,
            person="U0ADA",
            now=NOW,
            members=members,
            units=lambda block, number: units(number, block=block),
        )
        return [one.value for one in counted]

    assert await database.read(numbers, 0) == [1_000_000, 1_500_000]
    assert await database.read(numbers, 1) == [2_000_000, 3_000_000]
