"""The one way to write to the gateway, for single requests and for the keys of a batch. Only this holds the client.

Whoever writes holds the lock of what is written; each checkpoint is durable before the next step; the lock is asked
once more right before the bytes are sent, so that a process that was frozen and taken for dead sends nothing late.
The gateway's verified writes read back. What happened is in the WriteResult; no gateway error leaves here.
"""

import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import sqlalchemy as sa

from bot.approvals.models import ApprovalRequest
from bot.approvals.write_locks import WriteLock, WriteLockLost, WriteLocks
from bot.db.engine import Database
from bot.durable.engine import Again
from bot.errors import BotError, GatewayError
from bot.gateway.client import GatewayClient
from bot.gateway.errors import GatewayCallError, GatewayOutcomeUnknown, GatewayRejected
from bot.gateway.gateways import KeyReader
from bot.gateway.gathered import as_gathered
from bot.gateway.wire import fenced
from bot.gateway.writes import Journal, WriteResult, WriteStatus
from bot.languages import english

logger = logging.getLogger(__name__)

# Longest time, in seconds, that a gateway is believed to go on with a call after its connection is gone.
PROCESSING = 15.0
# Seconds until a run tries again while another process holds the write lock.
BUSY_SECONDS = 0.25

Done = TypeVar("Done")
Call = Callable[[KeyReader, Journal, float], Awaitable[WriteResult]]
"""One verified write: with the gateways, of which it takes one, the journal, and the seconds that it may go on with a
lost call."""
Keep = Callable[[sa.Connection, str, Any], None]
"""Stores one checkpoint of a write, by name, in the caller's row."""


class RowJournal:
    """The checkpoints of one write, in a row. Durable when `record` returns."""

    def __init__(
        self,
        database: Database,
        check: Callable[[sa.Connection], None],
        checkpoints: Mapping[str, Any],
        keep: Keep,
    ) -> None:
        self._database = database
        self._check = check
        self._checkpoints = dict(checkpoints)
        self._keep = keep

    async def recall(self, name: str) -> Any | None:
        """What an earlier try recorded under this name."""
        return self._checkpoints.get(name)

    async def record(self, name: str, value: Any) -> None:
        """Keep a checkpoint before going on. Raises WriteLockLost when another process has taken over."""
        self._checkpoints[name] = value
        await self._database.run(self._record, name, value)

    def _record(self, c: sa.Connection, name: str, value: Any) -> None:
        self._check(c)
        self._keep(c, name, value)


@dataclass(frozen=True, kw_only=True)
class VerifiedWriter:
    """The right to write one thing, while its lock is held, and what `holding` adds to that."""

    client: KeyReader
    database: Database
    write_locks: WriteLocks
    locks: list[WriteLock] = field(default_factory=list)

    async def write(self, call: Call, *, checkpoints: Mapping[str, Any], keep: Keep) -> WriteResult:
        """Carry out one verified write. Raises WriteLockLost when another process has taken over."""
        journal = RowJournal(self.database, self.check, checkpoints, keep)
        try:
            with fenced(self._still):
                return await call(self.client, journal, PROCESSING)
        except GatewayRejected as error:
            return WriteResult(status=WriteStatus.REFUSED, refusal=error.refusal, sentence=error.sentence)
        except GatewayOutcomeUnknown as error:
            logger.warning("outcome unknown", extra={"reason": english(error.sentence)})
            return WriteResult(status=WriteStatus.UNKNOWN, again_after=1.0)
        except GatewayError as error:
            return WriteResult(status=WriteStatus.FAILED, sentence=why_waiting(error), again_after=1.0)

    def check(self, c: sa.Connection) -> None:
        """Ask in the transaction that stores something whether all is still ours. Raises WriteLockLost."""
        for lock in self.locks:
            lock.check(c)

    def _still(self) -> None:
        for lock in self.locks:
            lock.still()

    @contextlib.asynccontextmanager
    async def holding(self, key_id: int) -> AsyncIterator[None]:
        """Within it nobody else writes this key or its lineage, either. Raises WriteLockLost when somebody does now."""
        async with self.write_locks.lock_key(key_id) as lock:
            if lock is None:
                raise WriteLockLost(f"key {key_id}")
            self.locks.append(lock)
            try:
                yield
            finally:
                self.locks.remove(lock)


@dataclass(frozen=True, kw_only=True)
class VerifiedWrites:
    """Lends a writer to one caller at a time per key, across replicas."""

    client: KeyReader
    database: Database
    write_locks: WriteLocks

    async def of_request(
        self, request: ApprovalRequest, work: Callable[[VerifiedWriter], Awaitable[Done]]
    ) -> Done | Again:
        """Run `work` while nobody else writes what `request` writes; Again when somebody else does or took it over."""
        return await self._locked(self.write_locks.hold(request), work)

    async def of_key(self, key_id: int, work: Callable[[VerifiedWriter], Awaitable[Done]]) -> Done | Again:
        """The same for one key that no request of its own is about: a key of a batch."""
        return await self._locked(self.write_locks.lock_key(key_id), work)

    async def _locked(
        self,
        locking: AbstractAsyncContextManager[WriteLock | None],
        work: Callable[[VerifiedWriter], Awaitable[Done]],
    ) -> Done | Again:
        async with locking as lock:
            if lock is None:
                return Again(BUSY_SECONDS)
            try:
                writer = VerifiedWriter(
                    client=self.client, database=self.database, write_locks=self.write_locks, locks=[lock]
                )
                return await work(writer)
            except WriteLockLost:
                # Another process took over; the run comes back to make sure that it did.
                return Again(BUSY_SECONDS)


def why_waiting(error: BotError) -> str:
    """Why a request waits, in a sentence. It goes on by itself, so the sentence asks nobody to act."""
    return error.why if isinstance(error, GatewayCallError) else error.sentence


def gateway_for(request: ApprovalRequest, gateways: KeyReader) -> GatewayClient:
    """The gateway that the request is about: of its key, or the one where a new key was asked for."""
    return as_gathered(gateways.named(request.gateway) if request.key_id is None else gateways.of(request.key_id))
