"""A key in use: calls take a pre-charge and give the rest back while the record is read and written."""

import random
from collections.abc import Awaitable, Callable

import pytest

from bot.gateway.errors import Refusal
from bot.gateway.models import KeyId
from bot.gateway.writes import (
    KeyChanges,
    LastResort,
    WriteResult,
    WriteStatus,
    change_quota,
    create,
    delete,
    disable,
    enable,
    update,
)
from bot.gateway.writes.put import MENDING_SECONDS, MOST_CORRECTIONS
from keydesk_sandbox.fake_gateway.gateway import FakeGateway
from keydesk_sandbox.fake_gateway.wire import HttpCall
from tests.gateway.kit import Crash, MemoryJournal, client_of, fake_gateway, sent, to_the_end, wanted
from tests.gateway.writes.test_update import a_key
from tests.narrow import present

PRE_CHARGE, COST = 18_937, 375
# 13 paid calls a second beside a gateway that answers in 20 ms, and in 50 ms.
CALLS_PER_REQUEST, MORE_CALLS_PER_REQUEST = 0.26, 0.65
ROUNDS = 60

Write = Callable[[], Awaitable[WriteResult]]


class Traffic:
    """Paid calls that begin and end between the requests of the bot, several of them at a time."""

    def __init__(self, fake: FakeGateway, key_id: int, seed: int, rate: float = CALLS_PER_REQUEST) -> None:
        self.fake, self.key_id, self.rng, self.open, self.rate = fake, key_id, random.Random(seed), 0, rate
        fake.on("request", self.step, times=None)

    def step(self, _call: HttpCall) -> None:
        for _ in range(2):
            if self.rng.random() < self.rate / 2:
                self.fake.charge(self.key_id, PRE_CHARGE)
                self.open += 1
            if self.open and self.rng.random() < self.rate / 2:
                self.fake.charge(self.key_id, COST - PRE_CHARGE)
                self.open -= 1


def total(fake: FakeGateway, key_id: int) -> int:
    return fake.key(key_id).remain_quota + fake.key(key_id).used_quota


@pytest.mark.parametrize("profile", ["cometapi", "upstream-g2"])
async def test_bumps_and_renames_lose_nothing_while_calls_are_charged_and_refunded(profile: str) -> None:
    fake = fake_gateway(profile)
    key_id, client = a_key(fake, remain_quota=5_000_000), client_of(fake)
    fake.charge(key_id, COST)
    expected = total(fake, key_id)
    Traffic(fake, key_id, seed=4)
    for number in range(ROUNDS):
        bumped = await change_quota(client, key_id, 1_000, MemoryJournal())
        renamed = await update(client, key_id, KeyChanges(name=f"ci {number}"), MemoryJournal())
        expected += 1_000
        assert (bumped.status, renamed.status) == (WriteStatus.DONE, WriteStatus.DONE), (bumped, renamed)
        assert total(fake, key_id) == expected
    assert 2 * ROUNDS < len(sent(fake, "PUT")) <= 3 * 2 * ROUNDS


@pytest.mark.thorough
async def test_nothing_is_lost_either_when_the_gateway_takes_fifty_milliseconds() -> None:
    fake = fake_gateway("cometapi")
    key_id, client = a_key(fake, remain_quota=5_000_000), client_of(fake)
    fake.charge(key_id, COST)
    expected = total(fake, key_id)
    Traffic(fake, key_id, seed=4, rate=MORE_CALLS_PER_REQUEST)
    for number in range(200):
        bumped = await change_quota(client, key_id, 1_000, MemoryJournal())
        renamed = await update(client, key_id, KeyChanges(name=f"ci {number}"), MemoryJournal())
        expected += 1_000
        assert (bumped.status, renamed.status) == (WriteStatus.DONE, WriteStatus.DONE), (bumped, renamed)
        assert total(fake, key_id) == expected
    # A round costs a call, not two: what the answer tells need not be read.
    assert len(sent(fake, "GET")) <= 5 * 400


async def test_a_correction_that_was_under_way_when_the_process_died_is_waited_for() -> None:
    fake = fake_gateway("cometapi")
    key_id, client, journal = a_key(fake, remain_quota=5_000_000), client_of(fake), MemoryJournal()
    fake.charge(key_id, COST)
    expected = total(fake, key_id) + 1_000
    fake.on("request", lambda _call: fake.charge(key_id, COST), method="PUT", times=2)
    # The first record of the second sending is the last one before the end.
    journal.crash_at = {2: "after"}
    with pytest.raises(Crash):
        await change_quota(client, key_id, 1_000, journal)
    result = await to_the_end(fake, lambda: change_quota(client, key_id, 1_000, journal))
    assert (result.status, total(fake, key_id)) == (WriteStatus.DONE, expected)


async def test_an_answer_without_a_record_is_read_back() -> None:
    fake = fake_gateway("cometapi")
    key_id, client = a_key(fake, remain_quota=5_000_000), client_of(fake)
    fake.charge(key_id, COST)
    expected = total(fake, key_id) + 1_000
    fake.on("request", lambda _call: fake.charge(key_id, COST), method="PUT", times=3)
    fake.arm("wrong", method="PUT", how="data_missing", times=None)
    result = await change_quota(client, key_id, 1_000, MemoryJournal())
    assert (result.status, total(fake, key_id)) == (WriteStatus.DONE, expected)


async def test_a_rename_of_a_key_above_a_newer_maximum_says_why_it_is_refused() -> None:
    fake = fake_gateway("upstream-g3")
    key_id, client = a_key(fake, remain_quota=5_000_000_000), client_of(fake)
    writes: list[Write] = [
        lambda: update(client, key_id, KeyChanges(name="new"), MemoryJournal()),
        lambda: change_quota(client, key_id, 5, MemoryJournal()),
    ]
    for write in writes:
        result = await write()
        assert (result.status, result.refusal) == (WriteStatus.REFUSED, Refusal.QUOTA_TOO_LARGE)
        assert "takes no record with more than 2,147,483,647" in result.sentence
    lowered = await change_quota(client, key_id, -4_000_000_000, MemoryJournal())
    assert (lowered.status, fake.key(key_id).remain_quota) == (WriteStatus.DONE, 1_000_000_000)


async def test_a_refund_is_not_called_somebody_elses_edit() -> None:
    fake = fake_gateway("cometapi")
    key_id, client = a_key(fake), client_of(fake)
    fake.charge(key_id, PRE_CHARGE)
    expected = total(fake, key_id) + 100
    fake.on("request", lambda _call: fake.charge(key_id, COST - PRE_CHARGE), method="PUT", times=1)
    result = await change_quota(client, key_id, 100, MemoryJournal())
    assert (result.status, total(fake, key_id)) == (WriteStatus.DONE, expected)
    assert "Usage raced the change" in result.notes[0]


async def test_an_edit_larger_than_calls_explain_is_told_though_the_key_is_in_use() -> None:
    fake = fake_gateway("cometapi")
    key_id = a_key(fake, remain_quota=5_000_000)
    fake.charge(key_id, COST)
    fake.on("request", lambda _call: fake.charge(key_id, COST), method="PUT", times=None)
    fake.on("answer", lambda _call: fake.edit_behind(key_id, remain_quota=90_000_000), method="PUT")
    result = await change_quota(client_of(fake), key_id, 100, MemoryJournal())
    assert (result.status, result.again_after) == (WriteStatus.UNKNOWN, None)
    assert "somebody else" in result.sentence
    assert fake.key(key_id).remain_quota == 90_000_000


async def test_correcting_ends_when_usage_races_every_write() -> None:
    fake = fake_gateway("cometapi")
    key_id = a_key(fake, remain_quota=5_000_000)
    fake.on("request", lambda call: fake.charge(key_id, 100 + len(sent(fake))), method="PUT", times=None)
    result = await change_quota(client_of(fake), key_id, 1_000_000, MemoryJournal())
    assert result.status is WriteStatus.DONE
    assert "units from what it should be" in " ".join(result.notes)
    assert len(sent(fake, "PUT")) == MOST_CORRECTIONS + 1


async def test_a_key_above_a_newer_maximum_is_disabled_and_keeps_its_quota() -> None:
    fake = fake_gateway("upstream-g3")
    key_id = a_key(fake, remain_quota=5_000_000_000)
    result = await disable(client_of(fake), KeyId(key_id), MemoryJournal())
    row = fake.key(key_id)
    assert (result.status, result.alarm, row.status, row.remain_quota) == (WriteStatus.DONE, None, 2, 5_000_000_000)


async def test_a_key_that_cannot_be_sent_at_all_is_not_wiped() -> None:
    fake = fake_gateway("upstream-g2", max_quota=5)
    key_id = a_key(fake, remain_quota=5_000_000_000)
    result = await disable(client_of(fake), KeyId(key_id), MemoryJournal())
    row = fake.key(key_id)
    assert (result.status, result.refusal) == (WriteStatus.REFUSED, Refusal.QUOTA_TOO_LARGE)
    assert (row.status, row.remain_quota, row.expired_time) == (1, 5_000_000_000, 1_900_000_000)


async def test_without_a_leak_or_a_yes_a_key_that_cannot_be_disabled_is_only_reported() -> None:
    fake = fake_gateway("cometapi", status_only=False)
    key_id = a_key(fake)
    result = await disable(client_of(fake), KeyId(key_id), MemoryJournal(), last_resort=LastResort.REPORT)
    assert (result.status, fake.key(key_id).remain_quota, fake.key(key_id).expired_time) == (
        WriteStatus.FAILED, 50_000, 1_900_000_000,
    )  # fmt: skip
    assert "does not disable" in present(result.alarm)


async def test_what_making_harmless_wiped_is_said() -> None:
    fake = fake_gateway("cometapi", status_only=False)
    key_id = a_key(fake)
    result = await disable(client_of(fake), KeyId(key_id), MemoryJournal(), last_resort=LastResort.MAKE_HARMLESS)
    assert "It had 50,000 units and expiry 1900000000 (Unix seconds)." in present(result.alarm)
    assert (present(result.before).remain_quota, present(result.before).expired_time) == (50_000, 1_900_000_000)


async def test_a_refund_inside_the_servers_own_write_is_put_back() -> None:
    fake = fake_gateway("upstream-g2", call_duration=5.0)
    key_id, client = a_key(fake, remain_quota=400_000, allow_ips=""), client_of(fake)
    before = total(fake, key_id)
    writes: list[tuple[Write, int]] = [
        (lambda: change_quota(client, key_id, 100_000, MemoryJournal()), 100_000),
        (lambda: update(client, key_id, KeyChanges(name="new"), MemoryJournal()), 0),
    ]
    for write, delta in writes:
        fake.call_model(fake.key_value(key_id), model="gpt-4o", units=COST, ceiling=PRE_CHARGE)
        fake.on("row_read", lambda _call: fake.advance(5.0), method="PUT")
        result = await write()
        before += delta
        assert (result.status, total(fake, key_id)) == (WriteStatus.DONE, before), result


async def test_correcting_goes_on_later_when_the_gateway_is_slow() -> None:
    fake = fake_gateway("cometapi")
    key_id, client, journal = a_key(fake), client_of(fake), MemoryJournal()
    expected = total(fake, key_id) + 100

    def slow(_call: HttpCall) -> None:
        fake.charge(key_id, COST)
        fake.advance(MENDING_SECONDS + 1)

    fake.on("request", slow, method="PUT")
    first = await change_quota(client, key_id, 100, journal)
    assert (first.status, first.again_after) == (WriteStatus.UNKNOWN, 2.0)
    result = await change_quota(client, key_id, 100, journal)
    assert (result.status, total(fake, key_id)) == (WriteStatus.DONE, expected)


async def test_a_yes_that_stores_nothing_is_not_done_though_the_key_is_in_use() -> None:
    fake = fake_gateway("sibling")
    key_id = a_key(fake)
    fake.on("request", lambda _call: fake.charge(key_id, COST), method="PUT", times=None)
    result = await change_quota(client_of(fake), key_id, 100, MemoryJournal())
    assert result.status is WriteStatus.FAILED
    assert "does not show it" in result.sentence


CALLS = {"create": 3, "show": 1, "quota": 3, "rename": 4, "disable": 3, "enable": 3, "end": 3, "delete": 3}


async def test_what_each_operation_costs_in_calls() -> None:
    fake = fake_gateway("upstream-g2")
    client, key_id, taken, journal = client_of(fake), a_key(fake), {}, MemoryJournal
    steps: dict[str, Callable[[], Awaitable[object]]] = {
        "create": lambda: create(client, wanted(name="brand new"), journal()),
        "show": lambda: client.get_key(KeyId(key_id)),
        "quota": lambda: change_quota(client, key_id, 5, journal()),
        "rename": lambda: update(client, key_id, KeyChanges(name="other"), journal()),
        "disable": lambda: disable(client, KeyId(key_id), journal()),
        "enable": lambda: enable(client, key_id, journal()),
        "end": lambda: update(client, key_id, KeyChanges(expired_time=1), journal()),
        "delete": lambda: delete(client, key_id, journal()),
    }
    for name, step in steps.items():
        seen = len(fake.requests)
        await step()
        taken[name] = len(fake.requests) - seen
    assert taken == CALLS
