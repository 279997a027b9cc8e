"""The only SQL of the spine. Every function takes the caller's transaction; every transition is a compare-and-set."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.approvals.models import (
    FINAL,
    IN_HAND,
    TRANSITIONS,
    WAITING,
    WORDS,
    ApprovalRequest,
    Judgement,
    NewRequest,
    OriginKind,
    Progress,
    Status,
)
from bot.db.tables import requests
from bot.errors import ApprovalConflict
from bot.keys.budgets import RECENT
from bot.languages import tr
from bot.permissions.models import GIVES_A_KEY

# Given, because pydantic copies a default deeply for each model.
_NO_PROGRESS = Progress()
# Columns whose Python value is a model, kept as JSON.
_NAMES = {"judgement": "decision"}
# Built once: building a statement of this many columns costs several times its execution.
_INSERT = {
    name: dialect.insert(requests).on_conflict_do_nothing(index_elements=["delivery_id"]).returning(requests.c.id)
    for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
}

# Refills come each day, and would push what people asked for off the lists.
_ASKED = requests.c.origin["kind"].as_string() != OriginKind.ALLOWANCE.value
_OF_PERSON = requests.c.requester_id == sa.bindparam("requester")
# Each is answered by an index: somebody may have asked for thousands of keys over the years.
_WAITING_OF = sa.select(sa.func.count()).where(_OF_PERSON, sa.or_(*(requests.c.status == s.value for s in WAITING)))
_BEFORE_INSERT = sa.select(_WAITING_OF.scalar_subquery(), sa.exists().where(RECENT))
_NEWEST_BEFORE = (
    sa.select(requests.c.asked_at)
    .where(_OF_PERSON, requests.c.lapses_at.is_not(None), requests.c.id < sa.bindparam("before"))
    .order_by(requests.c.id.desc())
    .limit(sa.bindparam("most"))
    .subquery()
)
_RECENT_BEFORE = sa.select(sa.func.count()).where(_NEWEST_BEFORE.c.asked_at > sa.bindparam("since"))
# As the partial index says it: SQLite uses it only then, and would read every request.
_UNANNOUNCED = sa.text("NOT announced")
_ANNOUNCE = sa.update(requests).where(requests.c.id == sa.bindparam("request_id"), requests.c.announced.is_(False))


@dataclass(frozen=True, kw_only=True)
class RequestFilter:
    """Which requests are looked for. `statuses`: none = every one. `text`: a part of the key's name, "" = any."""

    statuses: frozenset[Status] = frozenset()
    requester: str | None = None
    number: int | None = None
    text: str = ""


@dataclass(frozen=True, kw_only=True)
class RequestPage:
    """Some of them, newest first. `number`: of the page, from 1."""

    requests: list[ApprovalRequest]
    total: int
    number: int


def insert(
    c: sa.Connection,
    new: NewRequest,
    *,
    status: Status,
    lapses_at: float | None,
    decided_at: float | None = None,
    break_glass: bool = False,
    announced: bool = True,
) -> tuple[ApprovalRequest, bool]:
    """Store a request once per `delivery_id`. Returns it and whether it is new; a repeat returns the first one.

    `announced` False: what follows it is left to announcement.py.
    """
    decided: dict[str, Any] = {
        "lapses_at": lapses_at,
        "decided_at": decided_at,
        "break_glass": break_glass,
        "announced": announced,
    }
    values = _dump(new.model_dump(mode="json")) | {
        "version": 1,
        "status": status.value,
        "votes": [],
        "denial": "",
        "progress": {},
        **decided,
    }
    row_id = c.scalar(_INSERT[c.dialect.name], values)
    if row_id is None:
        row = c.execute(sa.select(requests).where(requests.c.delivery_id == new.delivery_id)).one()
        return _load(row), False
    return ApprovalRequest(**dict(new), id=row_id, version=1, status=status, progress=_NO_PROGRESS, **decided), True


def by_delivery(c: sa.Connection, delivery_id: str) -> ApprovalRequest | None:
    """The request an earlier delivery of the same thing made."""
    row = c.execute(sa.select(requests).where(requests.c.delivery_id == delivery_id)).one_or_none()
    return None if row is None else _load(row)


def find(c: sa.Connection, request_id: int, *, lock: bool = False) -> ApprovalRequest | None:
    """One request; `lock` holds its row to the end of the transaction (SQLite holds the whole file anyway)."""
    statement = sa.select(requests).where(requests.c.id == request_id)
    row = c.execute(statement.with_for_update() if lock else statement).one_or_none()
    return None if row is None else _load(row)


def several(c: sa.Connection, request_ids: Collection[int]) -> dict[int, ApprovalRequest]:
    """Requests by id, those that are there."""
    return {
        one.id: one for one in _many(c, requests.c.id.in_(request_ids), order=requests.c.id, limit=len(request_ids))
    }


def versions(c: sa.Connection, request_ids: Collection[int]) -> dict[int, tuple[int, bool]]:
    """Version of each request, and whether its run is postponed: by which somebody who saw it knows that it moved."""
    found = sa.select(requests.c.id, requests.c.version, requests.c.progress).where(requests.c.id.in_(request_ids))
    return {
        row.id: (row.version, bool(row.progress) and Progress.model_validate(row.progress).postponed is not None)
        for row in c.execute(found)
    }


def get(c: sa.Connection, request_id: int, *, lock: bool = False) -> ApprovalRequest:
    """The same, for an id that came from our own rows. Raises LookupError."""
    request = find(c, request_id, lock=lock)
    if request is None:
        raise LookupError(f"request {request_id}")
    return request


def move(c: sa.Connection, /, request: ApprovalRequest, to: Status, **changes: Any) -> ApprovalRequest:
    """Make one transition. Raises ApprovalConflict when it is not allowed or somebody else moved the row first."""
    if to not in TRANSITIONS[request.status]:
        raise ApprovalConflict(
            tr(
                "Request {number} is {status}; it cannot become {wanted}.",
                number=request.number,
                status=WORDS[request.status],
                wanted=WORDS[to],
            )
        )
    return change(c, request, status=to, **changes)


def change(c: sa.Connection, /, request: ApprovalRequest, **changes: Any) -> ApprovalRequest:
    """Change columns of the version in hand. Raises ApprovalConflict when it is no longer the newest."""
    after = request.model_copy(update={**changes, "version": request.version + 1})
    dumped = _dump(after.model_dump(mode="json"))
    names = {_NAMES.get(name, name) for name in changes} | {"version"}
    statement = sa.update(requests).where(requests.c.id == request.id, requests.c.version == request.version)
    if c.execute(statement.values({name: dumped[name] for name in names})).rowcount != 1:
        raise ApprovalConflict(
            tr("Request {number} was changed at the same moment; look again.", number=request.number)
        )
    return after


def record_progress(c: sa.Connection, /, request_id: int, **fields: Any) -> Progress:
    """Set fields of what a run remembers. That does not move the version: whoever decides does not see it."""
    row = c.execute(sa.select(requests.c.progress).where(requests.c.id == request_id).with_for_update()).one()
    progress = Progress.model_validate(row.progress).model_copy(update=fields)
    dumped = progress.model_dump(mode="json", exclude_defaults=True)
    c.execute(sa.update(requests).where(requests.c.id == request_id).values(progress=dumped))
    return progress


def record_checkpoint(c: sa.Connection, request_id: int, name: str, value: Any) -> None:
    """Keep one checkpoint of a gateway write."""
    row = c.execute(sa.select(requests.c.progress).where(requests.c.id == request_id).with_for_update()).one()
    record_progress(c, request_id, checkpoints={**Progress.model_validate(row.progress).checkpoints, name: value})


def waiting(c: sa.Connection, *, limit: int = 50) -> list[ApprovalRequest]:
    """Requests that wait for a decision: the oldest of each requester, then the second of each, and so on.

    So nobody's many requests push those of others off a list that shows some of them.
    """
    return _fairly(c, requests.c.status.in_([status.value for status in WAITING]), limit=limit)


def before_insert(c: sa.Connection, slack_user_id: str, today: date) -> tuple[int, bool]:
    """How many requests of somebody wait for a decision, and whether any budget counts: one statement for an answer."""
    known = {"requester": slack_user_id, "today": today.isoformat()}
    waiting, budget_counts = c.execute(_BEFORE_INSERT, known).one()
    return waiting, bool(budget_counts)


def recent_before(c: sa.Connection, request: ApprovalRequest, *, since: float, most: int) -> int:
    """Of the last `most` requests that the same person asked of people before this one: how many since a time."""
    values = {"requester": request.requester_id, "before": request.id, "since": since, "most": most}
    return int(c.scalar(_RECENT_BEFORE, values) or 0)


def unannounced(c: sa.Connection, *, most: int) -> list[ApprovalRequest]:
    """The oldest requests that were stored and not announced."""
    return _many(c, _UNANNOUNCED, order=requests.c.id, limit=most)


def record_announcement(c: sa.Connection, request: ApprovalRequest, progress: Progress) -> ApprovalRequest | None:
    """It is announced, and these people were called; None when it was announced before.

    As `record_progress`, this does not move the version.
    """
    dumped = progress.model_dump(mode="json", exclude_defaults=True)
    if c.execute(_ANNOUNCE, {"request_id": request.id, "announced": True, "progress": dumped}).rowcount != 1:
        return None
    return request.model_copy(update={"announced": True, "progress": progress})


def of_requester(c: sa.Connection, slack_user_id: str, *, limit: int = 20) -> list[ApprovalRequest]:
    """What somebody asked for, newest first; without what Keydesk asks by itself time and again."""
    return _many(c, (requests.c.requester_id == slack_user_id) & _ASKED, order=requests.c.id.desc(), limit=limit)


def last_similar(c: sa.Connection, request: ApprovalRequest) -> ApprovalRequest | None:
    """The last request of the same person for the same thing that has ended, before this one."""
    mine = (requests.c.requester_id == request.requester_id) & (requests.c.operation == request.operation)
    ended = requests.c.status.in_([status.value for status in FINAL]) & (requests.c.id < request.id)
    return next(iter(_many(c, mine & ended, order=requests.c.id.desc(), limit=1)), None)


def recent(c: sa.Connection, *, limit: int = 20) -> list[ApprovalRequest]:
    """The newest requests of everybody, as above."""
    return _many(c, _ASKED, order=requests.c.id.desc(), limit=limit)


def page(c: sa.Connection, wanted: RequestFilter, *, number: int, rows: int) -> RequestPage:
    """A page of the requests that are looked for; the last one where there are not so many."""
    r = requests.c
    conditions: list[sa.ColumnElement[bool]] = []
    conditions += [r.status.in_([status.value for status in wanted.statuses])] if wanted.statuses else []
    conditions += [r.requester_id == wanted.requester] if wanted.requester is not None else []
    conditions += [r.id == wanted.number] if wanted.number is not None else []
    conditions += [r.key_name.icontains(wanted.text, autoescape=True)] if wanted.text else []
    total = int(c.scalar(sa.select(sa.func.count()).select_from(requests).where(*conditions)) or 0)
    number = min(number, max(1, -(-total // rows)))
    statement = sa.select(requests).where(*conditions).order_by(r.id.desc())
    found = c.execute(statement.limit(rows).offset((number - 1) * rows))
    return RequestPage(requests=[_load(row) for row in found], total=total, number=number)


def done_unasked(c: sa.Connection, *, since: float, until: float, limit: int) -> tuple[list[ApprovalRequest], int]:
    """What was done in this time and needed nobody's approval, newest first, and how much there is of it."""
    r = requests.c
    wanted = (r.status == Status.SUCCEEDED.value) & (r.settled_at >= since) & (r.settled_at < until)
    # Only what is asked of people can wait too long.
    wanted &= r.lapses_at.is_(None) & ~r.break_glass & _ASKED
    total = int(c.scalar(sa.select(sa.func.count()).select_from(requests).where(wanted)) or 0)
    return _many(c, wanted, order=r.id.desc(), limit=limit) if limit else [], total


def of_key(c: sa.Connection, key_id: int, *, limit: int = 20) -> list[ApprovalRequest]:
    """What was asked for one key, newest first."""
    return _many(c, requests.c.key_id == key_id, order=requests.c.id.desc(), limit=limit)


def waiting_for_key(c: sa.Connection, key_id: int) -> list[ApprovalRequest]:
    """Every request about one key that waits for a decision."""
    statuses = [status.value for status in WAITING]
    waiting = (requests.c.key_id == key_id) & requests.c.status.in_(statuses)
    return _many(c, waiting, order=requests.c.id, limit=10_000)


def in_hand_for_key(c: sa.Connection, key_id: int) -> bool:
    """Whether a request is changing this key at the gateway now, or may be."""
    statuses = [status.value for status in IN_HAND]
    changing = (requests.c.key_id == key_id) & requests.c.status.in_(statuses)
    # Another owner changes nothing there, and may be waited for a week.
    changing &= requests.c.operation.not_in(sorted(GIVES_A_KEY))
    return c.scalar(sa.select(requests.c.id).where(changing).limit(1)) is not None


def touched_since(c: sa.Connection, key_ids: Collection[int], *, but: int, since: float) -> bool:
    """Whether another request may have changed one of these keys since then (Unix seconds), or may be at it still."""
    in_hand = requests.c.status.in_([Status.RUNNING.value, Status.UNKNOWN.value])
    others = requests.c.key_id.in_(key_ids) & (requests.c.id != but) & (in_hand | (requests.c.settled_at >= since))
    return c.scalar(sa.select(requests.c.id).where(others).limit(1)) is not None


def unsettled(c: sa.Connection, key_ids: Collection[int], *, but: int, since: float) -> list[ApprovalRequest]:
    """Other requests for these keys that have begun and are not over, granted since then (Unix seconds)."""
    begun = requests.c.status.in_([Status.RUNNING.value, Status.UNKNOWN.value])
    others = requests.c.key_id.in_(key_ids) & (requests.c.id != but) & (requests.c.decided_at >= since)
    return _many(c, begun & others, order=requests.c.id, limit=100)


def to_review(c: sa.Connection, *, limit: int = 20) -> list[ApprovalRequest]:
    """Break-glass requests nobody has looked at yet, in the order of `waiting`."""
    return _fairly(c, requests.c.break_glass & requests.c.reviewed_by.is_(None), limit=limit)


def counts(c: sa.Connection) -> dict[str, int]:
    """How many requests are in each status, for the metrics."""
    rows = c.execute(sa.select(requests.c.status, sa.func.count().label("number")).group_by(requests.c.status))
    return {row.status: row.number for row in rows}


def _many(c: sa.Connection, where: Any, *, order: Any, limit: int) -> list[ApprovalRequest]:
    return [_load(row) for row in c.execute(sa.select(requests).where(where).order_by(order).limit(limit))]


def _fairly(c: sa.Connection, where: Any, *, limit: int) -> list[ApprovalRequest]:
    place = sa.func.row_number().over(partition_by=requests.c.requester_id, order_by=requests.c.id).label("place")
    turns = sa.select(requests.c.id, place).where(where).subquery()
    joined = sa.select(requests).join(turns, turns.c.id == requests.c.id)
    return [_load(row) for row in c.execute(joined.order_by(turns.c.place, requests.c.id).limit(limit))]


def _dump(values: dict[str, Any]) -> dict[str, Any]:
    return {_NAMES.get(name, name): value for name, value in values.items() if name != "id"}


def _load(row: Any) -> ApprovalRequest:
    values = dict(row._mapping)  # noqa: SLF001  # SQLAlchemy's documented way to a row's columns by name
    values["judgement"] = Judgement.model_validate(values.pop("decision"))
    return ApprovalRequest.model_validate(values)
