"""Leaked keys: find the owner among 100,000 keys, the memory that takes, and how soon an alert wants its card.

All in this process, no network: the database is a new SQLite file, as for `keydesk serve`.
"""

import asyncio
import gc
import json
import statistics
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from bot import durable
from bot.alerts.cards.notifications import CARD, AlertNotifications
from bot.alerts.detection.fingerprints import Fingerprints
from bot.alerts.detection.key_index import IndexEntry, KeyIndex
from bot.alerts.detection.leaked_values import LeakedValues
from bot.alerts.detection.scanner import find
from bot.alerts.ingest import TRIAGE_JOB, AlertIngest
from bot.alerts.intake.sources import parse
from bot.db.engine import open_database
from bot.db.migrate import migrate
from bot.durable.engine import Engine
from bot.slack.outbox import JOB as POST
from bot.slack.outbox import Outbox
from tests.narrow import present

KEYS = 100_000
LOOKS = 2_000
ALERTS = 200


def measure() -> dict[str, float]:
    """Microseconds per look-up, MiB per 100,000 keys, milliseconds from an alert to its wanted card."""
    fingerprints = Fingerprints(SecretStr("bench"))
    index, mebibytes = _filled(fingerprints)
    return {
        f"look-up of a pasted key among {KEYS:,} (µs)": _look_up(index),
        f"index memory per {KEYS:,} keys (MiB)": mebibytes,
        "alert in → card wanted, stored (ms)": asyncio.run(_alerts_in(index)),
    }


def value_of(number: int) -> str:
    """A value of 48 letters and digits."""
    return f"{number:06d}".ljust(42, "x") + f"{number:06d}"


def _filled(fingerprints: Fingerprints) -> tuple[KeyIndex, float]:
    gc.collect()
    tracemalloc.start()
    index = KeyIndex(fingerprints)
    # Made one by one, as when they are read from the gateway: nothing of the making is kept.
    index.put(
        IndexEntry(number, value_of(number)[:4] + value_of(number)[-4:], fingerprints.of(value_of(number)))
        for number in range(1, KEYS + 1)
    )
    gc.collect()
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    index.complete = True
    return index, used / 2**20


def _look_up(index: KeyIndex) -> float:
    texts = [f"look: `sk-{value_of(number)}`, is it ours?" for number in range(1, LOOKS + 1)]
    begun = time.perf_counter()
    for number, text in enumerate(texts, 1):
        # From the message to the owner: find the candidate, hash it, look it up.
        match = index.match(find([text]).candidates[0])
        assert match.key_ids == (number,)
    return (time.perf_counter() - begun) / LOOKS * 1e6


async def _alerts_in(index: KeyIndex) -> float:
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{Path(folder) / 'bench.sqlite'}")
        migrate(database, also=[durable.migrate])

        async def never(_argument: str) -> None:
            raise AssertionError

        engine = Engine(database=database, jobs=dict.fromkeys((TRIAGE_JOB, POST), never), executor_id="bench")
        nowhere: Any = _Nowhere()
        outbox = Outbox(database=database, engine=engine, web=nowhere, directory=nowhere, drawers={CARD: _nothing})
        notifications = AlertNotifications(outbox=outbox, channel="C0BENCH")
        leaked_values = LeakedValues(clock=time.time)
        ingest = AlertIngest(
            database=database,
            engine=engine,
            index=index,
            leaked_values=leaked_values,
            notifications=notifications,
            clock=time.time,
        )
        taken = []
        for number in range(1, ALERTS + 1):
            body = json.dumps({"id": f"a{number}", "text": f"sk-{value_of(number)}"}).encode()
            begun = time.perf_counter()
            await ingest.receive(present(parse("generic", body)))
            taken.append(time.perf_counter() - begun)
        database.close()
    return statistics.median(taken) * 1e3


class _Nowhere:
    """Slack, for what must not ask it."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(name)


def _nothing(_connection: object, _post: object) -> None:
    return None
