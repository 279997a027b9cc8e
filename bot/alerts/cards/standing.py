"""Which keys of an alert still work, and which of them an order is about to stop. No clients.

The card, the messages that call people, the Home and the calls themselves ask here, so that all say the same.
"""

from collections.abc import Callable
from typing import NamedTuple

import sqlalchemy as sa

from bot.alerts.cards.key_state import Requests, living_keys, stopping_keys
from bot.alerts.models import Alert, AlertStatus


class DisabledCount(NamedTuple):
    """How far a batch is: keys disabled, of how many, and how many of these the gateway refused when tried."""

    done: int
    total: int
    refused: int
    over: bool = False


BatchProgress = Callable[[sa.Connection, int], tuple[int, int, int, bool]]
"""The same numbers of a batch, by its id (bot/incident)."""


class Standing(NamedTuple):
    """`living`: keys that work and that nothing is about to stop. `stopping`: those that work until an order is done.

    Of a leak whose keys one batch disables only their number counts, not which of them it is.
    """

    living: tuple[int, ...] = ()
    stopping: tuple[int, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether nothing of the alert works any more, as far as was seen."""
        return not self.living and not self.stopping


def standing_of(alert: Alert, requests: Requests, batch: DisabledCount | None, *, now: float) -> Standing:
    """How the keys of an alert stand now; of a closed one nothing is to be done."""
    if alert.status is not AlertStatus.OPEN:
        return Standing()
    if not alert.is_mass_leak:
        living, stopping = living_keys(alert, requests, now=now), stopping_keys(alert, requests, now=now)
        return Standing(tuple(living), tuple(stopping))
    keys = alert.all_sure_keys
    if batch is None:
        return Standing(living=keys)
    left = keys[: len(keys) - batch.done]
    return Standing(living=left) if batch.over or batch.total < len(keys) else Standing(stopping=left)
