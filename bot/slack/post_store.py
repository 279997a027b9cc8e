"""The rows behind our messages: what must be said, where it stands, how far Slack has shown it. Only SQL.

`wanted` grows by one whenever the subject changed; `drawn` is the `wanted` that Slack shows. `intent_at` is set
(and committed) before chat.postMessage and cleared by its sure answer: set without a `ts` it means "may be there".
`attempts` counts failures in succession.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.db.tables import posts
from bot.slack.errors import CLOSED_CODES

DM = "dm:"


def _upsert(insert: sqlite.Insert | postgresql.Insert, *, keeps_body: bool) -> sa.Executable:
    changes: dict[str, Any] = {"wanted": posts.c.wanted + 1}
    if not keeps_body:
        changes["body"] = insert.excluded.body
    return insert.on_conflict_do_update(index_elements=[posts.c.id], set_=changes).returning(posts.c.wanted)


# Built once, since building one costs several times its execution; by dialect, and by whether it keeps the old body.
_UPSERTS = {
    (name, keeps): _upsert(dialect.insert(posts), keeps_body=keeps)
    for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
    for keeps in (True, False)
}
_BY_ID = sa.select(posts).where(posts.c.id == sa.bindparam("post_id"))


@dataclass(frozen=True, kw_only=True)
class PostRow:
    """One row of `posts`; times in Unix seconds."""

    id: str
    kind: str
    subject: str
    target: str
    thread_of: str | None
    channel: str | None
    ts: str | None
    wanted: int
    drawn: int
    intent_at: float | None
    attempts: int
    error: str | None
    body: Mapping[str, Any]
    created_at: float

    @property
    def dm_user(self) -> str:
        """The person of a DM, "" for a channel."""
        return self.target.removeprefix(DM) if self.target.startswith(DM) else ""


def load(c: sa.Connection, post_id: str) -> PostRow | None:
    """The row, None when there is none."""
    return _row(c.execute(_BY_ID, {"post_id": post_id}).mappings().one_or_none())


def overtakes(c: sa.Connection, row: PostRow) -> bool:
    """Whether an older message of the same thread is still on its way to Slack: threads are read in order.

    One that Slack refuses for itself is not waited for; one whose channel is closed is, since ours is refused too.
    """
    if row.thread_of is None:
        return False  # compared with NULL it would be every message outside of threads, of any channel
    older = (posts.c.thread_of == row.thread_of) & (posts.c.created_at < row.created_at)
    passable = posts.c.error.is_(None) | posts.c.error.in_(CLOSED_CODES)
    on_its_way = posts.c.ts.is_(None) & (posts.c.drawn < posts.c.wanted) & passable
    return c.execute(sa.select(posts.c.id).where(older, on_its_way).limit(1)).first() is not None


def waits_for_its_parent(row: PostRow, parent: PostRow | None) -> bool:
    """Whether the message above it must be shown before: the first time always, later while that one is being redrawn.

    So a thread never says that something is over while its card says that it is not. One that Slack did not take when
    it was tried last is not waited for.
    """
    if parent is None:
        return False
    return parent.ts is None or (row.ts is not None and parent.drawn < parent.wanted and not parent.attempts)


def refused_channels(c: sa.Connection) -> list[tuple[str, str]]:
    """Channels that do not take a message which waits for them, with Slack's word; each pair once."""
    waiting = posts.c.error.is_not(None) & (posts.c.drawn < posts.c.wanted) & posts.c.target.not_like(f"{DM}%")
    found = sa.select(posts.c.target, posts.c.error).where(waiting).distinct().order_by(posts.c.target, posts.c.error)
    return [(str(target), str(error)) for target, error in c.execute(found)]


def refused_in(c: sa.Connection, target: str) -> list[PostRow]:
    """What waits for a channel that has refused it, oldest first."""
    waiting = (posts.c.target == target) & posts.c.error.is_not(None) & (posts.c.drawn < posts.c.wanted)
    found = sa.select(posts).where(waiting).order_by(posts.c.created_at)
    return [row for row in map(_row, c.execute(found).mappings()) if row is not None]


def upsert(
    c: sa.Connection,
    *,
    post_id: str,
    kind: str,
    subject: str,
    target: str,
    thread_of: str | None,
    body: Mapping[str, Any] | None,
    now: float,
) -> int:
    """Want this post, or want it redrawn; returns the new `wanted`. A `body` of None keeps the old one."""
    values = {
        "id": post_id,
        "kind": kind,
        "subject": subject,
        "target": target,
        "thread_of": thread_of,
        "wanted": 1,
        "drawn": 0,
        "attempts": 0,
        "body": dict(body or {}),
        "created_at": now,
    }
    return int(c.execute(_UPSERTS[c.dialect.name, body is None], values).scalar_one())


def change(c: sa.Connection, post_id: str, /, **values: Any) -> None:
    """Set columns of one row."""
    c.execute(sa.update(posts).where(posts.c.id == post_id).values(**values))


def failed(c: sa.Connection, post_id: str, *, error: str | None, keep_intent: bool) -> None:
    """Note a failure. `error` None: a passing one, which is not worth showing."""
    values: dict[str, Any] = {"attempts": posts.c.attempts + 1}
    if error is not None:
        values["error"] = error
    if not keep_intent:
        values["intent_at"] = None
    change(c, post_id, **values)


def _row(found: Mapping[Any, Any] | None) -> PostRow | None:
    if found is None:
        return None
    values = {str(name): value for name, value in found.items()}
    return PostRow(**{**values, "body": values["body"] or {}})
