"""What somebody was told about their keys and has not answered, each with its buttons, as in the message about it."""

from dataclasses import dataclass

import sqlalchemy as sa

from bot.care.messages import OWNER, buttons_of
from bot.care.notice import Crossing, Notice
from bot.care.notice_text import notice_text
from bot.care.tables import care_notices
from bot.db.tables import posts
from bot.gateway.dollars import Dollars
from bot.slack.blocks import Block, actions, section

# Messages that are looked through; what stands in older ones is found there.
MESSAGES = 50


@dataclass(frozen=True, kw_only=True)
class OpenNotices:
    """The newest first, one for each key and kind."""

    notices: tuple[Notice, ...]

    def about(self, *kinds: Crossing) -> frozenset[int]:
        """The keys that one of these was told of."""
        return frozenset(notice.key_id for notice in self.notices if notice.kind in kinds)

    def rows(self, *, dollars: Dollars) -> list[list[Block]]:
        """The blocks of each."""
        return [
            [section(notice_text(notice, units_per_usd=dollars.of(notice.key_id))), actions(*buttons_of(notice))]
            for notice in self.notices
        ]


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
