"""One run of one verified write: its checkpoints in the journal, its waits, and what an error means for its result."""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from bot.gateway.client import GatewayClient
from bot.gateway.errors import (
    AUTH_REFUSALS,
    GatewayAuthError,
    GatewayCallError,
    GatewayLimited,
    GatewayOutcomeUnknown,
    GatewayProtocolError,
    GatewayRejected,
    GatewayUnavailable,
    KeyNotFound,
    Refusal,
)
from bot.gateway.writes.results import Journal, WriteResult, WriteStatus
from bot.languages import StoredText, joined, tr

PROCESSING = 60.0
"""Longest time, in seconds, that the server may still be working on a call nobody waits for any more."""
RETRY_AFTER = 15.0
SHORTEST_WAIT = 2.0


class WriteAnswer(StrEnum):
    """What the gateway said to the latest sending. NONE is recorded before it: a crash leaves it so."""

    NONE = "none"
    YES = "yes"
    NO = "no"
    UNSURE = "unsure"


class WriteCheckpoint(BaseModel):
    """Durable progress of one remote write. `started` is our clock just before the latest sending."""

    model_config = ConfigDict(frozen=True)

    sent: int = 0
    started: float = 0.0
    answer: WriteAnswer = WriteAnswer.NONE
    refusal: Refusal | None = None
    refusal_sentence: StoredText = ""
    retry_after: float = RETRY_AFTER
    limited: bool = False

    @property
    def unsure(self) -> bool:
        """Whether a request was sent and it is not known what became of it."""
        return self.sent > 0 and self.answer in {WriteAnswer.NONE, WriteAnswer.UNSURE}


AnyCheckpoint = TypeVar("AnyCheckpoint", bound=WriteCheckpoint)


class Session:
    """Carries client, journal and patience through the steps of one write."""

    def __init__(self, *, client: GatewayClient, journal: Journal, processing: float) -> None:
        self.client = client
        self.journal = journal
        self.at_stake = False
        """Something was sent whose effect has not been read back yet."""
        self.processing = processing
        self._settle = client.timeout + processing
        self._begun = client.now()

    def elapsed(self) -> float:
        """Seconds since this run of the write began."""
        return self.client.now() - self._begun

    async def load(self, name: str, kind: type[AnyCheckpoint]) -> AnyCheckpoint | None:
        """A checkpoint that an earlier try recorded, None when there is none."""
        value = await self.journal.recall(name)
        if value is None:
            return None
        checkpoint = kind.model_validate(value)
        self.at_stake = self.at_stake or checkpoint.sent > 0
        return checkpoint

    async def save(self, name: str, checkpoint: BaseModel) -> None:
        """Record a checkpoint; it is durable when this returns."""
        await self.journal.record(name, checkpoint.model_dump(mode="json"))

    async def send(
        self, name: str, checkpoint: AnyCheckpoint, write: Callable[[], Awaitable[object]], *, durable: bool = True
    ) -> AnyCheckpoint:
        """Sends once, with a checkpoint before and after. Its answer tells what a GatewayCallError would.

        Not `durable`: the caller has noted that something is under way, and notes how it ended.
        """
        checkpoint = checkpoint.model_copy(
            update={
                "sent": checkpoint.sent + 1,
                "started": self.client.now(),
                "answer": WriteAnswer.NONE,
                "refusal": None,
            },
        )
        if durable:
            await self.save(name, checkpoint)
        self.at_stake = True
        checkpoint = checkpoint.model_copy(update=await answer_to(write))
        if durable:
            await self.save(name, checkpoint)
        return checkpoint

    def wait_for(self, checkpoint: WriteCheckpoint) -> float | None:
        """Seconds until an unsure sending should be looked at again; None = it can no longer land."""
        return self.wait_since(checkpoint.started)

    def wait_since(self, started: float) -> float | None:
        """The same for something sent at `started`, in our clock's Unix seconds."""
        elapsed = max(0.0, self.client.now() - started)
        left = self._settle - elapsed
        return None if left <= 0 else min(left, max(SHORTEST_WAIT, elapsed))

    async def guarded(self, steps: Awaitable[WriteResult]) -> WriteResult:
        """The result of the steps, or what the error that stopped them means."""
        try:
            return await steps
        except GatewayCallError as error:
            return self._result_of(error)

    def _result_of(self, error: GatewayCallError) -> WriteResult:
        refusal = error.refusal if isinstance(error, GatewayRejected | GatewayAuthError) else None
        if isinstance(error, KeyNotFound):
            status = WriteStatus.FAILED if self.at_stake else WriteStatus.REFUSED
            return WriteResult(status=status, refusal=refusal, sentence=error.why)
        if self.at_stake:
            return WriteResult(
                status=WriteStatus.UNKNOWN,
                refusal=refusal,
                sentence=joined(tr("The change was sent, but could not be read back yet."), error.why),
                again_after=retry_after(error),
                limited=isinstance(error, GatewayLimited),
            )
        # Something else may answer for a while, such as a maintenance page or the sign-in of a proxy.
        again = retry_after(error) if isinstance(error, GatewayUnavailable | GatewayProtocolError) else None
        status = WriteStatus.REFUSED if isinstance(error, GatewayRejected) else WriteStatus.FAILED
        limited = isinstance(error, GatewayLimited)
        return WriteResult(status=status, refusal=refusal, sentence=error.why, again_after=again, limited=limited)


def retry_after(error: GatewayCallError) -> float:
    """Seconds until trying again makes sense: the gateway's limit tells, else a while."""
    return max(SHORTEST_WAIT, error.seconds) if isinstance(error, GatewayLimited) else RETRY_AFTER


async def answer_to(write: Callable[[], Awaitable[object]]) -> dict[str, object]:
    """Sends and classes the answer as checkpoint fields. A bad access token is a sure no, too."""
    try:
        await write()
    except GatewayOutcomeUnknown:
        return {"answer": WriteAnswer.UNSURE}
    except (GatewayRejected, GatewayAuthError) as error:
        return {"answer": WriteAnswer.NO, "refusal": error.refusal, "refusal_sentence": error.why}
    except GatewayUnavailable as error:
        answer = {"answer": WriteAnswer.NO, "refusal": None, "refusal_sentence": error.why}
        return answer | {"retry_after": retry_after(error), "limited": isinstance(error, GatewayLimited)}
    return {"answer": WriteAnswer.YES}


def not_done(checkpoint: WriteCheckpoint, **more: object) -> WriteResult:
    """The result of a sure no: refused by the gateway, or never got there."""
    if checkpoint.refusal is None:
        return WriteResult.model_validate(
            {
                "status": WriteStatus.FAILED,
                "sentence": checkpoint.refusal_sentence,
                "again_after": checkpoint.retry_after,
                "limited": checkpoint.limited,
                **more,
            },
        )
    status = WriteStatus.FAILED if checkpoint.refusal in AUTH_REFUSALS else WriteStatus.REFUSED
    return WriteResult.model_validate(
        {"status": status, "refusal": checkpoint.refusal, "sentence": checkpoint.refusal_sentence, **more},
    )
