"""Goes through all keys after each list of them, and tells their owners what has crossed a mark.

At most so many people in one round; whoever is left over, and whoever sleeps, is looked at again a little later.
"""

import functools
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import sqlalchemy as sa

from bot.care import store
from bot.care.judgement import CareJudgement, Crossing, Notice, judge, may_run_dry_soon
from bot.care.kind import CareKind, CareParts
from bot.care.messages import CHANNEL, OWNER, SHOWN
from bot.db.engine import Database
from bot.gateway.models import Key
from bot.keys import inventory_store, lineage
from bot.keys.inventory_store import KnownKey
from bot.keys.known_keys import spending_of
from bot.keys.lineage import LineageRow
from bot.keys.spending import Forecast, Spending, forecast
from bot.permissions.care import CareTerms
from bot.slack.router import Router

PAGE = 500
# People who are told in one round, and those of them of whom Slack must be asked where they live.
MOST_PEOPLE, MOST_ASKED = 300, 50
# People whose messages are wanted in one transaction; the channel hears of their keys together.
TOGETHER = 50


class Wants(Protocol):
    """The part of slack.Outbox that is needed here."""

    def want(
        self,
        c: sa.Connection,
        *,
        id: str,  # noqa: A002  # the outbox's word
        kind: str,
        subject: str,
        target: str,
        body: Mapping[str, Any],
    ) -> None: ...


@dataclass(kw_only=True, eq=False)
class CareRounds:
    """`run` makes one round.

    `known_zone`: seconds east of UTC of a person, None = Slack must be asked, which is `zone_of`. `gateway_now`: the
    gateway's clock.
    """

    database: Database
    outbox: Wants
    terms: Callable[[], CareTerms]
    known_zone: Callable[[str], int | None]
    zone_of: Callable[[str], Awaitable[int | None]]
    channel: str
    clock: Callable[[], float]
    gateway_now: Callable[[], float]

    async def run(self) -> bool:
        """One round over all keys. Whether somebody is still to be told."""
        terms, people = self.terms(), dict[str, list[CareJudgement]]()
        begun = await self.database.read(store.has_begun)
        after: int | None = -1
        while after is not None:
            owned, after = await self.database.read(_judge_page, after, self.gateway_now(), terms)
            silent: list[CareJudgement] = []
            for owner, judgement in owned:
                one = _without_the_unwanted(judgement, terms, first=not begun and judgement.before is None)
                if one.notices:
                    people.setdefault(owner, []).append(one)
                elif one.care != one.before:
                    silent.append(one)
            if silent:
                await self.database.run(_remember, silent)
        if not begun:
            await self.database.run(store.begin)
        return await self._tell_people(people, terms)

    async def _tell_people(self, people: Mapping[str, list[CareJudgement]], terms: CareTerms) -> bool:
        # Whose keys no longer work comes first.
        order = sorted(people, key=lambda owner: (not any(one.is_urgent for one in people[owner]), owner))
        waiting, asked = len(order) > MOST_PEOPLE, 0
        told: list[tuple[str, list[CareJudgement]]] = []
        for owner in order[:MOST_PEOPLE]:
            zone = self.known_zone(owner)
            if zone is None and asked < MOST_ASKED:
                asked += 1
                zone = await self.zone_of(owner)
            awake = zone is not None and not terms.is_quiet(self.clock(), zone)
            now = [one if awake else one.only_urgent() for one in people[owner]]
            told.append((owner, [one for one in now if one.notices]))
            waiting = waiting or not awake
        for first in range(0, len(told), TOGETHER):
            await self.database.run(self._tell, told[first : first + TOGETHER])
        return waiting

    def _tell(self, c: sa.Connection, people: Sequence[tuple[str, Sequence[CareJudgement]]]) -> None:
        """Write down what is told and want the messages: one transaction."""
        dry: list[tuple[CareJudgement, str]] = []
        for owner, judgements in people:
            saved = [one for one in judgements if store.save(c, one.before, one.told())]
            notices = [notice for one in saved for notice in one.notices]
            if notices:
                self._want(c, OWNER, f"dm:{owner}", _body(saved[0], notices))
            dry += [(one, owner) for one in saved for notice in one.notices if notice.kind is Crossing.DRY]
        if dry:
            notices = [notice for one, _ in dry for notice in one.notices if notice.kind is Crossing.DRY]
            owners = {str(one.care.key_id): owner for one, owner in dry[:SHOWN]}
            self._want(c, CHANNEL, self.channel, _body(dry[0][0], notices) | {"owners": owners})

    def _want(self, c: sa.Connection, kind: str, target: str, body: Mapping[str, Any]) -> None:
        subject = str(body["first"])
        self.outbox.want(c, id=f"{kind}:{subject}", kind=kind, subject=subject, target=target, body=body)


def _body(first: CareJudgement, notices: Sequence[Notice]) -> dict[str, Any]:
    """`first`: a key and its version, which no other message has."""
    shown = [notice.stored() for notice in notices[:SHOWN]]
    return {"first": f"{first.care.key_id}:{first.care.version + 1}", "count": len(notices), "notices": shown}


def _without_the_unwanted(judgement: CareJudgement, terms: CareTerms, *, first: bool) -> CareJudgement:
    """What is told to nobody is remembered as told: what is switched off, and what was so at the first round."""
    wanted = [] if first else [one for one in judgement.notices if _is_wanted(one.kind, terms)]
    care = judgement.care
    for notice in judgement.notices:
        care = care if notice in wanted else care.after(notice)
    return replace(judgement, care=care, notices=tuple(wanted))


def _is_wanted(kind: Crossing, terms: CareTerms) -> bool:
    return bool(terms.expiry) if kind in {Crossing.EXPIRES, Crossing.ENDED} else terms.of_quota


def _judge_page(
    c: sa.Connection, after: int, now: float, terms: CareTerms
) -> tuple[list[tuple[str, CareJudgement]], int | None]:
    """The keys with the next higher numbers, those that somebody owns; and the last of them, None at the end."""
    page = inventory_store.after(c, after, limit=PAGE)
    remembered, replaced = store.several(c, [int(known.key.id) for known in page]), lineage.replaced(c)
    judged = [known for known in page if known.owner_id is not None and not _was_replaced(known, replaced)]
    soon = [int(known.key.id) for known in judged if may_run_dry_soon(known.key, now=now, terms=terms)]
    spent = spending_of(c, soon, now)
    found = []
    for known in judged:
        key_id = int(known.key.id)
        coming = functools.partial(_forecast, spent.get(key_id), known.key, now)
        judgement = judge(remembered.get(key_id), known.key, now=now, terms=terms, forecast=coming)
        if judgement is not None:
            found.append((str(known.owner_id), judgement))
    return found, int(page[-1].key.id) if len(page) == PAGE else None


def _was_replaced(known: KnownKey, replaced: Mapping[int, LineageRow]) -> bool:
    """A key that was replaced ends by itself."""
    row = replaced.get(int(known.key.id))
    return row is not None and row.born_at in {None, known.key.created_time}


def _forecast(spent: Spending | None, key: Key, now: float) -> Forecast | None:
    return None if spent is None else forecast(spent, remain=key.remain_quota, now=now)


def _remember(c: sa.Connection, judgements: Sequence[CareJudgement]) -> None:
    for one in judgements:
        store.save(c, one.before, one.care)


def build(parts: CareParts, router: Router) -> CareKind:
    """What is told of expiry and quota. Its buttons are those of key_update and key_quota."""
    del router
    deps = parts.deps
    made = CareRounds(
        database=deps.database,
        outbox=parts.outbox,
        terms=lambda: parts.terms(),
        known_zone=parts.zones.seen.of,
        zone_of=parts.zones.of,
        channel=deps.channel,
        clock=deps.clock,
        gateway_now=deps.reader.server_now,
    )
    return CareKind(name="expiry and quota", round=made.run)
