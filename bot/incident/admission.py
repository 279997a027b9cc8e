"""Which keys of a round may still be written: each judged by its record of now, its lock, and what rules count.

A key that is to live again has its place from when it is allowed, in the same transaction, so that a batch and whatever
else asks at the same time cannot both have the last one.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from bot.approvals import ledger
from bot.approvals.counts import Counts
from bot.approvals.ledger import Members
from bot.db.engine import Database
from bot.gateway.gateways import KeyReader
from bot.gateway.models import Key
from bot.gateway.numbers import gateway_of
from bot.incident import store
from bot.incident.judgement import agreement, ask_for, changed_since, why_not
from bot.incident.models import Batch, BatchKey, BatchKeyStatus
from bot.keys import lineage, locks, owners
from bot.languages import joined, tr
from bot.permissions.models import Actor, ActorKind, Ask, Decision, Lock
from bot.permissions.policy import decide
from bot.permissions.rules import Policy

# Marks, in memory only, of a key that was judged: by which rule, and since when it was locked then.
RULE, LOCKED_AT = "rule", "locked_at"
# The mark of a key that is to live again and is counted as living from when it was allowed.
PLACE = "place"
ENABLE = "key.enable"

Refuse = Callable[[sa.Connection, Batch, Mapping[int, str]], None]
"""Has keys of a batch fail, each with its reason."""


@dataclass(frozen=True, kw_only=True)
class BatchAdmission:
    """Judges the keys of a round for whoever asked for the batch."""

    database: Database
    reader: KeyReader
    policy: Callable[[], Policy]
    counts: Counts
    actor_of: Callable[[str, str], Awaitable[Actor]]
    clock: Callable[[], float]

    async def permitted(
        self, batch: Batch, keys: Sequence[BatchKey], refuse: Refuse
    ) -> tuple[list[BatchKey], Mapping[int, Key]] | None:
        """Those of the keys that may still be written, by their facts of now, and these; the others fail, and say why.

        None: Slack does not say who the requester is, so nobody can be judged now. Raises GatewayError.
        """
        if batch.rule:
            return list(keys), {}  # the policy has said yes beforehand
        actor = await self.actor_of(batch.requester_id, batch.requester_team)
        agreed = await self.actor_of(batch.agreed_by, batch.agreed_team) if batch.agreed_by else None
        if ActorKind.UNKNOWN in {actor.kind, None if agreed is None else agreed.kind}:
            return None
        records = await self.reader.get_keys([key.key_id for key in keys])
        told = await self.counts.members(batch.operation), self.counts.account_groups(records)

        def work(c: sa.Connection) -> list[BatchKey]:
            people, wanted = (actor, agreed), {key.key_id for key in keys}
            # As they stand now: who was frozen while it asked finds that another process went on.
            waiting = store.keys_of(c, batch.id, status=BatchKeyStatus.WAITING, lock=True)
            pairs = [(key, records.get(key.key_id)) for key in waiting if key.key_id in wanted]
            allowed, refused = self._sorted(c, batch, people, pairs, told)
            if refused:
                refuse(c, batch, refused)
            return allowed

        return await self.database.run(work), records

    def _sorted(
        self,
        c: sa.Connection,
        batch: Batch,
        people: tuple[Actor, Actor | None],
        pairs: Sequence[tuple[BatchKey, Key | None]],
        told: tuple[Members, Mapping[str, str | None]],
    ) -> tuple[list[BatchKey], dict[int, str]]:
        if self.policy().counts_needed(batch.operation):
            ledger.lock(c)
        whose, replaced = owners.all_owners(c), lineage.replaced(c)
        locked = locks.all_locks(c) if batch.operation == ENABLE else {}
        refused: dict[int, str] = {}
        allowed: list[BatchKey] = []
        for key, record in pairs:
            if record is None:
                allowed.append(key)  # the key is gone; the write finds that out too and reports it
                continue
            if batch.operation == ENABLE and int(record.id) in replaced:
                refused[key.key_id] = lineage.why_out_of_use(replaced[int(record.id)])
                continue
            lock = locked.get(record.id)
            own = whose.get(record.id) == batch.requester_id
            ask = self._ask(c, batch, people[0], key, record, own=own, lock=lock, told=told)
            decision = decide(self.policy(), ask)
            if decision.allowed or self._agreed(batch, ask, decision, people[1]):
                marks = {RULE: decision.rule, LOCKED_AT: locked_at(lock), **self._take_place(c, batch, key)}
                allowed.append(key.model_copy(update={"progress": {**key.progress, **marks}}))
            else:
                changed = changed_since(key.previewed, record.settings())
                no_more = tr("The policy no longer allows it.")
                refused[key.key_id] = joined(no_more, why_not(decision, lock), changed)
        return allowed, refused

    def _agreed(self, batch: Batch, ask: Ask, decision: Decision, agreed: Actor | None) -> bool:
        """Whether who agreed to the batch still may; when that was in time was judged at the click."""
        if agreed is None:
            return False
        at = batch.asked_at
        return not agreement(self.policy(), ask, decision, agreed, asked_at=at, now=at)

    def _ask(
        self,
        c: sa.Connection,
        batch: Batch,
        actor: Actor,
        key: BatchKey,
        record: Key,
        *,
        own: bool,
        lock: Lock | None,
        told: tuple[Members, Mapping[str, str | None]],
    ) -> Ask:
        members, groups = told
        return ask_for(
            actor,
            batch.operation,
            record.settings(),
            own=own,
            reason=batch.reason,
            channel=batch.channel_id,
            now=self.clock(),
            lock=lock,
            counts=self.counts.within(c, batch.operation, batch.requester_id, members, gateway=gateway_of(key.key_id)),
            adds_key=False if key.progress.get(PLACE) else None,
            key_id=key.key_id,
            account_groups=groups,
        )

    def _take_place(self, c: sa.Connection, batch: Batch, key: BatchKey) -> dict[str, bool]:
        """Count the key as living from now on, where rules count."""
        if batch.operation != ENABLE or not self.policy().counts_needed(ENABLE):
            return {}
        if not key.progress.get(PLACE):
            owners.set_disabled(c, key.key_id, at=None)
            store.change_key(c, batch.id, key.key_id, progress={**key.progress, PLACE: True})
        return {PLACE: True}


def give_place_back(c: sa.Connection, key: BatchKey, *, at: float) -> None:
    """The key does not live again after all: if it had a place already, it is counted no more."""
    if store.key_of(c, key.batch_id, key.key_id).progress.get(PLACE):
        owners.set_disabled(c, key.key_id, at=at)


def locked_at(lock: Lock | None) -> float | None:
    """Since when a key is locked, None when it is not."""
    return None if lock is None else lock.at
