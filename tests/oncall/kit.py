"""A PagerDuty on loopback, a clock that is moved by hand, and people whom Slack knows by e-mail."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import httpx
from pydantic import SecretStr

from bot.errors import BotError
from bot.oncall import PagerDuty, Schedules
from keydesk_sandbox.fake_pagerduty import FakePagerDuty, PagerDutyUser
from keydesk_sandbox.world import serving

TOKEN = "u+not-a-real-token1"
SCHEDULE = "P0ABC12"
NAME = f"pagerduty:{SCHEDULE}"
ANN = PagerDutyUser(id="PU0ANN", name="Ann", email="Ann@example.com")
BEN = PagerDutyUser(id="PU0BEN", name="Ben", email="ben@example.com")
EVE = PagerDutyUser(id="PU0EVE", name="Eve", email="eve@elsewhere.example")
NOT = PagerDutyUser(id="PU0NOT", name="Nomail", email=None)
MINUTE = 60.0


class Clock:
    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


class Slack:
    """Who is known by e-mail; `reason`: why Slack does not tell."""

    def __init__(self) -> None:
        self.known = {"ann@example.com": "U0ANN", "ben@example.com": "U0BEN"}
        self.reason = ""
        self.asked: list[str] = []

    async def member(self, email: str) -> str | None:
        self.asked.append(email)
        if self.reason:
            raise BotError(self.reason)
        return self.known.get(email)


class Desk:
    """Everything that a test holds. Ann and Ben are at this workspace, Eve is not."""

    def __init__(self, pagerduty: FakePagerDuty, client: PagerDuty | None, clock: Clock) -> None:
        self.pagerduty, self.clock, self.slack = pagerduty, clock, Slack()
        self.fallbacks: dict[str, frozenset[str]] = {NAME: frozenset({"S0SEC", "U0SAM"})}
        self.schedules = Schedules(
            fallbacks=lambda: self.fallbacks,
            client=client,
            member=self.slack.member,
            clock=clock,
            jitter=lambda: 0.5,
            patience=0.5,
        )

    def called(self) -> frozenset[str]:
        return self.schedules.called([NAME])

    def decides(self, slack_user_id: str, *groups: str) -> bool:
        return NAME in self.schedules.held_by(slack_user_id, frozenset(groups))

    async def later(self, seconds: float) -> None:
        """Time passes, and whoever comes then asks; what is asked has its answer."""
        self.clock.now += seconds
        await self.schedules.look()
        await asyncio.gather(*self.schedules._flights.values())


@contextlib.asynccontextmanager
async def desk(*, page: int = 100, patience: float = 5.0) -> AsyncIterator[Desk]:
    clock = Clock()
    pagerduty = FakePagerDuty(token=TOKEN, clock=clock, page=page)
    async with serving(pagerduty.app) as url:
        http = httpx.AsyncClient(base_url=url, timeout=patience, trust_env=False)
        opened = Desk(pagerduty, PagerDuty(token=SecretStr(TOKEN), http=http, patience=patience), clock)
        try:
            yield opened
        finally:
            await opened.schedules.close()
