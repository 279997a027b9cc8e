"""What a running Keydesk looks after by itself: policy file, files of secrets, the record's anchor, events held back.

An anchor is the record's length and last hash in a Slack channel, once a day: whoever rewrote the whole record would
have to rewrite Slack's history too.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field

import sqlalchemy as sa

from bot.approvals.cards.notifications import STORY
from bot.audit import Fact, append
from bot.audit.signed_head import anchor_words
from bot.audit.tables import head
from bot.db.engine import Database
from bot.languages import joined, tr
from bot.languages.sentence import to_stored
from bot.policy_announcements import PolicyAnnouncements, Wanting
from bot.policy_file import PolicyFile
from bot.slack.blocks import code

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
ANCHOR_SECONDS = 86_400.0
# Slack says once a minute that it holds events back.
HELD_BACK_SECONDS = 150.0
_HELD_BACK = tr(
    "Slack delivers more than 30,000 events an hour to no app, so it holds events of ours back: leaks in messages are "
    "not seen, and changes of people and groups are learnt a minute late. Take Keydesk out of busy channels."
)


@dataclass(kw_only=True, eq=False)
class Maintenance:
    """One background task. `channel`: where those are who can mend a policy; `anchor`: channel for anchors or None."""

    database: Database
    policy: PolicyFile
    outbox: Wanting
    channel: str
    anchor: str | None
    version: str
    clock: Callable[[], float]
    # Takes new values of secrets into force (settings/secret_files.py).
    look_at_secrets: Callable[[], object] = lambda: None
    _announced: str = field(default="", init=False)
    _anchored: str = field(default="", init=False)
    _held_back_at: float = field(default=0.0, init=False)
    _task: asyncio.Task[None] | None = field(default=None, init=False)

    @property
    def _policy(self) -> PolicyAnnouncements:
        return PolicyAnnouncements(policy=self.policy, outbox=self.outbox, channel=self.channel, clock=self.clock)

    async def start(self) -> None:
        """Record the start, and begin to look."""
        await self.database.run(self._record, Fact.STARTED)
        self._task = asyncio.get_running_loop().create_task(self._look_for_ever())

    async def stop(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def problem(self) -> str:
        """That Slack holds events back, as far as this process was told; "" when it does not."""
        return _HELD_BACK if self.clock() - self._held_back_at < HELD_BACK_SECONDS else ""

    async def events_held_back(self) -> None:
        """Slack says that this minute's events do not come. The security channel hears of it once an hour."""
        self._held_back_at = now = self.clock()
        await self.database.run(self._want, f"events:{int(now // 3600)}", self.channel, joined(":warning:", _HELD_BACK))

    async def _look_for_ever(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:
                # Nobody awaits this task, so an error that is not caught here would end it without a word.
                logger.exception("the record could not be written; looking again")
            await asyncio.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Do everything that is due, once."""
        self.look_at_secrets()
        before = self.policy.problems
        if self.policy.look():
            logger.info("another policy is in force")
            await self.database.run(self._record, Fact.POLICY_LOADED)
        if self.policy.problems:
            if self.policy.problems != before:
                await self.database.run(self._policy.broken)
        elif before or self._announced != self.policy.digest:
            await self.database.run(self._policy.in_force)
            self._announced = self.policy.digest
        day = str(int(self.clock() // ANCHOR_SECONDS))
        if self.anchor is not None and day != self._anchored:
            await self.database.run(self._drop_anchor, day)
            self._anchored = day

    def _record(self, c: sa.Connection, fact: Fact) -> None:
        append(c, fact=fact, at=self.clock(), details={"sha256": self.policy.digest, "version": self.version})

    def _drop_anchor(self, c: sa.Connection, day: str) -> None:
        count, last = c.execute(sa.select(head.c.count, head.c.hash)).one()
        words, hashed = anchor_words(count, last)
        text = f":anchor: {words}{code(hashed)}."
        self._want(c, f"anchor:{day}", self.anchor or "", text)

    def _want(self, c: sa.Connection, post_id: str, target: str, text: str) -> None:
        if c.scalar(sa.text("SELECT 1 FROM posts WHERE id = :id"), {"id": post_id}) is None:
            self.outbox.want(c, id=post_id, kind=STORY, subject="", target=target, body={"text": to_stored(text)})
