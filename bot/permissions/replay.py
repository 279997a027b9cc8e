"""Past requests against another policy: what would have been decided otherwise. Pure; the record is handed in."""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.permissions.models import Ask, Decision, Outcome
from bot.permissions.policy import decide
from bot.permissions.rules import Policy


@dataclass(frozen=True, kw_only=True)
class PastRequest:
    """A request from the record: what was asked (the person's groups as they were then) and what was said."""

    id: int
    at: float
    ask: Ask
    outcome: Outcome
    rule: str | None


@dataclass(frozen=True, kw_only=True)
class ReplayDifference:
    """A past request that another policy answers differently: another outcome, or the same by another rule."""

    past: PastRequest
    decision: Decision

    @property
    def other_outcome(self) -> bool:
        """Whether the outcome differs; else only the rule does."""
        return self.past.outcome != self.decision.outcome


def replay(policy: Policy, past: Iterable[PastRequest]) -> tuple[ReplayDifference, ...]:
    """Every request whose outcome or rule would differ under `policy`, in the order given."""
    pairs = ((request, decide(policy, request.ask)) for request in past)
    return tuple(
        ReplayDifference(past=request, decision=decision)
        for request, decision in pairs
        if (request.outcome, request.rule) != (decision.outcome, decision.rule)
    )
