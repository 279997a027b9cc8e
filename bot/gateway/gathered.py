"""Many read-backs in few calls: whoever wants a record waits until the others who are at work want theirs, too.

One list call gives a hundred records (gateway-api.md, section 8). For the keys of a batch, and for refills that are
due together: they are written at the same time, and each is read back by its own verified write.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextvars import ContextVar

from bot.gateway.client import GatewayClient
from bot.gateway.gateways import KeyReader
from bot.gateway.models import Key, KeyId
from bot.scoped import Scoped

LONGEST_GATHERING = 2.0
"""Seconds that a read waits for the others: one that hangs must not hold up all."""


class GatheredReads:
    """Reads for `parties` workers, of whom `at_once` work at the same time.

    Each does its work within `working`, reads as often as it likes, and is at work no longer when it leaves that.
    """

    def __init__(self, client: KeyReader, *, parties: int, at_once: int) -> None:
        self._client = client
        self._parties = parties
        self._turn = asyncio.Semaphore(at_once)
        self._wanted: dict[KeyId, asyncio.Future[Key | None]] = {}
        self._reading: set[asyncio.Task[None]] = set()
        # Set while records are wanted, by the first that wants one.
        self._timer: asyncio.TimerHandle

    def client_for(self, client: GatewayClient) -> GatewayClient:
        """The same client, whose single reads are gathered here."""
        return _GatheringClient(client, self)

    @contextlib.asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """One worker's turn. While it waits for a record, another one has it."""
        try:
            async with self._turn:
                yield
        finally:
            self._parties -= 1
            self._read_when_all_wait()

    async def get_key(self, key_id: KeyId, *, deadline: float | None = None) -> Key:
        """One record, read together with those that others want. Raises as the client's own method."""
        future = self._wanted.get(key_id)
        if future is None:
            loop = asyncio.get_running_loop()
            if not self._wanted:
                self._timer = loop.call_later(LONGEST_GATHERING, self._read)
            future = self._wanted[key_id] = loop.create_future()
            self._read_when_all_wait()
        self._turn.release()
        try:
            key = await asyncio.shield(future)
        finally:
            await self._turn.acquire()
        # Not in the list: the record itself tells whether it is gone.
        return key if key is not None else await self._client.get_key(key_id, deadline=deadline)

    def _read_when_all_wait(self) -> None:
        if self._wanted and len(self._wanted) >= self._parties:
            self._read()

    def _read(self) -> None:
        self._timer.cancel()
        wanted, self._wanted = self._wanted, {}
        task = asyncio.get_running_loop().create_task(self._answer(wanted))
        self._reading.add(task)
        task.add_done_callback(self._reading.discard)

    async def _answer(self, wanted: dict[KeyId, asyncio.Future[Key | None]]) -> None:
        try:
            found = await self._client.get_keys(wanted)
        except Exception as error:  # noqa: BLE001  # whatever it is, those who wait would wait for ever without it
            for future in wanted.values():
                future.set_exception(error)
            return
        for key_id, future in wanted.items():
            future.set_result(found.get(int(key_id)))


_current: ContextVar[GatheredReads | None] = ContextVar("gathered", default=None)


def reading_together(reads: GatheredReads) -> Scoped[GatheredReads | None]:
    """Within it, in this task, runs read through `as_gathered` together with those of others."""
    return Scoped(_current, reads)


def as_gathered(client: GatewayClient) -> GatewayClient:
    """The client as this task is to read with it."""
    reads = _current.get()
    return client if reads is None else reads.client_for(client)


class _GatheringClient(GatewayClient):
    """Writes by itself, reads single records together with others."""

    def __init__(self, client: GatewayClient, gathered: GatheredReads) -> None:
        super().__init__(wire=client._wire, listing=client._listing, held=client.held)  # noqa: SLF001  # its own kind
        self._gathered = gathered

    async def get_key(self, key_id: KeyId, *, deadline: float | None = None) -> Key:
        return await self._gathered.get_key(key_id, deadline=deadline)
