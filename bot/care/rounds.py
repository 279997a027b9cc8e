"""Goes through all keys after each list of them: what has crossed a mark, what is mended, what nobody needs any more.

What owners are to be told goes to owner_messages.py; whoever is left over is looked at again a little later.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from bot.care import mended, store, told
from bot.care.forecasts import Forecasts
from bot.care.idle import buttons, watch
from bot.care.idle import judgement as idle
from bot.care.idle import store as idle_store
from bot.care.idle.judgement import IdleCare, IdleFacts, IdleJudgement
from bot.care.idle.orders import IdleOrders
from bot.care.judgement import KeyCare, judge, may_run_dry_soon
from bot.care.kind import CareKind, CareParts
from bot.care.notice import CareOutcome, Crossing
from bot.care.owner_messages import Judgement, OwnerMessages
from bot.care.told import ToldNotice
from bot.gateway.numbers import block_of
from bot.keys import inventory_store, lineage, owners
from bot.keys.inventory_store import KnownKey
from bot.keys.known_keys import spending_of
from bot.keys.lineage import LineageRow
from bot.keys.spending import DAY, PACE_SECONDS, Spending
from bot.permissions.care import CareTerms
from bot.slack.router import Router

PAGE = 500
# What is remembered for one round at most; the rest is found again in the next one. What cannot wait always is.
MOST_NOTICES = 20_000
# Keys that are gone are remembered so long: a list may have missed one that is there.
GONE_SECONDS = 7 * DAY
# Messages of so long ago stay as they are.
CHANGED_SECONDS = 180 * DAY
CLEANING_SECONDS = DAY


@dataclass(kw_only=True)
class _Found:
    """What a page of keys has brought. `silent`: to be remembered without a word. `over`: messages that are mended."""

    judged: list[tuple[str, Judgement]] = field(default_factory=list)
    due: list[tuple[KnownKey, IdleCare]] = field(default_factory=list)
    over: list[tuple[ToldNotice, CareOutcome]] = field(default_factory=list)
    after: int | None = None


@dataclass(kw_only=True, eq=False)
class CareRounds:
    """`run` makes one round."""

    messages: OwnerMessages
    orders: IdleOrders
    terms: Callable[[], CareTerms]
    _cleaned_at: float = field(default=float("-inf"), init=False)
    _forecasts: Forecasts = field(init=False)

    def __post_init__(self) -> None:
        self._forecasts = Forecasts(clock=lambda: self.messages.gateway_now(0))

    async def run(self) -> bool:
        """One round over all keys. Whether somebody is still to be told."""
        terms, people, database = self.terms(), dict[str, list[Judgement]](), self.messages.database
        begun = await database.read(store.has_begun)
        since = await watch.look(database, self.messages.gateway_now(0))
        due: list[tuple[KnownKey, IdleCare]] = []
        after: int | None = -1
        number = 0
        while after is not None:
            page = self._facts(terms, since), self._forecasts, self.messages.gateway_now
            found = await database.read(_judge_page, after, *page)
            silent: list[Judgement] = []
            for owner, judgement in found.judged:
                one = _without_the_unwanted(judgement, terms, begun=begun)
                if not one.notices:
                    silent.append(one)
                elif number < MOST_NOTICES or any(notice.kind.urgent for notice in one.notices):
                    number += len(one.notices)
                    people.setdefault(owner, []).append(one)
            if silent or found.over:
                await database.run(self._remember, silent, found.over)
            due, after = due + found.due, found.after
        if not begun:
            await database.run(store.begin)
        for owner, one in await self.orders.done(self._facts(terms, since), self.messages.gateway_now):
            people.setdefault(owner, []).append(one)
        waiting = await self.messages.tell(people, terms)
        await self.messages.learn_zones(row.owner_id for _, row in due)
        awake = [(known, row) for known, row in due if self.messages.is_awake(row.owner_id, terms)]
        await self.orders.place(awake)
        await self._clean()
        return waiting or number >= MOST_NOTICES or len(awake) < len(due)

    def _facts(self, terms: CareTerms, since: float) -> IdleFacts:
        return IdleFacts(now=self.messages.gateway_now(0), watched_since=since, terms=terms, billed=lambda: None)

    def _remember(
        self, c: sa.Connection, judgements: Sequence[Judgement], over: Sequence[tuple[ToldNotice, CareOutcome]]
    ) -> None:
        for one in judgements:
            self.messages.save(c, one)
        told.close(c, self.messages.outbox, over)

    async def _clean(self) -> None:
        database, now = self.messages.database, self.messages.clock()
        gone = [(row, CareOutcome.GONE) for row in await database.read(told.open_of_gone)]
        if gone:
            await database.run(told.close, self.messages.outbox, gone)
        if now - self._cleaned_at >= CLEANING_SECONDS:
            await database.run(_forget, now)
            self._cleaned_at = now


def _forget(c: sa.Connection, now: float) -> None:
    store.forget_gone(c, before=now - GONE_SECONDS)
    idle_store.forget_gone(c, before=now - GONE_SECONDS)
    told.forget(c, before=now - CHANGED_SECONDS)


def _without_the_unwanted(judgement: Judgement, terms: CareTerms, *, begun: bool) -> Judgement:
    """What is told to nobody is remembered as told: what is switched off, and what was so at the first round."""
    if isinstance(judgement, IdleJudgement):
        return judgement
    first = not begun and judgement.before is None
    wanted = [] if first else [one for one in judgement.notices if _is_wanted(one.kind, terms)]
    care = judgement.care
    for notice in judgement.notices:
        care = care if notice in wanted else care.after(notice)
    return replace(judgement, care=care, notices=tuple(wanted))


def _is_wanted(kind: Crossing, terms: CareTerms) -> bool:
    return bool(terms.expiry) if kind in {Crossing.EXPIRES, Crossing.ENDED} else terms.of_quota


def _judge_page(
    c: sa.Connection, after: int, facts: IdleFacts, forecasts: Forecasts, gateway_now: Callable[[int], float]
) -> _Found:
    """The keys with the next higher numbers, those that somebody owns; `after` the last of them, None at the end.

    A key is judged by its gateway's clock.
    """
    page = inventory_store.after(c, after, limit=PAGE)
    ids = [int(known.key.id) for known in page]
    replaced = lineage.replaced(c)
    cares, asked = store.several(c, ids), idle_store.several(c, ids)
    judged = [known for known in page if known.owner_id is not None and not _was_replaced(known, replaced)]
    at = {int(known.key.id): replace(facts, now=gateway_now(known.key.id)) for known in page}
    needed = [
        key_id
        for known in judged
        if _needs_spending(known, asked.get(key_id := int(known.key.id)), at[key_id], forecasts)
    ]
    spent = spending_of(c, needed, facts.now, seconds=PACE_SECONDS)
    found = _Found(after=ids[-1] if len(page) == PAGE else None)
    for known in judged:
        key_id, owner = int(known.key.id), str(known.owner_id)
        mine = at[key_id]
        coming = functools.partial(forecasts.dry_at, known.key, spent.get(key_id), now=mine.now)
        care = judge(cares.get(key_id), known.key, owner=owner, now=mine.now, terms=mine.terms, dry_at=coming)
        if care is not None:
            cares[key_id] = care.care
            if care.notices or care.care != care.before:
                found.judged.append((owner, care))
        row = asked.get(key_id)
        billed = functools.partial(_billed, spent.get(key_id))
        one = idle.judge(row, known, owner=owner, facts=replace(mine, billed=billed))
        if one is not None:
            found.judged.append((owner, one))
        elif row is not None and idle.is_due(row, mine):
            found.due.append((known, row))
    others = set(owners.other_accounts(c))
    ours = [known for known in page if block_of(known.key.id) not in others]
    found.over = _mended(c, ours, cares, replaced, gateway_now)
    return found


def _needs_spending(known: KnownKey, asked: IdleCare | None, facts: IdleFacts, forecasts: Forecasts) -> bool:
    if may_run_dry_soon(known.key, now=facts.now, terms=facts.terms) and forecasts.needs_spending(known.key):
        return True
    return idle.needs_spending(asked, known, owner=str(known.owner_id), facts=facts)


def _mended(
    c: sa.Connection,
    page: Sequence[KnownKey],
    cares: Mapping[int, KeyCare],
    replaced: Mapping[int, LineageRow],
    gateway_now: Callable[[int], float],
) -> list[tuple[ToldNotice, CareOutcome]]:
    known, found = {int(one.key.id): one for one in page}, []
    for row in told.still_open(c, list(known)):
        one = known[row.key_id]
        outcome = mended.outcome_of(
            row,
            one.key,
            cares.get(row.key_id),
            owner=one.owner_id,
            replaced=_was_replaced(one, replaced),
            now=gateway_now(row.key_id),
        )
        if outcome is not None:
            found.append((row, outcome))
    return found


def _was_replaced(known: KnownKey, replaced: Mapping[int, LineageRow]) -> bool:
    """A key that was replaced ends by itself."""
    row = replaced.get(int(known.key.id))
    return row is not None and row.born_at in {None, known.key.created_time}


def _billed(spent: Spending | None) -> float | None:
    """When the counter moved last, by the samples."""
    return spent.amounts[-1].end if spent is not None and spent.amounts else None


def build(parts: CareParts, router: Router) -> CareKind:
    """What owners are told of expiry and quota, and asked of idle keys. *Extend*, *More quota*, *Disable* and *Delete*
    are buttons of features.
    """
    deps = parts.deps
    messages = OwnerMessages(
        database=deps.database,
        outbox=parts.outbox,
        known_zone=parts.zones.seen.of,
        zone_of=parts.zones.of,
        channel=deps.channel,
        clock=deps.clock,
        gateway_now=deps.reader.server_now,
    )
    orders = IdleOrders(database=deps.database, requests=parts.requests, clock=deps.clock)
    made = CareRounds(messages=messages, orders=orders, terms=lambda: parts.terms())
    buttons.register(router, buttons.IdleButtons(parts=parts))
    return CareKind(name="owners", round=made.run)
