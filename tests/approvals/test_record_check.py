"""Rows that somebody changed behind Keydesk's back are found, and rows as Keydesk wrote them are not."""

import json
from typing import Any

import pytest
import sqlalchemy as sa

from bot.approvals.models import Judgement
from bot.approvals.record_check import disagreements
from bot.audit import Fact, append
from bot.db.engine import Database
from bot.db.tables import keys, requests
from bot.keys import owners
from bot.keys.owners import OwnedKey
from bot.permissions.models import Decision, Facts
from tests.approvals.kit import ADA, MIRA, NOW, Spine, new_request


def granted(c: sa.Connection, spine: Spine) -> None:
    decision = Decision(outcome="allow", rule="r", sentence="")
    judgement = Judgement(decision=decision, facts=Facts(), own=True)
    spine.granted.insert(c, new_request("sub:kill", operation="key.disable", key_id=7, judgement=judgement))


@pytest.fixture
def database(thorough_database: Database) -> Database:
    """Digests are no matter of the database: on PostgreSQL in `make thorough`."""
    return thorough_database


async def story(database: Database) -> Spine:
    spine = Spine(database)
    await spine.ask(reason="one")
    await spine.ask(reason="two", name="two")
    await database.run(granted, spine)
    await spine.actions.approve(1, MIRA, ADA)
    await spine.actions.deny(2, MIRA, ADA, reason="no")

    def owned(c: sa.Connection) -> None:
        line = OwnedKey(key_id=7, name="x", owner_id="U0ADA", owner_team="T", request_id=1, created_at=NOW)
        owners.own(c, line)
        append(c, fact=Fact.APPLIED, at=NOW, request_id=1, key_id=7, details={"owner": {"7": "U0ADA"}})
        append(c, fact=Fact.APPLIED, at=NOW, request_id=3, key_id=7, details={})

    await database.run(owned)
    return spine


def found(database: Database) -> list[str]:
    with database.engine.connect() as c:
        return list(disagreements(c))


async def test_what_keydesk_wrote_agrees(sqlite_database: Database) -> None:
    await story(sqlite_database)
    assert found(sqlite_database) == []


CHANGES: dict[str, tuple[sa.Table, int, dict[str, Any], str]] = {
    "requester": (requests, 1, {"requester_id": "U0EVE"}, "Request 1 is of U0EVE"),
    "operation": (requests, 1, {"operation": "key.delete"}, "Request 1 is about key.delete, but key.create"),
    "votes": (requests, 2, {"votes": [{"by": "U0EVE", "team": "T", "at": 1.0}]}, "Request 2 has an approval of U0EVE"),
    "denial": (requests, 2, {"decided_by": "U0EVE"}, "does not say that U0EVE denied it"),
    "key": (requests, 3, {"key_id": 8}, "Request 3 is about key 8, but key 7 was asked about."),
    "owner": (keys, 7, {"owner_id": "U0EVE"}, "Key 7 belongs to U0EVE in the database, but the record says that U0ADA"),
}


@pytest.mark.parametrize("what", CHANGES)
async def test_a_row_that_was_changed_is_named(database: Database, what: str) -> None:
    await story(database)
    table, number, values, sentence = CHANGES[what]
    with database.engine.begin() as c:
        c.execute(sa.update(table).where(next(iter(table.primary_key)) == number).values(values))
    problems = found(database)
    assert len(problems) == 1
    assert sentence in problems[0]


async def test_a_changed_wish_an_added_and_a_removed_request_are_named(sqlite_database: Database) -> None:
    await story(sqlite_database)
    with sqlite_database.engine.begin() as c:
        row = dict(c.execute(sa.select(requests).where(requests.c.id == 1)).mappings().one())
        c.execute(sa.update(requests).where(requests.c.id == 1).values(input={**row["input"], "remain_quota": 10**9}))
        c.execute(sa.insert(requests).values({**row, "id": 9, "delivery_id": "made up"}))
        c.execute(sa.delete(requests).where(requests.c.id == 2))
    said = " ".join(found(sqlite_database))
    assert "What request 1 asks for was changed." in said
    assert "Request 9 is in the database, but the record does not know it." in said
    assert "Request 2 is in the record, but not in the database any more." in said


async def test_old_lines_without_a_digest_are_taken_as_they_are(sqlite_database: Database) -> None:
    await story(sqlite_database)
    with sqlite_database.engine.begin() as c:
        for seq, text in c.execute(sa.text("SELECT seq, details FROM audit WHERE fact = 'asked'")).all():
            old = {name: value for name, value in json.loads(text).items() if name != "input_sha256"}
            c.execute(sa.text("UPDATE audit SET details = :d WHERE seq = :s"), {"d": json.dumps(old), "s": seq})
    assert found(sqlite_database) == []


@pytest.mark.parametrize("text", ["{", "[]"])
async def test_a_line_that_cannot_be_read_is_the_chains_to_name(sqlite_database: Database, text: str) -> None:
    await story(sqlite_database)
    with sqlite_database.engine.begin() as c:
        c.execute(sa.text("UPDATE audit SET details = :text WHERE fact = 'applied'"), {"text": text})
        c.execute(sa.update(keys).values(owner_id="U0EVE"))
    assert found(sqlite_database) == []
