"""Random operations, faults, usage and crashes against the fake, on each profile: the promises that must always hold."""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.gateway.client import GatewayClient
from bot.gateway.models import EffectiveState, KeyId
from bot.gateway.records import meaning
from bot.gateway.writes import (
    KeyChanges,
    WriteResult,
    WriteStatus,
    change_quota,
    create,
    delete,
    disable,
    enable,
    set_unlimited,
    update,
)
from keydesk_sandbox.fake_gateway import FakeGateway, GatewayFault, Record
from tests.gateway.kit import (
    PROFILES,
    Crash,
    MemoryJournal,
    client_of,
    fake_gateway,
    same_record,
    to_the_end,
    wanted,
)

OPERATIONS = ("create", "update", "quota", "disable", "enable", "unlimited", "limited", "delete")
WRITES = ("POST", "PUT", "DELETE")
NEW_EXPIRY = 2_100_000_000
EDITABLE = (
    "name", "expired_time", "unlimited_quota", "model_limits_enabled", "model_limits", "allow_ips", "group",
    "cross_group_retry",
)  # fmt: skip


@dataclass(frozen=True)
class Step:
    operation: str
    amount: int
    faults: tuple[tuple[str, bool, int, int, float], ...]  # kind, on writes, times, skip, delay
    charge: int  # units used between the client's read and its first write
    charge_at: str
    crashes: tuple[tuple[int, str], ...]  # at the nth record of the journal, before or after it is kept
    crash_on_wire: str  # "", "request" or "answer"
    worn: dict[str, int]  # what time and usage have made of the key before: its remainder, seconds since it expired


faults = st.tuples(
    st.sampled_from(
        ["lost_reply", "lost_request", "refused", "late", "cut_body", "hang", "duplicate", "html", "empty", "empty_429",
         "panic", "truncated_gzip", "bad_gzip", "redirect"],
    ),
    st.booleans(),
    st.integers(1, 2),
    st.integers(0, 1),
    st.sampled_from([1.0, 20.0, 80.0]),
)  # fmt: skip
steps = st.builds(
    Step,
    operation=st.sampled_from(OPERATIONS),
    amount=st.integers(-60_000, 200_000),
    faults=st.lists(faults, max_size=3).map(tuple),
    charge=st.sampled_from([0, 0, 1, 7_000, 90_000, 250_000]),
    charge_at=st.sampled_from(["request", "row_read"]),
    crashes=st.lists(st.tuples(st.integers(0, 5), st.sampled_from(["before", "after"])), max_size=2).map(tuple),
    crash_on_wire=st.sampled_from(["", "", "request", "answer"]),
    worn=st.sampled_from(
        [{}, {}, {}, {"remain_quota": -7_000}, {"expired": 60}, {"remain_quota": -7_000, "expired": 60},
         {"remain_quota": 0, "expired": 60}],
    ),
)  # fmt: skip
switches = st.fixed_dictionaries(
    {
        "plain_status": st.booleans(),
        "status_only": st.booleans(),
        "create_returns_data": st.booleans(),
        "lazy_status": st.booleans(),
    },
)


def arm(fake: FakeGateway, step: Step, key_id: int | None) -> None:
    for kind, on_writes, times, skip, delay in step.faults:
        status = {"html": 524, "empty": 503}.get(kind, 0)
        for method in WRITES if on_writes else ("GET",):
            # Wherever a duplicate lands later than every read-back, nobody can know: here it lands at once.
            late = delay if kind == "late" else 0.0
            fake.arm(GatewayFault(kind=kind, method=method, times=times, skip=skip, delay=late, status=status))
    if step.charge and key_id is not None:
        fake.on(step.charge_at, lambda _call: fake.charge(key_id, step.charge), method="PUT")
    if step.crash_on_wire:
        fake.on(step.crash_on_wire, crash, path="/api/token/.*")


def crash(_call: Any) -> None:
    raise Crash


async def run(client: GatewayClient, step: Step, key_id: int, name: str, journal: MemoryJournal) -> WriteResult:
    identity = KeyId(key_id)
    if step.operation == "create":
        return await create(client, wanted(name, allowed_ips=["10.0.0.0/8"], models=["gpt-5"]), journal)
    if step.operation == "update":
        changes = KeyChanges(allow_ips="192.0.2.1\n2001:db8::/32", expired_time=2_000_000_000 + abs(step.amount))
        return await update(client, identity, changes, journal)
    if step.operation == "quota":
        return await change_quota(client, identity, step.amount or 1, journal)
    if step.operation == "disable":
        return await disable(client, identity, journal)
    if step.operation == "enable":
        expired_time = NEW_EXPIRY if "expired" in step.worn else None
        return await enable(client, identity, journal, expired_time=expired_time, add_quota=max(0, step.amount) or None)
    if step.operation == "unlimited":
        return await set_unlimited(client, identity, journal, unlimited=True)
    if step.operation == "limited":
        return await set_unlimited(client, identity, journal, unlimited=False, remain_quota=abs(step.amount))
    return await delete(client, identity, journal)


async def play(profile: str, answers: dict[str, bool], script: list[Step]) -> None:
    fake = fake_gateway(profile, **answers)
    client = client_of(fake)
    row = fake.add_key(
        name="first", remain_quota=50_000, allow_ips="203.0.113.7", model_limits_enabled=True, model_limits="gpt-5,o4",
        expired_time=int(fake.clock.now()) + 10_000_000,
    )  # fmt: skip
    for number, step in enumerate(script):
        wear(fake, row.id, step)
        before, rows_before = fake.key(row.id), {each.id for each in fake.keys(deleted=True)}
        seen_before, name, journal = len(fake.requests), f"made {number}", MemoryJournal()
        journal.crash_at = dict(step.crashes)
        arm(fake, step, row.id)
        result = await to_the_end(fake, lambda: run(client, step, row.id, name, journal))  # noqa: B023  awaited here
        fake.disarm()
        fake._hooks.clear()
        if step.operation == "create":
            fake.advance(200)
            posts = [seen for seen in fake.requests[seen_before:] if seen.method == "POST"]
            check_create(fake, result, rows_before, posts)
            assert fake.key(row.id) == before
        else:
            check_change(fake, step, result, before, fake.key(row.id))
            after = fake.key(row.id)
            fake.advance(200)
            check_nothing_late(fake, step, after, fake.key(row.id))
            assert {each.id for each in fake.keys(deleted=True)} == rows_before
        if fake.key(row.id).deleted_at is not None:
            row = fake.add_key(name=f"next {number}", remain_quota=10, allow_ips="203.0.113.7")
    assert fake.pat_replacements == 0
    assert {seen.host for seen in fake.requests} == {"gateway.test"}
    assert not any("query" in secret or "body" in secret for seen in fake.requests for secret in seen.secrets)
    await client.aclose()


def wear(fake: FakeGateway, key_id: int, step: Step) -> None:
    changes = dict(step.worn)
    ago = changes.pop("expired", None)
    if ago is not None:
        changes["expired_time"] = int(fake.clock.now()) - ago
    if changes:
        fake.edit_behind(key_id, **changes)


def check_nothing_late(fake: FakeGateway, step: Step, then: Record, now: Record) -> None:
    if step.operation == "disable" and then.status == 2:
        # Disabling does not wait for a lost sending to land: that one disables again, on the same settings.
        now.remain_quota = then.remain_quota
    assert now == then, "something landed after the last word"


def check_create(fake: FakeGateway, result: WriteResult, rows_before: set[int], posts: list[Any]) -> None:
    made = [row for row in fake.keys(deleted=True) if row.id not in rows_before]
    landed = [seen for seen in posts if seen.landed != "never"]
    assert len(landed) <= 1, "a second POST although the first one landed"
    if result.status is WriteStatus.DONE:
        assert result.key
        assert {row.id for row in made} == {result.key.id, *result.extra_key_ids}
        assert all(row.allow_ips == "10.0.0.0/8" and row.model_limits_enabled for row in made)
    else:
        assert result.status in {WriteStatus.FAILED, WriteStatus.REFUSED}, result
        assert not made, "failed, and yet it landed"


def check_change(fake: FakeGateway, step: Step, result: WriteResult, before: Record, after: Record) -> None:
    assert result.status is not WriteStatus.UNKNOWN, result
    if step.operation == "delete":
        assert (after.deleted_at is not None) == (result.status is WriteStatus.DONE)
        return
    moved = after.remain_quota + after.used_quota - before.remain_quota - before.used_quota
    if result.status is WriteStatus.DONE:
        assert result.key
        assert result.key.total_quota == after.remain_quota + after.used_quota
        check_done(fake, step, result, before, after, moved)
    elif step.operation not in {"enable", "disable"}:
        untouched = {name: getattr(before, name) for name in EDITABLE}
        assert {name: getattr(after, name) for name in EDITABLE} == untouched, "failed, and yet it landed"
        assert moved == 0, "failed, and yet the quota moved"


def check_done(fake: FakeGateway, step: Step, result: WriteResult, before: Record, after: Record, moved: int) -> None:
    allowed = {
        "update": {"allow_ips", "expired_time"}, "unlimited": {"unlimited_quota"}, "limited": {"unlimited_quota"},
        "enable": {"expired_time"} if "expired" in step.worn else set(),
    }.get(step.operation, set())  # fmt: skip
    if result.alarm:
        assert result.key
        assert result.key.state(fake.clock.now()) is not EffectiveState.ACTIVE
        return
    for name in EDITABLE:
        if name not in allowed:
            assert meaning(name, getattr(after, name)) == meaning(name, getattr(before, name)), f"{name} was lost"
    if step.operation == "update":
        assert after.allow_ips == "192.0.2.1\n2001:db8::/32"
    if step.operation == "disable":
        assert after.status == 2
    if step.operation == "enable":
        assert "expired" not in step.worn or after.expired_time == NEW_EXPIRY
        assert after.state(fake.clock.now()) == "active" or after.remain_quota <= 0
    expected = {"quota": step.amount or 1, "enable": max(0, step.amount)}.get(step.operation, 0)
    if step.operation == "limited":
        # What is left counts from the write: usage before a repeated one may or may not be within.
        expected = abs(step.amount) - before.remain_quota
        expected += step.charge if moved == expected + step.charge else 0
    if any("units from" in note or "overdrawn" in note for note in result.notes):
        # Only what nobody can write back may be missing: a limited key cannot be set below zero,
        # and disabling does not wait until the figure is right. A delta counts from below zero, too.
        clamped = step.operation not in {"enable", "quota"} and step.charge >= before.remain_quota
        assert step.operation == "disable" or after.remain_quota <= 0 or clamped or moved == expected, result
    else:
        assert moved == expected, result


script = st.lists(steps, min_size=1, max_size=4)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)  # thousands of warnings about faults that were asked for
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("profile", PROFILES)
@settings(database=None, print_blob=True, suppress_health_check=list(HealthCheck))
@given(answers=switches, script=script)
def test_the_promises_hold_whatever_happens(profile: str, answers: dict[str, bool], script: list[Step]) -> None:
    asyncio.run(play(profile, answers, script))


edits = st.sampled_from(
    [{"allow_ips": ""}, {"allow_ips": "198.51.100.1"}, {"remain_quota": 5}, {"remain_quota": 900_000}, {"status": 2},
     {"status": 1}, {"model_limits_enabled": False}, {"expired_time": -1}, {"deleted_at": 1}, {"unlimited_quota": True}],
)  # fmt: skip


async def play_with_another(
    profile: str, answers: dict[str, bool], step: Step, edit: dict[str, Any], when: str
) -> None:
    """Somebody else writes meanwhile: nothing can be kept from them, but no word may be wrong."""
    fake = fake_gateway(profile, **answers)
    client, journal = client_of(fake), MemoryJournal()
    row = fake.add_key(name="first", remain_quota=50_000, allow_ips="203.0.113.7")
    arm(fake, step, row.id)
    fake.on(when, lambda _call: fake.edit_behind(row.id, **edit), method="PUT")
    result = await to_the_end(fake, lambda: run(client, step, row.id, "made", journal))
    after = fake.key(row.id)
    if result.status is WriteStatus.DONE and result.key and step.operation != "create":
        assert same_record(after, result.key), "done, and the record disagrees"
        if not result.differences:
            assert step.operation != "update" or after.allow_ips == "192.0.2.1\n2001:db8::/32"
            assert step.operation != "disable" or result.alarm or after.status == 2
    assert result.status is WriteStatus.DONE or result.sentence
    await client.aclose()


@pytest.mark.parametrize("profile", PROFILES)
@settings(database=None, print_blob=True, suppress_health_check=list(HealthCheck))
@given(answers=switches, step=steps, edit=edits, when=st.sampled_from(["request", "row_read", "answer"]))
def test_no_word_is_wrong_when_somebody_else_writes(
    profile: str, answers: dict[str, bool], step: Step, edit: dict[str, Any], when: str
) -> None:
    asyncio.run(play_with_another(profile, answers, step, edit, when))


@pytest.mark.soak
@pytest.mark.parametrize("profile", PROFILES)
@settings(max_examples=3000, deadline=None, database=None, print_blob=True, suppress_health_check=list(HealthCheck))
@given(answers=switches, script=script)
def test_the_promises_hold_thousands_of_times(profile: str, answers: dict[str, bool], script: list[Step]) -> None:
    asyncio.run(play(profile, answers, script))
