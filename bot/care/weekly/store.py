"""Who had this week's card. Only SQL."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.care.weekly.tables import care_weeks


def weeks(c: sa.Connection, people: Collection[str]) -> dict[str, int]:
    """The last week that each of them had."""
    found: dict[str, int] = {}
    ids = sorted(people)
    for first in range(0, len(ids), 500):
        rows = c.execute(sa.select(care_weeks).where(care_weeks.c.person_id.in_(ids[first : first + 500])))
        found |= {row.person_id: int(row.week) for row in rows}
    return found


def claim(c: sa.Connection, person: str, week: int) -> bool:
    """Somebody has their card of this week now. False: they had it, or a later one."""
    insert = (postgresql if c.dialect.name == "postgresql" else sqlite).insert(care_weeks)
    statement = insert.values(person_id=person, week=week).on_conflict_do_update(
        index_elements=["person_id"], set_={"week": week}, where=care_weeks.c.week < week
    )
    return c.execute(statement.returning(care_weeks.c.person_id)).first() is not None
