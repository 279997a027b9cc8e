"""Heartbeats, and the work of processes that have none. Knows nothing of jobs.

Every working process writes a heartbeat row before it launches and on every tick. Work claimed by a process
without a live heartbeat goes back into the queue, on every tick, so one that failed is tried again.
"""

import logging
from collections.abc import Container
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from bot.db.engine import Database
from bot.durable import dbos_internals

TICK_SECONDS = 2.0
# Dead after three missed ticks: taken over 6 to 8 s after the last one.
SILENCE_SECONDS = 6.0
log = logging.getLogger(__name__)

heartbeats = sa.Table(
    "heartbeat",
    sa.MetaData(),
    sa.Column("executor", sa.String(200), primary_key=True),
    sa.Column("at", sa.Float(53), nullable=False),
)


@dataclass(kw_only=True, eq=False)
class Takeover:
    """Blocking; call it from a thread. On SQLite there is one process, so every other executor is dead."""

    database: Database
    executor_id: str
    queue: str
    _idle: set[str] = field(default_factory=set, init=False)

    def beat(self) -> None:
        """Write the heartbeat, before launch."""
        self.database.run_here(self.beat_in)

    def beat_in(self, c: sa.Connection) -> None:
        """Write the heartbeat, on every tick. By the database's clock: those of the replicas may differ."""
        if c.dialect.name != "postgresql":
            return
        now = sa.func.date_part("epoch", sa.func.clock_timestamp())
        insert = postgresql.insert(heartbeats).values(executor=self.executor_id, at=now)
        c.execute(insert.on_conflict_do_update(index_elements=[heartbeats.c.executor], set_={"at": now}))
        c.execute(sa.delete(heartbeats).where(heartbeats.c.at < now - 100 * SILENCE_SECONDS))

    def leave(self) -> None:
        """Take the heartbeat away, so that others need not wait for the silence."""
        if self.database.dialect == "postgresql":
            self.database.run_here(_forget, self.executor_id)

    def sweep(self, running: Container[str]) -> int:
        """Hand back what dead processes had, and what this one claimed but does not run. Returns how many rows.

        A row of ours that is not in `running` on two ticks was lost between claim and start (a database error).
        """
        rows = dbos_internals.started(self.database.engine)
        others = {executor for _, executor in rows if executor != self.executor_id}
        dead = others - self._alive() if others else set()
        idle = {row for row, executor in rows if executor == self.executor_id and row not in running}
        lost = idle & self._idle
        self._idle = idle
        taken = 0
        for row, executor in rows:
            if (executor in dead or row in lost) and dbos_internals.hand_back(row, executor, self.queue):
                taken += 1
                log.warning("Took over work that %s had left", executor, extra={"work": row})
        return taken

    def _alive(self) -> set[str]:
        return self.database.run_here(_alive) if self.database.dialect == "postgresql" else set()


def _alive(c: sa.Connection) -> set[str]:
    now = sa.func.date_part("epoch", sa.func.clock_timestamp())
    return set(c.scalars(sa.select(heartbeats.c.executor).where(heartbeats.c.at > now - SILENCE_SECONDS)))


def _forget(c: sa.Connection, executor_id: str) -> None:
    c.execute(sa.delete(heartbeats).where(heartbeats.c.executor == executor_id))
