"""Looks at the keys whose counters moved, after each list of all keys, and tells what is unusual."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from bot.care import told
from bot.care.anomaly import buttons, store
from bot.care.anomaly.judgement import DAYS, GAP_SECONDS, PaceCare, PaceJudgement, judge, usual_pace
from bot.care.anomaly.messages import SECURITY
from bot.care.kind import CareKind, CareParts
from bot.care.messages import OWNER, body_of
from bot.care.notice import CareOutcome, Crossing, Notice
from bot.care.told import Wants
from bot.db.engine import Database
from bot.gateway.models import EffectiveState
from bot.gateway.numbers import block_of, gateway_of
from bot.keys import inventory_store
from bot.keys.inventory_store import KnownKey
from bot.keys.known_keys import spending_of
from bot.keys.spending import DAY
from bot.permissions.care import CareTerms
from bot.slack.router import Router

PAGE = 200
# Keys that have not moved for so long are forgotten.
FORGET_SECONDS = 7 * DAY


@dataclass(kw_only=True, eq=False)
class AnomalyRounds:
    """`terms`: with amounts in units of a gateway that is named, "" = that of the settings.

    `security`: the channel of security, "" where none is set. `channel`: of requests, for keys that nobody owns.
    """

    database: Database
    outbox: Wants
    terms: Callable[[str], CareTerms]
    channel: str
    security: str
    clock: Callable[[], float]
    gateway_now: Callable[[int], float]
    _forgot_at: float = field(default=float("-inf"), init=False)

    async def run(self) -> bool:
        """One round. Nobody ever waits: an anomaly is told at once."""
        if not self.terms("").anomaly_times:
            return False
        after, since = -1, self.clock() - GAP_SECONDS
        while page := await self.database.read(inventory_store.changed, after, since=since, limit=PAGE):
            await self.database.run(self._look, page)
            after = int(page[-1].key.id)
        still = await self.database.read(_still, limit=PAGE)
        if still:
            await self.database.run(self._look, still)
        if self.clock() - self._forgot_at >= DAY:
            await self.database.run(_forget, before=self.clock() - FORGET_SECONDS)
            self._forgot_at = self.clock()
        return False

    def _look(self, c: sa.Connection, page: Sequence[KnownKey]) -> None:
        rows = store.several(c, [int(known.key.id) for known in page])
        marks = {block: inventory_store.last_pass(c, block) for block in {block_of(one.key.id) for one in page}}
        quiet: list[tuple[PaceCare | None, PaceCare]] = []
        for known in page:
            row = rows.get(int(known.key.id))
            mark, terms = marks[block_of(known.key.id)], self.terms(gateway_of(known.key.id))
            usual = functools.partial(self._usual, c, known)
            if mark is None:
                continue
            found = judge(row, known.key, read_at=mark.started_at, terms=terms, usual=usual)
            if found is None:
                continue
            if not (found.over or found.alarm):
                quiet.append((found.before, found.care))
                continue
            if not store.save(c, found.before, found.care):
                continue
            if found.over:
                rows_open = [one for one in told.still_open(c, [found.care.key_id]) if one.kind is Crossing.ANOMALY]
                told.close(c, self.outbox, [(one, CareOutcome.CALM) for one in rows_open])
            # What is out of use spends no more, whatever it did a moment ago.
            if found.alarm and known.key.state(self.gateway_now(known.key.id)) is not EffectiveState.DISABLED:
                self._tell(c, known, found)
        store.save_quietly(c, quiet)

    def _usual(self, c: sa.Connection, known: KnownKey) -> float | None:
        now = self.gateway_now(known.key.id)
        spent = spending_of(c, [known.key.id], now, seconds=(DAYS + 1) * DAY)
        return usual_pace(spent.get(known.key.id), now=now)

    def _tell(self, c: sa.Connection, known: KnownKey, found: PaceJudgement) -> None:
        key, owner = known.key, known.owner_id or ""
        notice = Notice(
            kind=Crossing.ANOMALY,
            key_id=int(key.id),
            name=key.name,
            expires=key.expired_time,
            born_at=key.created_time,
            left=found.per_hour,
            granted=found.usual,
        )
        subject = f"anomaly:{key.id}:{int(found.care.told_at)}"
        channel = self.security or ("" if owner else self.channel)
        wanted = [(OWNER, f"dm:{owner}")] if owner else []
        for kind, target in wanted + ([(SECURITY, channel)] if channel else []):
            body = body_of(1, [(notice, owner)])
            self.outbox.want(c, id=f"{kind}:{subject}", kind=kind, subject=subject, target=target, body=body)
            told.note(c, f"{kind}:{subject}", [(notice, owner)], at=self.clock())


def _still(c: sa.Connection, *, limit: int) -> list[KnownKey]:
    known = inventory_store.several(c, store.unsettled(c, limit=limit))
    return [one for one in known.values() if one.gone_at is None]


def _forget(c: sa.Connection, *, before: float) -> int:
    return store.forget(c, before=before)


def build(parts: CareParts, router: Router) -> CareKind:
    """What is told of unusual spending, and its two buttons."""
    deps = parts.deps
    made = AnomalyRounds(
        database=deps.database,
        outbox=parts.outbox,
        terms=lambda gateway: deps.policy().at(gateway).care,
        channel=deps.channel,
        security="" if parts.security_channel == deps.channel else parts.security_channel,
        clock=deps.clock,
        gateway_now=deps.reader.server_now,
    )
    buttons.register(router, buttons.AnomalyButtons(parts=parts))
    return CareKind(name="anomaly", round=made.run)
