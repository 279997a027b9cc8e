"""Paced, recorded posting: what a row says becomes one Slack message, once, and is redrawn when the row changes.

Record the intent, commit, post, record the ts. chat.postMessage has no idempotency, so after an unsure answer or a
crash we look for the message (its metadata has the post's id) before we post again. A lease per post keeps replicas
apart. A job that finds no turn, no Slack or no lease comes back later; nothing is lost while
Slack is down. Cards are drawn from rows only, and never read back. slack.md A6, A7.
"""

import asyncio
import contextlib
import logging
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from bot.db import leases
from bot.db.engine import Database
from bot.durable import Again
from bot.languages import ENGLISH, Language, speaking, tr
from bot.slack import post_store
from bot.slack.blocks import Message, worded
from bot.slack.errors import APP_CODES, CLOSED_CODES, FATAL_CODES, NOBODY_CODES, SlackRefused, SlackUnavailable
from bot.slack.message_sender import MessageSender, PostingWeb
from bot.slack.post_store import PostRow
from bot.slack.rate_limits import Pacer

logger = logging.getLogger(__name__)

JOB = "post"
# Prolonged while the post is worked at, so that one whose process died is somebody else's soon.
LEASE_SECONDS = 6.0
# Whoever has the lease draws what changed meanwhile, so that others look again only in case it dies.
BUSY_SECONDS = 5.0
SOON_SECONDS = 1.0
# So long a message waits for an older one of its thread, which may be one that never comes.
ORDER_SECONDS = 3600.0
# Redraws in one go while the subject keeps changing.
ROUNDS = 3
# chat.postMessage: 1 per second and channel, short bursts; chat.update: Tier 3, 50 a minute over all messages.
POST_EVERY, POST_BURST = 1.05, 3
UPDATE_EVERY, UPDATE_BURST = 60 / 45, 5
FIRST_RETRY, LONGEST_RETRY = 2.0, 30.0
# A Slack that hangs must not take all the places where jobs run: disabling a key goes before telling of it.
PLACES, PLACE_SECONDS = 6, 2.0
# What only people can mend (an archived channel, a bot not invited, a revoked token).
SLOW_RETRY, SLOWEST_RETRY = 300.0, 1800.0
# So long a person who cannot be written to is tried, from the first refusal on.
DM_SECONDS = 86_400.0
# A channel that is archived, restricted or left is tried so often, by one message at a time: it may be open again.
CLOSED_RETRY = 45.0
URGENT_PLACES = 2  # that only urgent messages may take
# A post that Slack has after all shows up in the history within this time.
SETTLE_SECONDS = 15.0

GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed"})
LOOKING = frozenset({"conversations.history", "conversations.replies"})

Drawer = Callable[[sa.Connection, PostRow], Message | None]
OnRefusal = Callable[[sa.Connection, "Outbox", PostRow, str | None], None]


class Starter(Protocol):
    """The part of durable.Engine that is needed here."""

    def start(self, c: sa.Connection, job: str, id: str, argument: str, *, delay: float = 0.0) -> None: ...  # noqa: A002  # the engine's word


class DirectMessages(Protocol):
    """The part of slack.Directory that is needed here."""

    async def dm_channel(self, slack_user_id: str) -> str: ...


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """What to do under the lease. `message` None: nothing to show. `look`: an earlier try may have arrived."""

    row: PostRow
    message: Message | None
    thread_ts: str | None = None
    look: bool = False
    wait: float | None = None


@dataclass(kw_only=True)
class _Hold:
    """The right to work at one post, as far as we know until `until`."""

    name: str
    holder: str
    until: float = 0.0


class Outbox:
    """One per process. `drawers`: kind of post → how it looks; they read rows through the connection they get.

    `language_of`: in which language a message is read. `urgent`: kinds that overtake all others. `on_refusal` is
    called with Slack's word when a message is refused for the first time, and with None when Slack takes it after all,
    in the transaction that notes it: whoever should read it is told another way. `fatal`: Slack's word when it does
    not take our token, for readiness.
    """

    def __init__(
        self,
        *,
        database: Database,
        engine: Starter,
        web: PostingWeb,
        directory: DirectMessages,
        drawers: Mapping[str, Drawer],
        urgent: frozenset[str] = frozenset(),
        language_of: Callable[[sa.Connection, PostRow], Language] = lambda _c, _row: ENGLISH,
        on_refusal: "OnRefusal" = lambda _c, _outbox, _row, _code: None,
        holder: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._engine = engine
        self._directory = directory
        self._drawers = dict(drawers)
        self._urgent = urgent
        self._language_of = language_of
        self._on_refusal = on_refusal
        # Channel → why it takes nothing, as this process saw last: one message at a time asks again.
        self._closed: dict[str, str] = {}
        self._holder = holder or f"outbox:{secrets.token_hex(4)}"
        self._clock = clock
        self._sender = MessageSender(web=web)
        self._pacer = Pacer(clock=clock)
        self._at_work = 0
        # Post → when this process was first refused it. A restart only makes the try longer, so it is in no row.
        self._refused_since: dict[str, float] = {}
        self.fatal: str | None = None

    def want(
        self,
        c: sa.Connection,
        *,
        id: str,  # noqa: A002  # every text about posts calls it the id
        kind: str,
        subject: str,
        target: str,
        thread_of: str | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> None:
        """Have this message drawn, or drawn anew, once the caller's transaction is committed.

        `target`: a channel id, or `dm:U…`. `thread_of`: the id of the post under which it stands. `body`: plain JSON
        for the drawer; `{"broadcast": true}` shows a threaded one in the channel too. No secret in any of them.
        """
        wanted = post_store.upsert(
            c,
            post_id=id,
            kind=kind,
            subject=subject,
            target=target,
            thread_of=thread_of,
            body=body,
            now=self._clock(),
        )
        # A new one is queued for its turn: a burst of them would else run a job each, only to hear when to come
        # again. A transaction that is rolled back wastes the turn. Changes often overtake each other: they ask later.
        delay = self._turn(id, kind, target, None, use=False) if wanted == 1 else 0.0
        # The number tells an overtaken job that a newer one is on its way.
        self._engine.start(c, JOB, f"{id}:{wanted}", f"{id}#{wanted}", delay=delay)

    async def deliver(self, argument: str) -> Again | None:
        """The durable job. `argument`: the id of a post, with `#wanted` when it comes from `want`."""
        post_id, _, number = argument.rpartition("#") if "#" in argument else (argument, "", "")
        row = await self._database.read(post_store.load, post_id)
        if row is None or row.drawn >= row.wanted or (number.isdigit() and int(number) < row.wanted):
            return None
        if self._at_work >= PLACES + (URGENT_PLACES if row.kind in self._urgent else 0):
            return Again(PLACE_SECONDS)
        wait = self._turn(row.id, row.kind, row.target, row.ts, use=True)
        if wait > 0:
            if row.error is None and row.target in self._closed:
                # It would be refused like those before it, and its people must not wait for its turn to hear of it.
                await self._database.run(self._note_refusal, row, self._closed[row.target])
            return Again(wait)
        hold = _Hold(name=f"post:{post_id}", holder=f"{self._holder}:{secrets.token_hex(4)}")
        self._at_work += 1
        keeper = asyncio.create_task(self._keep(hold))
        try:
            return await self._work(post_id, hold)
        except Exception:
            await self._database.run(leases.release, hold.name, hold.holder)
            raise
        finally:
            keeper.cancel()
            self._at_work -= 1

    async def _keep(self, hold: _Hold) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            with contextlib.suppress(sa.exc.SQLAlchemyError):  # the next beat, or the check before a call, tells
                await self._database.run(self._prolong, hold)

    def _prolong(self, c: sa.Connection, hold: _Hold) -> bool:
        now = self._clock()
        if not leases.renew(c, hold.name, hold.holder, seconds=LEASE_SECONDS, now=now):
            return False
        hold.until = now + LEASE_SECONDS
        return True

    async def _work(self, post_id: str, hold: _Hold) -> Again | None:
        for _ in range(ROUNDS):
            plan = await self._database.run(self._plan, post_id, hold)
            if plan is None:
                return None
            if plan.wait is not None:
                return Again(plan.wait)
            again = await self._carry_out(plan, hold)
            if again is not None:
                await self._database.run(leases.release, hold.name, hold.holder)
                return again if again.seconds > 0 else None
            if not await self._database.run(self._changed_again, post_id, hold):
                return None
        await self._database.run(leases.release, hold.name, hold.holder)
        return Again(SOON_SECONDS)

    def _turn(self, post_id: str, kind: str, target: str, ts: str | None, *, use: bool) -> float:
        urgent = kind in self._urgent
        if ts is None:
            return self._pacer.turn(target, post_id, every=POST_EVERY, burst=POST_BURST, use=use, urgent=urgent)
        return self._pacer.turn("chat.update", post_id, every=UPDATE_EVERY, burst=UPDATE_BURST, use=use, urgent=urgent)

    async def problems(self) -> list[str]:
        """Channels that take no message of ours, from the rows: every replica says the same, until one gets through."""
        return [
            tr("Slack takes no message in {channel} ({code}), so nobody there reads it", channel=target, code=code)
            for target, code in await self._database.read(post_store.refused_channels)
        ]

    async def channel_opened(self, channel: str, event_id: str) -> None:
        """Slack says that a channel takes messages again: what waits for it is tried now."""
        self._closed.pop(channel, None)
        self._pacer.release(channel)
        await self._database.run(self._try_again, channel, event_id)

    def _try_again(self, c: sa.Connection, channel: str, event_id: str) -> None:
        for row in post_store.refused_in(c, channel):
            # The job that waits for its next try finds nothing to do then.
            self._engine.start(c, JOB, f"{row.id}:{event_id}", row.id)

    def _plan(self, c: sa.Connection, post_id: str, hold: _Hold) -> _Plan | None:
        """Take the lease, draw, and record the intent of a first post: one transaction."""
        now = self._clock()
        row = post_store.load(c, post_id)
        if row is None:
            return None
        if not leases.acquire(c, hold.name, hold.holder, seconds=LEASE_SECONDS, now=now):
            return _Plan(row=row, message=None, wait=BUSY_SECONDS)
        hold.until = now + LEASE_SECONDS
        if row.drawn >= row.wanted:
            leases.release(c, hold.name, hold.holder)
            return None
        drawer = self._drawers.get(row.kind)
        parent = post_store.load(c, row.thread_of) if row.thread_of else None
        in_turn = row.ts is not None or now - row.created_at > ORDER_SECONDS or not post_store.overtakes(c, row)
        if drawer is None or not in_turn or post_store.waits_for_its_parent(row, parent):
            leases.release(c, hold.name, hold.holder)
            if drawer is None:
                # A newer version runs beside this one, or ran before it.
                logger.error("post %s is of a kind that this version cannot draw: %s", row.id, row.kind)
            return _Plan(row=row, message=None, wait=0.5 if row.ts else min(60.0, 0.5 + (now - row.created_at) / 10))
        with speaking(self._language_of(c, row)):
            message = worded(drawer(c, row))
        look = row.ts is None and row.intent_at is not None
        if row.ts is None and message is not None and not look:
            post_store.change(c, row.id, intent_at=now)
        return _Plan(row=row, message=message, thread_ts=parent.ts if parent is not None else None, look=look)

    def _changed_again(self, c: sa.Connection, post_id: str, hold: _Hold) -> bool:
        """Whether the subject changed while we drew it; if not, the lease goes back. False as well if we lost it."""
        row = post_store.load(c, post_id)
        if self._prolong(c, hold) and row is not None and row.drawn < row.wanted:
            return True
        leases.release(c, hold.name, hold.holder)
        return False

    async def _carry_out(self, plan: _Plan, hold: _Hold) -> Again | None:
        """Talk to Slack and record what came of it. None: done, as far as this plan goes."""
        row = plan.row
        try:
            if plan.message is None:
                channel, ts = row.channel, row.ts
            else:
                channel = row.channel or await self._channel(row)
                ts = row.ts or (await self._arrived(plan, channel) if plan.look else None)
                if ts is None and plan.look:
                    return await self._post_again(row)
                if self._clock() >= hold.until:
                    # This process was frozen; another one has taken over, and what we drew is out of date.
                    return Again(BUSY_SECONDS)
                if ts is None:
                    channel, ts = await self._sender.post(row, channel, plan.message, plan.thread_ts)
                else:
                    await self._sender.update(row.id, channel, ts, plan.message)
        except SlackUnavailable as error:
            return await self._later(row, error)
        except SlackRefused as error:
            return await self._refused(row, error)
        self.fatal = None
        self._closed.pop(row.target, None)
        self._refused_since.pop(row.id, None)
        if not await self._database.run(self._shown, row, channel, ts, hold):
            logger.warning("post %s came to be twice, since this process was frozen; taking ours away", row.id)
            await self._sender.remove(str(channel), str(ts))
        return None

    def _shown(self, c: sa.Connection, row: PostRow, channel: str | None, ts: str | None, hold: _Hold) -> bool:
        """Write down what Slack shows. False: another process posted it meanwhile, and that message is the one."""
        now = post_store.load(c, row.id)
        ours = now is None or now.ts is None or now.ts in {row.ts, ts}
        if ours:
            post_store.change(
                c, row.id, channel=channel, ts=ts, drawn=row.wanted, intent_at=None, attempts=0, error=None
            )
            if row.error is not None and row.error not in APP_CODES:
                self._on_refusal(c, self, row, None)
        if not self._prolong(c, hold):
            # Somebody else worked at it too, and which of us Slack heard last is not known: draw it once more.
            self.want(c, id=row.id, kind=row.kind, subject=row.subject, target=row.target)
        return ours

    async def _arrived(self, plan: _Plan, channel: str) -> str | None:
        """The ts of a message that an earlier try has left; it shows what was true then, so it is drawn anew."""
        row = plan.row
        ts = await self._sender.find(row.id, channel, since=row.intent_at or 0.0, thread_ts=plan.thread_ts)
        if ts is not None:
            logger.info("post %s had arrived before; not posted again", row.id)
            await self._database.run(post_store.change, row.id, channel=channel, ts=ts, intent_at=None)
        return ts

    async def _channel(self, row: PostRow) -> str:
        return await self._directory.dm_channel(row.dm_user) if row.dm_user else row.target

    async def _post_again(self, row: PostRow) -> Again:
        """The message is not there. Posts that Slack received just now may still appear: look again before posting."""
        now = self._clock()
        if now - (row.intent_at or 0.0) < SETTLE_SECONDS:
            return Again(SETTLE_SECONDS / 3)
        await self._database.run(post_store.change, row.id, intent_at=None)
        return Again(SOON_SECONDS)

    async def _later(self, row: PostRow, error: SlackUnavailable) -> Again:
        delay = min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(row.attempts, 10))
        if error.retry_after is not None:
            # A 429 is no failure: Slack only says when.
            self._pacer.hold(row.target if row.ts is None else "chat.update", error.retry_after)
            delay = error.retry_after
        unsure = error.unsure and row.ts is None
        await self._database.run(post_store.failed, row.id, error=None, keep_intent=unsure or row.intent_at is not None)
        logger.info("Slack did not take post %s (%s); again in %.0f s", row.id, "unsure" if unsure else "no", delay)
        return Again(delay)

    async def _refused(self, row: PostRow, error: SlackRefused) -> Again:
        if error.code in GONE and error.method == "chat.update":
            logger.warning("post %s cannot be changed any more (%s); posting it anew", row.id, error.code)
            await self._database.run(post_store.change, row.id, ts=None, channel=None, intent_at=None)
            return Again(SOON_SECONDS)
        if error.method in LOOKING:
            # We may not read the history, so we cannot know; a doubled message is better than a missing card.
            logger.warning("post %s: cannot look whether it arrived (%s)", row.id, error.code)
            await self._database.run(post_store.failed, row.id, error=error.code, keep_intent=False)
            return Again(SLOW_RETRY if row.error is not None else SOON_SECONDS)
        fatal = error.code in FATAL_CODES
        if fatal:
            self.fatal = error.code
        logger.error("Slack refuses post %s to %s: %s", row.id, row.target, error.code)
        await self._database.run(self._note_refusal, row, error.code)
        if not row.dm_user and error.code in CLOSED_CODES - APP_CODES:
            # Somebody has to open the channel again. An event of Slack may tell when; else it is tried every minute.
            self._closed[row.target] = error.code
            self._pacer.hold(row.target, CLOSED_RETRY)
            return Again(CLOSED_RETRY)
        if row.dm_user and self._given_up(row, error.code):
            self._refused_since.pop(row.id, None)
            return Again(0.0)
        return Again(min(SLOW_RETRY * (1 + row.attempts), SLOWEST_RETRY))

    def _note_refusal(self, c: sa.Connection, row: PostRow, code: str) -> None:
        """Write it down, and say it another way once. What hits every message alike, DMs too, is for readiness."""
        post_store.failed(c, row.id, error=code, keep_intent=False)
        if code not in APP_CODES and (row.error is None or row.error in APP_CODES):
            self._on_refusal(c, self, row, code)

    def _given_up(self, row: PostRow, code: str) -> bool:
        """A word to one person: there is nobody, or Slack has refused it for a day. The app and channels get mended."""
        now = self._clock()
        if row.error is None or row.error in APP_CODES:
            # Counted anew: a message arrived since then, maybe from another process, or the app as a whole was refused.
            self._refused_since[row.id] = now
        since = self._refused_since.setdefault(row.id, now)
        return code in NOBODY_CODES or (code not in APP_CODES and now - since > DM_SECONDS)
