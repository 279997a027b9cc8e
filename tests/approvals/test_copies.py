"""A copy that the gateway made with a key belongs to the request: security hears of it, who asked has it disabled."""

from typing import Any

import pytest
import sqlalchemy as sa

from bot.approvals import store
from bot.approvals.copies import KeyCopies
from bot.approvals.models import ApprovalRequest, OriginKind, Outcome, Status
from bot.db.engine import Database
from bot.errors import ApprovalConflict, PermissionDenied
from bot.features import OPERATIONS
from bot.permissions.rules import parse_policy
from tests.approvals.kit import ADA, MIRA, Spine, put

RULE = """
[roles]
engineer = ["S0ENGINEERS"]
manager = ["S0MANAGERS"]
[[rules]]
name = "own"
who = ["engineer"]
do = ["key.disable"]
"""
ALLOWED = parse_policy(RULE + "allow = true")
ASKS = parse_policy(RULE + 'approval = { from = ["manager"], expires = "3d" }')
DENIED = parse_policy(RULE.replace("key.disable", "key.show") + "allow = true")


def room(database: Database, rules: Any = ALLOWED) -> tuple[Spine, KeyCopies]:
    spine = Spine(database, rules)
    notifications: Any = spine.granted.notifications
    copies = KeyCopies(
        database=database,
        outbox=notifications._outbox,
        granted=spine.granted,
        notifications=notifications,
        operations=OPERATIONS,
        policy=lambda: spine.policy,
        channel="C0SEC",
        clock=spine.clock,
    )
    return spine, copies


def made(c: sa.Connection, *copies: int, status: Status = Status.SUCCEEDED) -> ApprovalRequest:
    return store.change(c, put(c, status), outcome=Outcome(sentence="", key_id=7, copies=copies))


@pytest.mark.parametrize(
    ("copies", "status", "told"), [((8,), Status.SUCCEEDED, 1), ((), Status.SUCCEEDED, 0), ((8,), Status.FAILED, 0)]
)
async def test_security_is_told_of_copies_alone(
    sqlite_database: Database, copies: tuple[int, ...], status: Status, told: int
) -> None:
    spine, room_of = room(sqlite_database)
    request = await sqlite_database.run(made, *copies, status=status)
    nothing: Any = None
    await sqlite_database.run(room_of.follow, request, nothing, nothing)
    assert list((await spine.wanted()).items()) == [("req:1:copies", 1)] * told


async def test_who_asked_has_each_copy_disabled_once(database: Database) -> None:
    spine, copies = room(database)
    await database.run(made, 8, 9)
    await copies.disable(1, ADA)
    await copies.disable(1, ADA)
    first, second = await spine.row(2), await spine.row(3)
    assert [(one.operation, one.key_id, one.status) for one in (first, second)] == [
        ("key.disable", 8, Status.APPROVED),
        ("key.disable", 9, Status.APPROVED),
    ]
    assert (first.origin.kind, first.origin.request_id, first.origin.by_person) == (OriginKind.COPY, 1, True)
    assert first.judgement.own
    assert await database.read(store.find, 4) is None
    assert (await spine.row()).progress.copies_ordered


@pytest.mark.parametrize(
    ("rules", "who", "words"),
    [
        (ALLOWED, MIRA, "Only <@U0ADA>, who asked for the key"),
        (ASKS, ADA, "Security knows of it"),
        (DENIED, ADA, "not allow"),
    ],
)
async def test_nobody_else_and_nobody_whom_the_policy_refuses(
    sqlite_database: Database, rules: Any, who: Any, words: str
) -> None:
    spine, copies = room(sqlite_database, rules)
    await sqlite_database.run(made, 8)
    with pytest.raises(PermissionDenied, match=words):
        await copies.disable(1, who)
    assert await sqlite_database.read(store.find, 2) is None
    assert await spine.facts() == ["refused"]


@pytest.mark.parametrize("number", [1, 2])
async def test_what_has_no_copy_has_none_to_disable(sqlite_database: Database, number: int) -> None:
    _, copies = room(sqlite_database)
    await sqlite_database.run(put, Status.SUCCEEDED)
    with pytest.raises(ApprovalConflict, match="no copy of a key here"):
        await copies.disable(number, ADA)
