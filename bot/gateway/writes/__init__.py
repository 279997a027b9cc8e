"""Verified writes: each has one effect, although the gateway has no idempotency, and reports what was read back.

Every function here can be called again from the top, after a crash or after its `again_after`, with the same journal.
None sleeps and none raises a GatewayCallError: what happened is in the WriteResult. The caller holds the
write lock of the key.

    create          checkpoint, POST, look; POST again only when the first cannot land any more
    update          set fields on a fresh record          change_quota    move remain + used by exactly a delta
    set_unlimited   limit off or on                       disable         status, else harmless; two round trips
    enable          status, with a two-step revival       delete          gone, and seen before
    check_revoked   whether the key itself is refused    move_quota      from one key to another, what was really taken

Behind them: `put` (a full record, read back and corrected for usage), `session` (checkpoints, waits, what an error
means), `results` (the journal and the result), `status`, `move`, `revocation`.
"""

from bot.gateway.writes.create import create
from bot.gateway.writes.delete import delete
from bot.gateway.writes.disable import LastResort, disable
from bot.gateway.writes.enable import enable
from bot.gateway.writes.move import move_quota
from bot.gateway.writes.results import FieldDifference, Journal, JournalPart, KeyChanges, WriteResult, WriteStatus
from bot.gateway.writes.revocation import REVOCATION_DELAYS, Revocation, RevocationCheck, check_revoked
from bot.gateway.writes.session import PROCESSING
from bot.gateway.writes.update import change_quota, changed_since, set_unlimited, update

__all__ = [
    "PROCESSING",
    "REVOCATION_DELAYS",
    "FieldDifference",
    "Journal",
    "JournalPart",
    "KeyChanges",
    "LastResort",
    "Revocation",
    "RevocationCheck",
    "WriteResult",
    "WriteStatus",
    "change_quota",
    "changed_since",
    "check_revoked",
    "create",
    "delete",
    "disable",
    "enable",
    "move_quota",
    "set_unlimited",
    "update",
]
