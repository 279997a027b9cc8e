"""The new owner of a key answers: they themselves, in time, once; only their yes starts the run."""

import asyncio
import contextlib
import threading
from typing import Any

import pytest
import sqlalchemy as sa

from bot.approvals import acceptance
from bot.approvals.acceptance import SECONDS
from bot.approvals.models import ApprovalRequest, Status
from bot.audit import read as read_audit
from bot.db.engine import Database
from bot.db.tables import grants
from bot.errors import ApprovalConflict
from bot.keys import owners
from bot.permissions.models import ActorKind, Facts
from bot.permissions.rules import parse_policy
from tests.approvals.kit import ADA, BEN, MIRA, person
from tests.approvals.runs import Running, allowed
from tests.approvals.test_budgets import settle
from tests.narrow import present

RULES = """
[roles]
engineer = ["S0ENGINEERS"]
[[rules]]
name = "few"
who = ["engineer"]
do = ["key.transfer"]
when = { keys_at_most = 1 }
allow = true
"""


async def offered(running: Running, **changes: Any) -> ApprovalRequest:
    """A key of Ada's that Ben is asked about."""
    running.spine.policy = parse_policy(RULES)
    running.people |= {"U0BEN": BEN}
    record = running.fake.add_key(name="search", remain_quota=300)
    await running.own(record.id, owner_id="U0ADA")
    key = await running.client.get_key(record.id)  # type: ignore[arg-type]  # a plain number
    wanted = {"key_id": record.id, "owner_id": "U0BEN", "owner_team": "T0TEST", "from_id": "U0ADA"}
    judgement = allowed().model_copy(update={"facts": Facts(increase=300, adds_key=True, unlimited_quota=False)})
    values = {"key_id": record.id, "key_name": "search", "before": key, "input": wanted, "judgement": judgement}
    request = await running.stored("key.transfer", **values | changes)
    assert await running.execution.run(str(request.id)) is None
    return await running.spine.row(request.id)


async def owner(running: Running, request: ApprovalRequest) -> str | None:
    return await running.database.read(owners.owner_of, present(request.key_id))


@pytest.fixture
def running(thorough_database: Database) -> Running:
    return Running(thorough_database)


async def test_nothing_happens_before_the_yes_and_all_of_it_after(running: Running) -> None:
    request = await offered(running)
    assert (request.status, request.waits_for_acceptance) == (Status.APPROVED, True)
    assert await running.execution.run(str(request.id)) is None, "a repeat of the run asks nobody again"
    await running.database.run(running.acceptances.ask, request.id)
    assert (await running.spine.wanted())[f"req:{request.id}:acceptance"] == 1
    assert await owner(running, request) == "U0ADA"
    running.spine.now += 3 * 86_400
    accepted = await running.acceptances.accept(request.id, BEN)
    assert (accepted.waits_for_acceptance, accepted.granted_at) == (False, running.spine.now)
    assert await running.spine.started(":run:accepted") == [f"req:{request.id}:run:accepted"]
    with pytest.raises(ApprovalConflict, match="answered already"):
        await running.acceptances.accept(request.id, BEN)
    with pytest.raises(ApprovalConflict, match="answered already"):
        await running.acceptances.decline(request.id, BEN)
    assert await running.execution.run(str(request.id)) is None
    assert (await running.spine.row(request.id)).status is Status.SUCCEEDED
    assert await owner(running, request) == "U0BEN"
    assert (await running.spine.facts(request.id))[-3:] == ["accepted", "applying", "applied"]


async def test_only_the_person_themselves_answers_and_only_as_a_full_member(running: Running) -> None:
    request = await offered(running)
    gone = person("U0BEN", kind=ActorKind.DEACTIVATED)
    silent = person("U0BEN", kind=ActorKind.UNKNOWN)
    for actor, words in ((ADA, "no key"), (MIRA, "no key"), (gone, "full members"), (silent, "in a minute")):
        for answer in (running.acceptances.accept, running.acceptances.decline):
            with pytest.raises(ApprovalConflict, match=words):
                await answer(request.id, actor)
    assert (await running.spine.row(request.id)).waits_for_acceptance
    lines = await running.database.read(read_audit, request_id=request.id, limit=50)
    assert len([line for line in lines if line["fact"] == "refused"]) == 8
    for number in (0, 99):
        with pytest.raises(ApprovalConflict, match="no key"):
            await running.acceptances.accept(number, BEN)
        with pytest.raises(ApprovalConflict, match="no key"):
            await running.acceptances.decline(number, BEN)


async def test_a_request_that_offers_nothing_cannot_be_accepted(running: Running) -> None:
    running.people |= {"U0BEN": BEN}
    request = await running.stored()
    with pytest.raises(ApprovalConflict, match="no key"):
        await running.acceptances.accept(request.id, ADA)


async def test_a_no_leaves_the_key_where_it_is(running: Running) -> None:
    request = await running.acceptances.decline((await offered(running)).id, BEN)
    assert (request.status, await owner(running, request)) == (Status.FAILED, "U0ADA")
    assert "declined the key" in present(request.outcome).sentence
    await running.acceptances.lapse(str(request.id))
    assert (await running.spine.facts(request.id))[-2:] == ["declined", "failed"]


async def test_after_a_week_it_is_over_and_both_are_told(running: Running) -> None:
    request = await offered(running)
    running.spine.now += SECONDS
    with pytest.raises(ApprovalConflict, match="too late"):
        await running.acceptances.accept(request.id, BEN)
    await running.acceptances.lapse(str(request.id))
    await running.acceptances.lapse(str(request.id))
    await running.acceptances.lapse("99")
    ended = await running.spine.row(request.id)
    assert (ended.status, await owner(running, request)) == (Status.FAILED, "U0ADA")
    wanted = await running.spine.wanted()
    assert {f"req:{request.id}:dm", f"req:{request.id}:acceptance:lapsed"} <= set(wanted)
    with pytest.raises(ApprovalConflict, match="answered already"):
        await running.acceptances.accept(request.id, BEN)


async def test_what_they_have_by_now_is_counted_when_they_accept(running: Running) -> None:
    request = await offered(running)
    await running.own(running.fake.add_key(name="another").id, owner_id="U0BEN")
    with pytest.raises(ApprovalConflict, match="cannot take this key now"):
        await running.acceptances.accept(request.id, BEN)
    assert (await running.spine.row(request.id)).waits_for_acceptance, "with one key less they may"


async def test_a_key_that_got_another_owner_meanwhile_is_not_given(running: Running) -> None:
    request = await offered(running)
    await running.acceptances.accept(request.id, BEN)
    line = present(await running.database.read(owners.find, present(request.key_id)))
    await running.database.run(owners.hand_over, line.__class__(**{**vars(line), "owner_id": "U0MIRA"}))
    await running.execution.run(str(request.id))
    ended = await running.spine.row(request.id)
    assert (ended.status, await owner(running, request)) == (Status.FAILED, "U0MIRA")
    assert "belongs to somebody else by now" in present(ended.outcome).sentence


@pytest.mark.parametrize(("amount", "ends", "left"), [(100, Status.FAILED, 100), (1_000, Status.SUCCEEDED, 700)])
async def test_a_budget_that_began_while_the_offer_waited_holds_and_counts(
    running: Running, amount: int, ends: Status, left: int
) -> None:
    request = await offered(running)
    await settle(running.spine, "U0BEN", {"amount": amount, "period": "month"})
    await running.acceptances.accept(request.id, BEN)
    await running.execution.run(str(request.id))
    assert (await running.spine.row(request.id)).status is ends
    assert [one.left for one in await running.spine.counts.budgets.of("U0BEN")] == [left]


@pytest.mark.parametrize(
    ("quota", "ends", "left"),
    [
        ({"remain_quota": 900}, Status.FAILED, 400),
        ({"unlimited_quota": True}, Status.FAILED, 400),
        ({"remain_quota": 350}, Status.SUCCEEDED, 50),
        ({"remain_quota": 100}, Status.SUCCEEDED, 300),
    ],
)
async def test_what_is_on_the_key_when_it_comes_holds_and_counts(
    running: Running, quota: dict[str, Any], ends: Status, left: int
) -> None:
    request = await offered(running)
    await settle(running.spine, "U0BEN", {"amount": 400, "period": "month"})
    # Its owner has it filled, or spends, while the offer waits.
    running.fake.edit_behind(present(request.key_id), **quota)
    await running.acceptances.accept(request.id, BEN)
    await running.execution.run(str(request.id))
    ended = await running.spine.row(request.id)
    assert ended.status is ends
    assert [one.left for one in await running.spine.counts.budgets.of("U0BEN")] == [left]
    if ends is Status.FAILED:
        assert "quota has changed since this was asked" in present(ended.outcome).sentence


async def test_of_two_that_somebody_takes_at_the_same_instant_the_later_run_finds_the_earlier(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = threading.Barrier(2)

    def together(*_: Any, **__: Any) -> None:
        with contextlib.suppress(threading.BrokenBarrierError):
            both.wait(timeout=1.0)

    requests = []
    for number in (1, 2):
        record = running.fake.add_key(name=f"search-{number}", remain_quota=300)
        wanted = {"key_id": record.id, "owner_id": "U0ADA", "owner_team": "T0TEST", "from_id": "U0BEN"}
        values = {"key_id": record.id, "input": wanted, "delivery_id": f"sub:{number}"}
        requests.append(await running.stored("key.transfer", **values))
    monkeypatch.setattr(acceptance, "record", together)
    await asyncio.gather(*(running.database.run(running.acceptances.ask, one.id) for one in requests))
    places = await running.database.read(lambda c: list(c.execute(sa.select(grants.c.place)).scalars()))
    assert sorted(places) == [1, 2]
