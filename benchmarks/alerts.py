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

from pydantic import SecretStr

from bot import durable
from bot.alerts.candidates import find
from bot.alerts.fingerprints import Fingerprints
from bot.alerts.held import Held
from bot.alerts.index import Entry, KeyIndex
from bot.alerts.posts import CARD, Teller
from bot.alerts.receiving import LOOK, Receiver
from bot.alerts.sources import parse
from bot.db.engine import open_database
from bot.db.migrate import migrate
from bot.durable.engine import Engine
from bot.slack.outbox import JOB as POST
from bot.slack.outbox import Outbox

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
        Entry(number, value_of(number)[:4] + value_of(number)[-4:], fingerprints.of(value_of(number)))
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

        engine = Engine(database=database, jobs=dict.fromkeys((LOOK, POST), never), executor_id="bench")
        nowhere = _Nowhere()
        outbox = Outbox(database=database, engine=engine, web=nowhere, directory=nowhere, drawers={CARD: _nothing})
        teller = Teller(outbox=outbox, channel="C0BENCH")
        held = Held(clock=time.time)
        receiver = Receiver(database=database, engine=engine, index=index, held=held, teller=teller, clock=time.time)
        taken = []
        for number in range(1, ALERTS + 1):
            body = json.dumps({"id": f"a{number}", "text": f"sk-{value_of(number)}"}).encode()
            begun = time.perf_counter()
            await receiver.receive(parse("generic", body))
            taken.append(time.perf_counter() - begun)
        database.close()
    return statistics.median(taken) * 1e3


class _Nowhere:
    """Slack, for what must not ask it."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError(name)


def _nothing(_connection: object, _post: object) -> None:
    return None
