"""What somebody has not answered: the newest first, each key and kind once, nothing of others and nothing that is over."""

from typing import Any

import sqlalchemy as sa

from bot.care import told
from bot.care.messages import CHANNEL, OWNER, body_of
from bot.care.notice import CareOutcome, Crossing, Notice
from bot.care.open_notices import open_notices
from bot.db.engine import Database
from bot.gateway.dollars import Dollars
from bot.slack import post_store


def notice(key_id: int, kind: Crossing = Crossing.DRY) -> Notice:
    return Notice(kind=kind, key_id=key_id, name=f"k{key_id}", expires=-1)


def tell(c: sa.Connection, number: int, owner: str, *notices: Notice, kind: str = OWNER, shown: int = 20) -> None:
    post_id, pairs = f"{kind}:{number}", [(one, owner) for one in notices]
    body = body_of(len(pairs), pairs[:shown])
    more: dict[str, Any] = {"kind": kind, "subject": str(number), "target": f"dm:{owner}", "thread_of": None}
    post_store.upsert(c, post_id=post_id, **more, body=body, now=1.0)
    told.note(c, post_id, pairs, at=float(number))


def prepare(c: sa.Connection) -> None:
    tell(c, 1, "U0ADA", notice(7, Crossing.LOW), notice(7), notice(8, Crossing.IDLE))
    tell(c, 2, "U0ADA", notice(7), notice(9), shown=1)
    tell(c, 3, "U0BEN", notice(10))
    tell(c, 4, "U0ADA", notice(11), kind=CHANNEL)
    rows = [one for one in told.still_open(c, [8]) if one.kind is Crossing.IDLE]
    told.close(c, NoOutbox(), [(one, CareOutcome.KEPT) for one in rows])


class NoOutbox:
    def want(self, *_: object, **__: object) -> None:
        """Nobody reads it."""


async def test_open_notices_are_those_of_one_person_that_are_not_over(database: Database) -> None:
    await database.run(prepare)
    found = await database.read(open_notices, "U0ADA")
    assert [(one.key_id, one.kind) for one in found.notices] == [(7, Crossing.DRY), (7, Crossing.LOW)]
    assert found.about(Crossing.DRY, Crossing.IDLE) == {7}
    assert (await database.read(open_notices, "U0OMAR")).notices == ()
    rows = found.rows(dollars=Dollars())
    assert [[block["type"] for block in row] for row in rows] == [["section", "actions"]] * 2
