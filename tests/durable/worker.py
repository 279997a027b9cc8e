"""A process that works, to be killed, frozen and started again: python -m tests.durable.worker URL NAME SECONDS [ID…]

Starts the work ID… (each takes SECONDS), prints "NAME begun ID" and "NAME done ID", and works until it is ended.
The effect of a job is a row of the table `effect` under a compare-and-set, as the real jobs' is: one per id.
"""

import asyncio
import sys

import sqlalchemy as sa

from bot.db.engine import open_database
from bot.durable import Engine


def effect(c: sa.Connection, work: str, by: str) -> bool:
    insert = "INSERT INTO effect (id, by) VALUES (:id, :by) ON CONFLICT (id) DO NOTHING"
    return c.execute(sa.text(insert), {"id": work, "by": by}).rowcount == 1


async def main(url: str, name: str, seconds: float, works: list[str]) -> None:
    database = open_database(url)

    async def job(work: str) -> None:
        print(name, "begun", work, flush=True)  # noqa: T201 the test reads it
        await asyncio.sleep(seconds)
        await database.run(effect, work, name)
        print(name, "done", work, flush=True)  # noqa: T201 the same

    engine = Engine(database=database, jobs={"work": job}, executor_id=name)
    await engine.launch()
    for work in works:
        await database.run(engine.start, "work", work, work)
    await asyncio.sleep(120)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], float(sys.argv[3]), sys.argv[4:]))
