"""What somebody has not answered: the newest first, each key and kind once, nothing of others and nothing that is over."""

from typing import Any

import sqlalchemy as sa

from bot.care import told
from bot.care.messages import CHANNEL, OWNER, body_of
from bot.care.notice import CareOutcome, Crossing, Notice
from bot.care.open_notices import OpenNotices, open_notices
from bot.db.engine import Database
from bot.gateway.dollars import Dollars
from bot.slack import post_store
from tests.care.kit import key


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
    assert (await database.read(open_notices, "U0OMAR")).notices == ()
    rows = found.rows(dollars=Dollars(), asked={})
    assert [[block["type"] for block in row] for row in rows] == [["section", "actions"]] * 2


def test_what_no_message_says_is_added_once() -> None:
    low, dry, ended, soon, fine = (
        key(number, **fields)
        for number, fields in (
            (1, {"remain_quota": 5, "used_quota": 95}),
            (2, {"remain_quota": 0, "status": 4}),
            (3, {"expired_time": 50}),
            (4, {"expired_time": 100 + 2 * 86_400}),
            (5, {}),
        )
    )
    keys = [low, dry, ended, soon, fine]
    found = OpenNotices(notices=()).and_more(keys, {1}, lambda _key: 100.0)
    kinds = [(1, Crossing.LOW), (2, Crossing.DRY), (3, Crossing.ENDED), (4, Crossing.EXPIRES)]
    assert [(one.key_id, one.kind) for one in found.notices] == kinds
    assert found.and_more(keys, {1}, lambda _key: 100.0) == found
    # What is worse than what was told is said in its place.
    told_low = OpenNotices(notices=(notice(2, Crossing.LOW), notice(3, Crossing.EXPIRES)))
    worse = told_low.and_more([dry, ended], (), lambda _key: 100.0)
    assert [(one.key_id, one.kind) for one in worse.notices] == [(2, Crossing.DRY), (3, Crossing.ENDED)]
