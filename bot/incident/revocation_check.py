"""The proof for a batch: each key that was disabled is tried itself until the gateway refuses it, a few at a time.

Part of the batch's job, in the pauses of its writes: no trial begins while a key that could be disabled waits, but for
the few of one round. Each trial is kept in the key's row at once, so that a crash costs a trial at most. Values
that are not at hand are asked for once, a hundred a call, and dropped when the key is refused. Where the limit on
reveals is short for the batch, they wait for a full hundred, and for the limit; that counts as no trial.
"""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

from bot.all_settled import all_settled
from bot.approvals.revocation.attempts import (
    OUTCOMES,
    REVEAL_SECONDS,
    Trial,
    marked,
    no_access,
    still_accepted,
    try_once,
)
from bot.audit import Fact, append
from bot.db import named_values
from bot.db.engine import Database
from bot.gateway.errors import GatewayAuthError, GatewayRemoved
from bot.gateway.gateways import KeyReader, by_gateway
from bot.gateway.limiter import Limit, Priority
from bot.gateway.listing import PAGE_SIZE
from bot.gateway.models import KeyId
from bot.gateway.numbers import block_of
from bot.gateway.writes import Revocation
from bot.incident import store
from bot.incident.models import UNSETTLED, BatchKey, BatchKeyStatus, BatchRevocation, BatchStatus, values_from_name
from bot.languages import tr

MARK = "probe"
AT_ONCE = 8
# Keys between two looks at writes that are due, and between two redraws.
ROUND = 8
# In a batch with more masked keys than this, values are asked for together: the reveal endpoint has a small limit that
# people need too (gateway-api.md, section 12).
FEW, MOST = 10, 200
# Until it is looked again whether there are keys enough for a call.
GATHER_SECONDS = 5.0
# A pause that is shorter than this many seconds is not worth a line on the card.
WORTH_SAYING = 20.0
_NO_VALUE = tr("The gateway did not show its value.")


@dataclass(frozen=True, kw_only=True)
class BatchRevocationCheck:
    """Tries the keys of a batch. `leaked`: values that alerts brought, for gateways that do not show them.

    `write` writes what is due of a batch, `show` redraws it, `alarm` has the security channel told of keys that are
    accepted to the end.
    """

    database: Database
    client: KeyReader
    leaked: Callable[[int], SecretStr | None]
    write: Callable[[int], Awaitable[object]]
    show: Callable[[sa.Connection, int], None]
    alarm: Callable[[sa.Connection, int], None]
    clock: Callable[[], float]

    async def try_due(self, batch_id: int) -> float | None:
        """Try the keys that are due, once. Seconds until the next are; 0.0 = look again now; None = all is proved."""
        disabled = await self.database.read(
            store.keys_of, batch_id, proofs=frozenset(BatchRevocation) - {BatchRevocation.NONE}
        )
        left = [key for key in disabled if key.proof in UNSETTLED]
        if not left:
            await self.database.run(named_values.remove, values_from_name(batch_id))
            return None
        due = [key for key in left if _due(key) <= self.clock()]
        if not due:
            return max(0.0, min(map(_due, left)) - self.clock())
        # Decided by the whole batch, because a few keys are due a moment before the others in every pass.
        together = sum(map(_masked, disabled)) > FEW
        if together:
            lacking = [key for key in due if _masked(key) and self._at_hand(key) is None]
            postponed = await self._postponed(batch_id, lacking)
            due = [key for key in due if key.key_id not in postponed]
            if not due:
                gateways = [self.client.of(ids[0]) for ids in by_gateway(postponed)]
                waits = [gateway.limiter.wait(Limit.REVEALS, Priority.KILL) for gateway in gateways]
                pause = max(GATHER_SECONDS, min(waits))
                await self.database.run(self._tell_when, batch_id, pause)
                return pause
        due = due[:MOST]
        unknown = await self._learn_values(due) if together else None
        for start in range(0, len(due), ROUND):
            if start:
                # Not in a new pass, which would ask for the values again: so many calls as reveal people's keys.
                await self.write(batch_id)
            await self._round(batch_id, due[start : start + ROUND], unknown)
        return 0.0

    async def _postponed(self, batch_id: int, lacking: Sequence[BatchKey]) -> frozenset[int]:
        """Of the keys whose values must be asked for, those that wait: until the limit on reveals lets them be asked
        for, and where it is short for the whole batch, until there are a hundred for a call.
        """
        postponed = frozenset[int]()
        for key_ids in by_gateway(key.key_id for key in lacking):
            postponed |= set(await self._postponed_of_one(batch_id, key_ids))
        return postponed

    async def _postponed_of_one(self, batch_id: int, lacking: Sequence[KeyId]) -> Sequence[KeyId]:
        try:
            gateway = self.client.of(lacking[0])
        except GatewayRemoved:
            return ()
        if gateway.reveals_many is False:
            return ()  # no waiting brings these values
        limiter, block = gateway.limiter, block_of(lacking[0])
        left = limiter.left(Limit.REVEALS, Priority.KILL)
        # After a refusal, or while the writes have used up all calls, asking would only count as a trial of each key.
        if not left or limiter.wait(Limit.REVEALS, Priority.KILL) > 0 or limiter.room() == 0:
            return lacking
        batch = await self.database.read(store.get, batch_id)
        waiting = 0
        if batch.status is BatchStatus.RUNNING:
            keys = await self.database.read(store.keys_of, batch_id, status=BatchKeyStatus.WAITING)
            waiting = sum(block_of(key.key_id) == block for key in keys)
        calls = math.ceil(len(lacking) / PAGE_SIZE) + math.ceil(waiting / PAGE_SIZE)
        asked = len(lacking) if calls <= left else len(lacking) // PAGE_SIZE * PAGE_SIZE
        # Nobody is disabled any more: what is there is all that comes.
        asked = asked if waiting else len(lacking)
        return lacking[min(asked, left * PAGE_SIZE) :]

    def _tell_when(self, c: sa.Connection, batch_id: int, pause: float) -> None:
        """Have the card say when the gateway shows values again, where that is long."""
        name, until = values_from_name(batch_id), self.clock() + pause
        if pause >= WORTH_SAYING and abs(float(named_values.get(c, name) or 0.0) - until) > WORTH_SAYING:
            named_values.put(c, name, until)
            self.show(c, batch_id)

    async def _learn_values(self, keys: Sequence[BatchKey]) -> str:
        """Ask for the masked values that are not at hand, a hundred a call. Why those are unknown that stay so."""
        wanted = [KeyId(key.key_id) for key in keys if _masked(key) and self._at_hand(key) is None]
        try:
            found = await self.client.reveal_keys(wanted, deadline=REVEAL_SECONDS)
        except GatewayAuthError as error:
            return no_access(error)
        for key_id, value in found.items():
            self.client.held.hold(int(key_id), value)
        return _NO_VALUE

    def _at_hand(self, key: BatchKey) -> SecretStr | None:
        return self.client.held.of_key(key.key_id) or self.leaked(key.key_id)

    async def _round(self, batch_id: int, keys: Sequence[BatchKey], unknown: str | None) -> None:
        """`unknown`: why a masked value is not at hand; None: each is asked for by itself."""
        turn = asyncio.Semaphore(AT_ONCE)

        async def one(key: BatchKey) -> None:
            async with turn:
                await self.database.run(self._tried, key, await self._trial(key, unknown))

        await all_settled(*(one(key) for key in keys))
        await self.database.run(self.show, batch_id)

    async def _trial(self, key: BatchKey, unknown: str | None) -> Trial:
        if unknown is not None and _masked(key) and self._at_hand(key) is None:
            return Trial(proof=Revocation.UNCLEAR, at=self.client.now(), why=unknown)
        mark = key.progress.get(MARK, {})
        return await try_once(self.client, KeyId(key.key_id), mark, leaked=self.leaked)

    def _tried(self, c: sa.Connection, seen: BatchKey, trial: Trial) -> None:
        key = store.key_of(c, seen.batch_id, seen.key_id, lock=True)
        # This process was frozen during its trial, and another one went on: what it found holds.
        if key.proof not in UNSETTLED:
            return
        mark, pause = marked(key.progress.get(MARK, {}), trial)
        proof = _proof(mark, ended=pause is None)
        if pause is not None:
            mark["after"] = trial.at + pause
        store.change_key(c, key.batch_id, key.key_id, progress={**key.progress, MARK: mark}, proof=proof.value)
        if pause is None or proof is not key.proof:
            told = {"operation": "key.disable", "batch": key.batch_id, "outcome": OUTCOMES[trial.proof]}
            told |= {"tries": mark["tries"]}
            append(c, fact=Fact.PROBE, at=trial.at, actor=None, key_id=key.key_id, details=told)
        if proof is BatchRevocation.ALIVE:
            self.alarm(c, key.batch_id)


def begun(*, masked: bool) -> dict[str, Any]:
    """The mark of a key that was just disabled. `masked`: its record does not hold its value."""
    return {"tries": 0, "masked": masked}


def _masked(key: BatchKey) -> bool:
    return bool(key.progress.get(MARK, {}).get("masked"))


def _due(key: BatchKey) -> float:
    return float(key.progress.get(MARK, {}).get("after", 0.0))


def _proof(mark: Mapping[str, Any], *, ended: bool) -> BatchRevocation:
    """What the trials so far amount to."""
    if mark.get("refused_at") is not None:
        return BatchRevocation.REFUSED
    if still_accepted(mark):
        return BatchRevocation.ALIVE if ended else BatchRevocation.ACCEPTED
    return BatchRevocation.UNTRIED if ended else BatchRevocation.TRYING
