"""A batch and its keys as values: how far each key is, and what its revocation check has shown. Knows no SQL."""

from enum import StrEnum
from typing import Any, TypedDict

from pydantic import BaseModel, ConfigDict, Field

from bot.gateway.models import KeySettings
from bot.gateway.numbers import shown_number
from bot.languages import StoredText

# The mark in a key's progress that holds its settings at the preview.
PREVIEWED = "previewed"
# The mark of a locked key that somebody else must agree to.
ASKS = "asks"


class BatchStatus(StrEnum):
    """DRAFT: previewed, nothing done. STOPPED: somebody cancelled it; what was done stays done.

    ASKING: confirmed, and somebody else must agree first, since keys of it are locked.
    """

    DRAFT = "draft"
    ASKING = "asking"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"


class BatchKeyStatus(StrEnum):
    """Of one key in a batch. ALREADY: it was so before, so that taking the batch back leaves it alone."""

    WAITING = "waiting"
    DONE = "done"
    ALREADY = "already"
    FAILED = "failed"


class BatchRevocation(StrEnum):
    """What trying a disabled key itself has shown so far. ALIVE: accepted to the end. UNTRIED: nothing, to the end."""

    NONE = ""
    TRYING = "trying"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    ALIVE = "alive"
    UNTRIED = "untried"


UNSETTLED = frozenset({BatchRevocation.TRYING, BatchRevocation.ACCEPTED})


class BatchForecast(TypedDict):
    """How long the gateway's limit makes a batch take: `until` in Unix seconds, `seconds` when it was noted."""

    until: float
    seconds: float
    per_minute: int


def forecast_name(batch_id: int) -> str:
    """Under which the forecast of a batch is kept (db/named_values.py)."""
    return f"batch.{batch_id}.forecast"


def values_from_name(batch_id: int) -> str:
    """Under which it is kept when the gateway shows values again (Unix seconds), for keys that wait to be tried."""
    return f"batch.{batch_id}.values_from"


class BatchRecord(BaseModel):
    """Base of what is loaded from a batch's rows. Unknown names are ignored: an older version may read a newer row."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class BatchKey(BatchRecord):
    """One row of `batch_keys`. `status_before`: the gateway's own number, as the preview saw it."""

    batch_id: int = 0
    key_id: int
    name: str
    own: bool
    status: BatchKeyStatus = BatchKeyStatus.WAITING
    status_before: int
    sentence: StoredText = ""
    progress: dict[str, Any] = Field(default_factory=dict)
    proof: BatchRevocation = BatchRevocation.NONE

    @property
    def number(self) -> int | str | None:
        """As people read it."""
        return shown_number(self.key_id)

    @property
    def previewed(self) -> KeySettings | None:
        """The settings as the preview saw them; None in batches of earlier versions."""
        found = self.progress.get(PREVIEWED)
        return None if found is None else KeySettings.model_validate(found)


class Batch(BatchRecord):
    """One row of `batches`."""

    id: int
    operation: str
    status: BatchStatus
    requester_id: str
    requester_team: str
    what: StoredText
    channel_id: str = ""
    # The rule of the policy that ordered it without a person; "" = somebody asked for it.
    rule: str = ""
    reason: StoredText
    undoes: int | None = None
    stopped_by: str | None = None
    # Who agreed that its locked keys come back; "" = nobody has to, or has yet.
    agreed_by: str = ""
    agreed_team: str = ""
    asked_at: float
    settled_at: float | None = None
