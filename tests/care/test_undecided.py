"""What waits for a decision stands on the Home of those who may disable any key, with its number, and nowhere else."""

from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from bot.care.drift import store as drift
from bot.care.leavers import store as leavers
from bot.care.leavers.store import LeftKey
from bot.care.undecided import home_rows
from bot.care.unknown_keys import store as unknown_keys
from bot.db.engine import Database
from bot.permissions.models import Actor
from bot.permissions.rules import parse_policy
from tests.approvals.kit import ADA, SAM
from tests.care.kit import NOON, Desk, key
from tests.care.test_deciders import POLICY

PARTS: Any = SimpleNamespace(deps=SimpleNamespace(policy=lambda: parse_policy(POLICY)), security_channel="C0SEC")


@pytest.fixture
def desk(sqlite_database: Database) -> Desk:
    return Desk(sqlite_database)


def rows(desk: Desk, actor: Actor) -> list[str]:
    return [str(block) for block in desk.database.run_here(home_rows, actor, PARTS)]


def test_keys_of_nobody_changes_from_outside_and_leavers_are_counted(desk: Desk) -> None:
    security = SAM
    assert rows(desk, security) == []
    desk.put(key(1), key(2), key(3, status=2), key(4), owner=None)

    def tell(c: sa.Connection) -> None:
        unknown_keys.remember(c, [key(1), key(2), key(3), key(4)], card=1, at=NOON)
        unknown_keys.ignore(c, 4, by="U0SAM", at=NOON)
        drift.put(c, 9, born_at=1, read_at=NOON, drift=None, card=1, told_at=NOON)
        drift.put(c, 10, born_at=1, read_at=NOON, drift=None, card=1, told_at=NOON, outcome="accepted")
        leavers.open_departure(c, "U0BEN", [LeftKey(key_id=11, born_at=1, name="x")], at=NOON, due_at=NOON + 60)

    desk.database.run_here(tell)
    found = rows(desk, security)
    assert "2 keys that work have no owner" in found[0]
    assert "'value': 'ownerless'" in found[0]
    assert "1 key was changed outside Keydesk" in found[1]
    assert "1 person has left" in found[2]
    assert len(found) == 3
    assert rows(desk, ADA) == []
