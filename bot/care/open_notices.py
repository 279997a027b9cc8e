"""What somebody was told about their keys and has not answered, each with its buttons, as in the message about it."""

import math
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from bot.care.messages import OWNER, buttons_of
from bot.care.notice import Crossing, Notice
from bot.care.notice_text import notice_text
from bot.care.tables import care_notices
from bot.db.tables import posts
from bot.gateway.dollars import Dollars
from bot.gateway.models import EffectiveState, Key
from bot.keys.spending import DAY
from bot.languages import joined
from bot.slack.blocks import Block, actions, section

# Messages that are looked through; what stands in older ones is found there.
MESSAGES = 50
# What has become worse is said alone.
_WORSE: Mapping[Crossing, Crossing] = {Crossing.LOW: Crossing.DRY, Crossing.EXPIRES: Crossing.ENDED}
# What more quota mends.
_NEEDS_MORE = frozenset({Crossing.LOW, Crossing.DRY})
SOON = 7 * DAY


@dataclass(frozen=True, kw_only=True)
class OpenNotices:
    """The newest first, one for each key and kind."""

    notices: tuple[Notice, ...]

    def and_more(self, keys: Iterable[Key], low: Collection[int], now: Callable[[int], float]) -> "OpenNotices":
        """With what no message says: it waits for the morning, was so at the first round, or did not arrive.

        `low`: keys that run dry soon. `now`: by the clock of a key's gateway.
        """
        said = {(one.key_id, one.kind) for one in self.notices}
        more = (notice for key in keys for notice in _needs(key, low, now(key.id)))
        both = (*self.notices, *(one for one in more if (one.key_id, one.kind) not in said))
        there = {(one.key_id, one.kind) for one in both}
        return OpenNotices(notices=tuple(one for one in both if (one.key_id, _WORSE.get(one.kind)) not in there))

    def rows(self, *, dollars: Dollars, asked: Mapping[int, str]) -> list[list[Block]]:
        """The blocks of each. `asked`: keys for which more quota was asked already, with what is said of that: once."""
        return [_row(notice, dollars, asked.get(notice.key_id, "")) for notice in self.notices]


def _row(notice: Notice, dollars: Dollars, asked: str) -> list[Block]:
    text = notice_text(notice, units_per_usd=dollars.of(notice.key_id))
    if asked and notice.kind in _NEEDS_MORE:
        return [section(joined(text, asked))]
    return [section(text), actions(*buttons_of(notice))]


def _needs(key: Key, low: Collection[int], now: float) -> Iterator[Notice]:
    state, left = key.state(now), key.expired_time - now
    about: dict[str, Any] = {"key_id": int(key.id), "name": key.name, "expires": key.expired_time}
    if state in {EffectiveState.EXHAUSTED, EffectiveState.OVERDRAWN}:
        yield Notice(kind=Crossing.DRY, **about)
    elif state is EffectiveState.EXPIRED:
        yield Notice(kind=Crossing.ENDED, **about)
    elif state is EffectiveState.ACTIVE and 0 < left < SOON:
        yield Notice(kind=Crossing.EXPIRES, mark=math.ceil(left / DAY) * int(DAY), **about)
    if state is EffectiveState.ACTIVE and key.id in low:
        yield Notice(kind=Crossing.LOW, left=key.remain_quota, granted=key.total_quota, **about)


def open_notices(c: sa.Connection, person: str) -> OpenNotices:
    """What is open for this person."""
    n = care_notices.c
    there = sa.select(n.post_id, n.key_id, n.kind).where(n.owner_id == person, n.outcome.is_(None))
    rows = c.execute(there.order_by(n.at.desc(), n.key_id).limit(20 * MESSAGES)).all()
    wanted = list(dict.fromkeys(row.post_id for row in rows if row.post_id.startswith(f"{OWNER}:")))[:MESSAGES]
    bodies = c.execute(sa.select(posts.c.id, posts.c.body).where(posts.c.id.in_(wanted)))
    told = {
        (row.id, notice.key_id, notice.kind): notice
        for row in bodies
        for notice in map(Notice.of_stored, row.body["notices"])
    }
    found: dict[tuple[int, Crossing], Notice] = {}
    for row in rows:
        notice = told.get((row.post_id, row.key_id, Crossing(row.kind)))
        if notice is not None:
            found.setdefault((notice.key_id, notice.kind), notice)
    return OpenNotices(notices=tuple(found.values()))
