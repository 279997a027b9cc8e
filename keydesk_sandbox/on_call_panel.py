"""The sandbox's “On call”: who has the shift in PagerDuty, and what goes wrong there.

    POST /sandbox/api/gateway/oncall  {"what"}   → {"ok"}

`what`: turns (Sam and Alex take turns of 12 hours), both, nobody, stranger (somebody whom Slack does not know), or
a fault of PagerDuty's: 401, 429, 503, hang, none. The bot asks again at once.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.routing import BaseRoute, Route

from keydesk_sandbox import seed
from keydesk_sandbox.fake_pagerduty import FakePagerDuty, Fault
from keydesk_sandbox.panel import MalformedError, local_post

TURN_SECONDS, TURNS = 12 * 3_600.0, 2_000
FAULTS: dict[str, Fault] = {"401": "401", "429": "429", "503": "503", "hang": "hang", "none": "none"}


class OnCallPanel:
    """`look`: has the bot ask anew who is on call."""

    def __init__(self, pagerduty: FakePagerDuty, look: Callable[[], Awaitable[None]]) -> None:
        self._pagerduty = pagerduty
        self._look = look
        self._take_turns()

    def routes(self) -> list[BaseRoute]:
        """To be served beside the panel's."""
        return [Route("/sandbox/api/gateway/oncall", local_post(self.change), methods=["POST"])]

    async def change(self, body: dict[str, Any]) -> dict[str, Any]:
        """Give the shift to somebody else, or let PagerDuty fail."""
        what = body.get("what")
        shifts: dict[str, Callable[[], None]] = {
            "turns": self._take_turns,
            "both": lambda: self._on_call(seed.PAGERDUTY_SAM, seed.PAGERDUTY_ALEX),
            "nobody": self._on_call,
            "stranger": lambda: self._on_call(seed.PAGERDUTY_STRANGER),
        }
        if isinstance(what, str) and what in shifts:
            self._pagerduty.fault = "none"
            shifts[what]()
        elif isinstance(what, str) and what in FAULTS:
            self._pagerduty.fault = FAULTS[what]
        else:
            raise MalformedError(f"`what` is one of {', '.join([*shifts, *FAULTS])}.")
        await self._look()
        return {}

    def _on_call(self, *users: Any) -> None:
        self._pagerduty.on_call(seed.ON_CALL_SCHEDULE, *users)

    def _take_turns(self) -> None:
        people = [seed.PAGERDUTY_SAM, seed.PAGERDUTY_ALEX]
        self._pagerduty.take_turns(seed.ON_CALL_SCHEDULE, people, seconds=TURN_SECONDS, turns=TURNS)
