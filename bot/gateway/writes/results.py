"""What verified writes take and give: the journal they keep, the changes they make, the result they can stand for."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol

from pydantic import BaseModel, ConfigDict

from bot.gateway.errors import Refusal
from bot.gateway.models import Int64, Key, KeyId
from bot.gateway.validation import SMALLEST_MAXIMUM, name_in_bytes
from bot.languages import StoredText, english, tr


class Journal(Protocol):
    """Durable checkpoints of one request. What `record` took is still there after a crash when it returns.

    Values are JSON objects without any secret. The same request keeps the same journal, however often it is run.
    """

    async def recall(self, name: str) -> Any | None:
        """What was recorded last under this name, None if nothing."""

    async def record(self, name: str, value: Mapping[str, Any]) -> None:
        """Records durably, replacing what was there."""


class WriteStatus(StrEnum):
    """DONE only when the record read back agrees. REFUSED and FAILED: the change is not there. UNKNOWN: not settled."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"


class FieldDifference(BaseModel):
    """One field that is not as wanted, in the gateway's words."""

    model_config = ConfigDict(frozen=True)

    field: str
    wanted: str | int | bool | None
    found: str | int | bool | None


ALREADY = tr("It was so already.")


def is_already(note: str) -> bool:
    """Whether a note says ALREADY, in whatever language it was made."""
    return english(note) == english(ALREADY)


class WriteResult(BaseModel):
    """How a write stands after this call.

    `again_after` (seconds) says that calling again with the same journal is useful: with UNKNOWN to learn the outcome,
    with FAILED because nothing was changed and the cause may pass. UNKNOWN without it needs a person to look.
    `moved` is by how many units the sum remain + used was changed, as it was read back.
    `limited` = the gateway's limit on calls was in the way, nothing else.
    `learned` is what the read-back showed of this deployment, for `Capabilities.learn(**learned)`.
    `sentence` says why it is not done; `notes` are things a person should know; `alarm` is one that must be seen.
    """

    model_config = ConfigDict(frozen=True)

    status: WriteStatus
    key: Key | None = None
    before: Key | None = None
    sentence: StoredText = ""
    differences: tuple[FieldDifference, ...] = ()
    notes: tuple[StoredText, ...] = ()
    refusal: Refusal | None = None
    extra_key_ids: tuple[KeyId, ...] = ()
    again_after: float | None = None
    alarm: StoredText | None = None
    moved: int = 0
    learned: Mapping[str, bool] = {}
    limited: bool = False


def with_name_limit(result: WriteResult, name: str | None) -> WriteResult:
    """A refused name that has few characters and many bytes, told so; the gateway counts bytes."""
    problem = name_in_bytes(name or "")
    if result.refusal is not Refusal.NAME_TOO_LONG or not problem:
        return result
    return result.model_copy(update={"sentence": problem, "learned": {**result.learned, "names_in_bytes": True}})


class JournalPart:
    """A part of a journal with names of its own, for a write that is one of several of the same kind."""

    def __init__(self, journal: Journal, prefix: str) -> None:
        self._journal = journal
        self._prefix = prefix

    async def recall(self, name: str) -> Any | None:
        """What was recorded last under this name in this part."""
        return await self._journal.recall(f"{self._prefix}.{name}")

    async def record(self, name: str, value: Mapping[str, Any]) -> None:
        """Records durably, in this part."""
        await self._journal.record(f"{self._prefix}.{name}", value)


def with_quota_limit(result: WriteResult) -> WriteResult:
    """A change that was refused because the key itself holds more than this gateway takes, told so."""
    key = result.key or result.before
    if result.refusal is not Refusal.QUOTA_TOO_LARGE or key is None or key.remain_quota <= SMALLEST_MAXIMUM:
        return result
    sentence = tr(
        "The key has {left} units left, and this gateway takes no record with more than {most}, whatever is changed in "
        "it. Lower its quota to that or make it unlimited first; disabling it works.",
        left=f"{key.remain_quota:,}",
        most=f"{SMALLEST_MAXIMUM:,}",
    )
    return result.model_copy(update={"sentence": sentence})


class KeyChanges(BaseModel):
    """Fields to change; None = leave alone. Quota is not here: it moves by `change_quota` and `set_unlimited` only.

    An allowlist is removed with "", model limits with `model_limits_enabled=False`.
    """

    model_config = ConfigDict(frozen=True, strict=True)

    name: str | None = None
    expired_time: Int64 | None = None
    model_limits_enabled: bool | None = None
    model_limits: str | None = None
    allow_ips: str | None = None
    group: str | None = None
    cross_group_retry: bool | None = None

    def as_fields(self) -> dict[str, Any]:
        """The fields that are to change."""
        return self.model_dump(exclude_none=True)
