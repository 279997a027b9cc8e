"""Makes every kind of care and names its ways in. Called by services.py: `drawers` first, `build` once all is there.

A new kind is a line in DRAWERS when it posts messages, and a line in BUILDERS.
"""

from collections.abc import Callable

import sqlalchemy as sa

from bot.care import messages, rounds
from bot.care.kind import CareKind, CareParts
from bot.care.schedule import CareSchedule
from bot.durable.engine import Job
from bot.slack.outbox import Drawer, Outbox
from bot.slack.router import Router

# Each is given `units_per_usd`, and says what draws its kinds of posts.
DRAWERS: tuple[Callable[..., dict[str, Drawer]], ...] = (messages.drawers,)
# In the order of their rounds. Each registers its buttons, if it has any.
BUILDERS: tuple[Callable[[CareParts, Router], CareKind], ...] = (rounds.build,)


def drawers(*, units_per_usd: int) -> dict[str, Drawer]:
    """Post kind → what draws it."""
    return {kind: draw for each in DRAWERS for kind, draw in each(units_per_usd=units_per_usd).items()}


def retold(*, channel: str, clock: Callable[[], float]) -> dict[str, Callable[[sa.Connection, Outbox, str], None]]:
    """Kind of a direct message → what says it elsewhere when Slack does not take it, by its subject."""

    def unread(c: sa.Connection, outbox: Outbox, subject: str) -> None:
        messages.say_unread(c, outbox, subject, channel=channel, now=clock())

    return {messages.OWNER: unread}


class Care:
    """All kinds of care of one process."""

    def __init__(self, parts: CareParts, router: Router) -> None:
        self.parts = parts
        kinds = [build(parts, router) for build in BUILDERS]
        self.jobs: dict[str, Job] = {name: job for kind in kinds for name, job in kind.jobs.items()}
        self.schedule = CareSchedule(kinds=kinds)
