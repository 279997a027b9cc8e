"""Which keys a batch is about, freshly read, lowest number first. One gateway that is away holds up its own keys only.

Which keys those are is known from when they were last read: a name means what it would mean if all answered, and what
could not be read is named, so that it can be done later.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from bot.deps import BACKGROUND_SECONDS, Deps
from bot.errors import ApprovalConflict, InputError
from bot.gateway.client import GatewayClient
from bot.gateway.errors import GatewayCallError
from bot.gateway.gateways import ToldKeys, Untold, told_keys
from bot.gateway.limiter import Priority, prioritized
from bot.gateway.models import Key, KeyId
from bot.gateway.numbers import block_of
from bot.incident import store
from bot.incident.models import BatchKeyStatus, BatchStatus
from bot.incident.scope import BatchScope
from bot.keys import inventory_store, owners
from bot.keys.lookup import NoSuchKeys
from bot.languages import tr
from bot.permissions.models import Actor

DISABLE = "key.disable"
_DEADLINE = 10 * BACKGROUND_SECONDS


@dataclass(frozen=True)
class BatchSelection:
    """Reads them."""

    deps: Deps

    async def keys(self, actor: Actor, operation: str, scope: BatchScope, channel: str) -> ToldKeys:
        """The keys that are meant, and those that could not be read. Raises InputError and GatewayError."""
        with prioritized(Priority.KILL if operation == DISABLE else Priority.PEOPLE):
            keys, untold = await self._read(actor, operation, scope, channel)
        if untold and scope.batch is None:
            untold = await self._seen(actor, operation, untold, channel)
        return sorted(keys, key=lambda key: key.id), untold

    async def _read(self, actor: Actor, operation: str, scope: BatchScope, channel: str) -> ToldKeys:
        deps = self.deps
        if scope.batch is not None:
            ids = await deps.database.read(to_take_back, scope.batch)
            return await told_keys(deps.reader, ids, deadline=_DEADLINE)
        before = scope.before
        if scope.person:
            owned = await deps.database.read(owners.owned_by, scope.person, limit=100_000)
            keys, untold = await told_keys(deps.reader, {line.key_id for line in owned}, deadline=_DEADLINE)
            return [key for key in keys if before is None or key.created_time < before], untold
        told, errors = await self._all()
        known = [*told, *await deps.database.read(_last_read, sorted(errors))]
        if before is not None:
            return _parted([key for key in known if key.created_time < before], errors)
        try:
            meant = await deps.access.listed(actor, operation, known, scope.listing, channel=channel)
        except NoSuchKeys:
            if errors:
                # What is not known may be a key that was made since that gateway was last read.
                raise next(iter(errors.values())) from None
            raise
        keys, untold = _parted(meant, errors)
        return keys, {why: numbers for why, numbers in untold.items() if numbers}

    async def _seen(self, actor: Actor, operation: str, untold: Untold, channel: str) -> Untold:
        """Of keys that could not be read only those are named that this person may see, by what is remembered."""
        access, database = self.deps.access, self.deps.database
        known = await database.read(inventory_store.several, {key_id for ids in untold.values() for key_id in ids})
        whose = await database.read(owners.all_owners)

        def seen(key_id: KeyId) -> bool:
            own, remembered = whose.get(key_id) == actor.slack_user_id, known.get(key_id)
            if remembered is not None:
                return access.may_see(actor, operation, remembered.key, own=own, channel=channel)
            return own or access.decide_unread(actor, operation, own=own, channel=channel).outcome != "deny"

        return {why: [key_id for key_id in ids if seen(key_id)] for why, ids in untold.items()}

    async def _all(self) -> tuple[list[Key], dict[int, GatewayCallError]]:
        """Every key of the gateways that tell, and what came of the others, by their blocks. Raises where none does."""
        told: list[Key] = []
        errors: dict[int, GatewayCallError] = {}

        async def read(client: GatewayClient) -> None:
            try:
                told.extend(await client.list_keys(deadline=_DEADLINE))
            except GatewayCallError as error:
                errors[client.numbers.block] = error

        each = self.deps.reader.each
        await asyncio.gather(*map(read, each))
        if len(errors) == len(each):
            raise next(iter(errors.values()))
        return told, errors


def _last_read(c: sa.Connection, blocks: Sequence[int]) -> list[Key]:
    """The keys of these gateways as they were last read."""
    ids = [key_id for block in blocks for key_id in inventory_store.living_ids(c, block)]
    return [known.key for known in inventory_store.several(c, ids).values()]


def _parted(keys: Sequence[Key], errors: dict[int, GatewayCallError]) -> ToldKeys:
    """What was read now, and what only is remembered; a gateway of which nothing is meant is told of, too."""
    untold = {error.sentence: [key.id for key in keys if block_of(key.id) == block] for block, error in errors.items()}
    return [key for key in keys if block_of(key.id) not in errors], untold


def to_take_back(c: sa.Connection, batch_id: int) -> set[int]:
    """What a batch disabled. Raises InputError and ApprovalConflict where it cannot be taken back."""
    batch = store.find(c, batch_id)
    if batch is None or batch.status is BatchStatus.DRAFT or batch.operation != DISABLE:
        raise InputError({"key": tr("There is no batch {number} that could be taken back.", number=batch_id)})
    if batch.status is BatchStatus.RUNNING:
        raise ApprovalConflict(tr("Batch {number} is still running; stop it first.", number=batch_id))
    return {key.key_id for key in store.keys_of(c, batch_id, status=BatchKeyStatus.DONE)}
