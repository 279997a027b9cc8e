"""Trigger ids: three seconds, one exchange, one app (slack.md A1, A4, G2). Knows no payload."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from keydesk_sandbox.fake_slack.errors import ApiError

LIFE = 3.0


@dataclass(kw_only=True)
class Trigger:
    """One trigger id. `view_id` is the open view in which the person acted, if any."""

    id: str
    app_id: str
    user_id: str
    view_id: str | None
    at: float
    used: bool = False


class TriggerBook:
    """Gives trigger ids out and takes each back once."""

    def __init__(self, *, app_id: str, clock: Callable[[], float]) -> None:
        self._app_id = app_id
        self._clock = clock
        self._book: dict[str, Trigger] = {}

    def issue(self, user_id: str, *, view_id: str | None = None, app_id: str | None = None) -> str:
        """A new trigger id. `app_id` names another app, whose trigger ids are no good to ours."""
        trigger_id = f"{secrets.randbelow(10**13):013d}.{secrets.randbelow(10**12):012d}.{secrets.token_hex(16)}"
        self._book[trigger_id] = Trigger(
            id=trigger_id, app_id=app_id or self._app_id, user_id=user_id, view_id=view_id, at=self._clock()
        )
        return trigger_id

    def check(self, trigger_id: str) -> Trigger:
        """The trigger, still to be used. Raises invalid_, exchanged_ or expired_trigger_id."""
        trigger = self._book.get(trigger_id)
        if trigger is None or trigger.app_id != self._app_id:
            raise ApiError("invalid_trigger_id")
        if trigger.used:
            raise ApiError("exchanged_trigger_id")
        if self._clock() - trigger.at > LIFE:
            raise ApiError("expired_trigger_id")
        return trigger
