"""What stands in which message about which key, so that a message says when there is nothing left to do. Only SQL."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import sqlalchemy as sa

from bot.care.notice import CareOutcome, Crossing, Notice
from bot.care.tables import care_notices
from bot.db.tables import inventory, posts
from bot.slack import post_store

_OPEN = care_notices.c.outcome.is_(None)


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
        body: Mapping[str, Any] | None = None,
    ) -> None: ...


@dataclass(frozen=True, kw_only=True)
class ToldNotice:
    """One crossing in one message. `expires`: the end that was told."""

    post_id: str
    key_id: int
    kind: Crossing
    born_at: int
    owner_id: str
    expires: int


def note(c: sa.Connection, post_id: str, notices: Iterable[tuple[Notice, str]], *, at: float) -> None:
    """Note that a message tells these, each with whose key it is."""
    rows = [
        {
            "post_id": post_id,
            "key_id": notice.key_id,
            "kind": str(notice.kind),
            "born_at": notice.born_at,
            "owner_id": owner,
            "expires": notice.expires,
            "at": at,
        }
        for notice, owner in notices
    ]
    if rows:
        c.execute(sa.insert(care_notices), rows)


def still_open(c: sa.Connection, key_ids: Collection[int]) -> list[ToldNotice]:
    """What was told about these keys and has no outcome yet."""
    found: list[ToldNotice] = []
    ids = sorted(key_ids)
    for first in range(0, len(ids), 500):
        rows = c.execute(sa.select(care_notices).where(care_notices.c.key_id.in_(ids[first : first + 500]), _OPEN))
        found += [_load(row) for row in rows.mappings()]
    return found


def open_of_gone(c: sa.Connection) -> list[ToldNotice]:
    """What was told about keys that are there no more."""
    same = (inventory.c.key_id == care_notices.c.key_id) & inventory.c.gone_at.is_(None)
    there = sa.select(inventory.c.key_id).where(same)
    return [_load(row) for row in c.execute(sa.select(care_notices).where(_OPEN, ~there.exists())).mappings()]


def in_post(c: sa.Connection, post_id: str, key_ids: Collection[int]) -> set[tuple[int, Crossing]]:
    """What a message tells about these keys, at most a screen of them, also what is over."""
    n = care_notices.c
    rows = c.execute(sa.select(n.key_id, n.kind).where(n.post_id == post_id, n.key_id.in_(sorted(key_ids))))
    return {(int(key_id), Crossing(kind)) for key_id, kind in rows}


def outcomes(c: sa.Connection, post_id: str) -> dict[tuple[int, Crossing], CareOutcome]:
    """What came of the crossings in a message, of those that are over."""
    n = care_notices.c
    rows = c.execute(sa.select(n.key_id, n.kind, n.outcome).where(n.post_id == post_id, n.outcome.is_not(None)))
    return {(int(key_id), Crossing(kind)): CareOutcome(outcome) for key_id, kind, outcome in rows}


def arrived(c: sa.Connection, key_id: int, kind: Crossing) -> bool:
    """Whether Slack has taken a message that tells this."""
    n = care_notices.c
    told = sa.select(n.post_id).join(posts, posts.c.id == n.post_id)
    told = told.where(n.key_id == key_id, n.kind == str(kind), _OPEN, posts.c.ts.is_not(None))
    return c.execute(told.limit(1)).first() is not None


def close(c: sa.Connection, outbox: Wants, over: Iterable[tuple[ToldNotice, CareOutcome]]) -> None:
    """There is nothing left to do about these: their messages say so."""
    changed = dict[str, None]()
    for told, outcome in over:
        here = (care_notices.c.post_id == told.post_id) & (care_notices.c.key_id == told.key_id)
        here &= (care_notices.c.kind == str(told.kind)) & _OPEN
        if c.execute(sa.update(care_notices).where(here).values(outcome=str(outcome))).rowcount:
            changed[told.post_id] = None
    for post_id in changed:
        row = post_store.load(c, post_id)
        if row is not None:
            outbox.want(c, id=row.id, kind=row.kind, subject=row.subject, target=row.target)


def forget(c: sa.Connection, *, before: float) -> int:
    """Messages of so long ago stay as they are; returns how many crossings are forgotten."""
    return c.execute(sa.delete(care_notices).where(care_notices.c.at < before)).rowcount


def _load(row: sa.RowMapping) -> ToldNotice:
    return ToldNotice(
        post_id=row["post_id"],
        key_id=row["key_id"],
        kind=Crossing(row["kind"]),
        born_at=row["born_at"],
        owner_id=row["owner_id"],
        expires=row["expires"],
    )
