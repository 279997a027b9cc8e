"""The index against the sandbox's gateway: filled, kept up to date, within limits, shared by replicas."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest
from pydantic import SecretStr

from bot.alerts import store
from bot.alerts.detection.fingerprints import Fingerprints
from bot.alerts.detection.index_sync import LEASE, LEASE_SECONDS, REVEAL_TRIES, IndexSync
from bot.alerts.detection.key_index import KeyIndex, MatchKind
from bot.db import leases
from bot.db.engine import Database
from bot.gateway.client import GatewayClient
from bot.gateway.connection import connect
from bot.gateway.errors import GatewayUnavailable
from bot.gateway.limiter import SIZES, Limit, Priority, prioritized
from bot.gateway.models import Key, KeyId
from bot.gateway.wire import READ_ATTEMPTS
from bot.keys.list_pass import Passed
from keydesk_sandbox.fake_gateway import FakeGateway
from tests.alerts.kit import NOW, SECRET, candidate
from tests.keys.records import list_pass


class Bench:
    def __init__(self, database: Database, profile: str) -> None:
        self.now = NOW
        self.database = database
        self.gateway = FakeGateway(access_token="a" * 28, profile=profile)
        self.client: GatewayClient = connect(
            base_url="http://gateway.test",
            access_token=SecretStr("a" * 28),
            user_id="1" if profile != "cometapi" else None,
            transport=self.gateway.transport(),
            clock=self.gateway.clock,
            sleep=self.gateway.clock.sleep,
        )
        self.grown = 0
        self.listed: list[list[int]] = []
        self.index, self.index_sync = self.replica("one")

    def replica(self, name: str, secret: SecretStr = SECRET) -> tuple[KeyIndex, IndexSync]:
        prints = Fingerprints(secret)
        index = KeyIndex(prints)

        async def grown() -> None:
            self.grown += 1

        async def listed(keys: Sequence[Key]) -> None:
            self.listed.append([int(key.id) for key in keys])

        index_sync = IndexSync(
            index=index,
            fingerprints=prints,
            reader=self.client,
            database=self.database,
            holder=name,
            grown=grown,
            list_passes=[list_pass(self.database, self.client, lambda: self.now, listed=listed)],
            clock=lambda: self.now,
        )
        return index, index_sync

    def how(self, key_id: int, index: KeyIndex | None = None) -> MatchKind:
        value = self.gateway.key_value(key_id).removeprefix("sk-")
        return (self.index if index is None else index).match(candidate(value)).how


@pytest.fixture
async def bench(sqlite_database: Database) -> AsyncIterator[Bench]:
    made = Bench(sqlite_database, "cometapi")
    yield made
    await made.client.aclose()


@pytest.fixture
async def masked(sqlite_database: Database) -> AsyncIterator[Bench]:
    made = Bench(sqlite_database, "upstream")
    yield made
    await made.client.aclose()


def calls(bench: Bench, fits: Callable[[str], bool]) -> int:
    return sum(fits(seen.path) for seen in bench.gateway.requests)


async def test_every_key_is_learned_and_only_new_ones_later(bench: Bench) -> None:
    records = [bench.gateway.add_key(name=f"k{n}") for n in range(250)]
    await bench.index_sync.catch_up()
    assert bench.index.complete
    assert {bench.how(record.id) for record in records} == {MatchKind.FULL}
    assert bench.grown == 1

    before = len(bench.gateway.requests)
    late = bench.gateway.add_key(name="late")
    assert bench.how(late.id) is MatchKind.UNKNOWN
    await bench.index_sync.catch_up()
    assert bench.how(late.id) is MatchKind.FULL
    # The list brings the value, too.
    assert len(bench.gateway.requests) - before == 1
    await bench.index_sync.catch_up()
    assert bench.grown == 2


async def test_a_key_that_is_gone_is_forgotten_at_the_next_pass(bench: Bench) -> None:
    record = bench.gateway.add_key(name="gone")
    bench.gateway.add_key(name="stays")
    await bench.index_sync.catch_up()
    value = bench.gateway.key_value(record.id).removeprefix("sk-")
    await bench.client.delete_key(KeyId(record.id))
    bench.now += 3_600
    await bench.index_sync.catch_up()
    assert bench.index.match(candidate(value)).how is MatchKind.UNKNOWN
    assert len(bench.index) == 1


async def test_a_second_replica_and_a_new_start_read_what_the_first_wrote(bench: Bench) -> None:
    record = bench.gateway.add_key(name="one")
    await bench.index_sync.catch_up()
    before = len(bench.gateway.requests)
    other, index_sync = bench.replica("two")
    await index_sync.start()
    await index_sync.stop()
    assert bench.how(record.id, other) is MatchKind.FULL
    assert len(bench.gateway.requests) == before

    late = bench.gateway.add_key(name="late")
    await bench.index_sync.catch_up()
    await index_sync.catch_up()
    assert bench.how(late.id, other) is MatchKind.FULL


async def test_another_secret_learns_anew(bench: Bench) -> None:
    record = bench.gateway.add_key(name="one")
    await bench.index_sync.catch_up()
    bench.now += LEASE_SECONDS + 1
    other, index_sync = bench.replica("one", SecretStr("another"))
    await index_sync.catch_up()
    assert bench.how(record.id, other) is MatchKind.FULL


async def test_a_gateway_that_masks_keys_is_asked_a_hundred_at_a_time(masked: Bench) -> None:
    records = [masked.gateway.add_key(name=f"k{n}") for n in range(250)]
    await masked.index_sync.catch_up()
    assert {masked.how(record.id) for record in records} == {MatchKind.FULL}
    assert calls(masked, lambda path: path.endswith("/batch/keys")) == 3


async def test_where_values_cannot_be_had_keys_are_known_by_their_ends(masked: Bench) -> None:
    masked.gateway.switch("batch_reveal", False)
    masked.gateway.switch("reveal", False)
    record = masked.gateway.add_key(name="hidden")
    await masked.index_sync.catch_up()
    assert masked.how(record.id) is MatchKind.MASKED
    assert "by their ends only" in masked.index_sync.progress()
    masked.gateway.switch("batch_reveal", True)
    masked.now += 1_300
    await masked.index_sync.catch_up()
    assert masked.how(record.id) is MatchKind.FULL
    assert masked.index_sync.progress() == ""


def batches(bench: Bench) -> int:
    return calls(bench, lambda path: path.endswith("/batch/keys"))


def singles(bench: Bench) -> int:
    return calls(bench, lambda path: path.endswith("/key"))


async def test_new_hidden_keys_are_known_by_their_ends_and_cost_people_no_reveal(masked: Bench) -> None:
    await masked.index_sync.catch_up()
    records = [masked.gateway.add_key(name=f"new {number}") for number in range(12)]
    before = batches(masked)
    await masked.index_sync.catch_up()
    assert {masked.how(record.id) for record in records} == {MatchKind.MASKED}
    assert (batches(masked) - before, singles(masked)) == (0, 0)


async def test_what_looks_like_a_hidden_key_is_decided_by_one_call(masked: Bench) -> None:
    await masked.index_sync.catch_up()
    records = [masked.gateway.add_key(name=f"new {number}") for number in range(3)]
    await masked.index_sync.catch_up()
    before, grown = batches(masked), masked.grown
    await masked.index_sync.reveal([record.id for record in records])
    assert {masked.how(record.id) for record in records} == {MatchKind.FULL}
    assert (batches(masked) - before, masked.grown - grown) == (1, 1)


async def test_a_record_that_anybody_reads_is_learned_without_another_call(bench: Bench) -> None:
    await bench.index_sync.catch_up()
    record = bench.gateway.add_key(name="made by a request")
    await bench.client.get_key(KeyId(record.id))
    assert bench.how(record.id) is MatchKind.FULL


async def test_a_single_read_leaves_no_gap_below_it(bench: Bench) -> None:
    await bench.index_sync.catch_up()
    first, second = bench.gateway.add_key(name="first"), bench.gateway.add_key(name="second")
    await bench.client.get_key(KeyId(second.id))
    await bench.index_sync.catch_up()
    assert bench.how(first.id) is MatchKind.FULL


async def test_hidden_keys_of_a_large_account_are_revealed_a_few_calls_at_a_time(masked: Bench) -> None:
    for number in range(450):
        masked.gateway.add_key(name=f"k{number}")
    await masked.index_sync.catch_up()
    assert batches(masked) == 3
    masked.now += 100
    await masked.index_sync.catch_up()
    assert batches(masked) == 3
    masked.now += 1_300
    masked.gateway.advance(1_300)
    await masked.index_sync.catch_up()
    assert batches(masked) == 5
    assert masked.index_sync.progress() == ""


async def test_every_pass_tells_which_keys_the_account_has(bench: Bench) -> None:
    record = bench.gateway.add_key(name="one")
    await bench.index_sync.catch_up()
    late = bench.gateway.add_key(name="late")
    await bench.index_sync.catch_up()
    bench.now += 3_600
    await bench.index_sync.catch_up()
    assert [sorted(ids) for ids in bench.listed] == [[record.id], [late.id], [record.id, late.id]]


@pytest.mark.parametrize("profile", ["cometapi", "upstream"])
async def test_a_number_that_is_another_key_now_is_learned_anew(sqlite_database: Database, profile: str) -> None:
    bench = Bench(sqlite_database, profile)
    record = bench.gateway.add_key(name="one")
    await bench.index_sync.catch_up()
    old = bench.gateway.key_value(record.id).removeprefix("sk-")
    assert bench.how(record.id) is MatchKind.FULL
    bench.gateway._state.store.row(record.id).key = "Zz9" + old[::-1][3:]
    bench.now += 3_600
    await bench.index_sync.catch_up()
    assert bench.how(record.id) is MatchKind.FULL
    assert bench.index.match(candidate(old)).how is MatchKind.UNKNOWN
    # And what the next start, or another replica, reads.
    index, index_sync = bench.replica("two")
    await index_sync.start()
    await index_sync.stop()
    assert bench.how(record.id, index) is MatchKind.FULL
    assert index.match(candidate(old)).how is MatchKind.UNKNOWN
    await bench.client.aclose()


@pytest.mark.parametrize("turns", range(5))
async def test_it_ends_also_when_it_is_woken_at_that_moment(bench: Bench, turns: int) -> None:
    sync = bench.index_sync
    await sync.start()
    while not bench.index.complete:  # noqa: ASYNC110  # any condition
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.2)
    sync.changed()
    for _ in range(turns):
        await asyncio.sleep(0)
    async with asyncio.timeout(60):
        await sync.stop()


async def test_whoever_asks_does_not_wait_for_the_background(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    await bench.index_sync.catch_up()
    bench.now += 3_600
    stuck = asyncio.Event()

    async def hangs(**_arguments: object) -> Passed:
        await stuck.wait()
        return Passed(0, 0, frozenset())

    monkeypatch.setattr(bench.index_sync._sources[0].list_pass, "run", hangs)
    background = asyncio.create_task(bench.index_sync.catch_up())
    await asyncio.sleep(0.05)
    late = bench.gateway.add_key(name="late")
    async with asyncio.timeout(60):
        await bench.index_sync.catch_up(asked=True)
    assert bench.how(late.id) is MatchKind.FULL
    assert not background.done()
    background.cancel()
    await asyncio.wait({background})


async def test_what_is_learned_during_a_pass_over_all_keys_is_not_dropped_as_gone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.index_sync.catch_up()
    bench.now += 3_600
    read = bench.index_sync._sources[0].list_pass.run
    made = []

    async def then_one_is_made(**arguments: Any) -> Passed:
        passed = await read(**arguments)
        made.append(bench.gateway.add_key(name="late"))
        await bench.client.get_key(KeyId(made[0].id))
        return passed

    monkeypatch.setattr(bench.index_sync._sources[0].list_pass, "run", then_one_is_made)
    await bench.index_sync.catch_up()
    assert bench.how(made[0].id) is MatchKind.FULL


async def test_many_who_ask_while_nothing_answers_share_one_refusal(bench: Bench) -> None:
    await bench.index_sync.catch_up()
    bench.gateway.arm("refused", times=None)
    before = len(bench.gateway.requests)
    asked = [asyncio.create_task(bench.index_sync.catch_up(asked=True)) for _ in range(20)]
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {GatewayUnavailable}
    assert len(bench.gateway.requests) - before <= READ_ATTEMPTS


async def test_a_hidden_key_that_something_looks_like_is_asked_for_by_whichever_pass_comes_next(masked: Bench) -> None:
    await masked.index_sync.catch_up()
    late = masked.gateway.add_key(name="late")
    await masked.index_sync.catch_up()
    assert masked.how(late.id) is MatchKind.MASKED
    masked.index_sync.hit([late.id])
    await masked.index_sync.catch_up()
    assert masked.how(late.id) is MatchKind.FULL


async def test_what_may_be_leaked_is_asked_for_although_the_background_has_had_its_share(masked: Bench) -> None:
    await masked.index_sync.catch_up()
    late = masked.gateway.add_key(name="late")
    share = SIZES[Limit.REVEALS].shares[Priority.BACKGROUND]
    for _ in range(share):
        await masked.client.limiter.turn((Limit.REVEALS,), Priority.BACKGROUND, patience=masked.client.now())
    masked.index_sync.hit([late.id])
    with prioritized(Priority.BACKGROUND):
        await masked.index_sync.catch_up()
    assert masked.how(late.id) is MatchKind.FULL


async def test_a_value_that_is_not_given_is_asked_for_again_and_not_for_ever(masked: Bench) -> None:
    await masked.index_sync.catch_up()
    late = masked.gateway.add_key(name="late")
    masked.gateway.switch("batch_reveal", False)
    masked.gateway.switch("reveal", False)
    masked.index_sync.hit([late.id])
    before = batches(masked)
    for _ in range(REVEAL_TRIES + 3):
        await masked.index_sync.catch_up()
    assert batches(masked) - before == REVEAL_TRIES
    masked.index_sync.hit([late.id])
    masked.gateway.switch("batch_reveal", True)
    await masked.index_sync.catch_up()
    assert masked.how(late.id) is MatchKind.FULL


async def test_what_could_not_be_written_down_is_written_by_the_next_pass(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = bench.gateway.add_key(name="one")
    save = store.save_entries

    def full(*_arguments: object, **_more: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(store, "save_entries", full)
    with pytest.raises(OSError, match="disk full"):
        await bench.index_sync.catch_up()
    monkeypatch.setattr(store, "save_entries", save)
    await bench.index_sync.catch_up()
    other, index_sync = bench.replica("two")
    await index_sync.start()
    await index_sync.stop()
    assert bench.how(record.id, other) is MatchKind.FULL


@pytest.mark.parametrize("page_takes", [0.9 * LEASE_SECONDS, 1.1 * LEASE_SECONDS])
async def test_one_replica_reads_the_list_as_long_as_its_pages_come_in_time(bench: Bench, page_takes: float) -> None:
    for number in range(250):
        bench.gateway.add_key(name=f"k{number}")
    listed = bench.index_sync._sources[0].list_pass.listed

    async def slow(keys: Sequence[Key]) -> None:
        bench.now += page_takes
        await bench.database.run(leases.acquire, LEASE, "index:other", seconds=9_999.0, now=bench.now)
        await listed(keys)

    bench.index_sync._sources[0].list_pass.listed = slow
    await bench.index_sync.catch_up()
    assert bench.index.complete is (page_takes < LEASE_SECONDS)
