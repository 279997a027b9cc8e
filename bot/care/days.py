"""How much each person was told today, by their own calendar: whoever was told twice gets the rest in one message."""

from collections.abc import Collection

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from bot.care.tables import care_days
from bot.keys.spending import DAY


def day_of(at: float, offset: int) -> int:
    """The number of the day that holds this moment. `offset`: seconds east of UTC."""
    return int((at + offset) // DAY)


def told(c: sa.Connection, people: Collection[str]) -> dict[str, tuple[int, int]]:
    """The last day on which each of them was told anything, and how much."""
    found: dict[str, tuple[int, int]] = {}
    ids = sorted(people)
    for first in range(0, len(ids), 500):
        rows = c.execute(sa.select(care_days).where(care_days.c.person_id.in_(ids[first : first + 500])))
        found |= {row.person_id: (row.day, row.told) for row in rows}
    return found


def add(c: sa.Connection, person: str, *, day: int, number: int) -> None:
    """Somebody is told so many things on this day."""
    insert = (postgresql if c.dialect.name == "postgresql" else sqlite).insert(care_days)
    so_far = sa.case((care_days.c.day == day, care_days.c.told), else_=0)
    statement = insert.values(person_id=person, day=day, told=number)
    changes = {"day": day, "told": so_far + number}
    c.execute(statement.on_conflict_do_update(index_elements=["person_id"], set_=changes))
