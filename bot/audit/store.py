"""Writes and reads the record. Knows the tables and the chain; knows not what the facts mean.

`append` is part of the caller's transaction: the change and its line are both there or both not.
"""

import contextlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from bot.audit import chain
from bot.audit.facts import Fact
from bot.audit.signed_head import Head
from bot.audit.tables import head, lines
from bot.db.engine import Database, gather
from bot.languages import english_all
from bot.redaction import redact, redact_all

logger = logging.getLogger(__name__)

PAGE = 2000
# Built once: every change appends, and building a statement costs more than its execution.
_HEAD = sa.select(head.c.count, head.c.hash).with_for_update()
_LINES = sa.insert(lines)
_MOVE_HEAD = sa.update(head)
_LAST = sa.select(head.c.count, head.c.hash)
_PAGE_OF_LINES = sa.select(lines).where(lines.c.seq > sa.bindparam("after")).order_by(lines.c.seq).limit(PAGE)


def append(
    c: sa.Connection,
    *,
    fact: Fact,
    at: float,
    actor: str | None = None,
    request_id: int | None = None,
    key_id: int | None = None,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Add a line. `at` is Unix seconds; `details` holds JSON values only.

    It gets its number at the end of the transaction, after every other write: who writes holds the head's lock, and
    others wait for that until the commit. Whatever in it looks like a key or a token is replaced before it is stored.
    Raises ValueError or TypeError for details that JSON has no word for.
    """
    line = {
        "at": round(at, 3),
        "fact": Fact(fact).value,
        "actor": None if actor is None else redact(actor),
        "request_id": request_id,
        "key_id": key_id,
        "details": _safe(details or {}),
    }
    gather(c, _write, line, last=True)


def _write(c: sa.Connection, new: list[dict[str, Any]]) -> None:
    """Number the lines, chain them to the head and to each other, and move the head."""
    seq, hashed = c.execute(_HEAD).one()
    rows = []
    for line in new:
        seq += 1
        numbered = line | {"seq": seq, "previous_hash": hashed}
        hashed = chain.sealed_columns(**numbered)
        rows.append(numbered | {"hash": hashed})
    c.execute(_LINES, rows)
    c.execute(_MOVE_HEAD, {"count": seq, "hash": hashed})


def _safe(details: Mapping[str, Any]) -> str:
    # JSON first: a value that is not JSON is the caller's mistake and must not be stored as some text of it.
    text = chain.canonical(english_all(details))
    plain = json.loads(text)
    safe = redact_all(plain)
    return text if safe is plain else chain.canonical(safe)


def export(database: Database, *, sign: Callable[[int, str], str] | None = None) -> Iterator[str]:
    """The whole record as JSON lines without line ends, oldest first, and the head line last. One snapshot.

    `sign`: makes the signed note of a count and a hash.
    """
    with snapshot(database) as c:
        last = c.execute(_LAST).one_or_none()
        for page in _pages(c):
            for row in page:
                yield _text(row)
    # Without it (somebody removed the row) the export ends in the middle, which is what a check says of it.
    if last is not None:
        count, last_hash = last
        yield chain.canonical({"head": _head(count, last_hash, sign)})


@contextlib.contextmanager
def snapshot(database: Database) -> Iterator[sa.Connection]:
    """A connection that sees the database as it was at its first look, however long the reader takes."""
    with database.engine.connect() as c:
        if database.dialect == "sqlite":
            c.exec_driver_sql("BEGIN")
        else:
            c.execution_options(isolation_level="REPEATABLE READ")
            # The snapshot stays open for the whole export, whose reader may be slow.
            c.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield c


def _pages(c: sa.Connection) -> Iterator[Sequence[sa.Row[Any]]]:
    after = -1
    while page := c.execute(_PAGE_OF_LINES, {"after": after}).all():
        yield page
        after = page[-1].seq


def _head(count: int, last_hash: str, sign: Callable[[int, str], str] | None) -> dict[str, Any]:
    kept: dict[str, Any] = {"count": count, "hash": last_hash}
    if sign is not None:
        # A head that was changed by hand into no hash is not signed; a check names it.
        with contextlib.suppress(ValueError, TypeError):
            kept["note"] = sign(count, last_hash)
    return kept


def _line(row: sa.Row[Any]) -> dict[str, Any]:
    """The fields of an export. What was changed by hand into no time or no JSON stays as it is; its hash tells."""
    line: dict[str, Any] = dict(row._mapping)  # noqa: SLF001 SQLAlchemy's public name for it
    try:
        line["at"] = chain.moment(line["at"])
    except (ValueError, TypeError, OverflowError, OSError):
        line["at"] = str(line["at"])
    try:
        line["details"] = json.loads(line["details"])
    except (ValueError, TypeError, RecursionError):
        line["details"] = str(line["details"])
    return line


def _text(row: sa.Row[Any]) -> str:
    line = _line(row)
    try:
        return chain.printable(chain.canonical(line))
    except (ValueError, TypeError, RecursionError):
        # Never written by us: NaN, a blob in a column of text. The line keeps its number, so it can be named.
        return chain.printable(chain.canonical({name: _as_text(value) for name, value in line.items()}))


def _as_text(value: Any) -> Any:
    return value if type(value) is int and abs(value) < 2**63 else str(value)


def verify_database(database: Database, *, heads: Iterable[Head] = ()) -> chain.Verification:
    """Check the stored record. Blocking; about half a second per 100,000 lines. `heads`: earlier ones.

    A record that is whole, as nearly all are, is read once and no line becomes an object. Only when something is wrong
    is it read again, to say what.
    """
    earlier = tuple(heads)
    return _sound(database, earlier) or chain.verify(_readable(database), heads=earlier)


def _sound(database: Database, heads: Sequence[Head]) -> chain.Verification | None:
    """The verdict on a record in which nothing at all is wrong; None otherwise."""
    wanted = {head.count: head.hash for head in heads}
    if len(wanted) != len({(head.count, head.hash) for head in heads}) or any(count < 0 for count in wanted):
        return None
    at: tuple[int, str] = (0, chain.GENESIS)
    try:
        with snapshot(database) as c:
            last = c.execute(_LAST).one_or_none()
            for page in _pages(c):
                found = chain.continues(page, after=at)
                if found is None:
                    return None
                at = found
                for row in page if wanted else ():
                    if wanted.get(row.seq, row.hash) != row.hash:
                        return None
    except (sa.exc.SQLAlchemyError, ValueError, TypeError):
        return None
    whole = last is not None and tuple(last) == at and wanted.get(0, chain.GENESIS) == chain.GENESIS
    return (
        chain.Verification(count=at[0], head=at[1], problems=()) if whole and max(wanted, default=0) <= at[0] else None
    )


def _readable(database: Database) -> Iterator[str]:
    """The export as far as the database can be read; what follows is found missing."""
    try:
        yield from export(database)
    except sa.exc.SQLAlchemyError:
        logger.warning("the database cannot read the record to its end", exc_info=True)


def read_after(c: sa.Connection, seq: int, *, limit: int) -> list[dict[str, Any]]:
    """The lines after a number, oldest first, as the fields of an export."""
    query = sa.select(lines).where(lines.c.seq > seq).order_by(lines.c.seq).limit(limit)
    return [_line(row) for row in c.execute(query)]


def read(
    c: sa.Connection,
    *,
    key_id: int | None = None,
    request_id: int | None = None,
    actor: str | None = None,
    before: int | None = None,
    limit: int = 50,
) -> list[dict[str, Any]]:
    """The newest lines first, of one key, one request or one person or of all, as the fields of an export.

    `before`: only lines with lower numbers.
    Those of a key begin with the request that made it, when it had no number yet.
    """
    query = sa.select(lines).order_by(lines.c.seq.desc()).limit(limit)
    if key_id is not None:
        about = sa.select(lines.c.request_id).where(lines.c.key_id == key_id, lines.c.request_id.is_not(None))
        query = query.where((lines.c.key_id == key_id) | lines.c.request_id.in_(about))
    if request_id is not None:
        query = query.where(lines.c.request_id == request_id)
    if actor is not None:
        query = query.where(lines.c.actor == actor)
    if before is not None:
        query = query.where(lines.c.seq < before)
    return [_line(row) for row in c.execute(query)]
