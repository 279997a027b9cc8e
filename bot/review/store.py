"""The only SQL of reviews. Every function takes the caller's transaction; every change is a compare-and-set."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.review.models import (
    NewReviewedKey,
    Reason,
    Review,
    ReviewCard,
    ReviewCounts,
    ReviewedKey,
    ReviewStatus,
    Verdict,
    WhyLeft,
)
from bot.review.tables import review_cards, review_keys, reviews

_CHANGING = (Verdict.SHRINK, Verdict.DISABLE, Verdict.SILENCE)
_OPEN = review_keys.c.verdict == Verdict.OPEN.value


def ask(c: sa.Connection, *, by: str, now: float) -> int | None:
    """Ask for a review. Returns its number; None when one is open already."""
    insert = (postgresql if c.dialect.name == "postgresql" else sqlite).insert(reviews)
    values = {"version": 1, "status": ReviewStatus.WANTED.value, "open_mark": 1, "asked_by": by, "asked_at": now}
    statement = insert.values(**values, reminded=0).on_conflict_do_nothing(index_elements=["open_mark"])
    number: int | None = c.scalar(statement.returning(reviews.c.id))
    return number


def current(c: sa.Connection) -> Review | None:
    """The one that is not closed."""
    return _review(c.execute(sa.select(reviews).where(reviews.c.open_mark == 1)).one_or_none())


def last(c: sa.Connection) -> Review | None:
    """The newest one."""
    return _review(c.execute(sa.select(reviews).order_by(reviews.c.id.desc()).limit(1)).one_or_none())


def find(c: sa.Connection, review_id: int) -> Review | None:
    """One by its number."""
    return _review(c.execute(sa.select(reviews).where(reviews.c.id == review_id)).one_or_none())


def change(c: sa.Connection, /, review: Review, **values: Any) -> bool:
    """Change columns of the version in hand. False: somebody else has changed it meanwhile."""
    same = (reviews.c.id == review.id) & (reviews.c.version == review.version)
    return c.execute(sa.update(reviews).where(same).values(version=review.version + 1, **values)).rowcount == 1


def add_card(c: sa.Connection, review_id: int, roles: Sequence[str], *, security: bool) -> ReviewCard:
    """A new card, without keys."""
    values = {"review_id": review_id, "roles": list(roles), "security": security}
    number = c.execute(sa.insert(review_cards).values(values)).inserted_primary_key
    assert number is not None  # noqa: S101  every dialect of ours gives it
    return ReviewCard(id=int(number[0]), review_id=review_id, roles=tuple(roles), security=security)


def cards(c: sa.Connection, review_id: int) -> list[ReviewCard]:
    """The cards of a review, in order."""
    found = c.execute(sa.select(review_cards).where(review_cards.c.review_id == review_id).order_by(review_cards.c.id))
    return [_card(row) for row in found]


def find_card(c: sa.Connection, card_id: int) -> ReviewCard | None:
    """One card."""
    row = c.execute(sa.select(review_cards).where(review_cards.c.id == card_id)).one_or_none()
    return None if row is None else _card(row)


def add_keys(c: sa.Connection, card: ReviewCard, keys: Sequence[NewReviewedKey]) -> None:
    """Put keys on a card, in their order."""
    same = {"version": 1, "review_id": card.review_id, "card_id": card.id, "attempt": 0}
    rows = [asdict(key) | same | {"reasons": [str(one) for one in key.reasons]} for key in keys]
    if rows:
        c.execute(sa.insert(review_keys), rows)


def find_key(c: sa.Connection, row_id: int, *, lock: bool = False) -> ReviewedKey | None:
    """One key of a review, by the id of its row; `lock` holds the row."""
    query = sa.select(review_keys).where(review_keys.c.id == row_id)
    row = c.execute(query.with_for_update() if lock else query).one_or_none()
    return None if row is None else _key(row)


def key_of_request(c: sa.Connection, request_id: int) -> ReviewedKey | None:
    """The key that a request of a review is about, whether it decides or undoes."""
    mine = (review_keys.c.request_id == request_id) | (review_keys.c.undo_id == request_id)
    row = c.execute(sa.select(review_keys).where(mine).limit(1)).one_or_none()
    return None if row is None else _key(row)


def change_key(c: sa.Connection, /, row: ReviewedKey, **values: Any) -> bool:
    """Change columns of the version in hand. False: somebody else has changed it meanwhile."""
    same = (review_keys.c.id == row.id) & (review_keys.c.version == row.version)
    return c.execute(sa.update(review_keys).where(same).values(version=row.version + 1, **values)).rowcount == 1


def page(c: sa.Connection, card_id: int, *, limit: int, offset: int = 0) -> list[ReviewedKey]:
    """Keys of a card, in their order."""
    query = sa.select(review_keys).where(review_keys.c.card_id == card_id).order_by(review_keys.c.id)
    return [_key(row) for row in c.execute(query.limit(limit).offset(offset))]


def keys_after(
    c: sa.Connection, review_id: int, row_id: int, *, limit: int, only_open: bool = False
) -> list[ReviewedKey]:
    """Keys of a review with higher row ids: to go through all of them a few at a time."""
    mine = (review_keys.c.review_id == review_id) & (review_keys.c.id > row_id)
    query = sa.select(review_keys).where(mine & _OPEN if only_open else mine)
    return [_key(row) for row in c.execute(query.order_by(review_keys.c.id).limit(limit))]


def of_owner(c: sa.Connection, review_id: int, owner_id: str, verdicts: Collection[Verdict]) -> list[ReviewedKey]:
    """Somebody's own keys of a review that stand so."""
    mine = (review_keys.c.review_id == review_id) & (review_keys.c.owner_id == owner_id)
    query = sa.select(review_keys).where(mine, review_keys.c.verdict.in_([one.value for one in verdicts]))
    return [_key(row) for row in c.execute(query.order_by(review_keys.c.id))]


def owners_of_open(c: sa.Connection, review_id: int) -> list[str]:
    """Whose keys still wait for a decision."""
    mine = (review_keys.c.review_id == review_id) & _OPEN & review_keys.c.owner_id.is_not(None)
    return list(c.scalars(sa.select(review_keys.c.owner_id).where(mine).distinct().order_by(review_keys.c.owner_id)))


def place_of_first_open(c: sa.Connection, card_id: int) -> int:
    """How many keys of a card stand before the first that waits for a decision; 0 when none does."""
    here = review_keys.c.card_id == card_id
    first = c.scalar(sa.select(sa.func.min(review_keys.c.id)).where(here, _OPEN))
    before = sa.select(sa.func.count()).where(here, review_keys.c.id < (first or 0))
    return int(c.scalar(before) or 0)


def counts(c: sa.Connection, *, review_id: int | None = None, card_id: int | None = None) -> ReviewCounts:
    """How many keys of a review or of a card stand where."""
    mine = review_keys.c.review_id == review_id if card_id is None else review_keys.c.card_id == card_id
    rows = c.execute(sa.select(review_keys.c.verdict, sa.func.count()).where(mine).group_by(review_keys.c.verdict))
    return ReviewCounts(by_verdict={Verdict(verdict): int(number) for verdict, number in rows})


def open_for(c: sa.Connection, card_id: int, slack_user_id: str) -> int:
    """How many keys of a card wait for a decision that this person may make: those of others."""
    others = review_keys.c.owner_id.is_(None) | (review_keys.c.owner_id != slack_user_id)
    mine = (review_keys.c.card_id == card_id) & _OPEN & others
    return int(c.scalar(sa.select(sa.func.count()).select_from(review_keys).where(mine)) or 0)


def unsettled(c: sa.Connection, review_id: int, *, since: float, verdict: Verdict | None = None) -> int:
    """How many decisions of a review, of those since then (Unix seconds), are not done at the gateway yet."""
    wanted = _CHANGING if verdict is None else (verdict,)
    mine = (review_keys.c.review_id == review_id) & review_keys.c.settled_at.is_(None)
    mine &= (review_keys.c.decided_at > since) & review_keys.c.verdict.in_([one.value for one in wanted])
    return int(c.scalar(sa.select(sa.func.count()).select_from(review_keys).where(mine)) or 0)


def _review(row: sa.Row[Any] | None) -> Review | None:
    if row is None:
        return None
    values = _plain(row)
    del values["open_mark"]
    return Review(**values | {"status": ReviewStatus(row.status)})


def _card(row: sa.Row[Any]) -> ReviewCard:
    return ReviewCard(id=row.id, review_id=row.review_id, roles=tuple(row.roles), security=bool(row.security))


def _key(row: sa.Row[Any]) -> ReviewedKey:
    known = {
        "reasons": tuple(Reason(one) for one in row.reasons),
        "verdict": Verdict(row.verdict),
        "departure": None if row.departure is None else WhyLeft(row.departure),
    }
    return ReviewedKey(**_plain(row) | known)


def _plain(row: sa.Row[Any]) -> dict[str, Any]:
    return dict(row._mapping)  # noqa: SLF001  # SQLAlchemy's documented way to a row's columns by name
