"""What a request that succeeded means for the rows of who owns which key, written with its outcome."""

from dataclasses import replace

import sqlalchemy as sa

from bot.approvals import ledger
from bot.approvals.models import ApprovalRequest
from bot.gateway.models import Key, KeyStatus
from bot.gateway.writes import WriteResult
from bot.keys import inventory_store, owners
from bot.keys.owners import OwnedKey
from bot.operations import Effect, NewOwner, Operation


def remember(c: sa.Connection, request: ApprovalRequest, operation: Operation, result: WriteResult, now: float) -> None:
    """Write down who owns the key now, how it is called, and whether it is in use. `now`: Unix seconds."""
    key, effect = result.key, operation.effect
    if request.key_id is not None and effect is Effect.STOPS:
        owners.set_disabled(c, request.key_id, at=now)
    if request.key_id is not None and operation.name == "key.enable":
        owners.set_disabled(c, request.key_id, at=None)
    if effect is Effect.DELETES and request.key_id is not None:
        owners.forget(c, request.key_id, at=now)
        inventory_store.mark_gone(c, [request.key_id], at=now)
    if key is None:
        return
    if effect is Effect.CHANGES:
        owners.rename(c, key.id, key.name)
    if effect is Effect.GIVES:
        given = NewOwner.model_validate(request.input)
        ledger.set_units(c, request.id, None if key.unlimited_quota else max(0, key.remain_quota))
        owners.hand_over(c, _line(request, key, given.owner_id, given.owner_team, now))
    if effect in {Effect.CREATES, Effect.REPLACES}:
        old = owners.find(c, request.key_id) if effect is Effect.REPLACES and request.key_id else None
        owner_id = old.owner_id if old else request.requester_id
        owner_team = old.owner_team if old else request.requester_team
        roles = old.owner_roles if old else request.progress.roles
        owners.own(c, replace(_line(request, key, owner_id, owner_team, now), owner_roles=roles))


def _line(request: ApprovalRequest, key: Key, owner_id: str, owner_team: str, now: float) -> OwnedKey:
    return OwnedKey(
        key_id=key.id,
        name=key.name,
        owner_id=owner_id,
        owner_team=owner_team,
        request_id=request.id,
        created_at=now,
        born_at=key.created_time,
        disabled_at=now if key.status == KeyStatus.DISABLED else None,
    )
