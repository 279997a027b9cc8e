"""Processor time of the check of a record of 100,000 lines; what it finds once a line in the middle was changed."""

import tempfile
import time

import sqlalchemy as sa

from bot import audit
from bot.app import prepare_database
from bot.audit import Fact
from bot.audit.tables import lines
from bot.db.engine import open_database

LINES = 100_000
AT_ONCE = 1_000


def _some(c: sa.Connection, first: int) -> None:
    for number in range(first, first + AT_ONCE):
        audit.append(
            c,
            fact=Fact.ASKED,
            at=1_900_000_000 + number,
            actor="U0ADA",
            request_id=number,
            key_id=number,
            details={"operation": "key.create", "rule": "bench"},
        )


def measure() -> tuple[float, float, int, int]:
    """(seconds of processor to append all, to check all, problems found in a sound record, in a changed one)."""
    with tempfile.TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{folder}/record.sqlite")
        prepare_database(database)
        begun = time.process_time()
        for first in range(0, LINES, AT_ONCE):
            database.run_here(_some, first)
        appended = time.process_time() - begun
        begun = time.process_time()
        sound = audit.verify_database(database)
        checked = time.process_time() - begun
        change = sa.update(lines).where(lines.c.seq == LINES // 2).values(actor="U0EVE")
        database.run_here(lambda c: c.execute(change))
        changed = audit.verify_database(database)
        database.close()
    return appended, checked, len(sound.problems), len(changed.problems)
