"""The only SQL of batches: drafted by a preview, started by its confirmation, run by a job."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.db.tables import keys as owned
from bot.incident.models import Batch, BatchKey, BatchKeyStatus, BatchRevocation, BatchStatus
from bot.incident.tables import batch_keys, batches

_CHUNK = 200


def draft(c: sa.Connection, keys: Sequence[BatchKey], /, **values: Any) -> Batch:
    """Store a previewed batch once per delivery, with its keys."""
    insert = postgresql.insert(batches) if c.dialect.name == "postgresql" else sqlite.insert(batches)
    values = {"status": BatchStatus.DRAFT.value, "reason": "", **values}
    statement = insert.values(values).on_conflict_do_nothing(index_elements=["delivery_id"]).returning(batches.c.id)
    batch_id = c.scalar(statement)
    if batch_id is None:
        row = c.execute(sa.select(batches).where(batches.c.delivery_id == values["delivery_id"])).one()
        return _batch(row)
    rows = [{**key.model_dump(mode="json"), "batch_id": batch_id} for key in keys]
    for start in range(0, len(rows), _CHUNK):
        c.execute(sa.insert(batch_keys), rows[start : start + _CHUNK])
    return get(c, batch_id)


def find(c: sa.Connection, batch_id: int, *, lock: bool = False) -> Batch | None:
    """One batch; `lock` holds its row."""
    statement = sa.select(batches).where(batches.c.id == batch_id)
    row = c.execute(statement.with_for_update() if lock else statement).one_or_none()
    return None if row is None else _batch(row)


def get(c: sa.Connection, batch_id: int, *, lock: bool = False) -> Batch:
    """The same, for an id of our own. Raises LookupError."""
    batch = find(c, batch_id, lock=lock)
    if batch is None:
        raise LookupError(f"batch {batch_id}")
    return batch


def all_own(c: sa.Connection, batch_id: int) -> bool:
    """Whether it is about keys of whoever asked for it only: a tidying up, and no incident."""
    foreign = sa.select(batch_keys.c.key_id).where(batch_keys.c.batch_id == batch_id, ~batch_keys.c.own)
    return c.scalar(foreign.limit(1)) is None


def move(c: sa.Connection, /, batch_id: int, before: BatchStatus, to: BatchStatus, **values: Any) -> Batch | None:
    """Compare-and-set of the status; None when it was not `before` any more."""
    mine = (batches.c.id == batch_id) & (batches.c.status == before.value)
    changed = c.execute(sa.update(batches).where(mine).values(status=to.value, **values)).rowcount
    return get(c, batch_id) if changed else None


def keys_of(
    c: sa.Connection,
    batch_id: int,
    *,
    status: BatchKeyStatus | None = None,
    proofs: Collection[BatchRevocation] = (),
    limit: int = 10_000,
    lock: bool = False,
) -> list[BatchKey]:
    """Its keys, or those that stand so, lowest id first. `lock`: other replicas wait with theirs until the commit."""
    query = sa.select(batch_keys).where(batch_keys.c.batch_id == batch_id)
    if status is not None:
        query = query.where(batch_keys.c.status == status.value)
    if proofs:
        query = query.where(batch_keys.c.proof.in_([proof.value for proof in proofs]))
    query = query.order_by(batch_keys.c.key_id).limit(limit)
    return [_key(row) for row in c.execute(query.with_for_update() if lock else query)]


def key_of(c: sa.Connection, batch_id: int, key_id: int, *, lock: bool = False) -> BatchKey:
    """One of its keys, as it stands now. `lock`: before its row is changed by what it holds."""
    query = sa.select(batch_keys).where(batch_keys.c.batch_id == batch_id, batch_keys.c.key_id == key_id)
    return _key(c.execute(query.with_for_update() if lock else query).one())


def owners_of(c: sa.Connection, batch_id: int) -> list[str]:
    """Slack user ids of those whose keys were done."""
    query = sa.select(owned.c.owner_id).join(batch_keys, batch_keys.c.key_id == owned.c.key_id).distinct()
    return list(c.scalars(query.where(*_done(batch_id)).order_by(owned.c.owner_id)))


def done_of_owner(c: sa.Connection, batch_id: int, owner_id: str) -> list[BatchKey]:
    """Somebody's own keys that were done, lowest id first."""
    query = sa.select(batch_keys).join(owned, batch_keys.c.key_id == owned.c.key_id)
    mine = query.where(*_done(batch_id), owned.c.owner_id == owner_id)
    return [_key(row) for row in c.execute(mine.order_by(batch_keys.c.key_id))]


def _done(batch_id: int) -> tuple[sa.ColumnElement[bool], ...]:
    return batch_keys.c.batch_id == batch_id, batch_keys.c.status == BatchKeyStatus.DONE.value


def counts(c: sa.Connection, batch_id: int) -> dict[BatchKeyStatus, int]:
    """How many keys stand where."""
    query = sa.select(batch_keys.c.status, sa.func.count().label("number"))
    rows = c.execute(query.where(batch_keys.c.batch_id == batch_id).group_by(batch_keys.c.status))
    found = {row.status: row.number for row in rows}
    return {status: found.get(status.value, 0) for status in BatchKeyStatus}


def proved(c: sa.Connection, batch_id: int) -> dict[BatchRevocation, int]:
    """How many of its disabled keys were refused by the gateway, are still accepted, and so on."""
    query = sa.select(batch_keys.c.proof, sa.func.count().label("number"))
    rows = c.execute(query.where(batch_keys.c.batch_id == batch_id).group_by(batch_keys.c.proof))
    found = {row.proof: row.number for row in rows}
    return {proof: found.get(proof.value, 0) for proof in BatchRevocation if proof is not BatchRevocation.NONE}


def progress_of(c: sa.Connection, batch_id: int) -> tuple[int, int, int, bool]:
    """How far a batch is: keys done, of how many, how many of these the gateway refused when tried, and if it ended."""
    stands, tried = counts(c, batch_id), proved(c, batch_id)
    done = stands[BatchKeyStatus.DONE] + stands[BatchKeyStatus.ALREADY]
    batch = find(c, batch_id)
    over = batch is not None and batch.status in {BatchStatus.DONE, BatchStatus.STOPPED}
    return done, sum(stands.values()), tried[BatchRevocation.REFUSED], over


def is_writing(c: sa.Connection, key_id: int) -> bool:
    """Whether a batch that is under way has this key still before it, or is at it."""
    waits = (batch_keys.c.key_id == key_id) & (batch_keys.c.status == BatchKeyStatus.WAITING.value)
    under_way = (batches.c.id == batch_keys.c.batch_id) & (batches.c.status == BatchStatus.RUNNING.value)
    return c.scalar(sa.select(batch_keys.c.key_id).join(batches, under_way).where(waits).limit(1)) is not None


def change_key(c: sa.Connection, /, batch_id: int, key_id: int, **values: Any) -> None:
    """Set fields of one key's row."""
    mine = (batch_keys.c.batch_id == batch_id) & (batch_keys.c.key_id == key_id)
    c.execute(sa.update(batch_keys).where(mine).values(**values))


def undo_of(c: sa.Connection, batch_id: int) -> Batch | None:
    """The batch that took this one back, if one was started."""
    begun = (batches.c.undoes == batch_id) & batches.c.status.not_in([BatchStatus.DRAFT, BatchStatus.ASKING])
    row = c.execute(sa.select(batches).where(begun).order_by(batches.c.id).limit(1)).one_or_none()
    return None if row is None else _batch(row)


def _batch(row: Any) -> Batch:
    return Batch.model_validate(dict(row._mapping))  # noqa: SLF001  # SQLAlchemy's documented way to a row by name


def _key(row: Any) -> BatchKey:
    return BatchKey.model_validate(dict(row._mapping))  # noqa: SLF001  # as above
