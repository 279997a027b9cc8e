"""An outbox with a table of texts as its subject, the durable engine's part played by hand on the test's clock, and
rows of posts."""

from typing import Any

import sqlalchemy as sa

from bot.durable.engine import Again
from bot.slack.blocks import Message, section
from bot.slack.outbox import Outbox
from bot.slack.post_store import PostRow, load
from tests.narrow import expect


def post_row(kind: str = "card", subject: str = "1", **values: Any) -> PostRow:
    """A message that is wanted for the first time and not in Slack yet, but for `values`."""
    new: dict[str, Any] = {"id": "p", "target": "C1", "thread_of": None, "channel": None, "ts": None}
    new |= {"wanted": 1, "drawn": 0, "attempts": 0, "intent_at": None, "error": None, "body": {}, "created_at": 0.0}
    return PostRow(kind=kind, subject=subject, **new | values)


class Queue:
    """Keeps started jobs; `run` does what is due, moves the clock and goes on, at most `turns` times."""

    def __init__(self, clock: Any) -> None:
        self.clock = clock
        self.waiting: list[tuple[float, str]] = []
        self.started: list[tuple[str, str, str]] = []
        self.delays: list[float] = []

    def start(self, c: sa.Connection, job: str, id: str, argument: str, *, delay: float = 0.0) -> None:  # noqa: A002 the engine's word
        self.started.append((job, id, argument))
        self.waiting.append((self.clock.now + delay, argument))

    async def run(self, outbox: Outbox, *, seconds: float = 3600.0, turns: int = 60) -> None:
        end = self.clock.now + seconds
        while self.waiting and turns > 0:
            self.waiting.sort(key=lambda item: item[0])
            due, argument = self.waiting[0]
            if due > end:
                return
            turns -= 1
            self.waiting.pop(0)
            self.clock.now = max(self.clock.now, due)
            again = await outbox.deliver(argument)
            if isinstance(again, Again):
                self.delays.append(again.seconds)
                self.waiting.append((self.clock.now + again.seconds, argument))


class Desk:
    """What a test needs to post: `want` in a transaction, `run`, `row`. `texts`: subject → what its card says."""

    def __init__(self, *, database: Any, web: Any, directory: Any, clock: Any) -> None:
        self.database, self.clock, self.queue = database, clock, Queue(clock)
        self.web, self.directory = web, directory
        self.texts: dict[str, str | None] = {}
        self.drawn = 0
        self.refusals: list[tuple[str, str | None]] = []
        self.outbox = self.another("one")

    def another(self, holder: str) -> Outbox:
        return Outbox(
            database=self.database,
            engine=self.queue,
            web=self.web,
            directory=self.directory,
            drawers={"card": self.draw, "alert": self.draw},
            urgent=frozenset({"alert"}),
            on_refusal=lambda _c, _outbox, row, code: self.refusals.append((row.id, code)),
            holder=holder,
            clock=self.clock,
        )

    def draw(self, c: sa.Connection, row: PostRow) -> Message | None:
        self.drawn += 1
        text = self.texts.get(row.subject, f"card of {row.subject}")
        return None if text is None else Message(text, [section(text)])

    async def want(self, post_id: str = "p1", **changes: Any) -> None:
        names = {"kind": "card", "subject": "7", "target": "C1GENERAL"} | changes
        await self.database.run(lambda c: self.outbox.want(c, id=post_id, **names))

    async def run(self, **limits: Any) -> None:
        await self.queue.run(self.outbox, **limits)

    async def row(self, post_id: str = "p1") -> PostRow:
        return expect(PostRow, await self.database.read(load, post_id))
