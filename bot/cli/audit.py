"""`keydesk audit export | verify`: the record as JSON lines, and the proof that it is whole. Knows no argparse."""

from typing import TextIO

from bot import audit
from bot.db.engine import Database


def export_record(database: Database, *, out: TextIO) -> int:
    """Write every line of the record, oldest first, and the head line; 0."""
    out.writelines(f"{line}\n" for line in audit.export(database))
    return 0


def verify_record(database: Database, *, out: TextIO) -> int:
    """Write `ok: N lines` and return 0, or the first thing that is wrong and return 1."""
    verdict = audit.verify_database(database)
    if not verdict.problems:
        out.write(f"ok: {verdict.count} lines\n")
        return 0
    others = len(verdict.problems) - 1
    more = f" ({others} more)" if others else ""
    out.write(f"{verdict.problems[0].sentence}{more}\n")
    return 1
