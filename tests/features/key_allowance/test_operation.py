"""An allowance: what the policy judges, what people read, and what its runs and its refills do at the gateway."""

from dataclasses import replace
from datetime import UTC, date
from typing import Any

import pytest

from bot.errors import InputError
from bot.features.key_allowance.operation import OPERATION, ChangeAllowance
from bot.gateway.models import GatewayAccount, KeyId
from bot.gateway.writes import WriteStatus
from bot.operations import Allowance, AllowanceTerms, Coverage, Offer
from bot.periods import Period, day_of, span_of
from bot.permissions.models import ActorKind
from bot.units import MAX_QUOTA
from tests.approvals.kit import Offered
from tests.features.kit import ADA, MemoryLineage, MemoryOwnership, look_on, work_on
from tests.gateway.kit import MemoryJournal, client_of, fake_gateway, sent

MONTHLY = AllowanceTerms(amount=1_000_000, period=Period.MONTH)
ADDED = AllowanceTerms(amount=1_000_000, period=Period.WEEK, rollover=True)


def known(terms: AllowanceTerms = MONTHLY, *, covered: date | None = None, **changes: Any) -> Allowance:
    coverage = None
    if covered is not None:
        coverage = Coverage(span=span_of(terms.period, covered), terms=terms, owner_id="U0ADA")
    one = Allowance(key_id=7, born_at=5, terms=terms, request_id=1, rule="r", set_at=1.0, covered=coverage)
    return replace(one, **changes)


def lines(found: Any) -> dict[str, tuple[str | None, str]]:
    return {line.field: (line.before, line.after) for line in found.changes}


@pytest.mark.parametrize(
    ("before", "wanted", "facts"),
    [
        (None, MONTHLY, (1_000_000, 1_000_000, 1_000_000, 2_592_000)),
        (None, ADDED, (1_300_000, 1_000_000, 1_000_000, 604_800)),
        (MONTHLY, None, (300_000, 0, 0, 2_592_000)),
        (MONTHLY, MONTHLY.model_copy(update={"amount": 400_000}), (400_000, 0, 400_000, 2_592_000)),
        (MONTHLY, MONTHLY.model_copy(update={"amount": 1_000_001}), (1_000_001, 1_000_001, 1_000_001, 2_592_000)),
        (MONTHLY, ADDED.model_copy(update={"amount": 1}), (300_001, 1, 1, 604_800)),
    ],
)
async def test_the_policy_judges_the_key_after_a_refill(
    before: AllowanceTerms | None, wanted: AllowanceTerms | None, facts: tuple[int, int, int, int]
) -> None:
    fake = fake_gateway()
    key = fake.add_key(name="nightly", remain_quota=300_000)
    look = look_on(client_of(fake), allowance=None if before is None else known(before))
    found = await OPERATION.inspect(look, ADA, ChangeAllowance(key_id=key.id, terms=wanted))
    made = found.facts
    assert (made.remain_quota, made.increase, made.allowance, made.allowance_period) == facts
    assert found.completed == ChangeAllowance(key_id=key.id, terms=wanted, owner_id="U0ADA")


async def test_people_read_what_it_was_what_it_is_to_be_and_when_it_begins() -> None:
    fake = fake_gateway()
    key, client = fake.add_key(name="nightly"), client_of(fake)
    found = await OPERATION.inspect(look_on(client), ADA, ChangeAllowance(key_id=key.id, terms=MONTHLY))
    assert lines(found) == {
        "allowance": ("none", "filled up to 1M units ($2.00) every month"),
        "refill": (None, "at once, after the approval"),
    }
    today = day_of(client.now(), UTC)
    look = look_on(client, allowance=known(covered=today))
    found = await OPERATION.inspect(look, ADA, ChangeAllowance(key_id=key.id, terms=ADDED))
    assert lines(found) == {
        "allowance": ("filled up to 1M units ($2.00) every month", "1M units ($2.00) added every week"),
        "refill": (None, f"on {span_of(Period.MONTH, today).until}, in the time zone UTC"),
    }
    ended = look_on(client, allowance=known(ended_at=2.0))
    found = await OPERATION.inspect(ended, ADA, ChangeAllowance(key_id=key.id, terms=MONTHLY))
    assert lines(found)["allowance"][0] == "none"


async def test_an_account_with_less_than_a_refill_is_told() -> None:
    fake = fake_gateway()
    key, offered = fake.add_key(name="nightly"), Offered()
    for quota, told in ((999_999, True), (1_000_000, False)):
        offered.account = GatewayAccount(
            id=1, username="root", group="default", quota=quota, used_quota=0, request_count=0
        )
        look = look_on(client_of(fake), inventory=offered)
        found = await OPERATION.inspect(look, ADA, ChangeAllowance(key_id=key.id, terms=MONTHLY))
        assert ("account" in lines(found)) is told
        assert ("less than one refill" in str(found.changes)) is told


@pytest.mark.parametrize(
    ("fields", "more", "terms", "place", "sentence"),
    [
        ({}, {}, None, "refill", "has no allowance"),
        ({}, {"owner": None}, MONTHLY, "refill", "Nobody owns the key"),
        ({}, {"successor": 9}, MONTHLY, "refill", "replaced by key 9"),
        ({"unlimited_quota": True}, {}, MONTHLY, "refill", "no limit"),
        ({}, {"allowance": known()}, MONTHLY, "allowance", "already"),
        ({"remain_quota": 9}, {}, MONTHLY.model_copy(update={"amount": MAX_QUOTA}), "allowance", "can store"),
    ],
)
async def test_what_changes_nothing_or_cannot_be_is_refused_before_anything_is_stored(
    fields: dict[str, Any], more: dict[str, Any], terms: AllowanceTerms | None, place: str, sentence: str
) -> None:
    fake = fake_gateway()
    key = fake.add_key(name="nightly", **fields)
    with pytest.raises(InputError) as wrong:
        await OPERATION.inspect(look_on(client_of(fake), **more), ADA, ChangeAllowance(key_id=key.id, terms=terms))
    assert sentence in wrong.value.fields[place]


async def test_terms_write_nothing_to_the_gateway() -> None:
    fake = fake_gateway()
    key, client = fake.add_key(name="nightly", remain_quota=5), client_of(fake)
    before = await client.get_key(KeyId(key.id))
    work = work_on(client, before, ownership=MemoryOwnership("U0ADA"))
    for terms in (MONTHLY, None):
        wanted = ChangeAllowance(key_id=key.id, terms=terms, owner_id="U0ADA")
        result = await OPERATION.run(work, wanted)
        assert (result.status, result.moved, result.key) == (WriteStatus.DONE, 0, before)
    assert sent(fake, "PUT") == []


@pytest.mark.parametrize(
    ("fields", "more", "refill", "sentence"),
    [
        ({}, {"ownership": MemoryOwnership("U0BEN")}, False, "belongs to somebody else"),
        ({}, {"lineage": MemoryLineage(out_of_use="It was replaced.")}, False, "It was replaced."),
        ({"unlimited_quota": True}, {}, False, "no limit"),
        ({"status": 2}, {}, True, "not in use"),
        ({"remain_quota": -9_000_000}, {}, True, "overdrawn"),
        ({}, {"ownership": MemoryOwnership("U0ADA", U0ADA=ActorKind.DEACTIVATED)}, True, "no full member"),
    ],
)
async def test_what_is_otherwise_when_it_runs_is_refused(
    fields: dict[str, Any], more: dict[str, Any], refill: bool, sentence: str
) -> None:
    fake = fake_gateway()
    key, client = fake.add_key(name="nightly", **fields), client_of(fake)
    work = work_on(client, None, **{"ownership": MemoryOwnership("U0ADA"), **more})
    result = await OPERATION.run(work, ChangeAllowance(key_id=key.id, terms=MONTHLY, owner_id="U0ADA", refill=refill))
    assert result.status is WriteStatus.REFUSED
    assert sentence in result.sentence
    assert sent(fake, "PUT") == []


async def test_another_key_with_the_number_gets_no_terms() -> None:
    fake = fake_gateway()
    key, client = fake.add_key(name="nightly"), client_of(fake)
    before = (await client.get_key(KeyId(key.id))).model_copy(update={"created_time": 1})
    work = work_on(client, before, ownership=MemoryOwnership("U0ADA"))
    result = await OPERATION.run(work, ChangeAllowance(key_id=key.id, terms=MONTHLY, owner_id="U0ADA"))
    assert "another key" in result.sentence


REFILL = {"terms": MONTHLY, "owner_id": "U0ADA", "refill": True}


async def test_a_refill_adds_what_is_missing_revives_the_key_and_is_made_once() -> None:
    fake = fake_gateway("upstream-g2")
    key, client, journal = fake.add_key(name="nightly", remain_quota=0, status=4), client_of(fake), MemoryJournal()
    work = work_on(client, None, journal, ownership=MemoryOwnership("U0ADA"))
    for _ in range(2):
        result = await OPERATION.run(work, ChangeAllowance(key_id=key.id, **REFILL))
        assert (result.status, result.moved) == (WriteStatus.DONE, 1_000_000)
        assert (fake.key(key.id).remain_quota, fake.key(key.id).status) == (1_000_000, 1)
    mark = await journal.recall("refill")
    assert mark is not None
    span = span_of(Period.MONTH, day_of(client.now(), UTC))
    assert (mark["first"], mark["until"], mark["units"]) == (str(span.first), str(span.until), 1_000_000)


async def test_a_key_that_has_as_much_is_not_written() -> None:
    fake = fake_gateway()
    key, client = fake.add_key(name="nightly", remain_quota=1_000_000), client_of(fake)
    work = work_on(client, None, ownership=MemoryOwnership("U0ADA"))
    for _ in range(2):
        result = await OPERATION.run(work, ChangeAllowance(key_id=key.id, **REFILL))
        assert (result.status, result.moved) == (WriteStatus.DONE, 0)
    assert sent(fake, "PUT") == []


async def test_a_refill_waits_for_a_request_that_moves_quota_of_the_key() -> None:
    fake = fake_gateway()
    key, client = fake.add_key(name="nightly"), client_of(fake)
    lineage = MemoryLineage(waits_for="Request #3 goes first.")
    work = work_on(client, None, ownership=MemoryOwnership("U0ADA"), lineage=lineage)
    result = await OPERATION.run(work, ChangeAllowance(key_id=key.id, **REFILL))
    assert (result.status, result.again_after) == (WriteStatus.FAILED, 2.0)


async def test_a_refill_waits_while_slack_does_not_say_who_the_owner_is() -> None:
    fake = fake_gateway()
    key, client = fake.add_key(name="nightly"), client_of(fake)
    work = work_on(client, None, ownership=MemoryOwnership("U0ADA", U0ADA=ActorKind.UNKNOWN))
    result = await OPERATION.run(work, ChangeAllowance(key_id=key.id, **REFILL))
    assert (result.status, result.again_after) == (WriteStatus.FAILED, 30.0)
    assert "Slack does not say" in result.sentence


def test_an_approver_may_grant_less() -> None:
    wanted = ChangeAllowance(key_id=7, terms=MONTHLY)
    assert OPERATION.with_offer(wanted, Offer(allowance=5)) == ChangeAllowance(
        key_id=7, terms=MONTHLY.model_copy(update={"amount": 5})
    )
    assert OPERATION.with_offer(wanted, Offer()) == wanted
    off = ChangeAllowance(key_id=7, terms=None)
    assert OPERATION.with_offer(off, Offer(allowance=5)) == off
    with pytest.raises(InputError):
        OPERATION.with_offer(wanted, Offer(allowance=1_000_001))
