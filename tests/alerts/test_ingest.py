"""What a source says again: every pair of actions of every source, on an alert that is open or closed as false."""

import asyncio
import itertools
import json
from typing import Any

import pytest
import sqlalchemy as sa

from bot.alerts import store
from bot.alerts.cards.notifications import AlertNotifications
from bot.alerts.detection.fingerprints import Fingerprints
from bot.alerts.detection.key_index import IndexEntry, KeyIndex, MatchKind
from bot.alerts.detection.leaked_values import LeakedValues
from bot.alerts.detection.scanner import find
from bot.alerts.ingest import FLOOD_SECONDS, ONE_TURN, PROMPT_REPEATS, TRIAGE_JOB, AlertIngest
from bot.alerts.intake.sources import parse
from bot.alerts.models import Alert, AlertStatus
from bot.db.engine import Database
from keydesk_sandbox import alerts as bodies
from tests.alerts.kit import NOW, SECRET, core, hint_of

OURS, STRANGE = f"sk-{core(1)}", f"sk-{core(2)}"
# Source → what it may say, and whether the leak goes on then. Alertmanager's have the time of the beginning.
ACTIONS: dict[str, dict[str, bool]] = {
    "github": {
        "created": True, "reopened": True, "publicly_leaked": True, "validated": True, "resolved": False,
        "revoked": False,
    },
    "gitguardian": {
        "incident_triggered": True, "incident_reopened": True, "incident_regression": True, "new_occurrence": True,
        "incident_resolved": False, "incident_ignored": False, "incident_assigned": False,
    },
    "alertmanager": {"firing 2026-11-27T08:00:00Z": True, "firing 2026-11-27T09:00:00Z": True,
                     "resolved 2026-11-27T08:00:00Z": False},
    "generic": {"first words": True, "other words": True},
}  # fmt: skip
PAIRS = [(source, *pair) for source, said in ACTIONS.items() for pair in itertools.product(said, repeat=2)]


def body(source: str, action: str, *, text: str = OURS, delivery: int = 1) -> bytes:
    """One delivery; `delivery` makes two of the same action differ in a field that tells nothing of it."""
    document: dict[str, Any] = json.loads(bodies.body_of(source, number=7, text=text))
    if source == "alertmanager":
        status, _, starts = action.partition(" ")
        document["status"] = status
        for one in document["alerts"]:
            one |= {"status": status, "startsAt": starts}
    elif source == "generic":
        document |= {"title": action}
    else:
        document["action"] = action
    if source != "alertmanager":  # its numbers change with each delivery of the same news
        document["delivery"] = delivery
    return json.dumps(document).encode()


class Bench:
    def __init__(self, database: Database) -> None:
        self.database, self.now = database, NOW
        self.jobs: list[tuple[str, str, float]] = []
        self.drawn = 0
        prints = Fingerprints(SECRET)
        self.index = KeyIndex(prints)
        self.index.put([IndexEntry(1, hint_of(core(1)), prints.of(core(1)))])
        fake: Any = self
        self.ingest = AlertIngest(
            database=database,
            engine=fake,
            index=self.index,
            leaked_values=LeakedValues(clock=self.clock),
            notifications=AlertNotifications(outbox=fake, channel="C0SEC"),
            clock=self.clock,
        )

    def clock(self) -> float:
        return self.now

    def start(self, _c: sa.Connection, job: str, name: str, _argument: str, *, delay: float = 0.0) -> None:
        if name not in {one for _, one, _ in self.jobs}:
            self.jobs.append((job, name, delay))

    def want(self, _c: sa.Connection, **post: Any) -> None:
        self.drawn += post["kind"] == "alert"

    async def deliver(self, source: str, body: bytes) -> Alert:
        incoming = parse(source, body)
        assert incoming is not None
        self.now += 1
        return await self.database.read(store.get, await self.ingest.receive(incoming))

    async def close(self, alert: Alert) -> None:
        status = AlertStatus.FALSE_ALARM.value
        await self.database.run(store.change, alert.id, status=status, closed_by="U0SAM", closed_at=self.now)


@pytest.fixture
def bench(sqlite_database: Database) -> Bench:
    return Bench(sqlite_database)


def test_the_table_holds_every_action_that_tells_of_a_leak() -> None:
    for source, actions in ACTIONS.items():
        for action, opens in actions.items():
            incoming = parse(source, body(source, action))
            assert incoming is not None
            assert incoming.opens is opens, (source, action)


@pytest.mark.parametrize("source", sorted(ACTIONS))
@pytest.mark.parametrize("closed", [False, True])
async def test_a_second_word_is_said_and_opens_what_goes_on(bench: Bench, source: str, closed: bool) -> None:
    for number, (_, first, second) in enumerate(pair for pair in PAIRS if pair[0] == source):
        # Each pair is an alert of its own.
        one, other = body(source, first, delivery=1), body(source, second, delivery=2)
        one, other = (_numbered(source, text, number) for text in (one, other))
        alert = await bench.deliver(source, one)
        assert alert.status is AlertStatus.OPEN
        if closed:
            await bench.close(alert)
        drawn = bench.drawn
        again = await bench.deliver(source, other)
        assert again.id == alert.id
        repeat = one == other or (source == "alertmanager" and first == second)
        assert len(again.events) == (1 if repeat else 2), (first, second)
        assert again.events[-1].at == (alert.events[0].at if repeat else bench.now)
        opens = not closed or (not repeat and ACTIONS[source][second])
        assert again.status is (AlertStatus.OPEN if opens else AlertStatus.FALSE_ALARM), (first, second)
        assert bench.drawn > drawn
        if not repeat:
            assert _words(source, second) in again.events[-1].sentence
        # Only byte-equal repeats are repeats.
        if closed and opens:
            await bench.close(alert)
        third = await bench.deliver(source, other)
        assert len(third.events) == len(again.events)
        assert third.status is (AlertStatus.FALSE_ALARM if closed else AlertStatus.OPEN)
        assert third.deliveries == 3


def _numbered(source: str, text: bytes, number: int) -> bytes:
    document = json.loads(text)
    if source == "github":
        document["alert"]["number"] = number + 1
    elif source == "gitguardian":
        document["incident"]["id"] = number + 1
    elif source == "alertmanager":
        document["groupKey"] = f"group {number}"
    else:
        document["id"] = f"scan-{number}"
    return json.dumps(document).encode()


def _words(source: str, action: str) -> str:
    return action.partition(" ")[0] if source == "alertmanager" else action.replace("_", " ")


async def test_an_alert_that_comes_and_goes_is_a_new_episode_each_time(bench: Bench) -> None:
    firing, resolved = (f"{word} 2026-11-27T08:00:00Z" for word in ("firing", "resolved"))
    said = [firing, resolved, resolved, firing, firing, resolved]
    for action in said:
        alert = await bench.deliver("alertmanager", body("alertmanager", action))
    words = [event.sentence.removeprefix("Alertmanager: ").split()[0] for event in alert.events]
    assert words == ["firing", "resolved", "firing", "resolved"]
    assert "since 2026-11-27T08:00:00Z" in alert.events[2].sentence
    assert len({event.at for event in alert.events}) == 4


async def test_an_old_delivery_that_github_sends_again_is_no_news(bench: Bench) -> None:
    for action in ("created", "resolved"):
        alert = await bench.deliver("github", body("github", action))
    await bench.close(alert)
    alert = await bench.deliver("github", body("github", "created"))
    assert (len(alert.events), alert.status) == (2, AlertStatus.FALSE_ALARM)


@pytest.mark.thorough
async def test_each_repeat_leads_to_a_look_and_a_flood_of_them_to_few(bench: Bench) -> None:
    for _ in range(PROMPT_REPEATS):
        alert = await bench.deliver("generic", body("generic", "words"))
    assert [name for _, name, _ in bench.jobs] == [
        f"alert:{alert.id}",
        *(f"alert:{alert.id}:{n}" for n in range(2, 11)),
    ]
    bench.jobs.clear()
    begun, drawn = bench.now, bench.drawn
    for _ in range(500):
        bench.now -= 0.9
        await bench.deliver("generic", body("generic", "words"))
    periods = (bench.now - begun) / FLOOD_SECONDS + 1
    assert {job for job, _, _ in bench.jobs} == {TRIAGE_JOB}
    assert 1 <= len(bench.jobs) <= periods + 1
    assert all(0 < delay <= FLOOD_SECONDS for _, _, delay in bench.jobs)
    assert bench.drawn - drawn < 50


async def test_a_repeat_with_an_unknown_value_is_unsure_until_the_keys_were_read_anew(bench: Bench) -> None:
    strange = body("generic", "words", text=STRANGE)
    alert = await bench.deliver("generic", strange)
    assert alert.findings[0].how is MatchKind.UNKNOWN
    await bench.database.run(store.change, alert.id, looked_up_at=bench.now)
    assert not (await bench.database.read(store.get, alert.id)).awaits_lookup
    bench.now += 60
    alert = await bench.deliver("generic", strange)
    assert alert.awaits_lookup
    # What was looked up this very second is not unsure again.
    await bench.database.run(store.change, alert.id, looked_up_at=bench.now)
    assert not (await bench.deliver("generic", strange)).awaits_lookup


async def test_others_have_their_turn_while_thousands_of_candidates_are_compared(database: Database) -> None:
    bench = Bench(database)
    found = find(" ".join(f"sk-{core(number)}" for number in range(3_000)).split("\n"))
    assert len(found.candidates) == 3_000
    turns, over = 0, False

    async def others() -> None:
        nonlocal turns
        while not over:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    findings, more = await bench.ingest.findings(found)
    over = True
    await task
    assert len(findings) + len(more) == 3_000
    assert turns >= 3_000 // ONE_TURN
